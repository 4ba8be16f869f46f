# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What cannot be written is known before anything is tried, and left as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._aws_converge import converge

if TYPE_CHECKING:
    from pathlib import Path

    from ansible_collections.latchkey.workstation.plugins.module_utils._report import Report

CORP = {"name": "corp", "state": "present", "settings": {"sso_region": "eu-west-1", "sso_start_url": "https://x"}}


def brought(home: Path, *, check_mode: bool, profiles: list[dict[str, Any]] | None = None) -> Report:
    return converge(
        str(home),
        {"sso_sessions": [CORP], "profiles": profiles or [], "static": []},
        paths=(str(home / ".aws/config"), str(home / ".aws/credentials")),
        look=lambda _source: pytest.fail("nothing is to be looked up"),
        exclusive=True,
        check_mode=check_mode,
    )


@pytest.mark.parametrize(("check_mode", "state"), [(True, "unknown"), (False, "failed")])
def test_a_read_only_file_is_left_alone(tmp_path: Path, check_mode: bool, state: str) -> None:
    config = tmp_path / ".aws/config"
    config.parent.mkdir()
    config.write_text("# mine\n")
    config.chmod(0o400)
    report = brought(tmp_path, check_mode=check_mode)
    (row,) = [row for row in report.items if row["state"] != "ok"]
    assert (row["state"], row["remedy"]) == (state, f"chmod u+w {config}")
    assert config.read_text() == "# mine\n"


@pytest.mark.parametrize(("check_mode", "state"), [(True, "unknown"), (False, "failed")])
def test_a_profile_that_points_to_nothing_writes_nothing(tmp_path: Path, check_mode: bool, state: str) -> None:
    lost = {"name": "dev", "state": "present", "settings": {"sso_session": "crop"}}
    report = brought(tmp_path, check_mode=check_mode, profiles=[lost])
    assert {row["state"] for row in report.items} == {state}
    assert not (tmp_path / ".aws/config").exists()


def test_leftovers_are_swept_beside_the_target_of_a_link(tmp_path: Path) -> None:
    elsewhere = tmp_path / "dotfiles"
    elsewhere.mkdir()
    (elsewhere / "aws").write_text("")
    (elsewhere / ".latchkey-0123456789abcdef").write_text("half")
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws/config").symlink_to(elsewhere / "aws")
    assert brought(tmp_path, check_mode=False).changed
    assert [path.name for path in elsewhere.iterdir()] == ["aws"]
