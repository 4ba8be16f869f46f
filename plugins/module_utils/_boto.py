# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A member's AWS profiles through botocore: nothing is refreshed, no metadata service asked, no library text shown."""

from __future__ import annotations

import hashlib
import importlib
import json
import os
from typing import TYPE_CHECKING, Any, Callable, TypeVar

from ansible_collections.latchkey.workstation.plugins.module_utils import _files
from ansible_collections.latchkey.workstation.plugins.module_utils._deadline import Deadline, at_once
from ansible_collections.latchkey.workstation.plugins.module_utils._errors import LatchkeyError, Prerequisite
from ansible_collections.latchkey.workstation.plugins.module_utils._url import require_safe

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["AwsTrouble", "Profile", "cached_role", "load", "prepare"]

T = TypeVar("T")
_PARTS = ("botocore.session", "botocore.config", "botocore.exceptions", "botocore.httpsession", "botocore.parsers")
_ASKING = {"aws_credentials", "aws_role", "aws_parameter"}
_ASKING_ELSEWHERE = ("sso", "login", "iam-role", "container-role")
_ROLE_KEYS = ("AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration")
_SECONDS = 10
_modules: dict[str, Any] = {}


class AwsTrouble(LatchkeyError):
    """``verdict`` is rejected (AWS says no), absent (nothing to ask with) or unknown; ``cause`` one word."""

    def __init__(self, message: str, *, verdict: str, cause: str, remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.verdict = verdict
        self.cause = cause


def load() -> bool:
    """Import botocore, which a member's process could not do any more; False where this Python has none."""
    try:
        _modules.update({name: importlib.import_module(name) for name in _PARTS})
    except ImportError:
        return False
    return True


def prepare(members: Iterable[Mapping[str, Any]]) -> None:
    """Before members are served: load botocore where a declared source or check will ask AWS."""
    credentials = [credential for member in members for credential in member["credentials"]]
    sources = any(source["kind"] == "ssm" for credential in credentials for source in credential["sources"])
    if sources or any((credential["check"] or {}).get("provider") in _ASKING for credential in credentials):
        load()


class Profile:
    """One profile of the member's AWS files, named or the default one."""

    def __init__(self, name: str | None, *, home: str, region: str | None = None, base_url: str | None = None) -> None:
        if not _modules:
            raise Prerequisite("the Python of this machine has no botocore", remedy="install it to ask AWS from here")
        self.name = name or "default"
        self._home = home
        self._base_url = require_safe(base_url) if base_url else None
        self._session = _modules["botocore.session"].Session(profile=self.name)
        if region:
            self._session.set_config_variable("region", region)

    def ask(self, service: str, operation: str, deadline: Deadline | None = None, **arguments: Any) -> Any:
        """The answer to one call; whatever else comes of it is an :class:`AwsTrouble`."""
        within = deadline or Deadline(_SECONDS)
        answers = at_once({"": lambda: self._guarded(lambda: self._call(service, operation, arguments))}, within)
        if answers[""] is None:
            raise AwsTrouble(f"{service} did not answer in time", verdict="unknown", cause="network")
        return answers[""]

    def settings(self) -> Mapping[str, Any]:
        """The profile's own settings, those of its sso-session among them."""
        config = self._guarded(lambda: self._session.full_config)
        profile = dict(config["profiles"].get(self.name, {}))
        session = config.get("sso_sessions", {}).get(profile.get("sso_session"), {})
        return {**session, **profile}

    def _call(self, service: str, operation: str, arguments: dict[str, Any]) -> Any:
        self._prepare_credentials()
        client = self._session.create_client(service, endpoint_url=self._base_url)
        return getattr(client, operation)(**arguments)

    def _prepare_credentials(self) -> None:
        """Before the first client is made, also by botocore itself to take a role: each of them keeps to our rules."""
        config = _modules["botocore.config"].Config(
            connect_timeout=_SECONDS,
            read_timeout=_SECONDS,
            retries={"total_max_attempts": 1},
            ignore_configured_endpoint_urls=True,
            proxies={},
        )
        self._session.set_default_client_config(config)
        if self._asks_for_a_code():
            raise AwsTrouble(
                f"the AWS profile {self.name} asks for an MFA code, which nobody gives here",
                verdict="unknown",
                cause="prerequisite",
            )
        resolver = self._session.get_component("credential_provider")
        for provider in _ASKING_ELSEWHERE:
            resolver.remove(provider)
        role = None if self._session.get_credentials() else cached_role(self.settings(), home=self._home)
        if role:
            self._session.set_credentials(role["AccessKeyId"], role["SecretAccessKey"], role["SessionToken"])

    def _asks_for_a_code(self) -> bool:
        """Whether a role on the way to the profile's credentials wants MFA."""
        profiles = self._session.full_config["profiles"]
        name, seen = self.name, set()
        while name and name not in seen:
            seen.add(name)
            profile = profiles.get(name, {})
            if profile.get("role_arn") and profile.get("mfa_serial"):
                return True
            name = profile.get("source_profile", "")
        return False

    def _guarded(self, work: Callable[[], T]) -> T:
        try:
            return work()
        except LatchkeyError:
            raise
        except Exception as error:  # noqa: BLE001 - botocore's texts hold what they were given; only its words count
            raise self._trouble(error) from None

    def _trouble(self, error: Exception) -> AwsTrouble:
        errors = _modules["botocore.exceptions"]
        if isinstance(error, errors.ClientError):
            code = str(error.response.get("Error", {}).get("Code", ""))
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
            return _judged(code, status)
        for kinds, verdict, cause, message in _KINDS:
            if isinstance(error, tuple(getattr(errors, kind) for kind in kinds if hasattr(errors, kind))):
                return AwsTrouble(message.format(profile=self.name), verdict=verdict, cause=cause)
        return AwsTrouble(f"unexpected {type(error).__name__}", verdict="unknown", cause="unexpected")


def cached_role(settings: Mapping[str, Any], *, home: str) -> Mapping[str, str] | None:
    """The role credentials that the AWS CLI keeps for a profile of a portal; None where there are none."""
    key = {"accountId": settings.get("sso_account_id"), "roleName": settings.get("sso_role_name")}
    if settings.get("sso_session"):
        key["sessionName"] = settings["sso_session"]
    else:
        key["startUrl"] = settings.get("sso_start_url")
    text = json.dumps(key, sort_keys=True, separators=(",", ":"))
    name = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
    data = _files.read(os.path.join(home, ".aws/cli/cache", f"{name}.json"), follow=True).data
    try:
        found = json.loads(data or b"{}").get("Credentials")
        whole = all(isinstance(found[key], str) for key in _ROLE_KEYS)
    except (ValueError, RecursionError, AttributeError, LookupError, TypeError):
        return None
    return found if whole else None


def _judged(code: str, status: int) -> AwsTrouble:
    for codes, verdict, cause, message in _CODES:
        if code in codes:
            return AwsTrouble(f"{message} ({code})", verdict=verdict, cause=cause)
    if status >= 500 or not code.isalnum():
        return AwsTrouble(f"AWS has trouble of its own (HTTP {status})", verdict="unknown", cause="server")
    return AwsTrouble(f"AWS answered {code[:60]}", verdict="unknown", cause="unexpected")


_CODES: tuple[tuple[set[str], str, str, str], ...] = (
    (
        {"InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId"},
        "rejected",
        "rejected",
        "the access key is unknown, deactivated or deleted",
    ),
    (
        {"SignatureDoesNotMatch", "InvalidSignatureException"},
        "rejected",
        "signature",
        "the secret key does not fit its access key, or the clock of this machine is off",
    ),
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
        {"Throttling", "ThrottlingException", "TooManyRequestsException", "RequestLimitExceeded"},
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
    (("NoRegionError",), "unknown", "prerequisite", "the AWS profile {profile} has no region: declare one"),
    (("ConfigParseError", "ConfigNotFound"), "unknown", "malformed", "the AWS files cannot be read"),
    (("CredentialRetrievalError",), "unknown", "prerequisite", "what gives {profile} its credentials failed"),
    (("HTTPClientError", "ConnectionError", "ConnectionClosedError"), "unknown", "network", "AWS is out of reach"),
    (("ParamValidationError",), "unknown", "malformed", "what is declared is nothing AWS could be asked"),
)
