# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import fcntl
import json
import multiprocessing
import stat
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._core.errors import LatchkeyError
from ansible_collections.latchkey.workstation.plugins.module_utils._host import files
from ansible_collections.latchkey.workstation.plugins.module_utils._host import state as host_state
from ansible_collections.latchkey.workstation.plugins.module_utils._host.state import State

if TYPE_CHECKING:
    from pathlib import Path

FORK = multiprocessing.get_context("fork")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path


def real(home: Path) -> State:
    return State(str(home), check_mode=False)


def folder(home: Path) -> Path:
    return home / ".local/state/latchkey"


def everything(home: Path) -> list[str]:
    return sorted(str(path.relative_to(home)) for path in home.rglob("*"))


def test_key_is_created_once_with_mode_0600(home: Path) -> None:
    key = real(home).key()
    assert key is not None
    assert len(key) == 32
    assert len(set(key)) > 8
    assert real(home).key() == key
    assert State(str(home), check_mode=True).key() == key
    assert stat.S_IMODE((folder(home) / "key").stat().st_mode) == 0o600
    assert stat.S_IMODE(folder(home).stat().st_mode) == 0o700


def test_keys_of_two_homes_differ(tmp_path: Path) -> None:
    assert real(tmp_path / "a").key() != real(tmp_path / "b").key()


@pytest.mark.parametrize("data", [b"", b"short", bytes(33)])
def test_damaged_key_is_an_error_with_a_remedy(home: Path, data: bytes) -> None:
    folder(home).mkdir(parents=True)
    (folder(home) / "key").write_bytes(data)
    with pytest.raises(LatchkeyError, match="key is damaged: remove it"):
        real(home).key()
    assert (folder(home) / "key").read_bytes() == data


def test_check_mode_writes_nothing(home: Path) -> None:
    state = State(str(home), check_mode=True)
    (home / ".zshrc").write_bytes(b"before\n")
    with state.lock():
        assert state.key() is None
        assert state.load("keychain") == {}
        state.save("keychain", {"a": 1})
        state.keep_previous(files.read(str(home / ".zshrc")))
    assert everything(home) == [".zshrc"]


def test_saved_object_is_loaded_again(home: Path) -> None:
    note = {"items": ["grüße", {"a": [1, None, True]}]}
    real(home).save("keychain", note)
    assert real(home).load("keychain") == note
    assert real(home).load("exports") == {}
    assert stat.S_IMODE((folder(home) / "keychain.json").stat().st_mode) == 0o600


def test_unchanged_object_is_not_written(home: Path) -> None:
    real(home).save("keychain", {})
    assert not folder(home).exists()
    real(home).save("keychain", {"b": 1, "a": 2})
    inode = (folder(home) / "keychain.json").stat().st_ino
    real(home).save("keychain", {"a": 2, "b": 1})
    assert (folder(home) / "keychain.json").stat().st_ino == inode
    real(home).save("keychain", {})
    assert real(home).load("keychain") == {}


@pytest.mark.parametrize("data", [b"{", b"[]", b"3", b"null", b"\xff", b"[" * 100_000, b'"a"'])
def test_damaged_object_is_an_error_and_the_file_stays(home: Path, data: bytes) -> None:
    folder(home).mkdir(parents=True)
    (folder(home) / "keychain.json").write_bytes(data)
    with pytest.raises(LatchkeyError, match=r"keychain\.json is damaged: remove it"):
        real(home).load("keychain")
    assert (folder(home) / "keychain.json").read_bytes() == data


def test_one_previous_version_is_kept(home: Path) -> None:
    zshrc = home / ".zshrc"
    for text in (b"first\n", b"second\n"):
        zshrc.write_bytes(text)
        real(home).keep_previous(files.read(str(zshrc)))
    assert everything(folder(home) / "previous") == [".zshrc"]
    assert (folder(home) / "previous/.zshrc").read_bytes() == b"second\n"
    assert stat.S_IMODE((folder(home) / "previous/.zshrc").stat().st_mode) == 0o600


def test_missing_file_has_no_previous_version(home: Path) -> None:
    real(home).keep_previous(files.read(str(home / ".zshrc")))
    assert everything(home) == []


def test_lock_removes_temporary_files_of_killed_runs(home: Path) -> None:
    (folder(home) / "previous").mkdir(parents=True)
    for left in (".latchkey-0123456789abcdef", "previous/.latchkey-0123456789abcdef"):
        (folder(home) / left).write_bytes(b"secret")
    with real(home).lock():
        assert everything(folder(home)) == ["lock", "previous"]


def count(home: str, times: int) -> None:
    for _ in range(times):
        state = State(home, check_mode=False)
        with state.lock():
            note = state.load("counter")
            state.save("counter", {"count": note.get("count", 0) + 1})


def test_concurrent_runs_lose_no_update(home: Path) -> None:
    runs = [FORK.Process(target=count, args=(str(home), 25)) for _ in range(4)]
    for run in runs:
        run.start()
    for run in runs:
        run.join(60)
    assert [run.exitcode for run in runs] == [0] * 4
    assert real(home).load("counter") == {"count": 100}
    assert everything(folder(home)) == ["counter.json", "lock"]


def make_key(home: str, answers: Any) -> None:
    state = State(home, check_mode=False)
    with state.lock():
        answers.put(state.key())


def test_concurrent_runs_create_one_key(home: Path) -> None:
    answers = FORK.Queue()
    runs = [FORK.Process(target=make_key, args=(str(home), answers)) for _ in range(4)]
    for run in runs:
        run.start()
    assert len({answers.get(timeout=30) for _ in runs}) == 1
    for run in runs:
        run.join(30)


def test_lock_is_released_after_an_exception(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ZeroDivisionError), real(home).lock():
        raise ZeroDivisionError
    monkeypatch.setattr(host_state, "_LOCK_SECONDS", 0)
    with real(home).lock():
        pass


def test_lock_held_by_another_run_times_out(home: Path) -> None:
    with real(home).lock():
        started = time.monotonic()
        with pytest.raises(LatchkeyError, match=r"another run has held .* 0\.1 s"), real(home).lock(seconds=0.1):
            pytest.fail("two runs at once")
        assert time.monotonic() - started < 10
    with real(home).lock():
        pass


def test_program_started_under_the_lock_does_not_inherit_it(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host_state, "_LOCK_SECONDS", 2)
    with real(home).lock():
        program = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, close_fds=False)
    try:
        with real(home).lock():
            pass
    finally:
        program.communicate()


def test_lock_file_that_is_a_link_is_refused(home: Path) -> None:
    folder(home).mkdir(parents=True)
    (folder(home) / "lock").symlink_to(home / "elsewhere")
    with pytest.raises(LatchkeyError, match="lock cannot be opened"), real(home).lock():
        pass
    assert not (home / "elsewhere").exists()


def test_file_system_without_locks_is_an_error(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def flock(_fd: int, _how: int) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr(fcntl, "flock", flock)
    with pytest.raises(LatchkeyError, match=r"lock cannot be locked \(No locks available\)"), real(home).lock():
        pass


@pytest.mark.ordinary_user
def test_lock_in_a_write_protected_home_is_an_error(home: Path) -> None:
    home.chmod(0o500)
    try:
        with pytest.raises(LatchkeyError, match="is not writable: chmod u\\+wx"), real(home).lock():
            pass
    finally:
        home.chmod(0o700)


def test_saved_object_is_indented_and_sorted(home: Path) -> None:
    real(home).save("keychain", {"b": 1, "a": 2})
    text = (folder(home) / "keychain.json").read_text()
    assert text.endswith("}\n")
    assert list(json.loads(text)) == ["a", "b"]
