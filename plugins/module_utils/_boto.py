# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A member's AWS profiles through botocore: nothing is renewed, no metadata service asked, no library text shown."""

from __future__ import annotations

import importlib
import re
from typing import TYPE_CHECKING, Any, Callable, TypeVar

from ansible_collections.latchkey.workstation.plugins.module_utils._boto_keys import Keys, settings_of
from ansible_collections.latchkey.workstation.plugins.module_utils._boto_trouble import (
    Answers,
    AwsTrouble,
    not_aws,
    trouble_of,
)
from ansible_collections.latchkey.workstation.plugins.module_utils._deadline import Deadline, at_once
from ansible_collections.latchkey.workstation.plugins.module_utils._errors import LatchkeyError, Prerequisite
from ansible_collections.latchkey.workstation.plugins.module_utils._url import require_safe

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["AwsTrouble", "Profile", "load", "not_aws", "prepare"]

T = TypeVar("T")
_PARTS = ("session", "config", "credentials", "exceptions", "httpsession", "parsers", "utils")
_ASKING = {"aws_credentials", "aws_role", "aws_parameter"}
_AROUND = re.compile(r"^arn:[^/]*:parameter(?=/)|:[^:/]*$")
_SECONDS = 10
_CLIENTS = {
    "connect_timeout": _SECONDS,
    "read_timeout": _SECONDS,
    "retries": {"total_max_attempts": 1},
    "ignore_configured_endpoint_urls": True,
    "proxies": {},
}
_modules: dict[str, Any] = {}


def load() -> bool:
    """Import botocore, which a member's process could not do any more; False where this Python has none."""
    try:
        _modules.update({name: importlib.import_module(name) for name in (f"botocore.{part}" for part in _PARTS)})
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
        self._base_url = require_safe(base_url) if base_url else None
        self._session = session = _modules["botocore.session"].Session(profile=self.name)
        if region:
            session.set_config_variable("region", region)
        # For each client, also one that botocore makes by itself to take a role.
        session.set_default_client_config(_client_config())
        session.register_component("credential_provider", Keys(session, self.name, home=home, modules=_modules))
        session.register_component("response_parser_factory", Answers(session.get_component("response_parser_factory")))

    def ask(self, service: str, operation: str, deadline: Deadline | None = None, **arguments: Any) -> Any:
        """The answer to one call; whatever else comes of it is an :class:`AwsTrouble`."""

        def call() -> Any:
            client = self._session.create_client(service, endpoint_url=self._base_url)
            return getattr(client, operation)(**arguments)

        answer = at_once({"": lambda: self._guarded(call)}, deadline or Deadline(_SECONDS))[""]
        if answer is None:
            raise AwsTrouble(f"{service} did not answer in time", verdict="unknown", cause="network")
        return answer

    def parameter(self, name: str, deadline: Deadline | None = None) -> bytes:
        """The value of one parameter of SSM, decrypted."""
        answer = self.ask("ssm", "get_parameter", deadline, Name=name, WithDecryption=True)
        try:
            found = answer["Parameter"]
            if _plain(found["Name"]) == _plain(name):
                return bytes(found["Value"].encode())
        except (LookupError, TypeError, AttributeError, UnicodeEncodeError):
            pass
        raise not_aws()

    def settings(self) -> Mapping[str, Any]:
        """The profile's own settings, those of its sso-session among them."""
        return self._guarded(lambda: settings_of(self._session, self.name))

    def _guarded(self, work: Callable[[], T]) -> T:
        try:
            return work()
        except LatchkeyError:
            raise
        except Exception as error:  # noqa: BLE001 - botocore's texts hold what they were given; only its words count
            raise trouble_of(error, _modules["botocore.exceptions"], self.name) from None


def _client_config() -> Any:
    """Rules for clients, as far as a botocore of some years ago knows them: what it does not know it does not do."""
    kind = _modules["botocore.config"].Config
    return kind(**{name: value for name, value in _CLIENTS.items() if name in kind.OPTION_DEFAULTS})


def _plain(name: str) -> str:
    """A parameter's name without what an ARN, a version or a label put around it."""
    return _AROUND.sub("", name).lstrip("/")
