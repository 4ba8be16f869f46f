# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Listening sockets of a machine's own processes; the network itself is shared with the host."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.machines import Machine

__all__ = ["listeners"]

PROGRAM = r"""
import glob, os, re
held = set()
for descriptor in glob.glob("/proc/[0-9]*/fd/*"):
    try:
        held.update(re.findall(r"^socket:\[(\d+)\]$", os.readlink(descriptor)))
    except OSError:
        pass
for kind in ("tcp", "tcp6", "udp", "udp6", "unix"):
    with open("/proc/net/" + kind) as table:
        for line in table.readlines()[1:]:
            field = line.split() + [""]
            if kind == "unix":
                listens, inode, place = int(field[3], 16) & 0x10000, field[6], field[7]
            else:
                listens, inode, place = field[3] in ("0A", "07"), field[9], field[1]
            if listens and inode in held:
                print(kind, place)
"""


def listeners(machine: Machine) -> set[str]:
    return set(machine.ssh("root", ["python3", "-I", "-"], stdin=PROGRAM).check().out.splitlines())
