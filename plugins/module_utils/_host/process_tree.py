# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Kill processes together with their descendants, found in /proc (Linux)."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from dataclasses import dataclass

__all__ = ["kill_process_tree"]

_SECONDS = 1.0
# Fields of /proc/PID/stat behind the name: state, parent, session and start time (clock ticks since boot).
_STATE, _PARENT, _SESSION, _START = 0, 1, 3, 19


@dataclass(frozen=True)
class _Process:
    """A process; a pid is used again after its end, the pair of pid and start time is not."""

    pid: int
    start: int
    parent: int
    session: int
    ended: bool


def kill_process_tree(*leaders: int) -> None:
    """Kill session leaders, their descendants and everything in their sessions; give up after a second.

    ``leaders``: pids of children of this process that it has not waited for yet, so the pids are not used again.
    A daemon (re-parented and in a session of its own) keeps running. Without /proc, as on macOS, only the process
    groups of the leaders are killed.
    """
    _stop_and_kill(frozenset(leaders))
    for leader in leaders:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(leader, signal.SIGKILL)


def _stop_and_kill(leaders: frozenset[int]) -> None:
    """Stop every process found and kill them once a scan finds no new one, since stopped ones cannot fork."""
    known: set[tuple[int, int]] = set()
    until = time.monotonic() + _SECONDS
    while True:
        tree = _find_tree(leaders, known)
        found = {identity for identity, process in tree.items() if not process.ended}
        late = time.monotonic() > until
        for pid, start in found:
            _send(signal.SIGKILL if found <= known or late else signal.SIGSTOP, pid, start)
        if not found or late:
            return
        known |= tree.keys()
        time.sleep(0.001)


def _find_tree(leaders: frozenset[int], known: set[tuple[int, int]]) -> dict[tuple[int, int], _Process]:
    """Processes of the tree by pid and start time: leaders, known ones, their children and their sessions."""
    processes = _processes()
    tree = {pid: one for pid, one in processes.items() if pid in leaders or (pid, one.start) in known}

    def includes(pid: int) -> bool:
        # Read again: the process must have been there while the one that names it was read, and not a later one.
        return pid in leaders or (pid in tree and _start_of(pid) == tree[pid].start)

    size = -1
    while size < len(tree):
        size = len(tree)
        for pid, one in processes.items():
            if pid not in tree and (includes(one.parent) or includes(one.session)):
                tree[pid] = one
    return {(one.pid, one.start): one for one in tree.values()}


def _send(number: signal.Signals, pid: int, start: int) -> None:
    """Send a signal to the process with this pid and start time, never to a later one with the same pid."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        try:
            fd = os.pidfd_open(pid)
        except (AttributeError, OSError):
            # Not in this kernel or Python: the pid could be used again in the microseconds before the signal.
            if _start_of(pid) == start:
                os.kill(pid, number)
            return
        try:
            if _start_of(pid) == start:
                signal.pidfd_send_signal(fd, number)
        finally:
            os.close(fd)


def _start_of(pid: int) -> int | None:
    process = _read(pid)
    return process.start if process else None


def _processes() -> dict[int, _Process]:
    """All processes by pid, also ended ones not waited for; empty if /proc belongs to another pid namespace."""
    with contextlib.suppress(OSError):
        if os.readlink("/proc/self") == str(os.getpid()):
            found = (_read(int(name)) for name in os.listdir("/proc") if name.isdigit())
            return {process.pid: process for process in found if process}
    return {}


def _read(pid: int) -> _Process | None:
    """The process with this pid, None if there is none."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as stat:
            fields = stat.read().rpartition(b")")[2].split()
    except OSError:
        return None
    ended = fields[_STATE] in {b"Z", b"X"}
    return _Process(pid, int(fields[_START]), int(fields[_PARENT]), int(fields[_SESSION]), ended)
