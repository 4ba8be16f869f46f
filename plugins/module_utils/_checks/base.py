# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Types of a check: its outcome, its input, and what a provider is made of."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Callable
from urllib.parse import quote

from .._core.errors import LatchkeyError
from .._host import command, files

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from .._clients.http_request import Answer, Request
    from .._core.deadline import Deadline
    from .._core.secrets import Secret

__all__ = [
    "ABSENT",
    "FAIL",
    "PASS",
    "SKIP",
    "UNKNOWN",
    "Check",
    "Fetch",
    "LocalContext",
    "Malformed",
    "Option",
    "Outcome",
    "Provider",
    "asks_value",
    "references",
]

PASS, FAIL, SKIP, UNKNOWN = "PASS", "FAIL", "SKIP", "UNKNOWN"
ABSENT = "ABSENT"  # becomes FAIL for a required credential, else SKIP
_PLACEHOLDER = re.compile(r"\{(value|credential\.([A-Za-z0-9][A-Za-z0-9_.-]*))\}")
_UNATTENDED = {"CI": "1", "GH_PROMPT_DISABLED": "1", "GH_NO_UPDATE_NOTIFIER": "1", "NO_COLOR": "1", "TZ": "UTC"}


class Malformed(LatchkeyError):
    """A value that its issuer cannot have issued, for which the check is FAIL; MalformedValue is for sources."""

    def __init__(self, message: str, *, blamed_credential: str = "") -> None:
        super().__init__(f"{blamed_credential}: {message}" if blamed_credential else message)
        self.blamed_credential = blamed_credential


@dataclass(frozen=True)
class Outcome:
    """Result of a check.

    ``cause`` is one of the words of docs/checks.md. ``blamed_credential`` names another credential if that one has to
    be replaced. ``token_for_remote`` is a value found on the machine that the provider's remote part has to judge.
    """

    state: str
    reason: str = ""
    cause: str = ""
    identity: str = ""
    scopes: Sequence[str] = ()
    expires_at: datetime | None = None
    remedy: str = ""
    blamed_credential: str = ""
    token_for_remote: Secret | None = field(default=None, repr=False)

    def merged_over(self, known: Outcome) -> Outcome:
        """This outcome, with the details of ``known`` where it has none itself."""
        return replace(
            self,
            identity=self.identity or known.identity,
            scopes=self.scopes or known.scopes,
            expires_at=self.expires_at or known.expires_at,
            remedy=self.remedy or known.remedy,
        )


@dataclass(frozen=True)
class Check:
    """Input of a provider: declared options, the credential's own value, and the values of others that options name."""

    options: Mapping[str, Any]
    value: Secret | None = field(default=None, repr=False)
    others: Mapping[str, Secret] = field(default_factory=dict, repr=False)

    def text(self) -> str:
        """The credential's own value as text; Malformed where it is not UTF-8."""
        if self.value is None:
            raise LatchkeyError("there is no value to check")
        return _text(self.value)

    def fill(self, text: str, *, in_url: bool = False) -> str:
        """``text`` with {value} and {credential.NAME} replaced, and escaped with ``in_url``."""

        def replacement(match: re.Match[str]) -> str:
            value = _text(self.others[match[2]], blamed_credential=match[2]) if match[2] else self.text()
            return quote(value, safe="") if in_url else value

        return _PLACEHOLDER.sub(replacement, text)


@dataclass(frozen=True)
class LocalContext:
    """The member's home and the time a local check has; in check mode it must not renew anything."""

    home: str
    deadline: Deadline
    check_mode: bool = False
    planned: frozenset[str] = frozenset()

    def unless_planned(self, outcome: Outcome, items: Iterable[str]) -> Outcome:
        """``outcome``; UNKNOWN in place of anything but PASS if this run would change one of ``items``.

        ``planned`` has the items that earlier modules of the same run would change; it is empty outside check mode.
        """
        planned = sorted(self.planned.intersection(items))
        if outcome.state == PASS or not planned:
            return outcome
        reason = f"depends on {planned[0]}, which this run would write"
        return replace(outcome, state=UNKNOWN, reason=reason, cause="planned", remedy="run it without --check")

    def run(self, argv: Sequence[str], *, stdin: bytes = b"", env: Mapping[str, str] | None = None) -> command.Finished:
        """Run a program without prompts; raises CommandMissing, CommandUnusable and CommandTimeout."""
        environment = {**_UNATTENDED, **(env or {})}
        return command.run(argv, stdin=stdin, env=environment, seconds=max(0.1, self.deadline.left()))

    def read(self, path: str) -> bytes | None:
        """Content of a file of the member; None where it does not exist or is the null device."""
        path = files.expand(path, self.home)
        return None if path == os.devnull else files.read(path, follow=True, named=True).data


@dataclass(frozen=True)
class Option:
    """An option of a provider; ``kind`` is one of those that :mod:`.registry` validates."""

    kind: str = "text"
    required: bool = False


Fetch = Callable[["Request"], "Answer"]


@dataclass(frozen=True)
class Provider:
    """A kind of check.

    ``local`` runs as the member, ``remote`` in the process that serves all members. If a provider has both, ``remote``
    runs where the outcome of ``local`` has a ``token_for_remote``. ``needs_botocore``: ``local`` calls AWS.
    """

    options: Mapping[str, Option] = field(default_factory=dict)
    local: Callable[[Check, LocalContext], Outcome] | None = None
    remote: Callable[[Check, Fetch], Outcome] | None = None
    takes_value: bool = True
    needs_botocore: bool = False


def _text(secret: Secret, *, blamed_credential: str = "") -> str:
    try:
        return secret.text()
    except LatchkeyError as error:
        raise Malformed(error.message, blamed_credential=blamed_credential) from None


def asks_value(check: Mapping[str, Any]) -> bool:
    """True if an option contains {value}."""
    return "value" in _placeholders(check)


def references(check: Mapping[str, Any]) -> list[str]:
    """Names of the credentials in {credential.NAME} placeholders, without duplicates, in order."""
    return list(dict.fromkeys(name[len("credential.") :] for name in _placeholders(check) if name != "value"))


def _placeholders(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [name for inner in value.values() for name in _placeholders(inner)]
    if isinstance(value, list):
        return [name for inner in value for name in _placeholders(inner)]
    return [match[0] for match in _PLACEHOLDER.findall(value)] if isinstance(value, str) else []
