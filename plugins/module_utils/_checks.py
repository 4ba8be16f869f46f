# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every credential of every member checked at once: as the members, then by their issuers, under one deadline."""

from __future__ import annotations

import functools
import json
import threading
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ansible_collections.latchkey.workstation.plugins.module_utils import _checks_remedy, _checks_row
from ansible_collections.latchkey.workstation.plugins.module_utils._checks_base import (
    AT_A_TIME,
    FAIL,
    UNKNOWN,
    Check,
    Malformed,
    Outcome,
    references,
)
from ansible_collections.latchkey.workstation.plugins.module_utils._checks_local import (
    Asked,
    look,
    place_of,
)
from ansible_collections.latchkey.workstation.plugins.module_utils._checks_note import ASKING, remember
from ansible_collections.latchkey.workstation.plugins.module_utils._deadline import Deadline, Jobs
from ansible_collections.latchkey.workstation.plugins.module_utils._errors import LatchkeyError
from ansible_collections.latchkey.workstation.plugins.module_utils._http import (
    Unreachable,
    Unsendable,
    fetch,
)
from ansible_collections.latchkey.workstation.plugins.module_utils._members import Member, Served, serve
from ansible_collections.latchkey.workstation.plugins.module_utils._report import Report
from ansible_collections.latchkey.workstation.plugins.module_utils._secrets import redactor

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from ansible_collections.latchkey.workstation.plugins.module_utils._checks_row import Seen
    from ansible_collections.latchkey.workstation.plugins.module_utils._secrets import Secret

__all__ = ["Plan", "check_all"]

_WIDTH = 128
_LOCAL_SHARE = 2 / 3
_GRACE = 0.5


@dataclass(frozen=True)
class Plan:
    """How checks are run: what is asked of members, how long, and which outcomes are failures."""

    asked: Asked
    request_timeout: float = 10
    deadline: float = 15
    exclusive: bool = False
    fail_on: Collection[str] = ("FAIL",)


@dataclass(frozen=True)
class _Pending:
    """What an issuer is to be asked; the same question of several members is put once."""

    member: str
    name: str
    seen: Seen
    check: Check

    @property
    def question(self) -> tuple[Any, ...]:
        options = json.dumps(self.check.options, sort_keys=True, default=str)
        return (options, self.check.value, *sorted(self.check.others.items(), key=lambda item: item[0]))


def check_all(members: Sequence[dict[str, Any]], plan: Plan) -> dict[str, Report]:
    """A report per member; no outcome of one keeps another from being seen."""
    served, seen = _judged(members, plan)
    reports = {entry["name"]: _report(entry, served[entry["name"]], seen, plan, len(members)) for entry in members}
    for each in served.values():
        each.values.clear()
    if not plan.asked.check_mode and plan.asked.given is None:
        remember(members, reports, exclusive=plan.exclusive, whole=not plan.asked.only)
    return reports


def _judged(members: Sequence[dict[str, Any]], plan: Plan) -> tuple[dict[str, Served], dict[str, dict[str, Seen]]]:
    """What was seen, by members and issuers; of what issuers were given nothing is left when this is done."""
    deadline = Deadline(plan.deadline)
    seconds = min(plan.request_timeout, plan.deadline * _LOCAL_SHARE)
    entries = {entry["name"]: entry for entry in members}
    seen: dict[str, dict[str, Seen]] = {}
    issuers = _Issuers(plan, deadline)

    def work(member: Member, entry: Mapping[str, Any]) -> Served:
        return look(member, entry, plan.asked, deadline.narrow(seconds))

    def heard(name: str, served: Served) -> None:
        seen[name] = _seen(entries[name], served.report, plan)
        issuers.ask(entries[name], seen[name], served.values)

    served = serve(members, work, seconds=seconds + _GRACE, at_a_time=AT_A_TIME, heard=heard)
    issuers.judge(seen)
    return served, seen


def _seen(entry: Mapping[str, Any], report: Report, plan: Plan) -> dict[str, Seen]:
    """What was seen of each chosen credential; nothing of a member who could not be served."""
    if report.failed:
        return {}
    rows = {row["item"]: row for row in report.items if isinstance(row["item"], str)}
    names = [credential["name"] for credential in entry["credentials"] if plan.asked.chooses(credential["name"])]
    return {name: _checks_row.read(rows.get(name)) for name in names}


class _Issuers:
    """Asked from the moment that a member's process has handed up what they are to judge."""

    def __init__(self, plan: Plan, deadline: Deadline) -> None:
        self._plan = plan
        self._deadline = deadline
        self._jobs: Jobs[tuple[Outcome, int]] = Jobs(deadline, width=_WIDTH)
        self._groups: dict[tuple[Any, ...], list[_Pending]] = {}

    def ask(self, entry: Mapping[str, Any], seen: Mapping[str, Seen], values: Mapping[str, Secret]) -> None:
        """Everything of one member that waits for an issuer's word."""
        for credential in entry["credentials"]:
            look = seen.get(credential["name"])
            if look and look.pending:
                pending = _pending(entry["name"], credential, look, values)
                group = self._groups.setdefault(pending.question, [])
                group.append(pending)
                if len(group) == 1:
                    job = functools.partial(_ask, pending.check, self._plan, self._deadline)
                    self._jobs.add(f"{pending.member} {pending.name}", job)

    def judge(self, seen: Mapping[str, dict[str, Seen]]) -> None:
        """Put their words in the place of everything that waits for one."""
        seconds = self._plan.deadline
        late = (Outcome(UNKNOWN, f"no answer within {seconds:g} s", "network"), round(seconds * 1000))
        answers = self._jobs.results()
        for group in self._groups.values():
            outcome, latency = answers[f"{group[0].member} {group[0].name}"] or late
            for pending in group:
                whole = outcome.over(pending.seen.outcome)
                judged = replace(pending.seen, outcome=whole, pending=False, latency_ms=latency)
                seen[pending.member][pending.name] = judged


def _pending(member: str, credential: Mapping[str, Any], seen: Seen, values: Mapping[str, Secret]) -> _Pending:
    name, options = credential["name"], credential["check"] or {}
    others = {other: values.get(place_of(name, other)) for other in references(options)}
    check = Check(options, values.get(place_of(name)), {other: value for other, value in others.items() if value})
    return _Pending(member, name, seen, check)


def _ask(check: Check, plan: Plan, deadline: Deadline) -> tuple[Outcome, int]:
    threading.current_thread().name = ASKING
    started = time.monotonic()
    remote = plan.asked.providers[check.options["provider"]].remote if check.options else None
    try:
        if remote is None:
            outcome = Outcome(UNKNOWN, "there is nobody to ask about it", "unexpected")
        else:
            outcome = remote(check, lambda request: fetch(request, deadline.narrow(plan.request_timeout)))
    except Unreachable as error:
        outcome = Outcome(UNKNOWN, error.message, "gate" if error.cause == "garbage" else "network")
    except Malformed as error:
        outcome = Outcome(FAIL, error.message, "malformed", blame=error.blame)
    except Unsendable as error:
        outcome = Outcome(FAIL, error.message, "malformed")
    except LatchkeyError as error:
        outcome = Outcome(UNKNOWN, error.message, "unexpected", remedy=error.remedy)
    except Exception as error:  # noqa: BLE001 - its text may hold a secret, its type does not
        outcome = Outcome(UNKNOWN, f"unexpected {type(error).__name__}", "unexpected")
    return outcome, round((time.monotonic() - started) * 1000)


def _report(
    entry: Mapping[str, Any], served: Served, seen: Mapping[str, Mapping[str, Seen]], plan: Plan, members: int
) -> Report:
    name = entry["name"]
    if served.report.failed:
        return served.report
    report = Report()
    known = {credential["name"]: credential for credential in entry["credentials"]}
    without = redactor([*served.values.values(), *([plan.asked.given] if plan.asked.given else [])])
    for credential in entry["credentials"]:
        look = seen[name].get(credential["name"])
        if look:
            user = name if members > 1 else ""
            settled = _checks_remedy.settle(credential, look, known, user)
            report.items.append(_checks_row.finish(credential, settled, without, fail_on=plan.fail_on))
    failing = [f"{row['outcome']} {row['item']}" for row in report.items if row["state"] == "failed"]
    report.failed, report.msg = bool(failing), ", ".join(failing)
    return report
