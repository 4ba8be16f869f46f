# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filters of the roles: compile the declaration, and select from the result the members that each role takes."""

from __future__ import annotations

import os
import platform
import pwd
from typing import TYPE_CHECKING, Any, Callable

from ansible.errors import AnsibleFilterError
from ansible_collections.latchkey.workstation.plugins.module_utils._core.validation import safe_to_echo, suggest
from ansible_collections.latchkey.workstation.plugins.plugin_utils._declaration.compile import compile_declaration
from ansible_collections.latchkey.workstation.plugins.plugin_utils._declaration.roster import Machine

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def declaration(  # noqa: PLR0913 - the variables of a host, which only the template knows
    variables: Mapping[str, Any],
    *,
    host: str,
    groups: Mapping[str, list[str]],
    machine: str = "",
    person: str = "",
    user: str = "",
    credential: str = "",
    names: Iterable[str] = (),
    inventories: Iterable[str] = (),
) -> dict[str, Any]:
    """Compile the declaration of one machine; documented in declaration.yml."""
    known = frozenset(groups) | {name for hosts in groups.values() for name in hosts} | {host}
    default_name = platform.node().partition(".")[0] if host == "localhost" else host
    described = Machine(
        host=host,
        groups=frozenset(name for name, hosts in groups.items() if host in hosts),
        known=known - {"ungrouped"},
        name=machine or default_name,
        person=person or _current_account(),
        sources=tuple(str(source).rstrip("/") for source in inventories),
    )
    return compile_declaration(variables, described, user=user, credential=credential, names=names)


def _current_account() -> str:
    """Name of the account that runs Ansible; AnsibleFilterError if it has none."""
    uid = os.geteuid()
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        message = f"the current user, uid {uid}, has no entry in the user database: add one, or run as another user"
        raise AnsibleFilterError(message) from None


def _select(keep: Callable[[dict[str, Any]], object]) -> Callable[[dict[str, Any]], list[dict[str, Any]]]:
    """Return a filter that gives every member with the credentials for which ``keep`` is true."""

    def select(compiled: dict[str, Any]) -> list[dict[str, Any]]:
        return [
            {
                "name": member["name"],
                "account": member["account"],
                "credentials": [credential for credential in member["credentials"] if keep(credential)],
            }
            for member in compiled["members"]
        ]

    return select


_with_all_credentials = _select(lambda _credential: True)


def credential_check_members(compiled: dict[str, Any], *, only: str = "") -> list[dict[str, Any]]:
    """Return every member with all credentials; error if ``only`` is declared for no machine at all."""
    if only and only not in compiled["credentials"]:
        raise AnsibleFilterError(
            f"credential={safe_to_echo(only)} is not declared, {suggest(only, compiled['credentials'])}"
        )
    return _with_all_credentials(compiled)


def aws_config_members(compiled: dict[str, Any]) -> list[dict[str, Any]]:
    """Return every member with their sections of the AWS files."""
    return [{"name": member["name"], "account": member["account"], **member["aws"]} for member in compiled["members"]]


class FilterModule:
    """The filter latchkey.workstation.declaration and one filter for each role."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {
            "declaration": declaration,
            "aws_config_members": aws_config_members,
            "keychain_members": _select(lambda credential: credential["keychain"]),
            "shell_exports_members": _select(lambda credential: credential["exports"] or credential["keychain"]),
            "credential_check_members": credential_check_members,
        }
