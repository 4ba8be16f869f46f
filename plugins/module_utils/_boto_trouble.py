# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What comes of asking AWS other than an answer, in our own words: none of AWS, of a gate before it or of botocore."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from ansible_collections.latchkey.workstation.plugins.module_utils._errors import LatchkeyError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

__all__ = ["Answers", "AwsTrouble", "not_aws", "trouble_of"]


class AwsTrouble(LatchkeyError):
    """``verdict`` is rejected (AWS says no), absent (nothing to ask with) or unknown; ``cause`` one word."""

    def __init__(self, message: str, *, verdict: str, cause: str, remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.verdict = verdict
        self.cause = cause


class Answers:
    """In the place of botocore's factory of parsers, the one thing that sees every answer whole and with its status."""

    def __init__(self, factory: Any) -> None:
        self._factory = factory

    def create_parser(self, protocol: Any) -> Any:
        parser = self._factory.create_parser(protocol)

        def parse(answer: Mapping[str, Any], shape: Any) -> dict[str, Any]:
            status = answer["status_code"]
            try:
                parsed = None if status in _NEVER_AWS else parser.parse(answer, shape)
            except Exception:  # noqa: BLE001 - a web page trips parsers in ways of its own
                parsed = None
            if not isinstance(parsed, dict):
                raise not_aws(status)
            return parsed

        return SimpleNamespace(parse=parse)


def not_aws(status: int = 200) -> AwsTrouble:
    """For what is no word of AWS's on what it was asked."""
    cause, message = next((cause, message) for statuses, cause, message in _STATUSES if status in statuses)
    return AwsTrouble(f"{message} (HTTP {status})", verdict="unknown", cause=cause)


def trouble_of(error: Exception, errors: Any, profile: str) -> AwsTrouble:
    """What ``error`` means, which botocore raised; ``errors`` is its module of them."""
    if isinstance(error, errors.ClientError):
        told = error.response.get("Error", {})
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return _refusal(str(told.get("Code", "")), str(told.get("Message", "")), status)
    for kinds, verdict, cause, message in _KINDS:
        if isinstance(error, tuple(getattr(errors, kind) for kind in kinds if hasattr(errors, kind))):
            return AwsTrouble(message.format(profile=profile), verdict=verdict, cause=cause)
    return AwsTrouble(f"unexpected {type(error).__name__}", verdict="unknown", cause="unexpected")


def _refusal(code: str, message: str, status: int) -> AwsTrouble:
    meant = "RequestExpired" if code in _SIGNATURE and message.startswith(_CLOCK) else code
    for codes, verdict, cause, reason in _CODES:
        if meant in codes:
            return AwsTrouble(f"{reason} ({code})", verdict=verdict, cause=cause, remedy=_REMEDIES.get(cause, ""))
    if not _CODE.fullmatch(code):
        return not_aws(status)
    return AwsTrouble(f"AWS answered {code}", verdict="unknown", cause="unexpected")


_CODE = re.compile(r"[A-Z][A-Za-z]{0,59}")
_SIGNATURE = {"SignatureDoesNotMatch", "InvalidSignatureException"}
_CLOCK = ("Signature expired: ", "Signature not yet current: ")
_NEVER_AWS = {*range(300, 400), 407, 429, *range(500, 600)}
_STATUSES: tuple[tuple[Collection[int], str, str], ...] = (
    ({429}, "rate_limited", "asked too often"),
    ({*range(500, 600)} - {511}, "server", "AWS has trouble of its own"),
    (range(1000), "gate", "what answered is not AWS: a gate or proxy stands before it"),
)
_REMEDIES = {"clock": "set the clock of this machine, and keep it by NTP"}
_CODES: tuple[tuple[set[str], str, str, str], ...] = (
    (
        {"InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId"},
        "rejected",
        "rejected",
        "the access key is unknown, deactivated or deleted",
    ),
    (_SIGNATURE, "rejected", "signature", "the secret key does not fit its access key"),
    ({"ExpiredToken", "ExpiredTokenException"}, "rejected", "expired", "the session has ended"),
    ({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}, "rejected", "scope", "valid, but not allowed"),
    ({"ParameterNotFound", "ParameterVersionNotFound"}, "absent", "no_parameter", "there is no such parameter"),
    ({"ParameterAlreadyExists", "ParameterPatternMismatchException"}, "unknown", "exists", "there is one already"),
    ({"InvalidKeyId"}, "rejected", "scope", "valid, but its key cannot be used to decrypt"),
    (
        {"RequestExpired", "RequestTimeTooSkewed"},
        "unknown",
        "clock",
        "the clock of this machine is off, so nothing was judged",
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
        "asked too often",
    ),
)
_KINDS: tuple[tuple[tuple[str, ...], str, str, str], ...] = (
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
        "the AWS profile {profile} leads to no credentials: look at its source_profile and credential_source",
    ),
    (("NoRegionError",), "unknown", "prerequisite", "the AWS profile {profile} has no region: declare one"),
    (("InvalidRegionError",), "unknown", "declaration", "the AWS profile {profile} has no region that AWS could have"),
    (("ConfigParseError", "ConfigNotFound"), "unknown", "malformed", "the AWS files cannot be read"),
    (("CredentialRetrievalError",), "unknown", "prerequisite", "what gives {profile} its credentials failed"),
    (("HTTPClientError", "ConnectionError", "ConnectionClosedError"), "unknown", "network", "AWS is out of reach"),
    (("ParamValidationError",), "unknown", "malformed", "what is declared is nothing AWS could be asked"),
)
