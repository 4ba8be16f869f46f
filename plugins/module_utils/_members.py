# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every member of a machine served at once: each by a process that is that member and nobody else.

A run for oneself stays in the process. Root forks one child per member and reads what comes back as a stranger's.
"""

from __future__ import annotations

import contextlib
import functools
import os
import pwd
import re
import selectors
import sys
from typing import TYPE_CHECKING, Any, Callable

from ansible_collections.latchkey.workstation.plugins.module_utils._child import Child, Member, end
from ansible_collections.latchkey.workstation.plugins.module_utils._errors import LatchkeyError
from ansible_collections.latchkey.workstation.plugins.module_utils._report import Report, Served, attempt

if TYPE_CHECKING:
    from collections.abc import Sequence

    Work = Callable[[Member, dict[str, Any]], Served]
    Heard = Callable[[str, Served], None]

__all__ = ["Member", "Served", "serve"]

_AT_A_TIME = 8
_TRIES, _PAUSE = 20, 0.1
_FIRST_PERSON = 500 if sys.platform == "darwin" else 1000
_NOBODY = 65534
_HOME = re.compile(r"(?<![${])\{home\}(?!\})")


class _LeftAlone(LatchkeyError):
    """Somebody whom whoever runs this does not serve; no fault of anybody's."""


def serve(
    declared: Sequence[dict[str, Any]],
    work: Work,
    *,
    seconds: float = 60,
    at_a_time: int = _AT_A_TIME,
    heard: Heard = lambda _name, _served: None,
) -> dict[str, Served]:
    """Run ``work(member, declaration)`` as each member; results by roster name, in the order given.

    ``declared`` holds a dict with name and account for each. Whoever cannot be served has a failed report. ``heard`` is
    told of each as soon as all processes have begun: it may start threads, after which nothing here forks.
    """
    served: dict[str, Served] = {}
    others: list[tuple[Member, dict[str, Any]]] = []
    for entry in declared:
        served[entry["name"]] = Served()
        try:
            member = _recognise(entry)
            at_home = _fill_in(entry, member.home)
            if member.oneself:
                served[member.name] = attempt(functools.partial(work, member, at_home))
            else:
                others.append((member, at_home))
        except _LeftAlone as error:
            served[entry["name"]] = Served(report=Report.failure(error))
            served[entry["name"]].report.add("", "unknown", "not served")
        except LatchkeyError as error:
            served[entry["name"]] = Served(report=Report.failure(error))
    early = served.keys() - {member.name for member, _entry in others}
    served.update(_Others(work, heard, seconds=seconds, at_a_time=at_a_time).serve(others))
    for name in early:
        heard(name, served[name])
    return served


def _recognise(entry: dict[str, Any]) -> Member:
    """The member behind an entry, or why they cannot be served by whoever runs this."""
    account = entry["account"]
    try:
        known = pwd.getpwnam(account)
    except KeyError:
        raise LatchkeyError(f"there is no account {account} here", remedy="make it, or correct the roster") from None
    if known.pw_uid == 0:
        raise LatchkeyError(f"{account} is root, which is no member", remedy="run as an ordinary user")
    oneself = known.pw_uid == os.geteuid()
    home = known.pw_dir
    if oneself:
        home = os.environ.get("HOME", home)
    elif os.geteuid() != 0:
        raise _LeftAlone("somebody else", remedy="only root serves others")
    elif not sys.platform.startswith("linux"):
        raise _LeftAlone("serving others is known to be safe on Linux only", remedy="run it as each of them")
    elif known.pw_uid < _FIRST_PERSON or known.pw_uid == _NOBODY:
        raise LatchkeyError(f"{account} is a system account", remedy="correct the roster")
    return Member(
        name=entry["name"],
        account=account,
        home=home,
        uid=known.pw_uid,
        gid=known.pw_gid,
        shell=known.pw_shell,
        oneself=oneself,
    )


def _fill_in(value: Any, home: str) -> Any:
    """``{home}`` of declared strings, known only on the machine."""
    if isinstance(value, dict):
        return {key: _fill_in(entry, home) for key, entry in value.items()}
    if isinstance(value, list):
        return [_fill_in(entry, home) for entry in value]
    return _HOME.sub(lambda _match: home, value) if isinstance(value, str) else value


class _Others:
    """Everybody else: one child per member, several at a time; what is not there at its deadline never comes."""

    def __init__(self, work: Work, heard: Heard, *, seconds: float, at_a_time: int) -> None:
        self._work, self._heard, self._seconds, self._at_a_time = work, heard, seconds, at_a_time
        self._told: set[str] = set()
        self._waiting: list[tuple[Member, dict[str, Any]]] = []
        self._running: set[Child] = set()
        self._served: dict[str, Served] = {}
        self._refused = 0

    def serve(self, others: Sequence[tuple[Member, dict[str, Any]]]) -> dict[str, Served]:
        self._waiting += reversed(others)
        with selectors.DefaultSelector() as selector:
            while self._waiting or self._running:
                while self._has_room() and self._start(selector):
                    pass
                self._listen(selector)
                self._end(selector)
        return self._served

    def _has_room(self) -> bool:
        return bool(self._waiting) and len(self._running) < self._at_a_time

    def _start(self, selector: selectors.BaseSelector) -> bool:
        """Start the next one, or give them up; False where that is to be tried again in a moment."""
        member, entry = self._waiting[-1]
        try:
            child = Child.start(member, functools.partial(self._work, member, entry), seconds=self._seconds)
        except LatchkeyError as error:
            self._refused += not self._running
            if self._refused < _TRIES:
                return False
            self._served[member.name] = Served(report=Report.failure(error))
        else:
            self._running.add(child)
            for fd in child.streams:
                selector.register(fd, selectors.EVENT_READ, child)
        self._refused = 0
        self._waiting.pop()
        return True

    def _listen(self, selector: selectors.BaseSelector) -> None:
        patience = [child.left() for child in self._running] + [_PAUSE] * self._has_room()
        for key, _events in selector.select(min(patience, default=0)):
            if not key.data.listen(key.fd):
                selector.unregister(key.fd)

    def _end(self, selector: selectors.BaseSelector) -> None:
        done = {child for child in self._running if child.finished or not child.left()}
        for child in done:
            for fd in child.streams:
                with contextlib.suppress(KeyError):
                    selector.unregister(fd)
        self._running -= done
        self._served.update(end(done))
        for name in [] if self._waiting else self._served.keys() - self._told:
            self._told.add(name)
            self._heard(name, self._served[name])
