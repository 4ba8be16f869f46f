# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The last word of a run: reads what the surfaces registered, shows it, keeps it, and decides the exit status."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import shutil
import uuid
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.latchkey.workstation.plugins.module_utils import _files
from ansible_collections.latchkey.workstation.plugins.module_utils._errors import LatchkeyError
from ansible_collections.latchkey.workstation.plugins.plugin_utils import _verdict

_BOOTSTRAP = os.path.join(os.path.dirname(__file__), "..", "..", "bootstrap.sh")


# Known now: the worker that runs this has no terminal any more.
_WIDTH = max(40, min(100, shutil.get_terminal_size((72, 24)).columns))


class ActionModule(ActionBase):  # type: ignore[misc]
    """Runs on the controller only."""

    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        variables = task_vars or {}
        super().run(tmp, variables)
        _result, options = self.validate_argument_spec(
            {
                "machine": {"type": "str", "required": True},
                "fail_on": {"type": "list", "elements": "str", "default": ["FAIL"]},
            }
        )
        check_mode = bool(self._task.check_mode)
        results = {name: value for name, value in variables.items() if name != "ansible_failed_result"}
        report = _as_typed_here(_verdict.read_results(results, check_mode=check_mode))
        whole = {"run": _about(results, check_mode=check_mode), "machine": options["machine"], **report}
        for line, colour in _verdict.render(options["machine"], report, width=_WIDTH):
            self._display.display(line, color=colour)
        try:
            _keep(whole, several=len(variables.get("ansible_play_hosts_all", [])) > 1)
        except LatchkeyError as error:
            raise AnsibleActionFail(f"LATCHKEY_REPORT: {error}") from None
        failing = _verdict.needs_a_person(report, fail_on=options["fail_on"])
        answer: dict[str, Any] = {"changed": False, "failed": bool(failing)}
        if failing:
            answer["msg"] = f"{len(failing)} for you to look at: {', '.join(failing)}"
        return answer


def _as_typed_here(report: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """Remedies name the playbook of a checkout; a collection that was installed has it by its name only."""
    if not os.path.exists(_BOOTSTRAP):
        for row in (row for rows in report.values() for row in rows if row.get("remedy")):
            row["remedy"] = row["remedy"].replace("playbooks/store.yml", "latchkey.workstation.store")
    return report


def _about(results: dict[str, Any], *, check_mode: bool) -> dict[str, Any]:
    now = dt.datetime.now(dt.timezone.utc).isoformat(timespec="seconds")
    started = [result["started"] for result in _verdict.surface_results(results)]
    return {
        "id": str(uuid.uuid4()),
        "started": min(started, default=now),
        "finished": now,
        "playbook": os.path.basename(str(results.get("latchkey_playbook", ""))),
        "check_mode": check_mode,
    }


def _keep(report: dict[str, Any], *, several: bool) -> None:
    """Write $LATCHKEY_REPORT; each of several machines has a file of its own beside it."""
    wanted = os.environ.get("LATCHKEY_REPORT")
    if not wanted:
        return
    stem, suffix = os.path.splitext(os.path.abspath(os.path.expanduser(wanted)))
    machine = re.sub(r"[^A-Za-z0-9_.-]", "_", report["machine"])
    path = f"{stem}.{machine}{suffix}" if several else stem + suffix
    _files.write(_files.read(path), (json.dumps(report, indent=1) + "\n").encode())
