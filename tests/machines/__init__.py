# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Booted Debian machines on which nothing is prepared: systemd as PID 1, sshd on a loopback port, real users.

    with Machine.boot(release="trixie", users=["alice"]) as machine:
        checkout = machine.put("alice")
        machine.ssh("alice", f"cd {checkout} && ./bootstrap.sh --check --diff")

By hand: ``python3 -m tests.machines up lab``, ``… ssh lab alice``, ``… down lab``.
"""

from __future__ import annotations

from tests.machines.base import RELEASES, BaseError, base_folder, base_tree, missing
from tests.machines.machine import Machine, MachineError, Result

__all__ = ["RELEASES", "BaseError", "Machine", "MachineError", "Result", "base_folder", "base_tree", "missing"]
