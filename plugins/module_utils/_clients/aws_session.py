# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Call AWS with the credentials of a profile in the member's AWS files, through botocore.

Sessions are not refreshed, instance metadata services are not contacted, requests go through no proxy and are not
retried, and errors are ``AwsError`` without botocore's texts.
"""

from __future__ import annotations

import importlib
import re
import sys
from typing import TYPE_CHECKING, Any, Callable, TypeVar

from .._core.deadline import Deadline, at_once
from .._core.errors import LatchkeyError, Prerequisite
from .._core.validation import require_safe
from .aws_credentials import LocalCredentialResolver, profile_sections, profile_settings
from .aws_errors import AwsError, StrictParserFactory, not_an_aws_response, to_aws_error

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["AwsError", "Profile", "load", "not_an_aws_response"]

T = TypeVar("T")
_PARTS = ("session", "config", "credentials", "exceptions", "httpsession", "parsers")
_NAME_DECORATION = re.compile(r"^arn:[^/]*:parameter(?=/)|:[^:/]*$")
_SECONDS = 10
_CLIENT_OPTIONS = {
    "connect_timeout": _SECONDS,
    "read_timeout": _SECONDS,
    "retries": {"total_max_attempts": 1},
    "ignore_configured_endpoint_urls": True,
    "proxies": {},
}
_modules: dict[str, Any] = {}


def load() -> bool:
    """Import botocore; False if this Python has none.

    Must run before the members' processes are forked, since they may not be able to read the Python library.
    """
    try:
        _modules.update({name: importlib.import_module(name) for name in (f"botocore.{part}" for part in _PARTS)})
    except ImportError:
        return False
    return True


class Profile:
    """One profile of the member's AWS files; ``name`` None is the profile ``default``.

    ``region`` and ``base_url`` (https, or http on loopback) replace those of the profile. Raises Prerequisite if
    botocore is missing.
    """

    def __init__(self, name: str | None, *, home: str, region: str | None = None, base_url: str | None = None) -> None:
        if not _modules:
            raise Prerequisite(
                "the Python of this machine has no botocore", remedy=f"install botocore for {sys.executable}"
            )
        self.name = name or "default"
        self._base_url = require_safe(base_url) if base_url else None
        self._session = session = _modules["botocore.session"].Session(profile=self.name)
        if region:
            session.set_config_variable("region", region)
        # The default config also applies to the STS client that botocore creates to assume a role.
        session.set_default_client_config(_client_config())
        resolver = LocalCredentialResolver(session, self.name, home=home, modules=_modules)
        session.register_component("credential_provider", resolver)
        session.register_component(
            "response_parser_factory", StrictParserFactory(session.get_component("response_parser_factory"))
        )

    def call(self, service: str, operation: str, deadline: Deadline | None = None, **arguments: Any) -> Any:
        """Call ``operation`` and return its response; AwsError for anything else, also after the deadline."""

        def send() -> Any:
            client = self._session.create_client(service, endpoint_url=self._base_url)
            return getattr(client, operation)(**arguments)

        response = at_once({"": lambda: self._translate_errors(send)}, deadline or Deadline(_SECONDS))[""]
        if response is None:
            raise AwsError(f"no response from {service} in time", verdict="unknown", cause="timeout")
        return response

    def get_parameter(self, name: str, deadline: Deadline | None = None) -> bytes:
        """The decrypted value of a parameter of Systems Manager."""
        response = self.call("ssm", "get_parameter", deadline, Name=name, WithDecryption=True)
        try:
            found = response["Parameter"]
            if _bare_name(found["Name"]) == _bare_name(name):
                return bytes(found["Value"].encode())
        except (LookupError, TypeError, AttributeError, UnicodeEncodeError):
            pass
        raise not_an_aws_response()

    def settings(self) -> Mapping[str, Any]:
        """The settings of the profile, including those of its sso-session."""
        return self._translate_errors(lambda: profile_settings(self._session, self.name))

    def sections(self) -> list[str]:
        """The sections of the AWS files that the profile depends on, as ``kind name``; they need not exist."""
        return self._translate_errors(lambda: profile_sections(self._session, self.name))

    def _translate_errors(self, work: Callable[[], T]) -> T:
        try:
            return work()
        except LatchkeyError:
            raise
        except Exception as error:  # noqa: BLE001 - botocore's texts can hold what was sent
            raise to_aws_error(error, _modules["botocore.exceptions"], self.name) from None


def _client_config() -> Any:
    """Client options, without those that an older botocore does not have."""
    kind = _modules["botocore.config"].Config
    return kind(**{name: value for name, value in _CLIENT_OPTIONS.items() if name in kind.OPTION_DEFAULTS})


def _bare_name(name: str) -> str:
    """A parameter's name without the prefix of an ARN, a version or a label."""
    return _NAME_DECORATION.sub("", name).lstrip("/")
