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
from ansible_collections.latchkey.workstation.plugins.module_utils._deadline import Deadline, at_once
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
    deadline = Deadline(plan.deadline)
    seconds = min(plan.request_timeout, plan.deadline * _LOCAL_SHARE)

    def work(member: Member, entry: Mapping[str, Any]) -> Served:
        return look(member, entry, plan.asked, deadline.narrow(seconds))

    served = serve(members, work, seconds=seconds + _GRACE, at_a_time=AT_A_TIME)
    seen = {entry["name"]: _seen(entry, served[entry["name"]].report, plan) for entry in members}
    seen = _judged(members, served, seen, plan, deadline)
    reports = {entry["name"]: _report(entry, served[entry["name"]], seen, plan, len(members)) for entry in members}
    for each in served.values():
        each.values.clear()
    if not plan.asked.check_mode and plan.asked.given is None:
        remember(members, reports, exclusive=plan.exclusive, whole=not plan.asked.only)
    return reports


def _seen(entry: Mapping[str, Any], report: Report, plan: Plan) -> dict[str, Seen]:
    """What was seen of each chosen credential; nothing of a member who could not be served."""
    if report.failed:
        return {}
    rows = {row["item"]: row for row in report.items if isinstance(row["item"], str)}
    names = [credential["name"] for credential in entry["credentials"] if plan.asked.chooses(credential["name"])]
    return {name: _checks_row.read(rows.get(name)) for name in names}


def _judged(
    members: Sequence[Mapping[str, Any]],
    served: Mapping[str, Served],
    seen: dict[str, dict[str, Seen]],
    plan: Plan,
    deadline: Deadline,
) -> dict[str, dict[str, Seen]]:
    """``seen`` with the issuers' words in the place of everything that waits for one."""
    waiting: dict[tuple[Any, ...], list[_Pending]] = {}
    for entry in members:
        for credential in entry["credentials"]:
            look = seen[entry["name"]].get(credential["name"])
            if look and look.pending:
                pending = _pending(entry["name"], credential, look, served[entry["name"]].values)
                waiting.setdefault(pending.question, []).append(pending)
    groups = {str(place): group for place, group in enumerate(waiting.values())}
    jobs = {place: functools.partial(_ask, group[0].check, plan, deadline) for place, group in groups.items()}
    answers = at_once(jobs, deadline, width=_WIDTH)
    late = (Outcome(UNKNOWN, f"no answer within {plan.deadline:g} s", "network"), round(plan.deadline * 1000))
    for place, group in groups.items():
        outcome, latency = answers[place] or late
        for pending in group:
            whole = replace(pending.seen, outcome=outcome.over(pending.seen.outcome), pending=False, latency_ms=latency)
            seen[pending.member][pending.name] = whole
    return seen


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
