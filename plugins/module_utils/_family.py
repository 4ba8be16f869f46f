# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Processes and everything that came of them, as /proc tells it (on Linux)."""

from __future__ import annotations

import contextlib
import os
import signal
import time

__all__ = ["end_family"]

_SECONDS = 1.0


def end_family(*leaders: int) -> None:
    """Kill leaders of sessions, all they started, and their sessions, until nothing is left or it will not end.

    What has left on purpose (a daemon that nobody is the parent of any more) runs on. Where /proc tells nothing, as on
    macOS, only the leaders' groups end.
    """
    _end_all_of(set(leaders))
    for leader in leaders:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(leader, signal.SIGKILL)


def _end_all_of(family: set[int]) -> None:
    """Whoever is found is stopped first: once a look finds nobody new, nobody can start anything more."""
    stopped: set[int] = set()
    until = time.monotonic() + _SECONDS
    while True:
        alive = _processes()
        size = 0
        while size < len(family):
            size = len(family)
            family |= {pid for pid, (parent, session) in alive.items() if parent in family or session in family}
        found = family & alive.keys()
        late = time.monotonic() > until
        for pid in found:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL if found <= stopped or late else signal.SIGSTOP)
        if not found or late:
            return
        stopped |= found
        time.sleep(0.001)


def _processes() -> dict[int, tuple[int, int]]:
    """Parent and session of every process that still runs; nothing where /proc speaks of other processes than ours."""
    found = {}
    with contextlib.suppress(OSError):
        if os.readlink("/proc/self") != str(os.getpid()):
            return {}
        for pid in map(int, filter(str.isdigit, os.listdir("/proc"))):
            with contextlib.suppress(OSError), open(f"/proc/{pid}/stat", "rb") as stat:
                state, parent, _group, session = stat.read().rpartition(b")")[2].split()[:4]
                if state not in {b"Z", b"X"}:
                    found[pid] = (int(parent), int(session))
    return found
