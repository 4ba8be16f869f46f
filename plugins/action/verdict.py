# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The verdict of a run on a machine: its report, and a failure where something needs a person."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import sys
from typing import TYPE_CHECKING, Any

from ansible import constants, context
from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.latchkey.workstation.plugins.module_utils._core.errors import LatchkeyError
from ansible_collections.latchkey.workstation.plugins.module_utils._host import atomic_write, files
from ansible_collections.latchkey.workstation.plugins.plugin_utils import _run, _verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

_CHECKOUT_MARK = os.path.join(os.path.dirname(__file__), "..", "..", "bootstrap.sh")
_USUAL_PATH = "/usr/local/bin:/usr/bin:/bin"
_SUMMARISES = "latchkey.workstation.run"
# Read when the plugin is loaded: the worker that runs it has no terminal any more.
_PAGE = _run.page(detailed=True)


def _program() -> str:
    """The running ansible-playbook as a new shell finds it: by its name where it is on the usual PATH."""
    path = os.path.abspath(sys.argv[0])
    usual = shutil.which("ansible-playbook", path=_USUAL_PATH)
    named = os.path.basename(path) == "ansible-playbook" and os.path.isfile(path)
    return path if named and path != usual else "ansible-playbook"


def _variable_files() -> list[str]:
    """Absolute paths of the files that ``-e @FILE`` names."""
    given = context.CLIARGS.get("extra_vars") or ()
    return [os.path.abspath(os.path.expanduser(word[1:])) for word in map(str, given) if word.startswith("@")]


# The working directory may be another one when a task runs.
_PROGRAM, _VARIABLE_FILES = _program(), _variable_files()


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
                "accounts": {"type": "dict", "default": {}},
            }
        )
        check_mode = bool(self._task.check_mode)
        results = {name: value for name, value in variables.items() if name != "ansible_failed_result"}
        rows = _verdict.read_results(results, check_mode=check_mode)
        _complete_remedies(rows, variables, self._accounts_of_others(options["accounts"]))
        needs = _verdict.needs_a_person(rows, fail_on=options["fail_on"])
        about = _verdict.About(
            os.path.basename(str(results.get("latchkey_playbook", ""))),
            check_mode,
            min((result["begun"] for result in _verdict.surface_results(results)), default=""),
        )
        report = _verdict.make_report(options["machine"], rows, "fail" if needs else "ok", about)
        try:
            _keep(report, several=len(variables.get("ansible_play_hosts_all", [])) > 1)
        except LatchkeyError as error:
            raise AnsibleActionFail(f"LATCHKEY_REPORT: {error}") from None
        answer: dict[str, Any] = {"changed": False, "failed": bool(needs), "needs": needs}
        if constants.config.get_config_value("DEFAULT_STDOUT_CALLBACK") == _SUMMARISES:
            answer["report"] = report
        else:
            self._show(report, needs, variables)
        if needs:
            answer["msg"] = f"{len(needs)} for you to look at: {', '.join(needs)}"
        return answer

    def _accounts_of_others(self, accounts: dict[str, str]) -> dict[str, str]:
        """Accounts by member, without that of the user who runs the tasks."""
        context = self._play_context
        user = context.become_user if context.become else context.remote_user
        own = user or pwd.getpwuid(os.geteuid()).pw_name
        return {member: account for member, account in accounts.items() if account != own}

    def _show(self, report: dict[str, Any], needs: list[str], variables: Mapping[str, Any]) -> None:
        """The summary of this machine, where no callback shows one of the whole run."""
        run = _run.Run()
        run.machines["here"] = _run.Machine(report["machine"], report, is_judged=True, needs=needs)
        changed = len([row for row in report["items"] if row["state"] in ("changed", "drift")])
        inventory = ", ".join(map(str, variables.get("ansible_inventory_sources") or []))
        for line, colour in _run.summary(run, changed=changed, inventory=inventory, page=_PAGE):
            self._display.display(line, color=colour)


def _complete_remedies(
    rows: Mapping[str, list[dict[str, Any]]], variables: Mapping[str, Any], accounts: Mapping[str, str]
) -> None:
    """Replace the command of each remedy by one that runs as it is printed."""
    sources = [str(source) for source in variables.get("ansible_inventory_sources") or []]
    everybody = variables.get("groups", {}).get("all", [])
    everyone = {row["member"] for part in rows.values() for row in part}
    several = len(everyone) > 1 or bool(variables.get("user"))
    commands = _verdict.Commands(
        program=os.environ.get("LATCHKEY_ANSIBLE_PLAYBOOK") or _PROGRAM,
        inventories=[] if sources == [os.environ.get("LATCHKEY_DEFAULT_INVENTORY")] else sources,
        variable_files=_VARIABLE_FILES,
        machine=str(variables["inventory_hostname"]) if len(everybody) > 1 else "",
        installed=not os.path.exists(_CHECKOUT_MARK),
        accounts=accounts,
    )
    for row in (row for part in rows.values() for row in part if row.get("remedy")):
        row["remedy"] = commands.complete(row["remedy"], row["member"], name_member=several)


def _keep(report: dict[str, Any], *, several: bool) -> None:
    """Write $LATCHKEY_REPORT; each of several machines has a file of its own beside it."""
    wanted = os.environ.get("LATCHKEY_REPORT")
    if wanted:
        path = _verdict.report_path(wanted, report["machine"], several=several)
        atomic_write.write(files.read(path, named=True), (json.dumps(report, indent=1) + "\n").encode())
