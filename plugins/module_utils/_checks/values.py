# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Values of one member's credentials, each looked up at most once and only when a check needs it."""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING, Any, Callable

from .._core.errors import LatchkeyError
from .._core.lookup import LookupResult
from .base import ABSENT, FAIL, SKIP, UNKNOWN, Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .._core.secrets import Secret
    from .._sources.resolver import Resolver

    Credential = Mapping[str, Any]

__all__ = ["Values", "missing"]


class Values:
    """Thread-safe cache of lookups; the resolver, and with it the store, is opened by the first one.

    ``given`` holds lookups by credential name that are not made again.
    """

    def __init__(self, open_resolver: Callable[[], Resolver], given: Mapping[str, LookupResult]) -> None:
        self._open_resolver = open_resolver
        self._resolver: Resolver | None = None
        self._lookups: dict[str, LookupResult] = dict(given)
        self._lock = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}

    def get(self, credential: Credential) -> LookupResult:
        name = credential["name"]
        with self._lock:
            lock = self._locks.setdefault(name, threading.Lock())
        with lock:
            if name not in self._lookups:
                self._lookups[name] = self._look_up(credential)
            return self._lookups[name]

    def origin(self, name: str) -> str:
        """The source or store item that held the value of credential ``name``; empty where no value was there."""
        lookup = self._lookups.get(name)
        return lookup.origin if lookup and (lookup.secret or lookup.cause == "malformed") else ""

    def exposed(self, name: str) -> str:
        """Path of the file with the value of credential ``name`` if other accounts can read it."""
        lookup = self._lookups.get(name)
        return lookup.exposed if lookup and lookup.secret else ""

    def secrets(self) -> list[Secret]:
        return [lookup.secret for lookup in list(self._lookups.values()) if lookup.secret]

    def _look_up(self, credential: Credential) -> LookupResult:
        try:
            with self._lock:
                self._resolver = self._resolver or self._open_resolver()
            return self._resolver.value(credential)
        except LatchkeyError as error:
            return LookupResult.blocked(error, credential["name"])


def missing(lookups: Mapping[str, LookupResult], *, own: str, required: bool) -> Outcome | None:
    """Outcome of a check that lacks a value: ABSENT where a lookup found none, UNKNOWN or SKIP where one is blocked.

    A malformed value, which only a person can replace, is FAIL for a ``required`` credential.
    ``lookups`` holds those of all values the check needs. The reason names every credential but ``own``. None where all
    values were found.
    """
    for name, lookup in lookups.items():
        if lookup.state == "blocked":
            if lookup.prerequisite_missing:
                return Outcome(SKIP, lookup.reason, "prerequisite", remedy=lookup.remedy)
            reason = _with_name(name, lookup.reason or f"{name} cannot be read", own=own)
            cause = lookup.cause or "locked"
            if cause == "malformed" and required:
                return Outcome(FAIL, reason, cause, blamed_credential=name)
            return Outcome(UNKNOWN, reason, cause, remedy=lookup.remedy)
    absent = {name: lookup for name, lookup in lookups.items() if lookup.secret is None}
    if not absent:
        return None
    reasons = dict.fromkeys(
        _with_name(name, lookup.reason or f"no value of {name}", own=own) for name, lookup in absent.items()
    )
    return Outcome(ABSENT, "; ".join(reasons), "absent", blamed_credential=next(iter(absent)))


def _with_name(name: str, reason: str, *, own: str) -> str:
    """``reason`` with the name of its credential in front, unless it is ``own`` or is named in it."""
    is_named = name == own or re.search(rf"\b{re.escape(name)}\b", reason, re.IGNORECASE)
    return reason if is_named else f"{name}: {reason}"
