# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filters that compile the declaration into what each role takes."""

from __future__ import annotations

import os
import platform
import pwd
from typing import TYPE_CHECKING, Any, Callable

from ansible.errors import AnsibleFilterError
from ansible_collections.latchkey.workstation.plugins.module_utils._words import nearest, shown
from ansible_collections.latchkey.workstation.plugins.plugin_utils._declaration import compile_declaration
from ansible_collections.latchkey.workstation.plugins.plugin_utils._people import Machine

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def declaration(  # noqa: PLR0913 - what a template can say of where it stands
    variables: Mapping[str, Any],
    *,
    host: str,
    groups: Mapping[str, list[str]],
    machine: str = "",
    person: str = "",
    user: str = "",
    credential: str = "",
    names: Iterable[str] = (),
) -> dict[str, Any]:
    """The compiled declaration of one machine: errors and members."""
    mine = frozenset(name for name, hosts in groups.items() if host in hosts)
    known = frozenset(groups) | {name for hosts in groups.values() for name in hosts} | {host}
    own_name = platform.node().partition(".")[0] if host == "localhost" else host
    where = Machine(
        host=host,
        groups=mine,
        known=known - {"ungrouped"},
        name=machine or own_name,
        person=person or pwd.getpwuid(os.geteuid()).pw_name,
    )
    return compile_declaration(variables, where, user=user, credential=credential, names=names)


def _select(wanted: Callable[[dict[str, Any]], object]) -> Callable[[dict[str, Any]], list[dict[str, Any]]]:
    """A filter that gives every member with those of its credentials that are ``wanted``."""

    def select(compiled: dict[str, Any]) -> list[dict[str, Any]]:
        return [
            {
                "name": member["name"],
                "account": member["account"],
                "credentials": [credential for credential in member["credentials"] if wanted(credential)],
            }
            for member in compiled["members"]
        ]

    return select


_everything = _select(lambda _credential: True)


def credential_check_members(compiled: dict[str, Any], *, only: str = "") -> list[dict[str, Any]]:
    """Every member with all credentials; ``only`` is a name that must be declared, if for other machines."""
    if only and only not in compiled["credentials"]:
        raise AnsibleFilterError(f"credential={shown(only)} is not declared, {nearest(only, compiled['credentials'])}")
    return _everything(compiled)


def aws_config_members(compiled: dict[str, Any]) -> list[dict[str, Any]]:
    """Every member with their sections of the AWS files."""
    return [{"name": member["name"], "account": member["account"], **member["aws"]} for member in compiled["members"]]


class FilterModule:
    """latchkey.workstation.declaration and one filter per role."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {
            "declaration": declaration,
            "aws_config_members": aws_config_members,
            "keychain_members": _select(lambda credential: credential["keychain"]),
            "shell_exports_members": _select(lambda credential: credential["exports"] or credential["keychain"]),
            "credential_check_members": credential_check_members,
        }
