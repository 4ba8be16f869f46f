# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a member's process has of the process of root that started it: nothing but two variables."""

from __future__ import annotations

import ast
import ctypes
import os
import resource
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._members import context

from tests.hostile.conftest import run_as, say

if TYPE_CHECKING:
    from ansible_collections.latchkey.workstation.plugins.module_utils._core.report import MemberResult

    from tests.team import Account

pytestmark = [pytest.mark.root, pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux only")]

IOPRIO_GET = {"x86_64": 252, "aarch64": 31}
IDLE = 3 << 13


def io_priority() -> int:
    number = IOPRIO_GET.get(os.uname().machine)
    return ctypes.CDLL(None).syscall(number, 1, 0) if number else 0


def described() -> dict[str, object]:
    """The context of this process."""
    return {
        "nice": os.getpriority(os.PRIO_PROCESS, 0),
        "policy": os.sched_getscheduler(0),
        "processors": len(os.sched_getaffinity(0)),
        "io": io_priority(),
        "oom": int(Path("/proc/self/oom_score_adj").read_text()),
        "files": resource.getrlimit(resource.RLIMIT_NOFILE),
        "time": resource.getrlimit(resource.RLIMIT_CPU),
        "core": resource.getrlimit(resource.RLIMIT_CORE),
        "hup": signal.getsignal(signal.SIGHUP) is signal.SIG_DFL,
        "blocked": [int(number) for number in signal.pthread_sigmask(signal.SIG_BLOCK, ())],
    }


def impair() -> None:
    """Give this process, as root's session might, a context that no login starts with."""
    os.sched_setaffinity(0, [next(iter(os.sched_getaffinity(0)))])
    os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
    os.setpriority(os.PRIO_PROCESS, 0, 7)
    ctypes.CDLL(None).syscall(context._IOPRIO_SET[os.uname().machine], 1, 0, IDLE)
    Path("/proc/self/oom_score_adj").write_text("500")
    for kind, soft in ((resource.RLIMIT_NOFILE, 300), (resource.RLIMIT_CPU, 1000)):
        resource.setrlimit(kind, (soft, resource.getrlimit(kind)[1]))
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])


def impaired_run(account: Account) -> dict[str, object]:
    """The context of the member's process, served by a process of root with an impaired context."""
    out, into = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            impair()
            result: MemberResult = run_as([account], lambda _member, _entry: say(described()))[account.name]
            text = result.report.msg or result.report.items[0]["what"]
            os.write(into, text.encode())
        finally:
            os._exit(0)
    os.close(into)
    with open(out) as stream:
        text = stream.read()
    os.waitpid(pid, 0)
    found: dict[str, object] = ast.literal_eval(text)
    return found


def test_member_has_no_priority_limit_or_signal_setting_of_roots_process(mallory: Account) -> None:
    limits = dict(context._initial_limits())
    assert impaired_run(mallory) == {
        "nice": 0,
        "policy": os.SCHED_OTHER,
        "processors": len(os.sched_getaffinity(0)),
        "io": 0,
        "oom": 0,
        "files": (limits[resource.RLIMIT_NOFILE][0], resource.getrlimit(resource.RLIMIT_NOFILE)[1]),
        "time": limits[resource.RLIMIT_CPU],
        "core": (0, 0),
        "hup": True,
        "blocked": [],
    }


def test_members_programs_inherit_the_reset_context(mallory: Account) -> None:
    def work(_member: object, _entry: object) -> MemberResult:
        return say(os.popen("ulimit -n; ulimit -t; nice").read().split())

    soft = dict(context._initial_limits())[resource.RLIMIT_NOFILE][0]
    row = run_as([mallory], work)[mallory.name].report.items[0]
    assert row["what"] == str([str(soft), "unlimited", "0"])


@pytest.mark.parametrize("code", [0, 1])
def test_systemd_is_asked_for_a_scope_in_the_users_slice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    waited: list[str] = []
    busctl = tmp_path / "busctl"
    busctl.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >{tmp_path}/asked\nexit {code}\n')
    busctl.chmod(0o755)
    monkeypatch.setattr(context, "_SYSTEMD", str(tmp_path))
    monkeypatch.setattr(context, "_BUSCTL", str(busctl))
    monkeypatch.setattr(context, "_await_cgroup", waited.append)
    context._leave_session(1234)
    asked = (tmp_path / "asked").read_text().split("\n")
    assert asked[4:7] == ["StartTransientUnit", "ssa(sv)a(sa(sv))", f"latchkey-{os.getpid()}.scope"]
    assert {str(os.getpid()), "user-1234.slice"} <= set(asked)
    assert waited == (["user-1234.slice"] if code == 0 else [])


def test_without_systemd_the_process_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(context, "_SYSTEMD", str(tmp_path / "none"))
    monkeypatch.setattr(context.command, "run", lambda *_a, **_k: pytest.fail("asked"))
    context._leave_session(1234)


def test_soft_limit_of_open_files_is_that_of_a_login() -> None:
    soft, hard = dict(context._initial_limits())[resource.RLIMIT_NOFILE]
    assert soft <= 1024
    assert hard == resource.RLIM_INFINITY or hard >= soft


def test_limits_that_cannot_be_raised_stay_below_the_hard_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = tmp_path / "limits"
    limits.write_text(
        "Limit                     Soft Limit           Hard Limit           Units     \n"
        "Max open files            50                   unlimited            files     \n"
        "Max cpu time              unlimited            unlimited            seconds   \n"
        "Max something new         1                    1                    units     \n"
    )
    monkeypatch.setattr(context, "_INITIAL_LIMITS", str(limits))
    calls: list[tuple[int, tuple[int, int]]] = []

    def refuse(kind: int, both: tuple[int, int]) -> None:
        if both[1] == resource.RLIM_INFINITY:
            raise ValueError
        calls.append((kind, both))

    monkeypatch.setattr(resource, "getrlimit", lambda _kind: (10, 100))
    monkeypatch.setattr(resource, "setrlimit", refuse)
    context._reset_limits()
    assert calls == [(resource.RLIMIT_NOFILE, (100, 100)), (resource.RLIMIT_CPU, (100, 100))]
