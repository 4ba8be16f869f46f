# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files in a member's state folder that record the last checks.

``checks.json`` maps each credential to the moment it was last validated; ``attention`` is the notice of a new shell.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from .._core import timestamps
from .._core.errors import LatchkeyError
from .._core.report import Report
from .._host.state import State
from .base import PASS
from .result_row import login_notice

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .._core.member import Member

__all__ = ["ITEM", "last_validated", "record", "to_record"]

ITEM = "checks.json"
_RECORD = "checks"
_NOTICE = "attention"
_LOCK_SECONDS = 2
_RECORDED = ("name", "outcome", "reason", "remedy", "rotate")
_PROGRAM = "ansible-playbook "


def last_validated(state: State) -> dict[str, Any]:
    """Time of the last validation by credential (ISO 8601 text); {} if checks.json cannot be used."""
    try:
        return state.load(_RECORD)
    except LatchkeyError:
        return {}


def to_record(rows: Sequence[Mapping[str, Any]], *, exclusive: bool, whole: bool) -> dict[str, Any]:
    """JSON value for :func:`record` of a member's result rows.

    ``exclusive``: forget credentials that are not declared any more. ``whole``: every credential was checked.
    """
    return {
        "now": timestamps.show(timestamps.now()),
        "rows": [{**{key: row[key] for key in _RECORDED}, "remedy": _for_a_new_shell(row["remedy"])} for row in rows],
        "exclusive": exclusive,
        "whole": whole,
    }


def _for_a_new_shell(remedy: str) -> str:
    """``remedy`` with a command that runs in any shell of this machine, else with the place where the command runs.

    The starter sets $LATCHKEY_PLAYBOOK_COMMAND, which only reaches a module on the controller. A command with ``user``
    is for root, who serves several members.
    """
    command = os.environ.get("LATCHKEY_PLAYBOOK_COMMAND", "")
    if not remedy.startswith(_PROGRAM):
        return remedy
    if not command or " -e user=" in remedy:
        return f"on the controller: {remedy}"
    return f"{command} {remedy[len(_PROGRAM) :]}"


def record(member: Member, entry: Mapping[str, Any], recorded: Mapping[str, Any]) -> Report:
    """Write both files as the member; not reported as a change. LatchkeyError if they cannot be written."""
    state = State(member.home, check_mode=False)
    rows = recorded["rows"]
    fresh = {row["name"]: recorded["now"] for row in rows if row["outcome"] == PASS}
    declared = {credential["name"] for credential in entry["credentials"]}
    with state.lock(seconds=_LOCK_SECONDS):
        before = last_validated(state)
        kept = {name: last for name, last in before.items() if name in declared or not recorded["exclusive"]}
        state.save(_RECORD, {**kept, **fresh})
        notice = "" if recorded["whole"] else state.read_text(_NOTICE)
        state.write_text(_NOTICE, login_notice(rows, before=notice))
    return Report()
