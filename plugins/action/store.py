# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Store, rotate or remove one value: prompt without an echo, validate, store; no task argument contains the value."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import Any

from ansible import constants
from ansible.errors import AnsibleActionFail, AnsibleError, AnsiblePromptInterrupt
from ansible.plugins.action import ActionBase
from ansible_collections.latchkey.workstation.plugins.module_utils._core.argument_spec import store_argument_spec
from ansible_collections.latchkey.workstation.plugins.module_utils._core.credential import skip_reason
from ansible_collections.latchkey.workstation.plugins.module_utils._core.errors import LatchkeyError
from ansible_collections.latchkey.workstation.plugins.module_utils._core.secrets import Secret
from ansible_collections.latchkey.workstation.plugins.module_utils._core.validation import safe_to_echo, suggest

_LIMIT = 1 << 20
_PASTE_SECONDS = 0.3
_PREFIX = "latchkey.workstation."


def _piped_input() -> int | None:
    """Copy of standard input, from which Ansible detaches the worker; None if it is a terminal or closed."""
    with contextlib.suppress(OSError):
        if sys.__stdin__ is not None and not os.isatty(0):
            return os.dup(0)
    return None


_PIPED = _piped_input()


class ActionModule(ActionBase):  # type: ignore[misc]
    """Runs on the controller and sends the value to the machine over a pipelining connection only."""

    TRANSFERS_FILES = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        variables = task_vars or {}
        super().run(tmp, variables)
        _result, options = self.validate_argument_spec(
            {
                "credential": {"type": "str", "required": True},
                "members": {"type": "list", "elements": "dict", "required": True},
                "machine": {"type": "str", "required": True},
                "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
                **store_argument_spec(),
            }
        )
        if len(variables.get("ansible_play_hosts_all", [])) > 1:
            raise _usage_error("a value is stored on one machine: name it with --limit NAME")
        if not options["credential"]:
            names = sorted({one["name"] for member in options["members"] for one in member["credentials"]})
            raise _usage_error(f"name a credential: -e credential=NAME, {_listed(names)}")
        if options["state"] == "absent":
            return self._remove(options, variables)
        return self._store(options, variables)

    def _remove(self, options: dict[str, Any], variables: dict[str, Any]) -> dict[str, Any]:
        member = _member_of(options["members"], options["credential"])
        removed = self._execute("keychain", {**_arguments(options, member), "state": "absent"}, variables)
        return {"changed": bool(removed.get("changed")), "results": [removed], "diff": removed.get("diff", [])}

    def _store(self, options: dict[str, Any], variables: dict[str, Any]) -> dict[str, Any]:
        if constants.DEFAULT_DEBUG:
            raise AnsibleActionFail("with ANSIBLE_DEBUG, Ansible prints the arguments of modules: unset it")
        if not self._is_pipelining_enabled("new"):
            raise AnsibleActionFail(
                "a value is sent over a pipelining connection only, so that it never lies on disk: "
                "set ansible_pipelining to true and unset ANSIBLE_KEEP_REMOTE_FILES"
            )
        member, credential = _choose(options["members"], options["credential"])
        value = self._read_value(f"Value for {credential['name']} of {member['name']} on {options['machine']}")
        arguments = _arguments(options, member)
        checked: dict[str, Any] = {}
        if credential["check"]:
            checked = self._execute("credential_check", {**arguments, "fail_on": [], "value": value}, variables)
            refusal = _refusal(checked)
            if refusal:
                raise AnsibleActionFail(f"nothing was stored, the value is refused: {refusal}")
        stored = self._execute("keychain", {**arguments, "value": value}, variables)
        if not self._task.check_mode and all(row.get("outcome", "PASS") == "PASS" for row in _rows(checked)):
            # Check the stored value: this records it as validated, which ends the notice about the former one.
            with contextlib.suppress(AnsibleActionFail):
                checked = self._execute("credential_check", {**arguments, "fail_on": []}, variables)
        results = [result for result in (checked, stored) if result]
        return {"changed": bool(stored.get("changed")), "results": results, "diff": stored.get("diff", [])}

    def _read_value(self, prompt: str) -> str:
        """Value typed at the terminal, or all of standard input without its last line end."""
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
        """One typed line; several pasted lines are an error, as the first alone would be a value cut off."""
        try:
            data = self._display.prompt_until(prompt, private=True)
            more = self._display.prompt_until("", private=True, seconds=_PASTE_SECONDS)
        except AnsiblePromptInterrupt:
            return b""
        except AnsibleError:  # also what the main process makes of an ioctl that a terminal of another session refuses
            raise AnsibleActionFail(
                "there is no terminal to type the value at, nothing was stored: pipe the value in, for example <FILE"
            ) from None
        if more:
            raise AnsibleActionFail("nothing was stored, more than one line was typed: pipe the value in, <FILE")
        return bytes(data)

    def _execute(self, module: str, arguments: dict[str, Any], variables: dict[str, Any]) -> dict[str, Any]:
        result: dict[str, Any] = self._execute_module(
            module_name=_PREFIX + module, module_args=arguments, task_vars=variables
        )
        result.pop("invocation", None)
        if result.get("failed"):
            done = "removed" if arguments.get("state") == "absent" else "stored"
            raise AnsibleActionFail(f"nothing was {done}: {_failure(result)}")
        return result


def _usage_error(message: str) -> AnsibleActionFail:
    """Failure whose result makes the run end with the exit status of a usage error."""
    return AnsibleActionFail(message, result={"usage_error": True})


def _arguments(options: dict[str, Any], member: dict[str, Any]) -> dict[str, Any]:
    """Arguments of both modules, without a value."""
    store = {name: options[name] for name in store_argument_spec()}
    return {"members": [member], "credential": options["credential"], "unserved": "fail", **store}


def _declaring(members: list[dict[str, Any]], name: str) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Every member with a credential ``name``, and that credential; AnsibleActionFail for several members."""
    found = [(member, one) for member in members for one in member["credentials"] if one["name"] == name]
    if len(found) > 1:
        people = ", ".join(member["name"] for member, _credential in found)
        raise _usage_error(f"{name} is declared for {people} on this machine: add -e user=NAME")
    return found


def _choose(members: list[dict[str, Any]], name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The only member with a credential ``name`` that can be stored, and that credential."""
    declaring = _declaring(members, name)
    if not declaring:
        known = {one["name"] for member in members for one in member["credentials"]}
        raise AnsibleActionFail(
            f"latchkey_credentials.{safe_to_echo(name)} is not declared here, {suggest(name, known)}"
        )
    ((member, credential),) = declaring
    if not credential["keychain"]:
        raise AnsibleActionFail(f"latchkey_credentials.{name} is not stored anywhere: declare keychain for it")
    if credential["keychain"].get("state") == "absent":
        raise AnsibleActionFail(f"latchkey_credentials.{name} is declared absent: remove keychain.state first")
    if skip_reason(credential):
        raise AnsibleActionFail(f"latchkey_credentials.{name} is not stored: {skip_reason(credential)}")
    return member, credential


def _member_of(members: list[dict[str, Any]], name: str) -> dict[str, Any]:
    """The member whose value of ``name`` is removed: the one who declares it, else the only one."""
    declaring = _declaring(members, name)
    if declaring:
        return declaring[0][0]
    if len(members) != 1:
        people = ", ".join(member["name"] for member in members) or "nobody"
        raise _usage_error(f"{safe_to_echo(name)} is not declared for any of {people}: add -e user=NAME")
    return members[0]


def _listed(names: list[str]) -> str:
    return f"one of {', '.join(names)}" if names else "none is declared here"


def _rows(result: dict[str, Any]) -> list[dict[str, Any]]:
    return [row for member in result.get("members", {}).values() for row in member["items"]]


def _refusal(checked: dict[str, Any]) -> str:
    """Reason why the value was refused; empty for one whose check needs another value that is not stored yet."""
    rows = [row for row in _rows(checked) if row.get("outcome") == "FAIL" and row["cause"] != "absent"]
    return "; ".join(f"{row['reason']}; rotate: {row['rotate']}" if row["rotate"] else row["reason"] for row in rows)


def _failure(result: dict[str, Any]) -> str:
    """Failed rows with their remedies, else the module's message."""
    rows = [row for row in _rows(result) if row["state"] == "failed"]
    text = "; ".join(": ".join(filter(None, (row["what"], row["remedy"]))) for row in rows)
    return text or str(result.get("msg", "the module failed"))
