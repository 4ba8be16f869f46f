# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import errno
import os
import subprocess
from typing import TYPE_CHECKING

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils import _child, _child_become
from ansible_collections.latchkey.workstation.plugins.module_utils._child import Child, Member
from ansible_collections.latchkey.workstation.plugins.module_utils._errors import LatchkeyError
from ansible_collections.latchkey.workstation.plugins.module_utils._report import Report

if TYPE_CHECKING:
    from collections.abc import Iterator

MEMBER = Member(name="alice", account="alice", home="/home/alice", uid=1000, gid=1000, shell="/bin/sh", oneself=False)


@pytest.fixture
def unending(monkeypatch: pytest.MonkeyPatch) -> Iterator[subprocess.Popen[bytes]]:
    """The stand-in of a process that waits for a dead file system: nothing ends it."""
    monkeypatch.setattr(_child, "end_family", lambda *_leaders: None)
    monkeypatch.setattr(_child, "_MOMENT", 0.05)
    with subprocess.Popen(["sleep", "60"]) as process:
        yield process
        process.kill()


def child_of(process: subprocess.Popen[bytes], *frames: bytes) -> Child:
    """The parent's side of ``process`` after it sent ``frames``, which are read."""
    pipes = [os.pipe(), os.pipe()]
    child = Child(MEMBER, process.pid, (pipes[0][0], pipes[1][0]), seconds=0)
    for (stream, into), frame in zip(pipes, frames):
        os.write(into, b"%08x" % len(frame) + frame)
        child.listen(stream)
    for _stream, into in pipes:
        os.close(into)
    return child


def test_who_cannot_be_ended_is_left_behind_and_named(unending: subprocess.Popen[bytes]) -> None:
    report = _child.end([child_of(unending)])["alice"].report
    assert report.msg == "its process cannot be ended: unmount what does not answer in /home/alice"


def test_what_was_said_in_time_counts_whether_or_not_its_process_ends(unending: subprocess.Popen[bytes]) -> None:
    child = child_of(unending, Report(msg="done").encode(), b"{}")
    assert _child.end([child])["alice"].report == Report(msg="done")


def test_all_that_are_done_are_ended_by_one_look(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[tuple[int, ...]] = []
    monkeypatch.setattr(_child, "end_family", lambda *leaders: looks.append(leaders))
    ended = [subprocess.Popen(["true"]), subprocess.Popen(["true"])]
    _child.end([child_of(process) for process in ended])
    _child.end([])
    assert looks == [tuple(process.pid for process in ended)]


NO, FORBIDDEN, FULL = -errno.ENOSYS, -errno.EPERM, -errno.EDQUOT


@pytest.mark.parametrize(
    ("joined", "held", "why"),
    [
        (4711, 0, ""),
        (NO, NO, ""),
        (FORBIDDEN, FORBIDDEN, ""),
        (FORBIDDEN, 8, "Operation not permitted"),
        (FORBIDDEN, 0, "Operation not permitted"),
        (FULL, 0, "Disk quota exceeded"),
        (FULL, 8, "Disk quota exceeded"),
        (4711, 8, "its own is not empty"),
    ],
)
def test_roots_keyring_is_left_or_nobody_is_served(
    monkeypatch: pytest.MonkeyPatch, joined: int, held: int, why: str
) -> None:
    answers = iter([joined, held])
    monkeypatch.setattr(_child_become, "_keyctl", lambda *_words: next(answers))
    if not why:
        _child_become._leave_keyring()
        return
    with pytest.raises(LatchkeyError, match="could not leave root's keyring behind") as refused:
        _child_become._leave_keyring()
    assert f"({why})" in str(refused.value)


def test_nobody_is_served_where_it_is_not_known_how_to_leave_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_child_become, "_KEYCTL", {})
    with pytest.raises(LatchkeyError, match=f"is not known on {os.uname().machine}: run it as the member"):
        _child_become._leave_keyring()
