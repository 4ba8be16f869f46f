# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Managed files: comparison, writing, retries, and the record."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._core.errors import LatchkeyError
from ansible_collections.latchkey.workstation.plugins.module_utils._core.report import Report
from ansible_collections.latchkey.workstation.plugins.module_utils._exports.managed_files import (
    ManagedFiles,
    WantedFile,
)
from ansible_collections.latchkey.workstation.plugins.module_utils._host import files
from ansible_collections.latchkey.workstation.plugins.module_utils._host.atomic_write import ChangedMeanwhile
from ansible_collections.latchkey.workstation.plugins.module_utils._host.state import State

if TYPE_CHECKING:
    from pathlib import Path


def managed(home: Path, *, check_mode: bool = False) -> ManagedFiles:
    return ManagedFiles(Report(), State(str(home), check_mode=check_mode), home=str(home), check_mode=check_mode)


def put(managed_files: ManagedFiles, path: Path, data: bytes | None, *, keep: bool = False) -> dict[str, str]:
    """Put the file and return its row, empty without one."""
    before = files.read(str(path))
    wanted = WantedFile("~/a", data, mode=0o600, shown=("old text", "new text"), keep=keep)
    managed_files.put(wanted, before)
    return managed_files.report.items[-1] if managed_files.report.items else {}


def test_put_creates_changes_and_removes_a_file(tmp_path: Path) -> None:
    path, managed_files = tmp_path / "folder/a", managed(tmp_path)
    assert put(managed_files, path, b"one")["what"] == "made"
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert put(managed_files, path, b"two")["what"] == "changed"
    assert path.read_bytes() == b"two"
    assert put(managed_files, path, b"two")["state"] == "ok"
    path.chmod(0o644)
    assert put(managed_files, path, b"two")["what"] == "changed"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert put(managed_files, path, None)["what"] == "removed"
    assert not path.exists()
    assert managed_files.report.diff == [
        {"before": "", "after": "~/a\nnew text\n"},
        {"before": "~/a\nold text\n", "after": "~/a\nnew text\n"},
        {"before": "~/a\nold text\n", "after": "~/a\nnew text\n"},
        {"before": "~/a\nold text\n", "after": ""},
    ]


def test_removing_a_file_that_is_absent_is_not_reported(tmp_path: Path) -> None:
    assert put(managed(tmp_path), tmp_path / "a", None) == {}


def test_check_mode_reports_the_change_and_writes_nothing(tmp_path: Path) -> None:
    managed_files = managed(tmp_path, check_mode=True)
    assert put(managed_files, tmp_path / "a", b"one")["state"] == "changed"
    managed_files.own("env_files", "~/a")
    assert managed_files.owned("env_files") == ["~/a"]
    assert not list(tmp_path.iterdir())


def test_replaced_version_is_kept_only_if_asked_for(tmp_path: Path) -> None:
    previous = tmp_path / ".local/state/latchkey/previous"
    for keep in (False, True):
        (tmp_path / "a").write_bytes(b"before")
        put(managed(tmp_path), tmp_path / "a", b"after", keep=keep)
        assert [path.read_bytes() for path in previous.glob("*")] == ([b"before"] if keep else [])


def test_record_survives_until_the_file_is_disowned(tmp_path: Path) -> None:
    managed(tmp_path).own("env_files", "~/a")
    managed(tmp_path).own("env_files", "~/b")
    managed(tmp_path).own("programs", "~/a")
    assert managed(tmp_path).owned("env_files") == ["~/a", "~/b"]
    managed(tmp_path).disown("env_files", "~/a")
    assert managed(tmp_path).record.data == {"env_files": ["~/b"], "programs": ["~/a"]}


@pytest.mark.parametrize(("failures", "states"), [(2, []), (3, ["failed"])])
def test_step_is_repeated_twice_while_another_program_changes_the_file(
    tmp_path: Path, failures: int, states: list[str]
) -> None:
    left = [ChangedMeanwhile("~/a was changed")] * failures
    managed_files = managed(tmp_path)

    def step() -> None:
        if left:
            raise left.pop()

    managed_files.attempt("~/a", step)
    assert [row["state"] for row in managed_files.report.items] == states


@pytest.mark.parametrize("check_mode", [True, False])
def test_error_of_a_step_becomes_a_row(tmp_path: Path, check_mode: bool) -> None:
    def step() -> None:
        raise LatchkeyError("no space", remedy="make some")

    managed_files = managed(tmp_path, check_mode=check_mode)
    managed_files.attempt("~/a", step)
    assert managed_files.report.items == [{"item": "~/a", "state": "failed", "what": "no space", "remedy": "make some"}]
