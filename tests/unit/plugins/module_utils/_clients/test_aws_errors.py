# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import botocore.exceptions
import botocore.parsers
import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._clients.aws_errors import (
    AwsError,
    StrictParserFactory,
    not_an_aws_response,
    to_aws_error,
)

SENT = "AKIAIOSFODNN7EXAMPLE"


def client_error(code: str, message: str = SENT, status: int = 400) -> Exception:
    response: Any = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return botocore.exceptions.ClientError(response, "GetParameter")


def translated(error: Exception) -> AwsError:
    return to_aws_error(error, botocore.exceptions, "dev")


@pytest.mark.parametrize(
    ("code", "verdict", "cause"),
    [
        ("InvalidClientTokenId", "rejected", "rejected"),
        ("SignatureDoesNotMatch", "rejected", "signature"),
        ("ExpiredTokenException", "rejected", "expired"),
        ("AccessDeniedException", "rejected", "scope"),
        ("ParameterNotFound", "absent", "no_parameter"),
        ("ParameterAlreadyExists", "unknown", "exists"),
        ("RequestTimeTooSkewed", "unknown", "clock"),
        ("ThrottlingException", "unknown", "rate_limited"),
        ("SomethingNew", "unknown", "unexpected"),
        ("403", "unknown", "gate"),
        ("not a code", "unknown", "gate"),
    ],
)
def test_an_error_code_gives_its_verdict_and_cause(code: str, verdict: str, cause: str) -> None:
    error = translated(client_error(code))
    assert (error.verdict, error.cause) == (verdict, cause)
    assert SENT not in str(error)


@pytest.mark.parametrize("message", ["Signature expired: 20260101T000000Z", "Signature not yet current: 2026"])
def test_a_signature_error_caused_by_the_clock_is_unknown(message: str) -> None:
    error = translated(client_error("SignatureDoesNotMatch", message))
    assert (error.verdict, error.cause) == ("unknown", "clock")
    assert error.remedy


@pytest.mark.parametrize(
    ("status", "cause"), [(429, "rate_limited"), (500, "server"), (503, "server"), (511, "gate"), (302, "gate")]
)
def test_a_response_without_an_error_code_is_judged_by_its_status(status: int, cause: str) -> None:
    assert translated(client_error("", status=status)).cause == cause
    assert not_an_aws_response(status).cause == cause


@pytest.mark.parametrize(
    ("error", "verdict", "cause"),
    [
        (botocore.exceptions.ProfileNotFound(profile=SENT), "absent", "absent"),
        (botocore.exceptions.NoCredentialsError(), "absent", "absent"),
        (botocore.exceptions.NoRegionError(), "unknown", "prerequisite"),
        (botocore.exceptions.EndpointConnectionError(endpoint_url=SENT), "unknown", "network"),
        (botocore.exceptions.InvalidConfigError(error_msg=SENT), "unknown", "malformed"),
        (botocore.exceptions.CredentialRetrievalError(provider="x", error_msg=SENT), "unknown", "prerequisite"),
        (ValueError(SENT), "unknown", "unexpected"),
    ],
)
def test_an_exception_of_botocore_gives_its_verdict_and_cause_without_its_text(
    error: Exception, verdict: str, cause: str
) -> None:
    found = translated(error)
    assert (found.verdict, found.cause) == (verdict, cause)
    assert SENT not in str(found)


def parse(status: int, body: bytes) -> Any:
    parser = StrictParserFactory(botocore.parsers.ResponseParserFactory()).create_parser("json")
    return parser.parse({"status_code": status, "headers": {}, "body": body}, None)


def test_an_error_response_of_aws_is_parsed() -> None:
    parsed = parse(400, b'{"__type": "ParameterNotFound", "message": "no"}')
    assert parsed["Error"]["Code"] == "ParameterNotFound"


@pytest.mark.parametrize(
    ("status", "body", "cause"),
    [
        (301, b"{}", "gate"),
        (407, b"{}", "gate"),
        (429, b"{}", "rate_limited"),
        (502, b'{"__type": "ParameterNotFound"}', "server"),
        (400, b"\xff", "gate"),
    ],
)
def test_a_response_that_is_not_from_aws_raises_instead_of_being_parsed(status: int, body: bytes, cause: str) -> None:
    with pytest.raises(AwsError) as caught:
        parse(status, body)
    assert (caught.value.verdict, caught.value.cause) == ("unknown", cause)
