# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reset what a process of root hands on to its children besides privileges: priorities, limits, signals, cgroup."""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import sys
import time
from typing import TYPE_CHECKING

from .._core.errors import LatchkeyError
from .._host import command

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["reset_context"]

# ioprio_set has no wrapper in libc; its system call number depends on the architecture.
_IOPRIO_SET = (
    {"x86_64": 251, "aarch64": 30, "riscv64": 30, "ppc64le": 273, "s390x": 282}
    if sys.maxsize > 1 << 32
    else {"x86_64": 289, "i686": 289, "aarch64": 314, "armv7l": 314}
)
_IOPRIO_WHO_PROCESS = 1
_INITIAL_LIMITS = "/proc/1/limits"
_NAME_WIDTH = 26
_LIMITS = {
    "Max cpu time": "RLIMIT_CPU",
    "Max file size": "RLIMIT_FSIZE",
    "Max data size": "RLIMIT_DATA",
    "Max stack size": "RLIMIT_STACK",
    "Max resident set": "RLIMIT_RSS",
    "Max processes": "RLIMIT_NPROC",
    "Max open files": "RLIMIT_NOFILE",
    "Max locked memory": "RLIMIT_MEMLOCK",
    "Max address space": "RLIMIT_AS",
    "Max pending signals": "RLIMIT_SIGPENDING",
    "Max msgqueue size": "RLIMIT_MSGQUEUE",
    "Max nice priority": "RLIMIT_NICE",
    "Max realtime priority": "RLIMIT_RTPRIO",
    "Max realtime timeout": "RLIMIT_RTTIME",
}
_SOFT_OPEN_FILES = 1024  # systemd raises its own, and logins get this one
_SYSTEMD = "/run/systemd/system"
_BUSCTL = "/usr/bin/busctl"
_SECONDS = 1.0


def reset_context(uid: int) -> None:
    """Give this process the context of a fresh login of ``uid`` as far as the machine allows; needs root.

    Nice level, scheduling policy, CPU affinity, I/O priority, OOM score, signal dispositions and mask become the
    defaults; resource limits those of process 1. On systemd the process leaves root's session for a scope in the slice
    of the user. What the machine refuses, for example in a container, stays as it is.
    """
    _leave_session(uid)
    _reset_signals()
    for reset in (_reset_scheduling, _reset_io_priority, _reset_oom_score, _reset_limits):
        with contextlib.suppress(OSError, ValueError):
            reset()


def _reset_signals() -> None:
    """Default actions for all signals but those that Python itself ignores, and none blocked."""
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP, signal.SIGPIPE, signal.SIGXFSZ}:
        with contextlib.suppress(OSError, ValueError):
            signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def _reset_scheduling() -> None:
    os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    os.setpriority(os.PRIO_PROCESS, 0, 0)
    os.sched_setaffinity(0, range(os.cpu_count() or 1))


def _reset_io_priority() -> None:
    number = _IOPRIO_SET.get(os.uname().machine)
    if number:
        ctypes.CDLL(None).syscall(*(ctypes.c_long(word) for word in (number, _IOPRIO_WHO_PROCESS, 0, 0)))


def _reset_oom_score() -> None:
    with open("/proc/self/oom_score_adj", "w") as file:
        file.write("0")


def _reset_limits() -> None:
    for kind, (soft, hard) in _initial_limits():
        with contextlib.suppress(OSError, ValueError):
            # Only a process with CAP_SYS_RESOURCE raises a hard limit: first what any process may set.
            current = resource.getrlimit(kind)[1]
            resource.setrlimit(kind, (_lower(soft, current), current))
            resource.setrlimit(kind, (soft, hard))


def _lower(one: int, other: int) -> int:
    return other if one == resource.RLIM_INFINITY else one if other == resource.RLIM_INFINITY else min(one, other)


def _initial_limits() -> Iterator[tuple[int, tuple[int, int]]]:
    """Soft and hard limits of process 1, which logins start from."""
    with open(_INITIAL_LIMITS) as file:
        lines = file.read().splitlines()
    for line in lines:
        name = _LIMITS.get(line[:_NAME_WIDTH].strip())
        if name:
            soft, hard = (
                resource.RLIM_INFINITY if word == "unlimited" else int(word) for word in line[_NAME_WIDTH:].split()[:2]
            )
            if name == "RLIMIT_NOFILE":
                soft = _lower(_SOFT_OPEN_FILES, hard)
            yield getattr(resource, name), (soft, hard)


def _leave_session(uid: int) -> None:
    """Move this process to a scope in the user's slice; daemons it starts then outlive root's session."""
    if not os.path.isdir(_SYSTEMD):
        return
    slice_name = f"user-{uid}.slice"
    with contextlib.suppress(LatchkeyError, OSError):
        started = command.run(
            [
                _BUSCTL,
                "call",
                "org.freedesktop.systemd1",
                "/org/freedesktop/systemd1",
                "org.freedesktop.systemd1.Manager",
                "StartTransientUnit",
                "ssa(sv)a(sa(sv))",
                f"latchkey-{os.getpid()}.scope",
                "fail",
                *("4", "PIDs", "au", "1", str(os.getpid()), "Slice", "s", slice_name),
                *("Description", "s", "latchkey", "CollectMode", "s", "inactive-or-failed"),
                "0",
            ],
            seconds=_SECONDS,
        )
        if started.code == 0:
            _await_cgroup(slice_name)


def _await_cgroup(slice_name: str) -> None:
    """Wait until systemd, which answers before it has moved the process, has done so."""
    until = time.monotonic() + _SECONDS
    while time.monotonic() < until:
        with open("/proc/self/cgroup") as file:
            if slice_name in file.read():
                return
        time.sleep(0.002)
