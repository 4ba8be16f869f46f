# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs of bootstrap.sh on a machine, and the numbers of their PLAY RECAP."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.machines import Machine, Result

__all__ = ["HOSTS", "bootstrap", "declare", "recap"]

HOSTS = """\
all:
  hosts:
    localhost:
      ansible_connection: local
      ansible_python_interpreter: "{{ ansible_playbook_python }}"
"""


def declare(machine: Machine, user: str, variables: str, *, inventory: str = ".config/latchkey/inventory") -> None:
    """Write an inventory with only this machine; by default where it is used without -i."""
    for name, text in {"hosts.yml": HOSTS, "group_vars/all/declared.yml": variables}.items():
        path = PurePosixPath(inventory, name)
        machine.ssh(user, f"mkdir -p {path.parent} && cat >{path}", stdin=text).check()


def bootstrap(machine: Machine, user: str, *arguments: str, **environment: str) -> Result:
    given = [f"{name}={value}" for name, value in environment.items()]
    argv = ["env", "-C", "workstation", *given, "./bootstrap.sh", *arguments]
    return machine.ssh(user, argv, seconds=300)


def recap(output: str) -> Mapping[str, int]:
    """Return the counts in the last lines of the summary of a run on one machine."""
    changed = re.search(r"\(changed=(\d+)\)", output)
    assert changed, output
    return {"changed": int(changed[1]), "failed": int("(exit 2)" in output)}
