# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The words of a check: what came out, what is checked, and what a provider consists of."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Callable
from urllib.parse import quote

from ansible_collections.latchkey.workstation.plugins.module_utils import _command, _files
from ansible_collections.latchkey.workstation.plugins.module_utils._errors import LatchkeyError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from ansible_collections.latchkey.workstation.plugins.module_utils._deadline import Deadline
    from ansible_collections.latchkey.workstation.plugins.module_utils._http import Answer, Request
    from ansible_collections.latchkey.workstation.plugins.module_utils._secrets import Secret

__all__ = [
    "ABSENT",
    "AT_A_TIME",
    "FAIL",
    "PASS",
    "SKIP",
    "UNKNOWN",
    "Ask",
    "Check",
    "Here",
    "Malformed",
    "Option",
    "Outcome",
    "Provider",
    "asks_value",
    "references",
]

PASS, FAIL, SKIP, UNKNOWN = "PASS", "FAIL", "SKIP", "UNKNOWN"
ABSENT = "ABSENT"  # FAIL where it is required, SKIP elsewhere: the engine decides
AT_A_TIME = 64  # members' processes: those that hang must not use up the time of the others
_WORD = re.compile(r"\{(value|credential\.([A-Za-z0-9][A-Za-z0-9_.-]*))\}")
_UNATTENDED = {"CI": "1", "GH_PROMPT_DISABLED": "1", "GH_NO_UPDATE_NOTIFIER": "1", "NO_COLOR": "1", "TZ": "UTC"}


class Malformed(LatchkeyError):
    """A value that its issuer cannot have given out as it stands; ``blame`` as in :class:`Outcome`."""

    def __init__(self, message: str, *, blame: str = "") -> None:
        super().__init__(f"{blame}: {message}" if blame else message)
        self.blame = blame


@dataclass(frozen=True)
class Outcome:
    """What a check came to. ``onward`` is a value found here that the provider's remote part has yet to judge.

    ``blame`` is the name of another credential, where that one is what has to be mended.
    """

    state: str
    reason: str = ""
    cause: str = ""
    identity: str = ""
    scopes: Sequence[str] = ()
    expires_at: datetime | None = None
    remedy: str = ""
    blame: str = ""
    onward: Secret | None = field(default=None, repr=False)

    def over(self, known: Outcome) -> Outcome:
        """This outcome, with what was ``known`` before where it says nothing itself."""
        return replace(
            self,
            identity=self.identity or known.identity,
            scopes=self.scopes or known.scopes,
            expires_at=self.expires_at or known.expires_at,
            remedy=self.remedy or known.remedy,
        )


@dataclass(frozen=True)
class Check:
    """Options as declared, the credential's own value, and those of other credentials that the options name."""

    options: Mapping[str, Any]
    value: Secret | None = field(default=None, repr=False)
    others: Mapping[str, Secret] = field(default_factory=dict, repr=False)

    def text(self) -> str:
        """The value as text."""
        if self.value is None:
            raise LatchkeyError("there is no value to check")
        return _text(self.value)

    def fill(self, text: str, *, in_url: bool = False) -> str:
        """``text`` with {value} and {credential.NAME} replaced, escaped for a URL where it goes into one."""

        def word(match: re.Match[str]) -> str:
            value = _text(self.others[match[2]], blame=match[2]) if match[2] else self.text()
            return quote(value, safe="") if in_url else value

        return _WORD.sub(word, text)


@dataclass(frozen=True)
class Here:
    """The member's side of a machine, and the time there is; in check mode nothing may be renewed there."""

    home: str
    deadline: Deadline
    check_mode: bool = False

    def run(
        self, argv: Sequence[str], *, stdin: bytes = b"", env: Mapping[str, str] | None = None
    ) -> _command.Finished:
        """Run a program that must not ask anybody anything."""
        environment = {**_UNATTENDED, **(env or {})}
        return _command.run(argv, stdin=stdin, env=environment, seconds=max(0.1, self.deadline.left()))

    def read(self, path: str) -> bytes | None:
        """A file of the member's; None where there is none, as people say with the null device."""
        path = _files.expand(path, self.home)
        return None if path == os.devnull else _files.read(path, follow=True).data


@dataclass(frozen=True)
class Option:
    """What a provider takes; the kinds are those of :mod:`_checks_table`."""

    kind: str = "text"
    required: bool = False


Ask = Callable[["Request"], "Answer"]


@dataclass(frozen=True)
class Provider:
    """``local`` works as the member, ``remote`` in the parent for everybody; what has both goes on by ``onward``."""

    options: Mapping[str, Option] = field(default_factory=dict)
    local: Callable[[Check, Here], Outcome] | None = None
    remote: Callable[[Check, Ask], Outcome] | None = None
    takes_value: bool = True


def _text(secret: Secret, *, blame: str = "") -> str:
    try:
        return secret.text()
    except LatchkeyError as error:
        raise Malformed(error.message, blame=blame) from None


def asks_value(check: Mapping[str, Any]) -> bool:
    """Whether the options ask for the credential's own value."""
    return any(match == "value" for match in _words(check))


def references(check: Mapping[str, Any]) -> list[str]:
    """The other credentials that the options name, in their order."""
    return list(dict.fromkeys(word[len("credential.") :] for word in _words(check) if word != "value"))


def _words(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [word for inner in value.values() for word in _words(inner)]
    if isinstance(value, list):
        return [word for inner in value for word in _words(inner)]
    return [match[0] for match in _WORD.findall(value)] if isinstance(value, str) else []
