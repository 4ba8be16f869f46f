# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Exports when the run is killed at every system call that writes, and when two runs overlap."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, Any, Callable

import pytest

from tests.unit.plugins.module_utils._exports.test_converge import Home, env, exported

if TYPE_CHECKING:
    from pathlib import Path

STEPS = ("mkdir", "open", "write", "fsync", "fchmod", "rename", "unlink")
MINE = b"alias ll='ls -l'\nexport EDITOR=vi  # mine"
FULL = [exported("a", "A", env("A")), exported("b", "B", env("B", "~/.b.env"))]
LESS = [exported("a", "A")]
MOVES = {
    "making": ([], FULL),
    "changing": (FULL, LESS),
    "removing": (FULL, []),
}


def mine(root: Path) -> Home:
    root.mkdir()
    (root / ".zshrc").write_bytes(MINE)
    return Home(root)


def killed_at(home: Home, declared: list[dict[str, Any]], step: int) -> bool:
    """Kill the run before its ``step``-th call that writes; False if it ended before."""
    pid = os.fork()
    if pid == 0:
        left = [step]
        for name in STEPS:
            setattr(os, name, _deadly(getattr(os, name), left))
        try:
            home.converge(*declared)
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(pid, 0)[1])


def _deadly(real: Callable[..., Any], left: list[int]) -> Callable[..., Any]:
    def call(*args: Any, **more: Any) -> Any:
        left[0] -= 1
        if left[0] < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*args, **more)

    return call


@pytest.mark.parametrize(("before", "after"), MOVES.values(), ids=MOVES)
def test_after_a_kill_at_any_step_each_file_is_old_or_new(
    tmp_path: Path, before: list[dict[str, Any]], after: list[dict[str, Any]]
) -> None:
    whole = mine(tmp_path / "whole")
    whole.converge(*before)
    old = whole.snapshot()
    whole.converge(*after)
    new = whole.snapshot()

    def of(home: Home, files: dict[str, tuple[int, bytes]]) -> dict[str, tuple[int, bytes]]:
        """``files`` of the whole home as they are in another one."""
        there, here = str(whole.path), str(home.path)
        return {
            name.replace(there, here): (mode, data.replace(there.encode(), here.encode()))
            for name, (mode, data) in files.items()
        }

    step, alive = 0, True
    while alive:
        home = mine(tmp_path / f"killed{step}")
        home.converge(*before)
        alive = killed_at(home, after, step)
        for name, found in home.snapshot().items():
            if not os.path.basename(name).startswith(".latchkey-"):
                assert found in [of(home, old).get(name), of(home, new).get(name)], (step, name)
        home.converge(*after)
        assert home.snapshot() == of(home, new), step
        assert not list(home.path.rglob(".latchkey-*")), step
        assert not home.converge(*after).changed
        home.converge()
        assert home.snapshot() == {str(home / ".zshrc"): (0o644, MINE)}, step
        step += 1
    assert step > 10


def test_concurrent_runs_lose_nothing(tmp_path: Path) -> None:
    home = mine(tmp_path / "home")
    for _round in range(10):
        pids = []
        for declared in (FULL, LESS):
            pid = os.fork()
            if pid == 0:
                code = 1
                try:
                    code = int(home.converge(*declared).failed)
                finally:
                    os._exit(code)
            pids.append(pid)
        assert [os.waitpid(pid, 0)[1] for pid in pids] == [0, 0]
        assert (home / ".zshrc").read_bytes().startswith(MINE + b"\n# >>> latchkey >>>")
        assert (home / ".zshrc").read_bytes().count(b">>> latchkey >>>") == 1
    home.converge()
    assert home.snapshot() == {str(home / ".zshrc"): (0o644, MINE)}
