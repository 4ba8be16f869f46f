# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A process and everything that came of it (Linux)."""

from __future__ import annotations

import contextlib
import os
import signal
import time

__all__ = ["end_family"]


def end_family(leader: int) -> None:
    """Kill a child, all it started, and their sessions, until nothing of it is left.

    What has left on purpose (a daemon that nobody is the parent of any more) runs on as the member's own.
    """
    family = {leader}
    for _attempt in range(100):
        alive = _processes()
        size = 0
        while size < len(family):
            size = len(family)
            family |= {pid for pid, (parent, session) in alive.items() if parent in family or session in family}
        for pid in family & alive.keys():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if not family & alive.keys():
            return
        time.sleep(0.001)


def _processes() -> dict[int, tuple[int, int]]:
    """Parent and session of every process that still runs."""
    found = {}
    for pid in map(int, filter(str.isdigit, os.listdir("/proc"))):
        with contextlib.suppress(OSError), open(f"/proc/{pid}/stat", "rb") as stat:
            state, parent, _group, session = stat.read().rpartition(b")")[2].split()[:4]
            if state not in {b"Z", b"X"}:
                found[pid] = (int(parent), int(session))
    return found
