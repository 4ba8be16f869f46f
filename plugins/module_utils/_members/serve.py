# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run work for every member of a machine, each in a process with the member's privileges only.

For the current user nothing is forked. Root forks one child per member and treats its result as untrusted.
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

from .._core.errors import LatchkeyError
from .._core.member import Member
from .._core.report import MemberResult, Report, to_member_result
from .child import Child, reap

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    Work = Callable[[Member, dict[str, Any]], MemberResult]
    FollowUp = Callable[[Member, dict[str, Any], Any], Report]
    ValueNames = Callable[[dict[str, Any]], Collection[str]]
    ResultCallback = Callable[[str, MemberResult], None]

__all__ = ["Member", "MemberResult", "Served", "serve", "serving"]

_AT_A_TIME = 8
_MAX_REFUSALS, _RETRY_SECONDS = 20, 0.1
_FIRST_ORDINARY_UID = 500 if sys.platform == "darwin" else 1000
_NOBODY_UID = 65534
_HOME = re.compile(r"(?<![${])\{home\}(?!\})")


class _NotServed(LatchkeyError):
    """The current user may not serve this member; reported as not served, not as an error."""


def serve(
    declared: Sequence[dict[str, Any]],
    work: Work,
    *,
    seconds: float = 60,
    at_a_time: int = _AT_A_TIME,
    on_result: ResultCallback = lambda _name, _result: None,
) -> dict[str, MemberResult]:
    """Run ``work(member, entry)`` as each member; results by roster name, in the order given.

    ``declared``: a dict with name, account and the data of the work for each member; ``{home}`` in its strings is
    replaced. ``seconds``: deadline of each child. ``at_a_time``: number of children that run concurrently.
    ``on_result`` is called with name and result once all children have started, so it may start threads: nothing is
    forked after the first call. A member that cannot be served has a failed report.
    """
    with serving(declared, work, seconds=seconds, at_a_time=at_a_time, on_result=on_result) as served:
        return served.results


@contextlib.contextmanager
def serving(  # noqa: PLR0913 - how members are served
    declared: Sequence[dict[str, Any]],
    work: Work,
    *,
    follow_up: FollowUp | None = None,
    seconds: float = 60,
    at_a_time: int = _AT_A_TIME,
    value_names: ValueNames = lambda _entry: (),
    on_result: ResultCallback = lambda _name, _result: None,
) -> Iterator[Served]:
    """As :func:`serve`; each member's process waits for :meth:`Served.follow_up` until the context ends.

    ``follow_up(member, declaration, value)`` runs in the process that ran ``work``. A process that waits does not count
    as one of ``at_a_time``. ``value_names(entry)``: names under which a child may send values to the parent; any other
    name fails it.
    """
    results: dict[str, MemberResult] = {}
    alone: dict[str, Callable[[Any], Report]] = {}
    others: list[tuple[Member, dict[str, Any]]] = []
    for entry in declared:
        results[entry["name"]] = MemberResult()
        try:
            member = _resolve_account(entry)
            entry_at_home = _replace_home(entry, member.home)
            if member.is_current_user:
                results[member.name] = to_member_result(functools.partial(work, member, entry_at_home))
                if follow_up:
                    alone[member.name] = functools.partial(follow_up, member, entry_at_home)
            else:
                others.append((member, entry_at_home))
        except _NotServed as error:
            results[entry["name"]] = MemberResult(report=Report.failure(error))
            results[entry["name"]].report.add("", "unknown", "not served")
        except LatchkeyError as error:
            results[entry["name"]] = MemberResult(report=Report.failure(error))
    early = results.keys() - {member.name for member, _entry in others}
    pool = _ChildPool(work, follow_up, value_names, on_result, seconds=seconds, at_a_time=at_a_time)
    try:
        results.update(pool.serve(others))
        for name in early:
            on_result(name, results[name])
        yield Served(results, alone, pool)
    finally:
        pool.close()


class Served:
    """``results`` of the work by roster name, and the waiting processes for a follow-up."""

    def __init__(
        self, results: dict[str, MemberResult], alone: Mapping[str, Callable[[Any], Report]], pool: _ChildPool
    ) -> None:
        self.results = results
        self._alone = alone
        self._pool = pool

    def follow_up(self, values: Mapping[str, Any], *, seconds: float) -> dict[str, Report]:
        """Run the follow-up of the members that ``values`` names, each with its own JSON value; reports by name."""
        reports = {
            name: to_member_result(lambda name=name: MemberResult(self._alone[name](values[name]))).report  # type: ignore[misc]
            for name in values.keys() & self._alone.keys()
        }
        others = {name: value for name, value in values.items() if name not in self._alone}
        return {**reports, **self._pool.follow_up(others, seconds=seconds)}


def _resolve_account(entry: dict[str, Any]) -> Member:
    """Look the account of an entry up; LatchkeyError if the current user cannot serve it."""
    account = entry["account"]
    try:
        known = pwd.getpwnam(account)
    except KeyError:
        raise LatchkeyError(f"there is no account {account} here", remedy="make it, or correct the roster") from None
    if known.pw_uid == 0:
        raise LatchkeyError(f"{account} is root, which is no member", remedy="run as an ordinary user")
    is_current_user = known.pw_uid == os.geteuid()
    home = known.pw_dir
    if is_current_user:
        home = os.environ.get("HOME", home)
    elif os.geteuid() != 0:
        raise _NotServed("somebody else", remedy="only root serves others")
    elif not sys.platform.startswith("linux"):
        raise _NotServed("serving others is known to be safe on Linux only", remedy="run it as each of them")
    elif known.pw_uid < _FIRST_ORDINARY_UID or known.pw_uid == _NOBODY_UID:
        raise LatchkeyError(f"{account} is a system account", remedy="correct the roster")
    return Member(
        name=entry["name"],
        account=account,
        home=home,
        uid=known.pw_uid,
        gid=known.pw_gid,
        shell=known.pw_shell,
        is_current_user=is_current_user,
    )


def _replace_home(value: Any, home: str) -> Any:
    """Replace ``{home}`` in all declared strings; it is known only on the machine."""
    if isinstance(value, dict):
        return {key: _replace_home(entry, home) for key, entry in value.items()}
    if isinstance(value, list):
        return [_replace_home(entry, home) for entry in value]
    return _HOME.sub(lambda _match: home, value) if isinstance(value, str) else value


class _ChildPool:
    """Runs one child process per member with limited concurrency; results later than the deadline are dropped."""

    def __init__(  # noqa: PLR0913 - how members are served
        self,
        work: Work,
        follow_up: FollowUp | None,
        value_names: ValueNames,
        on_result: ResultCallback,
        *,
        seconds: float,
        at_a_time: int,
    ) -> None:
        self._work, self._on_result, self._seconds, self._at_a_time = work, on_result, seconds, at_a_time
        self._follow_up = follow_up
        self._value_names = value_names
        self._notified: set[str] = set()
        self._waiting: list[tuple[Member, dict[str, Any]]] = []
        self._running: set[Child] = set()
        self._idle: dict[str, Child] = {}
        self._results: dict[str, MemberResult] = {}
        self._refused = 0

    def serve(self, others: Sequence[tuple[Member, dict[str, Any]]]) -> dict[str, MemberResult]:
        """Run the work for each of ``others``; results by member name."""
        self._waiting += reversed(others)
        with selectors.DefaultSelector() as selector:
            while self._waiting or self._running:
                while self._has_room() and self._start(selector):
                    pass
                self._receive(selector)
                self._reap_done(selector)
        return self._results

    def follow_up(self, values: Mapping[str, Any], *, seconds: float) -> dict[str, Report]:
        """Send each idle child its value and collect the second reports; those children are killed."""
        lost = LatchkeyError("its process was ended early, to make room for other members'")
        reports = {name: Report.failure(lost) for name in values}
        self._running = {self._idle.pop(name) for name in values if name in self._idle}
        with selectors.DefaultSelector() as selector:
            for child in self._running:
                child.follow_up(values[child.member.name], seconds=seconds)
                selector.register(child.streams[0], selectors.EVENT_READ, child)
                selector.register(child.input_fd, selectors.EVENT_WRITE, child)
            while self._running:
                self._receive(selector)
                for name, result in self._done(selector).items():
                    reports[name] = result.report
        return reports

    def close(self) -> None:
        """Kill the children that are left."""
        reap({*self._running, *self._idle.values()})
        self._running, self._idle = set(), {}

    def _has_room(self) -> bool:
        return bool(self._waiting) and len(self._running) < self._at_a_time

    def _start(self, selector: selectors.BaseSelector) -> bool:
        """Start the next child, or give its member up after several tries; False to try again later."""
        member, entry = self._waiting[-1]
        work = functools.partial(self._work, member, entry)
        follow_up = functools.partial(self._follow_up, member, entry) if self._follow_up else None
        try:
            names = self._value_names(entry)
            child = Child.start(member, work, follow_up, seconds=self._seconds, value_names=names)
        except LatchkeyError as error:
            if not self._running:
                self._refused += 1
                reap([self._idle.popitem()[1]] if self._idle else [])
            if self._refused < _MAX_REFUSALS:
                return False
            self._results[member.name] = MemberResult(report=Report.failure(error))
        else:
            self._running.add(child)
            for fd in child.streams:
                selector.register(fd, selectors.EVENT_READ, child)
        self._refused = 0
        self._waiting.pop()
        return True

    def _receive(self, selector: selectors.BaseSelector) -> None:
        patience = [child.left() for child in self._running] + [_RETRY_SECONDS] * self._has_room()
        for key, _events in selector.select(min(patience, default=0)):
            child: Child = key.data
            more = child.send() if key.fd == child.input_fd else child.receive(key.fd)
            if not more:
                selector.unregister(key.fd)

    def _reap_done(self, selector: selectors.BaseSelector) -> None:
        self._results.update(self._done(selector, keep=self._follow_up is not None))
        for name in [] if self._waiting else self._results.keys() - self._notified:
            self._notified.add(name)
            self._on_result(name, self._results[name])

    def _done(self, selector: selectors.BaseSelector, *, keep: bool = False) -> dict[str, MemberResult]:
        """Reap the children that are done or late; with ``keep``, those that succeeded stay for a follow-up."""
        done = {child for child in self._running if child.finished or not child.left()}
        for child in done:
            for fd in (*child.streams, child.input_fd):
                with contextlib.suppress(KeyError):
                    selector.unregister(fd)
        self._running -= done
        results = {child: child.result() for child in done if keep and child.finished}
        idle = {child.member.name: child for child, result in results.items() if not result.report.failed}
        self._idle.update(idle)
        kept = {child.member.name: results[child] for child in idle.values()}
        return {**kept, **reap(done - set(idle.values()))}
