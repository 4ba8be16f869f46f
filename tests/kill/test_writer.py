# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""SIGKILL at every named step of the file writer, and at every line of it: a file is as before or as wanted."""

from __future__ import annotations

import inspect
import os
import signal
import stat
import sys
from typing import TYPE_CHECKING, Any, Callable

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._host import atomic_write, files
from ansible_collections.latchkey.workstation.plugins.module_utils._host.state import State

if TYPE_CHECKING:
    from pathlib import Path
    from types import FrameType

    Work = Callable[[], object]

STEPS = ("_write_all", "_copy_metadata", "fsync", "_verify", "_check_unchanged", "_is_named", "rename")
OLD, NEW = b"before\n", b"after\n" * 20_000
OLD_MODE, NEW_MODE = 0o640, 0o600


def killed(work: Work, arm: Work) -> bool:
    """Whether ``work`` was killed, in a process of its own in which ``arm`` sets the trap."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            arm()
            work()
            code = 0
        finally:
            os._exit(code)
    status = os.waitpid(pid, 0)[1]
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)


def at_step(name: str, when: str) -> Work:
    """A trap before, in or after a step; in: half of what it writes is there."""
    owner: Any = os if name in {"rename", "fsync", "write"} else atomic_write
    real = getattr(owner, name)

    def deadly(*arguments: Any, **more: Any) -> None:
        if when == "in":
            real(arguments[0], arguments[1][: len(arguments[1]) // 2])
        elif when == "after":
            real(*arguments, **more)
        os.kill(os.getpid(), signal.SIGKILL)

    return lambda: setattr(owner, name, deadly)


def at_line(number: int) -> Work:
    """A trap at the n-th line that is executed of the writer."""
    left = [number]

    def trace(frame: FrameType, event: str, _argument: object) -> Any:
        if frame.f_code.co_filename not in {files.__file__, atomic_write.__file__}:
            return None
        if event == "line":
            left[0] -= 1
            if left[0] < 0:
                os.kill(os.getpid(), signal.SIGKILL)
        return trace

    return lambda: sys.settrace(trace)


def leftovers(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.name.startswith(".latchkey-")]


def look(path: Path) -> tuple[bytes, int] | None:
    return (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) if path.exists() else None


@pytest.fixture(params=["replaced", "made"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / "file"
    if request.param == "replaced":
        path.write_bytes(OLD)
        path.chmod(OLD_MODE)
    return path


def write(path: Path) -> None:
    """What every run of ours does, the sweep of what a killed one left included."""
    atomic_write.remove_leftovers(str(path.parent))
    atomic_write.write(files.read(str(path)), NEW, mode=NEW_MODE)


def assert_next_run_mends(path: Path) -> None:
    for left in leftovers(path.parent):
        assert stat.S_IMODE(left.stat().st_mode) & 0o077 == 0
    write(path)
    assert look(path) == (NEW, NEW_MODE)
    assert [entry.name for entry in path.parent.iterdir()] == ["file"]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", STEPS)
def test_kill_at_a_step_leaves_the_old_or_new_file(path: Path, step: str, when: str) -> None:
    before = look(path)
    assert killed(lambda: write(path), at_step(step, when))
    renamed = (step, when) == ("rename", "after")
    assert look(path) == ((NEW, NEW_MODE) if renamed else before)
    assert len(leftovers(path.parent)) == (0 if renamed else 1)
    assert_next_run_mends(path)


def test_kill_during_the_write_leaves_the_old_file(path: Path) -> None:
    before = look(path)
    assert killed(lambda: write(path), at_step("write", "in"))
    assert look(path) == before
    assert [left.stat().st_size for left in leftovers(path.parent)] == [len(NEW) // 2]
    assert_next_run_mends(path)


def test_steps_cover_all_calls_of_write() -> None:
    called = set(atomic_write.write.__code__.co_names) & {
        *dict(inspect.getmembers(atomic_write, inspect.isfunction)),
        *("rename", "replace", "link", "fsync", "chmod", "truncate", "unlink"),
    }
    assert called == {*STEPS, "_created", "_changed", "account_name", "describe_error"}


def test_kill_at_any_line_leaves_the_old_or_new_file(tmp_path: Path) -> None:
    number, alive = 0, False
    while not alive:
        path = tmp_path / str(number) / "file"
        path.parent.mkdir()
        path.write_bytes(OLD)
        path.chmod(OLD_MODE)
        alive = not killed(lambda path=path: write(path), at_line(number))  # type: ignore[misc]
        assert look(path) in {(OLD, OLD_MODE), (NEW, NEW_MODE)}, number
        assert_next_run_mends(path)
        number += 1
    assert number > 50


def test_kill_at_any_line_of_remove_leaves_the_file_or_nothing(tmp_path: Path) -> None:
    number, alive = 0, False
    while not alive:
        path = tmp_path / str(number)
        path.write_bytes(OLD)
        alive = not killed(lambda path=path: atomic_write.remove(files.read(str(path))), at_line(number))  # type: ignore[misc]
        assert not path.exists() or path.read_bytes() == OLD
        number += 1
    assert not leftovers(tmp_path)
    assert number > 10


def run(home: Path) -> None:
    """All that a run keeps in a member's state folder."""
    state = State(str(home), check_mode=False)
    with state.lock():
        state.key()
        before = files.read(str(home / ".zshrc"))
        state.save("exports", {"zshrc": True})
        state.keep_previous(before)
        if before.data == OLD:
            atomic_write.remove_leftovers(str(home))
            atomic_write.write(before, NEW)


def test_kill_at_any_line_keeps_the_state_folder_consistent(tmp_path: Path) -> None:
    number, alive = 0, False
    while not alive:
        home = tmp_path / str(number)
        home.mkdir()
        zshrc = home / ".zshrc"
        zshrc.write_bytes(OLD)
        alive = not killed(lambda home=home: run(home), at_line(number))  # type: ignore[misc]
        assert zshrc.read_bytes() in {OLD, NEW}
        state = State(str(home), check_mode=True)
        assert state.load("exports") in ({}, {"zshrc": True})
        made = state.key()
        run(home)
        assert zshrc.read_bytes() == NEW
        assert state.load("exports") == {"zshrc": True}
        assert made in {None, state.key()}, "a key that was made once stays"
        assert not leftovers(home), number
        number += 1
    assert number > 150
