# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs of the keychain that are killed at a step, and two at once."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path
from typing import Any, Callable

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._stores.private_files import item_path, store_folder

from tests.integration.keychains import LONG, Person, credential, files_below

SERVICES = ("s", "t")
STEPS = [
    *[("open", n) for n in (1, 4, 8, 9, 10, 12, 16, 20, 24)],
    *[
        (name, n)
        for name, most in {"write": 5, "fsync": 10, "fchmod": 5, "chmod": 2, "rename": 5, "mkdir": 6}.items()
        for n in range(1, most + 1)
    ],
    *[("unlink", n) for n in range(1, 4)],
]


def run(work: Callable[[], object], *, kill: tuple[str, int] | None = None) -> int:
    """``work`` in a process of its own, killed at the n-th call of a function of os; its wait status."""
    pid = os.fork()
    if pid:
        return os.waitpid(pid, 0)[1]
    try:
        if kill:
            name, left = kill
            real = getattr(os, name)

            def counted(*given: Any, **more: Any) -> Any:
                nonlocal left
                left -= 1
                if left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)
                return real(*given, **more)

            setattr(os, name, counted)
        work()
        os._exit(0)
    finally:
        os._exit(1)


@pytest.fixture
def alice(tmp_path: Path) -> Person:
    return Person(tmp_path, backend="files")


def kept(alice: Person) -> list[bytes | None]:
    paths = [Path(item_path(str(alice.home), (service, "me"))) for service in SERVICES]
    return [path.read_bytes() if path.exists() else None for path in paths]


@pytest.mark.parametrize("kill", STEPS, ids=lambda kill: f"{kill[0]}-{kill[1]}")
@pytest.mark.parametrize("goal", ["make", "replace", "remove"])
def test_a_killed_run_leaves_each_item_as_it_was_or_as_it_shall_be(
    alice: Person, goal: str, kill: tuple[str, int]
) -> None:
    old, new = b"old value", LONG.encode()
    wanted = [credential(service, alice.write(service, "old value")) for service in SERVICES]
    if goal != "make":
        alice.converge(*wanted)
    declared = [] if goal == "remove" else wanted
    before, after = {"make": (None, new), "replace": (old, new), "remove": (old, None)}[goal]
    for service in SERVICES if declared else ():
        alice.write(service, LONG + "\n")
    run(lambda: alice.converge(*declared), kill=kill)
    assert all(value in (before, after) for value in kept(alice))
    assert not alice.converge(*declared).failed
    assert kept(alice) == [after, after]
    assert all(state == "ok" for state in alice.states(*declared))
    assert not [path for path in files_below(alice.home) if path.name.startswith(".latchkey-")]
    # What a killed run made is known as ours.
    alice.converge()
    assert kept(alice) == [None, None]


@pytest.mark.parametrize("name", ["write", "fsync", "fchmod", "chmod", "rename", "mkdir"])
def test_the_steps_are_all_there_are(alice: Person, name: str) -> None:
    """The last is reached by a first run and one more is not, and check mode takes none."""
    wanted = [credential(service, alice.write(service, "old value")) for service in SERVICES]
    last = max(n for step, n in STEPS if step == name)
    assert run(lambda: alice.converge(*wanted, check_mode=True), kill=(name, 1)) == 0
    assert run(lambda: alice.converge(*wanted), kill=(name, last)) == signal.SIGKILL
    shutil.rmtree(alice.home / ".local")
    assert run(lambda: alice.converge(*wanted), kill=(name, last + 1)) == 0


def test_two_at_once_lose_nothing(alice: Person) -> None:
    mine = [[credential(f"{who}{n}", alice.write(f"{who}{n}", f"value {who}{n}")) for n in range(8)] for who in "ab"]
    pids = []
    for wanted in mine:
        pid = os.fork()
        if not pid:
            alice.converge(*wanted, exclusive=False)
            os._exit(0)
        pids.append(pid)
    assert [os.waitpid(pid, 0)[1] for pid in pids] == [0, 0]
    assert set(alice.states(*mine[0], *mine[1])) == {"ok"}
    assert len(os.listdir(store_folder(str(alice.home)))) == 16
    alice.converge()
    assert os.listdir(store_folder(str(alice.home))) == []
