# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A first or a rotated value: asked for without an echo, checked, kept, and never part of any task's arguments."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import Any

from ansible import constants
from ansible.errors import AnsibleActionFail, AnsiblePromptInterrupt, AnsiblePromptNoninteractive
from ansible.plugins.action import ActionBase
from ansible_collections.latchkey.workstation.plugins.module_utils._errors import LatchkeyError
from ansible_collections.latchkey.workstation.plugins.module_utils._found import idle
from ansible_collections.latchkey.workstation.plugins.module_utils._keychain_kept import kept_spec
from ansible_collections.latchkey.workstation.plugins.module_utils._secrets import Secret
from ansible_collections.latchkey.workstation.plugins.module_utils._words import nearest, shown

_LIMIT = 1 << 20
_PASTE_SECONDS = 0.3
_PREFIX = "latchkey.workstation."


def _piped_input() -> int | None:
    """Standard input for the worker, which Ansible detaches from it; None where it is a terminal or closed."""
    with contextlib.suppress(OSError):
        if sys.__stdin__ is not None and not os.isatty(0):
            return os.dup(0)
    return None


_PIPED = _piped_input()


class ActionModule(ActionBase):  # type: ignore[misc]
    """Runs on the controller and hands the value to the machine over a pipelining connection only."""

    TRANSFERS_FILES = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        variables = task_vars or {}
        super().run(tmp, variables)
        _result, options = self.validate_argument_spec(
            {
                "credential": {"type": "str", "required": True},
                "members": {"type": "list", "elements": "dict", "required": True},
                "machine": {"type": "str", "required": True},
                **kept_spec(),
            }
        )
        if constants.DEFAULT_DEBUG:
            raise AnsibleActionFail("Ansible prints the arguments of modules while it is debugged: unset ANSIBLE_DEBUG")
        if not self._is_pipelining_enabled("new"):
            raise AnsibleActionFail(
                "a value is sent over a pipelining connection only, so that it never lies on disk: "
                "set ansible_pipelining to true and unset ANSIBLE_KEEP_REMOTE_FILES"
            )
        if len(variables.get("ansible_play_hosts_all", [])) > 1:
            raise AnsibleActionFail("a value is for one machine: say which with --limit NAME")
        if not options["credential"]:
            raise AnsibleActionFail("say which: -e credential=NAME")
        member, credential = _choose(options["members"], options["credential"])
        value = self._ask(f"Value for {credential['name']} of {member['name']} on {options['machine']}")
        asked = {"members": [member], "credential": credential["name"], "unserved": "fail"}
        asked |= {name: options[name] for name in kept_spec()}
        checked: dict[str, Any] = {}
        if credential["check"]:
            checked = self._ask_machine("credential_check", {**asked, "fail_on": [], "value": value}, variables)
            refusal = _refusal(checked)
            if refusal:
                raise AnsibleActionFail(f"nothing was stored, the value is refused: {refusal}")
        kept = self._ask_machine("keychain", {**asked, "value": value}, variables)
        if not self._task.check_mode and all(row.get("outcome", "PASS") == "PASS" for row in _rows(checked)):
            # As it is kept: this counts as validated, and new shells stop speaking of the value before it.
            with contextlib.suppress(AnsibleActionFail):
                checked = self._ask_machine("credential_check", {**asked, "fail_on": []}, variables)
        results = [result for result in (checked, kept) if result]
        return {"changed": bool(kept.get("changed")), "results": results, "diff": kept.get("diff", [])}

    def _ask(self, prompt: str) -> str:
        """The value as typed without an echo, or all of standard input but its last newline."""
        if _PIPED is not None:
            with os.fdopen(os.dup(_PIPED), "rb") as stream:
                data = stream.read(_LIMIT + 1)
            data = data.removesuffix(b"\n").removesuffix(b"\r")
        else:
            data = self._typed(f"{prompt} (it is not shown): ")
        if not data:
            raise AnsibleActionFail("no value was given, nothing was stored")
        if len(data) > _LIMIT:
            raise AnsibleActionFail("the value is larger than 1 MiB, nothing was stored")
        try:
            return Secret(data).text()
        except LatchkeyError as error:
            raise AnsibleActionFail(f"nothing was stored: {error}") from None

    def _typed(self, prompt: str) -> bytes:
        """One line; the first of several that were pasted would be a value cut off."""
        try:
            data = self._display.prompt_until(prompt, private=True)
            more = self._display.prompt_until("", private=True, seconds=_PASTE_SECONDS)
        except (AnsiblePromptInterrupt, AnsiblePromptNoninteractive):
            return b""
        if more:
            raise AnsibleActionFail("nothing was stored: more than one line came, give it on standard input: <FILE")
        return bytes(data)

    def _ask_machine(self, module: str, arguments: dict[str, Any], variables: dict[str, Any]) -> dict[str, Any]:
        result: dict[str, Any] = self._execute_module(
            module_name=_PREFIX + module, module_args=arguments, task_vars=variables
        )
        result.pop("invocation", None)
        if result.get("failed"):
            raise AnsibleActionFail(f"nothing was stored: {_failure(result)}")
        return result


def _choose(members: list[dict[str, Any]], name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The one member whose value it is, and the credential."""
    having = [(member, one) for member in members for one in member["credentials"] if one["name"] == name]
    if not having:
        known = {one["name"] for member in members for one in member["credentials"]}
        raise AnsibleActionFail(f"latchkey_credentials.{shown(name)} is not declared here, {nearest(name, known)}")
    if len(having) > 1:
        people = ", ".join(member["name"] for member, _credential in having)
        raise AnsibleActionFail(f"{name} belongs to {people} on this machine: add -e user=NAME")
    ((member, credential),) = having
    if not credential["keychain"]:
        raise AnsibleActionFail(f"latchkey_credentials.{name} has no place to be kept: declare keychain for it")
    if credential["keychain"].get("state") == "absent":
        raise AnsibleActionFail(f"latchkey_credentials.{name} is declared absent: take state out first")
    if idle(credential):
        raise AnsibleActionFail(f"latchkey_credentials.{name} is not kept here: {idle(credential)}")
    return member, credential


def _rows(result: dict[str, Any]) -> list[dict[str, Any]]:
    return [row for member in result.get("members", {}).values() for row in member["items"]]


def _refusal(checked: dict[str, Any]) -> str:
    """Why the value was refused. One that could not be judged, because another is not there yet, is not."""
    rows = [row for row in _rows(checked) if row.get("outcome") == "FAIL" and row["cause"] != "absent"]
    return "; ".join(f"{row['reason']}; rotate: {row['rotate']}" if row["rotate"] else row["reason"] for row in rows)


def _failure(result: dict[str, Any]) -> str:
    """What failed, and the way out."""
    rows = [row for row in _rows(result) if row["state"] == "failed"]
    told = "; ".join(": ".join(filter(None, (row["what"], row["remedy"]))) for row in rows)
    return told or str(result.get("msg", "the module failed"))
