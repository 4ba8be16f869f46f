# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The values that a member's checks need, each looked for once and none before it is asked for."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable

from ansible_collections.latchkey.workstation.plugins.module_utils._checks_base import ABSENT, SKIP, UNKNOWN, Outcome
from ansible_collections.latchkey.workstation.plugins.module_utils._errors import LatchkeyError
from ansible_collections.latchkey.workstation.plugins.module_utils._found import Found

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ansible_collections.latchkey.workstation.plugins.module_utils._members import Member
    from ansible_collections.latchkey.workstation.plugins.module_utils._secrets import Secret

    Credential = Mapping[str, Any]
    Reader = Callable[[Credential], Found]

__all__ = ["Sources", "Values", "missing"]


@dataclass(frozen=True)
class Sources:
    """How values are found: ``open_reader`` once for a member's credentials, and why some are never read."""

    open_reader: Callable[[Member, Sequence[Credential]], Reader]
    idle: Callable[[Credential], str]


class Values:
    """Safe to be asked by many checks at once; what opens the store does so when the first one asks."""

    def __init__(self, open_reader: Callable[[], Reader], given: Mapping[str, Found]) -> None:
        self._open_reader = open_reader
        self._reader: Reader | None = None
        self._found: dict[str, Found] = dict(given)
        self._lock = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}

    def get(self, credential: Credential) -> Found:
        name = credential["name"]
        with self._lock:
            lock = self._locks.setdefault(name, threading.Lock())
        with lock:
            if name not in self._found:
                self._found[name] = self._read(credential)
            return self._found[name]

    def origin(self, name: str) -> str:
        """Where the value of this one was found, if it was."""
        found = self._found.get(name)
        return found.origin if found and found.secret else ""

    def secrets(self) -> list[Secret]:
        return [found.secret for found in list(self._found.values()) if found.secret]

    def _read(self, credential: Credential) -> Found:
        try:
            with self._lock:
                self._reader = self._reader or self._open_reader()
            return self._reader(credential)
        except LatchkeyError as error:
            return Found.blocked(error, credential["name"])


def missing(found: Mapping[str, Found], *, own: str) -> Outcome | None:
    """The outcome where a value cannot be had: no verdict where one is blocked, absence where none is there.

    Another one's than that of ``own`` is named, and to blame.
    """
    for name, each in found.items():
        if each.state == "blocked":
            if each.lacking:
                return Outcome(SKIP, each.reason, "prerequisite", remedy=each.remedy)
            reason = _named(name, each.reason or f"{name} cannot be read", own=own)
            return Outcome(UNKNOWN, reason, "locked", remedy=each.remedy)
    absent = {name: each for name, each in found.items() if each.secret is None}
    if not absent:
        return None
    reasons = dict.fromkeys(
        _named(name, each.reason or f"no value of {name}", own=own) for name, each in absent.items()
    )
    return Outcome(ABSENT, "; ".join(reasons), "absent", blame=next(iter(absent)))


def _named(name: str, reason: str, *, own: str) -> str:
    """``reason``, and whose it is where that is not said."""
    told = name == own or re.search(rf"\b{re.escape(name)}\b", reason, re.IGNORECASE)
    return reason if told else f"{name}: {reason}"
