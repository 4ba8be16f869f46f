# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Translate failures of AWS calls into ``AwsError``, without any text of AWS, of a proxy or of botocore.

Such texts can hold what was sent. Each error code is mapped to a verdict, a cause and a fixed message.
"""

from __future__ import annotations

import re
import shlex
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from .._core.errors import LatchkeyError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

__all__ = ["AwsError", "StrictParserFactory", "not_an_aws_response", "to_aws_error"]


class AwsError(LatchkeyError):
    """Failure of an AWS call.

    ``verdict`` is rejected (AWS refused the credential), absent (there is no credential, or no such parameter) or
    unknown. ``cause`` is one word of those in docs/checks.md.
    """

    def __init__(self, message: str, *, verdict: str, cause: str, remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.verdict = verdict
        self.cause = cause


class StrictParserFactory:
    """Wraps botocore's parser factory, the only hook that sees the complete response and its status.

    A response that AWS cannot have sent raises an AwsError instead of being parsed leniently.
    """

    def __init__(self, factory: Any) -> None:
        self._factory = factory

    def create_parser(self, protocol: Any) -> Any:
        parser = self._factory.create_parser(protocol)

        def parse(response: Mapping[str, Any], shape: Any) -> dict[str, Any]:
            status = response["status_code"]
            try:
                parsed = None if status in _FOREIGN_STATUSES else parser.parse(response, shape)
            except Exception:  # noqa: BLE001 - parsers fail in many ways on a web page
                parsed = None
            if not isinstance(parsed, dict):
                raise not_an_aws_response(status)
            return parsed

        return SimpleNamespace(parse=parse)


def not_an_aws_response(status: int = 200) -> AwsError:
    """The error for a response that AWS did not send, or that does not answer the request."""
    cause, message = next((cause, message) for statuses, cause, message in _BY_STATUS if status in statuses)
    return AwsError(f"{message} (HTTP {status})", verdict="unknown", cause=cause)


def to_aws_error(error: Exception, errors: Any, profile: str) -> AwsError:
    """Translate an exception of botocore; ``errors`` is the module ``botocore.exceptions``."""
    if isinstance(error, errors.ClientError):
        details = error.response.get("Error", {})
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return _from_error_code(str(details.get("Code", "")), str(details.get("Message", "")), status)
    for kinds, verdict, cause, message in _BY_EXCEPTION:
        if isinstance(error, tuple(getattr(errors, kind) for kind in kinds if hasattr(errors, kind))):
            remedy = _PROFILE_REMEDIES.get(kinds[0], "").format(shlex.quote(profile))
            return AwsError(message.format(profile=profile), verdict=verdict, cause=cause, remedy=remedy)
    return AwsError(f"unexpected {type(error).__name__}", verdict="unknown", cause="unexpected")


def _from_error_code(code: str, message: str, status: int) -> AwsError:
    effective = "RequestExpired" if code in _SIGNATURE_CODES and message.startswith(_CLOCK_MESSAGES) else code
    for codes, verdict, cause, reason in _BY_CODE:
        if effective in codes:
            return AwsError(f"{reason} ({code})", verdict=verdict, cause=cause, remedy=_REMEDIES.get(cause, ""))
    if not _ERROR_CODE.fullmatch(code):
        return not_an_aws_response(status)
    return AwsError(f"AWS returned the error {code}", verdict="unknown", cause="unexpected")


_ERROR_CODE = re.compile(r"[A-Z][A-Za-z]{0,59}")
_SIGNATURE_CODES = {"SignatureDoesNotMatch", "InvalidSignatureException"}
_CLOCK_MESSAGES = ("Signature expired: ", "Signature not yet current: ")
_FOREIGN_STATUSES = {*range(300, 400), 407, 429, *range(500, 600)}
_BY_STATUS: tuple[tuple[Collection[int], str, str], ...] = (
    ({429}, "rate_limited", "too many requests"),
    ({*range(500, 600)} - {511}, "server", "AWS returned a server error"),
    (range(1000), "gate", "the response is not from AWS: a login page or proxy is in the way"),
)
_REMEDIES = {
    "clock": "set the clock of this machine and keep it right with NTP",
    "no_parameter": "correct its name or region in the declaration, or create it",
}
_PROFILE_REMEDIES = {
    "ProfileNotFound": "declare it in aws_config_profiles, or: aws configure sso --profile {}",
    "NoCredentialsError": "declare them in aws_config_credentials, or: aws configure --profile {}",
    "NoRegionError": "declare its region in aws_config_profiles, or: aws configure --profile {}",
    "InvalidRegionError": "correct its region: aws configure --profile {}",
    "InvalidConfigError": "see its settings: aws configure list --profile {}",
    "CredentialRetrievalError": "run it yourself and read its output: aws sts get-caller-identity --profile {}",
}
_BY_CODE: tuple[tuple[set[str], str, str, str], ...] = (
    (
        {"InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId"},
        "rejected",
        "rejected",
        "the access key is unknown, deactivated or deleted",
    ),
    (_SIGNATURE_CODES, "rejected", "signature", "the secret key does not belong to its access key"),
    ({"ExpiredToken", "ExpiredTokenException"}, "rejected", "expired", "the session has expired"),
    (
        {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"},
        "rejected",
        "scope",
        "valid, but not allowed to do this",
    ),
    ({"ParameterNotFound", "ParameterVersionNotFound"}, "absent", "no_parameter", "there is no such parameter"),
    (
        {"ParameterAlreadyExists", "ParameterPatternMismatchException"},
        "unknown",
        "exists",
        "there is a parameter of this name already",
    ),
    ({"InvalidKeyId"}, "rejected", "scope", "valid, but the KMS key of the parameter cannot be used"),
    (
        {"RequestExpired", "RequestTimeTooSkewed"},
        "unknown",
        "clock",
        "the clock of this machine is wrong, so the credential was not validated",
    ),
    (
        {
            *(
                "Throttling",
                "ThrottlingException",
                "ThrottledException",
                "RequestThrottled",
                "RequestThrottledException",
            ),
            *("TooManyRequestsException", "TooManyUpdates", "RequestLimitExceeded"),
        },
        "unknown",
        "rate_limited",
        "too many requests",
    ),
)
_BY_EXCEPTION: tuple[tuple[tuple[str, ...], str, str, str], ...] = (
    (("ProfileNotFound",), "absent", "absent", "there is no AWS profile {profile}"),
    (
        ("NoCredentialsError", "PartialCredentialsError"),
        "absent",
        "absent",
        "the AWS profile {profile} has no credentials",
    ),
    (
        ("InvalidConfigError",),
        "unknown",
        "malformed",
        "the AWS profile {profile} leads to no credentials: see its source_profile and credential_source",
    ),
    (("NoRegionError",), "unknown", "prerequisite", "the AWS profile {profile} has no region"),
    (("InvalidRegionError",), "unknown", "declaration", "the AWS profile {profile} has an invalid region"),
    (("ConfigParseError", "ConfigNotFound"), "unknown", "malformed", "the AWS files cannot be read"),
    (
        ("CredentialRetrievalError",),
        "unknown",
        "prerequisite",
        "retrieving the credentials of the AWS profile {profile} failed",
    ),
    (("ConnectTimeoutError", "ReadTimeoutError"), "unknown", "timeout", "no response from AWS in time"),
    (("HTTPClientError", "ConnectionError", "ConnectionClosedError"), "unknown", "network", "AWS cannot be reached"),
    (("ParamValidationError",), "unknown", "malformed", "the declared options are not valid for this AWS request"),
)
