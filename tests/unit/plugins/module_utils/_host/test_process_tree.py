# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import contextlib
import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._host import process_tree

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /proc")


def state(pid: int) -> str:
    """State of a process as in ps, empty if there is none."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    return ""


def sleeping() -> subprocess.Popen[bytes]:
    return subprocess.Popen(["sleep", "60"], start_new_session=True)


@pytest.fixture
def leader() -> Iterator[subprocess.Popen[bytes]]:
    with sleeping() as process:
        yield process
        process.kill()


@pytest.fixture
def innocent() -> Iterator[subprocess.Popen[bytes]]:
    """A process that is not part of the tree."""
    with sleeping() as process:
        yield process
        process.kill()


@pytest.fixture(params=["pidfd", "no system call", "no function"])
def pidfd(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_pid: int) -> int:
        raise OSError(errno.ENOSYS, "no")

    if request.param == "no system call":
        monkeypatch.setattr(os, "pidfd_open", refuse)
    elif request.param == "no function":
        monkeypatch.delattr(os, "pidfd_open")


@pytest.mark.usefixtures("pidfd")
def test_leader_children_and_their_sessions_are_killed(tmp_path: Path) -> None:
    note = tmp_path / "pids"
    script = f"sleep 61 & echo $! >>{note}; setsid sleep 61 & echo $! >>{note}; exec sleep 61"
    with subprocess.Popen(["sh", "-c", script], start_new_session=True) as process:
        while not note.exists() or len(note.read_text().split()) < 2:
            time.sleep(0.01)
        process_tree.kill_process_tree(process.pid)
        assert process.wait(5) == -signal.SIGKILL
    assert {state(int(pid)) for pid in note.read_text().split()} <= {"", "Z"}


def first_scan(monkeypatch: pytest.MonkeyPatch, *more: process_tree._Process) -> None:
    """Let the first scan also find processes that have ended since."""
    real, scans = process_tree._processes, iter([{one.pid: one for one in more}])
    monkeypatch.setattr(process_tree, "_processes", lambda: {**real(), **next(scans, {})})


@pytest.mark.usefixtures("pidfd")
@pytest.mark.parametrize("link", ["parent", "session"])
def test_process_that_got_the_pid_of_one_in_the_tree_lives_on(
    leader: subprocess.Popen[bytes], innocent: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch, link: str
) -> None:
    signals: list[tuple[int, int]] = []
    kill = os.kill
    monkeypatch.setattr(os, "kill", lambda pid, number: (signals.append((pid, number)), kill(pid, number)))
    known = process_tree._read(innocent.pid)
    assert known
    links = {"parent": (leader.pid, innocent.pid), "session": (1, leader.pid)}[link]
    first_scan(monkeypatch, process_tree._Process(innocent.pid, known.start - 1, *links, ended=False))
    process_tree.kill_process_tree(leader.pid)
    assert leader.wait(5) == -signal.SIGKILL
    assert state(innocent.pid) == "S"
    assert innocent.pid not in {pid for pid, _number in signals}


def test_child_of_a_process_that_got_the_pid_of_one_in_the_tree_lives_on(
    leader: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    with subprocess.Popen(["sh", "-c", "setsid sleep 61; :"], stdout=subprocess.PIPE, start_new_session=True) as parent:
        try:
            known = process_tree._read(parent.pid)
            assert known
            ended = process_tree._Process(parent.pid, known.start - 1, leader.pid, leader.pid, ended=False)
            child = await_child(parent.pid)
            first_scan(monkeypatch, ended)
            process_tree.kill_process_tree(leader.pid)
            assert (state(parent.pid), state(child)) == ("S", "S")
        finally:
            process_tree.kill_process_tree(parent.pid)


def await_child(pid: int) -> int:
    while True:
        children = [one.pid for one in process_tree._processes().values() if one.parent == pid]
        if children:
            return children[0]
        time.sleep(0.01)


def test_ended_leader_still_leads_to_its_session(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    with subprocess.Popen(["sh", "-c", f"sleep 61 & echo $! >{note}"], start_new_session=True) as process:
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        process_tree.kill_process_tree(process.pid)
    assert state(int(note.read_text())) in {"", "Z"}


def test_process_that_cannot_be_signalled_is_given_up(
    leader: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_arguments: Any) -> None:
        raise PermissionError

    monkeypatch.setattr(process_tree, "_SECONDS", 0.05)
    monkeypatch.setattr(signal, "pidfd_send_signal", refuse)
    monkeypatch.setattr(os, "killpg", refuse)
    process_tree.kill_process_tree(leader.pid)
    assert state(leader.pid) == "S"
