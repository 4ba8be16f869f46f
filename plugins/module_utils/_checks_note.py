# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a member keeps of the last check: when each credential was last validated, and what a new shell shows."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any

from ansible_collections.latchkey.workstation.plugins.module_utils import _checks_row, _checks_time
from ansible_collections.latchkey.workstation.plugins.module_utils._checks_base import AT_A_TIME, PASS
from ansible_collections.latchkey.workstation.plugins.module_utils._deadline import Deadline
from ansible_collections.latchkey.workstation.plugins.module_utils._errors import LatchkeyError
from ansible_collections.latchkey.workstation.plugins.module_utils._members import Member, Served, serve
from ansible_collections.latchkey.workstation.plugins.module_utils._state import State

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ansible_collections.latchkey.workstation.plugins.module_utils._report import Report

__all__ = ["ASKING", "last_days", "remember"]

ASKING = "latchkey asks"  # a thread's name
_NOTE = "checks"
_ATTENTION = "attention"
_SECONDS = 5
_LOCK_SECONDS = 2
_SETTLE_SECONDS = 1


def last_days(state: State) -> dict[str, Any]:
    """When each credential was last validated; a damaged note counts as none, it is only a memory."""
    try:
        return state.load(_NOTE)
    except LatchkeyError:
        return {}


def remember(
    members: Sequence[dict[str, Any]],
    reports: Mapping[str, Report],
    *,
    exclusive: bool,
    whole: bool,
) -> None:
    """Note it as each member, which counts as no change; ``whole`` where everything was checked.

    Where that takes forks nothing is noted while a thread still asks: it has a value, and may hold a lock for which a
    child would wait.
    """
    now = _checks_time.show(_checks_time.now())

    def work(member: Member, entry: Mapping[str, Any]) -> Served:
        state = State(member.home, check_mode=False)
        rows = reports[member.name].items
        fresh = {row["item"]: now for row in rows if row["outcome"] == PASS}
        declared = {credential["name"] for credential in entry["credentials"]}
        with state.lock(seconds=_LOCK_SECONDS):
            kept = {name: last for name, last in last_days(state).items() if name in declared or not exclusive}
            state.save(_NOTE, {**kept, **fresh})
            before = "" if whole else state.told(_ATTENTION)
            state.tell(_ATTENTION, _checks_row.attention(rows, before=before))
        return Served()

    seen = [entry for entry in members if reports[entry["name"]].items]
    if _forks() and not _settled():
        for entry in seen:
            reports[entry["name"]].add("checks.json", "unknown", "not noted: an issuer keeps this run waiting")
        return
    for name, done in serve(seen, work, seconds=_SECONDS, at_a_time=AT_A_TIME).items():
        if done.report.failed:
            reports[name].add("checks.json", "unknown", f"not noted: {done.report.msg}")


def _forks() -> bool:
    return os.geteuid() == 0


def _settled() -> bool:
    until = Deadline(_SETTLE_SECONDS)
    asking = {thread for thread in threading.enumerate() if thread.name == ASKING} - {threading.current_thread()}
    for thread in asking:
        thread.join(until.left())
    return not any(thread.is_alive() for thread in asking)
