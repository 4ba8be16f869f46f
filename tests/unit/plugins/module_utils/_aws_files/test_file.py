# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""AWS files that cannot be written are reported before the write and stay as they were."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._aws_files.converge import converge
from ansible_collections.latchkey.workstation.plugins.module_utils._core.errors import LatchkeyError
from ansible_collections.latchkey.workstation.plugins.module_utils._host import files

if TYPE_CHECKING:
    from pathlib import Path

    from ansible_collections.latchkey.workstation.plugins.module_utils._core.report import Report

CORP = {"name": "corp", "state": "present", "settings": {"sso_region": "eu-west-1", "sso_start_url": "https://x"}}


def brought(home: Path, *, check_mode: bool, profiles: list[dict[str, Any]] | None = None) -> Report:
    return converge(
        str(home),
        {"sso_sessions": [CORP], "profiles": profiles or [], "static": []},
        paths=(str(home / ".aws/config"), str(home / ".aws/credentials")),
        resolver=None,
        exclusive=True,
        check_mode=check_mode,
    )


@pytest.mark.parametrize("check_mode", [True, False])
def test_a_read_only_file_is_reported_and_kept(tmp_path: Path, check_mode: bool) -> None:
    config = tmp_path / ".aws/config"
    config.parent.mkdir()
    config.write_text("# mine\n")
    config.chmod(0o400)
    report = brought(tmp_path, check_mode=check_mode)
    (row,) = [row for row in report.items if row["state"] != "ok"]
    assert (row["state"], row["remedy"]) == ("failed", f"chmod u+w {config}")
    assert config.read_text() == "# mine\n"


@pytest.mark.parametrize("check_mode", [True, False])
def test_a_broken_reference_fails_in_both_modes(tmp_path: Path, check_mode: bool) -> None:
    lost = {"name": "dev", "state": "present", "settings": {"sso_session": "crop"}}
    report = brought(tmp_path, check_mode=check_mode, profiles=[lost])
    assert {row["state"] for row in report.items} == {"failed"}
    assert not (tmp_path / ".aws/config").exists()


def test_leftovers_are_removed_beside_the_target_of_a_link(tmp_path: Path) -> None:
    elsewhere = tmp_path / "dotfiles"
    elsewhere.mkdir()
    (elsewhere / "aws").write_text("")
    (elsewhere / ".latchkey-0123456789abcdef").write_text("half")
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws/config").symlink_to(elsewhere / "aws")
    assert brought(tmp_path, check_mode=False).changed
    assert [path.name for path in elsewhere.iterdir()] == ["aws"]


@pytest.mark.root
@pytest.mark.parametrize("check_mode", [True, False])
def test_a_file_of_another_account_is_reported_in_both_modes(tmp_path: Path, check_mode: bool) -> None:
    config = tmp_path / ".aws/config"
    config.parent.mkdir()
    config.write_text("# mine\n")
    os.chown(config, 65534, -1)
    (row,) = [row for row in brought(tmp_path, check_mode=check_mode).items if row["state"] != "ok"]
    assert (row["item"], row["state"]) == (str(config), "failed")
    assert row["remedy"]
    assert config.read_text() == "# mine\n"


@pytest.mark.parametrize("check_mode", [True, False])
def test_a_folder_that_is_restricted_in_this_run_is_not_reported_as_shared(tmp_path: Path, check_mode: bool) -> None:
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws").chmod(0o777)
    report = converge(
        str(tmp_path),
        {
            "sso_sessions": [],
            "profiles": [],
            "static": [{"name": "a", "state": "present", "settings": {"region": "x"}}],
        },
        paths=(str(tmp_path / ".aws/config"), str(tmp_path / ".aws/credentials")),
        resolver=None,
        exclusive=True,
        check_mode=check_mode,
    )
    rows = [(row["item"], row["state"]) for row in report.items if row["item"] != "credentials a"]
    assert rows == [(str(tmp_path / ".aws"), "changed")]


@pytest.mark.parametrize("mended", [True, False])
def test_file_that_another_program_is_writing_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mended: bool
) -> None:
    config = tmp_path / ".aws/config"
    config.parent.mkdir()
    config.write_text("[profile")
    os.utime(config, (0, 0))
    read = files.read
    calls: list[str] = []

    def read_and_mend(path: str, **options: Any) -> files.Snapshot:
        before = read(path, **options)
        if path == str(config) and mended and not calls:
            config.write_text("[profile a]\n")
            os.utime(config, (0, 0))
            calls.append(path)
        return before

    monkeypatch.setattr(files, "read", read_and_mend)
    if not mended:
        with pytest.raises(LatchkeyError, match="line 1"):
            brought(tmp_path, check_mode=False)
    else:
        assert brought(tmp_path, check_mode=False).changed
    assert config.read_text().startswith("[profile a]\n") is mended
