# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What stands in the credentials file and wins over the declared is told with its line, and left alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._found import Found

from tests.unit.plugins.module_utils.aws_home import FILE, READER, Home

if TYPE_CHECKING:
    from pathlib import Path

THEIRS = "[dev]\n# mine\nRegion = hunter22\ncli_pager = less\ns3 =\n    a = hunter22\n    b = 2\n"
TOKEN = "aws_session_token = stale-hunter22\n"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def unknown(home: Home, **declared: Any) -> list[tuple[str, str, str]]:
    report = home.converge(**declared)
    assert "hunter22" not in repr(report)
    return [(row["item"], row["what"], row["remedy"]) for row in report.items if row["state"] == "unknown"]


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"region": "eu-west-1"}, [(3, "region", "region")]),
        ({"cli_pager": "less"}, []),
        ({"region": None}, [(3, "region", "region")]),
        ({"output": "json"}, []),
        ({"s3": {"a": 1, "b": 2, "c": 3, "d": None}}, [(5, "s3", "s3.a"), (5, "s3", "s3.c")]),
    ],
)
def test_a_key_of_the_credentials_file_that_wins(
    home: Home, settings: dict[str, Any], told: list[tuple[int, str, str]]
) -> None:
    home.credentials.write_text(THEIRS)
    wanted = [
        (
            "profile dev",
            f"{home.credentials} line {line}: {key} there comes before the declared {place}",
            "take it out there, or declare it in aws_config_credentials.dev (null: not to be there)",
        )
        for line, key, place in told
    ]
    foreseen = unknown(home, profiles={"dev": settings}, check_mode=True)
    assert unknown(home, profiles={"dev": settings}) == foreseen
    assert foreseen == wanted
    assert home.credentials.read_text() == THEIRS


def test_the_line_is_the_one_of_the_file_as_the_run_leaves_it(home: Home) -> None:
    home.credentials.write_text("[a]\noutput = json\n\n[dev]\nregion = x\n")
    declared = {"static": {"a": {"region": "y", "cli_pager": "less"}}, "profiles": {"dev": {"region": "b"}}}
    for line, check_mode in ((5, True), (7, False), (7, True)):
        ((_item, what, _remedy),) = unknown(home, **declared, check_mode=check_mode)
        assert f" line {line}: region there" in what


def test_what_is_declared_there_or_no_longer_ours_is_not_told(home: Home) -> None:
    home.converge(static={"dev": {"region": "a"}})
    assert unknown(home, static={"dev": {"region": "a"}}, profiles={"dev": {"region": "b"}}) == []
    assert unknown(home, profiles={"dev": {"region": "b"}}) == []


def test_what_waits_for_its_source_is_not_told(home: Home) -> None:
    home.credentials.write_text("[dev]\nregion = a\n")
    home.found = Found("blocked", reason="it is locked")
    declared = {"dev": {"aws_secret_access_key": FILE, "region": "a"}}
    rows = unknown(home, static=declared, profiles={"dev": {"region": "b"}})
    assert [item for item, *_rest in rows] == ["credentials dev"]


def test_a_token_of_another_key_is_told(home: Home) -> None:
    there = "[reader]\naws_access_key_id = ASIAOLD\naws_secret_access_key = old-secret\n" + TOKEN
    home.credentials.write_text(there)
    home.credentials.chmod(0o600)
    told = [
        (
            "credentials reader",
            f"{home.credentials} line 4: aws_session_token is not declared, "
            "and may belong to another key than the declared one",
            "take it out there, or declare it in aws_config_credentials.reader (null: not to be there)",
        )
    ]
    assert unknown(home, static=READER) == told
    assert TOKEN in home.credentials.read_text()
    assert unknown(home, static=READER) == told
    assert unknown(home, static={"reader": {"region": "a"}}) == []
    declared = {**READER["reader"], "aws_session_token": FILE}
    assert unknown(home, static={"reader": declared}) == []
    assert unknown(home, static={"reader": {**declared, "aws_session_token": None}}) == []
    assert TOKEN not in home.credentials.read_text()
