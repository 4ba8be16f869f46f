# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._core.errors import LatchkeyError
from ansible_collections.latchkey.workstation.plugins.module_utils._core.member import Member
from ansible_collections.latchkey.workstation.plugins.module_utils._core.report import Report
from ansible_collections.latchkey.workstation.plugins.module_utils._members import child as members_child
from ansible_collections.latchkey.workstation.plugins.module_utils._members.child import Child

if TYPE_CHECKING:
    from collections.abc import Iterator

MEMBER = Member(
    name="alice", account="alice", home="/home/alice", uid=1000, gid=1000, shell="/bin/sh", is_current_user=False
)


@pytest.fixture
def unending(monkeypatch: pytest.MonkeyPatch) -> Iterator[subprocess.Popen[bytes]]:
    """The stand-in of a process that waits for a dead file system: nothing ends it."""
    monkeypatch.setattr(members_child, "kill_process_tree", lambda *_leaders: None)
    monkeypatch.setattr(members_child, "_WAIT_SECONDS", 0.05)
    with subprocess.Popen(["sleep", "60"]) as process:
        yield process
        process.kill()


def child_of(process: subprocess.Popen[bytes], *frames: bytes) -> Child:
    """The parent's side of ``process`` after it sent ``frames``, which are read."""
    pipes = [os.pipe(), os.pipe()]
    child = Child(MEMBER, process.pid, (pipes[0][0], pipes[1][0]), os.open(os.devnull, os.O_WRONLY), seconds=0)
    for (stream, into), frame in zip(pipes, frames):
        os.write(into, b"%08x" % len(frame) + frame)
        child.receive(stream)
    for _stream, into in pipes:
        os.close(into)
    return child


def test_process_that_cannot_be_killed_is_abandoned_and_reported(unending: subprocess.Popen[bytes]) -> None:
    report = members_child.reap([child_of(unending)])["alice"].report
    assert report.msg == "its process cannot be ended: unmount what does not answer in /home/alice"


def test_result_sent_in_time_counts_although_the_process_does_not_end(unending: subprocess.Popen[bytes]) -> None:
    child = child_of(unending, Report(msg="done").encode(), b"")
    assert members_child.reap([child])["alice"].report == Report(msg="done")


def test_finished_children_are_killed_in_one_call(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[tuple[int, ...]] = []
    monkeypatch.setattr(members_child, "kill_process_tree", lambda *leaders: looks.append(leaders))
    ended = [subprocess.Popen(["true"]), subprocess.Popen(["true"])]
    members_child.reap([child_of(process) for process in ended])
    members_child.reap([])
    assert looks == [tuple(process.pid for process in ended)]


VALUE = b"czNjcjN0LXZhbHVl"  # base64 of s3cr3t-value


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"a\t" + VALUE + b"\n", {"a": b"s3cr3t-value"}),
        (b"a b\t" + VALUE + b"\na\t" + VALUE + b"\n", {"a": b"s3cr3t-value", "a b": b"s3cr3t-value"}),
        (b"", {}),
        (b"other\t" + VALUE + b"\n", "sent a value that is not declared"),
        (b"a\t" + VALUE + b"\nother\t" + VALUE + b"\n", "sent a value that is not declared"),
        ((b"a\t" + VALUE + b"\n") * 3, "sent more values than are declared"),
        (b"a\n", "the value has 0 characters; fewer than 6 characters are refused"),
        (b"a\tno base64!\n", "something that is no value"),
        (b'{"a": "czNjcjN0LXZhbHVl"}\n', "not declared"),
        (b"\xff\t" + VALUE + b"\n", "not declared"),
    ],
)
def test_only_declared_values_are_accepted(body: bytes, expected: dict[str, bytes] | str) -> None:
    names = frozenset({"a", "a b"})
    if isinstance(expected, dict):
        assert {name: one.reveal() for name, one in members_child._decode_values(body, names).items()} == expected
        return
    with pytest.raises(LatchkeyError, match=expected):
        members_child._decode_values(body, names)


def test_too_many_values_are_refused_before_any_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    decoded = []
    monkeypatch.setattr(members_child.base64, "b64decode", lambda *_a, **_k: decoded.append(1))
    body = b"".join(b"n%06d\t%s\n" % (number, VALUE) for number in range(300_000))
    with pytest.raises(LatchkeyError, match="more values than are declared"):
        members_child._decode_values(body, frozenset({"a"}))
    assert decoded == []
