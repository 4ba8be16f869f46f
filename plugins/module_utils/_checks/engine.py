# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check all credentials of all members at once: locally as each member, then with the issuers, under one deadline."""

from __future__ import annotations

import functools
import json
import os
import pwd
import shlex
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from .._clients.http_request import Unreachable, Unsendable, fetch
from .._core.deadline import Deadline, Jobs
from .._core.errors import LatchkeyError
from .._core.report import MemberResult, Report
from .._core.secrets import redactor
from .._core.validation import is_loopback
from .._members.serve import serving
from . import history, observation
from .base import FAIL, UNKNOWN, Check, Malformed, Outcome, references
from .local import CheckRequest, run_local, value_name, value_names
from .result_row import resolve, to_result_row

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from .._clients.http_request import Answer, Request
    from .._core.member import Member
    from .._core.secrets import Secret
    from .observation import Observation

__all__ = ["CheckRun", "check_all"]

_AT_A_TIME = 64  # members' processes: those that hang must not use up the time of the others
_WIDTH = 128
_LOCAL_SHARE = 2 / 3
_GRACE = 2
_RECORD_SECONDS = 5
_UNREACHABLE = {"garbage": "gate", "timeout": "timeout", "untrusted": "untrusted"}


@dataclass(frozen=True)
class CheckRun:
    """Options of a run: the request to each member's process, times in seconds, and the outcomes that are failures.

    ``exclusive``: forget when credentials that are not declared any more were last validated.
    """

    request: CheckRequest
    request_timeout: float = 10
    deadline: float = 15
    exclusive: bool = False
    fail_on: Collection[str] = ("FAIL",)

    @property
    def is_recorded(self) -> bool:
        """False in check mode and for a value that is only tried."""
        return not self.request.check_mode and self.request.given is None


def check_all(members: Sequence[dict[str, Any]], run: CheckRun) -> dict[str, Report]:
    """A report per member, with a row per credential. A failure of one member or check does not affect the others."""
    deadline = Deadline(run.deadline)
    seconds = min(run.request_timeout, run.deadline * _LOCAL_SHARE)
    entries = {entry["name"]: entry for entry in members}
    observations: dict[str, dict[str, Observation]] = {}
    issuers = _Issuers(run, deadline)

    def work(member: Member, entry: Mapping[str, Any]) -> MemberResult:
        return run_local(member, entry, run.request, deadline.narrow(seconds))

    def on_result(name: str, served: MemberResult) -> None:
        observations[name] = _observations(entries[name], served.report, run)
        issuers.ask(entries[name], observations[name], served.values)

    with serving(
        members,
        work,
        follow_up=history.record if run.is_recorded else None,
        seconds=seconds + _GRACE,
        at_a_time=_AT_A_TIME,
        value_names=value_names,
        on_result=on_result,
    ) as served:
        issuers.judge(observations)
        reports = {
            name: _report(entry, served.results[name], observations[name], run, several=len(members) > 1)
            for name, entry in entries.items()
        }
        if run.is_recorded:
            records = {
                name: history.to_record(report.items, exclusive=run.exclusive, whole=not run.request.only)
                for name, report in reports.items()
                if report.items
            }
            for name, recorded in served.follow_up(records, seconds=_RECORD_SECONDS).items():
                if recorded.failed:
                    reports[name].add(history.ITEM, "unknown", f"not noted: {recorded.msg}")
    for name, report in reports.items():
        _warn_of_exposed_files(report, observations[name])
    return reports


def _warn_of_exposed_files(report: Report, observations: Mapping[str, Observation]) -> None:
    for path in dict.fromkeys(observed.exposed for observed in observations.values() if observed.exposed):
        report.add(path, "ok", "other accounts can read this source", remedy=f"chmod go= {shlex.quote(path)}")


def _observations(entry: Mapping[str, Any], report: Report, run: CheckRun) -> dict[str, Observation]:
    """The observations of the requested credentials by name; none for a member who could not be served."""
    if report.failed:
        return {}
    rows = {row["item"]: row for row in report.items if isinstance(row["item"], str)}
    names = [credential["name"] for credential in entry["credentials"] if run.request.includes(credential["name"])]
    return {name: observation.from_wire(rows.get(name)) for name in names}


@dataclass(frozen=True)
class _Pending:
    """A check that an issuer has to answer. Equal checks of several members are sent once.

    ``loopback_uids``: accounts whose processes may answer on this machine, None for any. A member's own process may
    answer the checks of that member only.
    """

    member: str
    name: str
    observation: Observation
    check: Check
    loopback_uids: frozenset[int] | None

    @property
    def request_key(self) -> tuple[Any, ...]:
        options = json.dumps(self.check.options, sort_keys=True, default=str)
        others = sorted(self.check.others.items(), key=lambda item: item[0])
        return (options, self.loopback_uids, self.check.value, *others)


class _Issuers:
    """Requests to issuers, started as soon as a member's process has sent the values they need."""

    def __init__(self, run: CheckRun, deadline: Deadline) -> None:
        self._run = run
        self._deadline = deadline
        self._jobs: Jobs[tuple[Outcome, int]] = Jobs(deadline, width=_WIDTH)
        self._groups: dict[tuple[Any, ...], list[_Pending]] = {}

    def ask(
        self, entry: Mapping[str, Any], observations: Mapping[str, Observation], values: Mapping[str, Secret]
    ) -> None:
        """Start the requests for the pending observations of one member."""
        for credential in entry["credentials"]:
            observed = observations.get(credential["name"])
            if observed and observed.pending:
                pending = _pending(entry, credential, observed, values)
                group = self._groups.setdefault(pending.request_key, [])
                group.append(pending)
                if len(group) == 1:
                    job = functools.partial(_ask, pending, self._run, self._deadline)
                    self._jobs.add(f"{pending.member} {pending.name}", job)

    def judge(self, observations: Mapping[str, dict[str, Observation]]) -> None:
        """Replace the pending observations by the issuers' outcomes; late ones are UNKNOWN."""
        seconds = self._run.deadline
        late = (Outcome(UNKNOWN, f"no answer within {seconds:g} s", "timeout"), round(seconds * 1000))
        answers = self._jobs.results()
        for group in self._groups.values():
            outcome, latency = answers[f"{group[0].member} {group[0].name}"] or late
            for pending in group:
                merged = outcome.merged_over(pending.observation.outcome)
                judged = replace(pending.observation, outcome=merged, pending=False, latency_ms=latency)
                observations[pending.member][pending.name] = judged


def _pending(
    entry: Mapping[str, Any], credential: Mapping[str, Any], observed: Observation, values: Mapping[str, Secret]
) -> _Pending:
    name, options = credential["name"], credential["check"] or {}
    others = {other: values.get(value_name(name, other)) for other in references(options)}
    check = Check(options, values.get(value_name(name)), {other: value for other, value in others.items() if value})
    return _Pending(entry["name"], name, observed, check, _loopback_uids(entry, options))


def _loopback_uids(entry: Mapping[str, Any], options: Mapping[str, Any]) -> frozenset[int] | None:
    """Accounts whose processes may answer: root, and for a declared loopback address the member; None for oneself.

    Otherwise a member could listen where a service of the machine is down, collect other members' values and pass their
    checks.
    """
    if os.geteuid() != 0:
        return None
    addresses = [value for value in options.values() if isinstance(value, str)]
    own = {pwd.getpwnam(entry["account"]).pw_uid} if any(map(is_loopback, addresses)) else set()
    return frozenset({0} | own)


def _ask(pending: _Pending, run: CheckRun, deadline: Deadline) -> tuple[Outcome, int]:
    """The issuer's outcome and the milliseconds it took; every error becomes an outcome."""
    started = time.monotonic()
    check = pending.check

    def send(request: Request) -> Answer:
        return fetch(request, deadline.narrow(run.request_timeout), loopback_uids=pending.loopback_uids)

    remote = run.request.providers[check.options["provider"]].remote if check.options else None
    try:
        if remote is None:
            outcome = Outcome(UNKNOWN, "this provider has no remote check", "unexpected")
        else:
            outcome = remote(check, send)
    except Unreachable as error:
        outcome = Outcome(UNKNOWN, error.message, _UNREACHABLE.get(error.cause, "network"))
    except Malformed as error:
        outcome = Outcome(FAIL, error.message, "malformed", blamed_credential=error.blamed_credential)
    except Unsendable as error:
        outcome = Outcome(FAIL, error.message, "malformed")
    except LatchkeyError as error:
        outcome = Outcome(UNKNOWN, error.message, "unexpected", remedy=error.remedy)
    except Exception as error:  # noqa: BLE001 - its text may hold a secret, its type does not
        outcome = Outcome(UNKNOWN, f"unexpected {type(error).__name__}", "unexpected")
    return outcome, round((time.monotonic() - started) * 1000)


def _report(
    entry: Mapping[str, Any],
    served: MemberResult,
    observations: Mapping[str, Observation],
    run: CheckRun,
    *,
    several: bool,
) -> Report:
    """The member's report; ``several``: remedies have to name the member."""
    if served.report.failed:
        return served.report
    report = Report()
    declared = {credential["name"]: credential for credential in entry["credentials"]}
    redact = redactor([*served.values.values(), *([run.request.given] if run.request.given else [])])
    for credential in entry["credentials"]:
        observed = observations.get(credential["name"])
        if observed:
            resolved = resolve(credential, observed, declared, entry["name"] if several else "")
            report.items.append(to_result_row(credential, resolved, redact, fail_on=run.fail_on))
    failing = [f"{row['outcome']} {row['item']}" for row in report.items if row["state"] == "failed"]
    report.failed, report.msg = bool(failing), ", ".join(failing)
    return report
