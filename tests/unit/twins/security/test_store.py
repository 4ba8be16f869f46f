# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Store of the fake: nothing is lost, and the tests can see all of it."""

from __future__ import annotations

import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.twins.security import Twin

UPDATE = ("add-generic-password", "-U", "-s", "svc", "-a", "me", "-w", "new value")


def value(twin: Twin) -> bytes:
    return bytes.fromhex(twin.items()[0].secret)


def test_callers_at_once(twin: Twin) -> None:
    """Every one of many writers at once finds its item."""
    with ThreadPoolExecutor(8) as pool:
        names = [f"svc-{number}" for number in range(24)]
        done = list(pool.map(lambda name: twin.run("add-generic-password", "-s", name, "-a", "me", "-w", name), names))
    assert {one.returncode for one in done} == {0}
    assert sorted(kept.service for kept in twin.items()) == sorted(names)


@pytest.mark.parametrize(
    ("point", "expected"),
    [
        ("called", b"old value"),
        ("opened", b"old value"),
        ("temporary", b"old value"),
        ("renamed", b"new value"),
        ("answered", b"new value"),
    ],
)
def test_killed_at_every_point(item: Twin, point: str, expected: bytes) -> None:
    """Killed anywhere the keychain is as before or as wanted, the next call works and leaves no temporary file."""
    item.control(kill={"point": point, "command": "add-generic-password"})
    assert item.run(*UPDATE).returncode == -signal.SIGKILL
    assert item.calls()[-1].exit is None
    assert value(item) == expected
    assert item.run(*UPDATE).returncode == 0
    assert value(item) == b"new value"
    own = item.home / "Library" / "Keychains" / ".twin"
    assert {path.name for path in own.iterdir()} == {"calls.jsonl", "control.json", "lock", "state.json"}


def test_kill_waits_for_its_command(item: Twin) -> None:
    item.control(kill={"point": "called", "command": "delete-generic-password"})
    assert item.run(*UPDATE).returncode == 0
    assert item.run("-i", stdin=b"help\ndelete-generic-password -s svc\n").returncode == -signal.SIGKILL
    assert len(item.items()) == 1


def test_the_caller_can_be_killed(item: Twin) -> None:
    """For the steps of whoever calls the tool: it dies while the tool finishes."""
    item.control(kill={"point": "renamed", "whom": "caller"})
    program = "import subprocess, sys; subprocess.run(sys.argv[1:]); print('survived')"
    caller = [sys.executable, "-c", program, str(item.tool), *UPDATE]
    done = subprocess.run(
        caller, capture_output=True, env={"HOME": str(item.home)}, start_new_session=True, check=False, timeout=10
    )
    assert (done.returncode, done.stdout) == (-signal.SIGKILL, b"")
    assert value(item) == b"new value"


def test_files_are_private(item: Twin) -> None:
    keychain = item.home / "Library" / "Keychains" / "login.keychain-db"
    assert keychain.stat().st_mode & 0o777 == 0o600


def test_needs_nothing_of_the_checkout(item: Twin) -> None:
    """One file, started without site, environment or current folder."""
    assert item.tool.read_bytes().startswith(b"#!/usr/bin/python3 -I\n")
    copy = item.home / "security"
    copy.write_bytes(item.tool.read_bytes())
    copy.chmod(0o755)
    done = subprocess.run(
        [copy, "find-generic-password", "-s", "svc", "-w"],
        capture_output=True,
        env={"HOME": str(item.home), "PYTHONPATH": "/nowhere"},
        cwd="/",
        check=False,
        timeout=10,
    )
    assert done.stdout == b"old value\n"


def test_log_of_calls(item: Twin) -> None:
    item.run("find-generic-password", "-s", "none")
    item.run("-i", stdin=b"help\n")
    made, missing, lines = item.calls()
    assert "old value" in made.argv
    assert (missing.argv[1:], missing.exit, missing.stdin) == (["find-generic-password", "-s", "none"], 44, False)
    assert (lines.commands, lines.stdin, lines.exit) == (["help"], True, 0)
    assert len({call.pid for call in item.calls()}) == 3
