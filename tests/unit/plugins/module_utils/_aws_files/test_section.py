# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What somebody put into a section of ours, or built upon it, is left alone and told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._core.lookup import LookupResult

from tests.unit.plugins.module_utils._aws_files.aws_home import READER, SECRET, Home

if TYPE_CHECKING:
    from pathlib import Path

OWN = "hisOwn7MtGbClwBF/2Zp9Utk/h3yCo8nvbOWNKEY"
THEIRS = "kept: changed since this collection wrote it"
CORP = {"corp": {"sso_start_url": "https://x.awsapps.com/start", "sso_region": "eu-west-1"}}
NAMED = "\n[profile mine]\nsso_session = corp\n"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def test_a_key_pair_the_user_changed_is_kept_as_a_whole(home: Home) -> None:
    home.converge(static={"reader": {**READER["reader"], "x_note": "a"}})
    text = home.credentials.read_text().replace(SECRET, OWN).replace("us-west-2", "eu-central-1")
    home.credentials.write_text(text)
    foreseen, report = home.converge(check_mode=True), home.converge()
    assert foreseen.items == report.items
    changed, left = report.items
    assert (changed["state"], changed["what"]) == ("changed", "removed x_note, no longer declared")
    assert (left["item"], left["state"]) == ("credentials reader", "ok")
    assert left["what"] == f"aws_access_key_id, aws_secret_access_key, region {THEIRS}"
    assert left["remedy"] == "delete it yourself if it is not needed"
    assert home.credentials.read_text() == text.replace("x_note = a\n", "")
    assert OWN not in repr(report)
    assert home.converge().items == []


def test_an_undeclared_key_the_user_changed_is_kept(home: Home) -> None:
    home.converge(profiles={"dev": {"region": "a", "output": "json", "s3": {"addressing_style": "path"}}})
    home.config.write_text(home.config.read_text().replace("= path", "= auto"))
    rows = home.converge(profiles={"dev": {"region": "a"}}).items
    assert [(row["state"], row["what"]) for row in rows] == [
        ("changed", "removed output"),
        ("ok", f"s3.addressing_style {THEIRS}"),
    ]
    assert home.config.read_text() == "[profile dev]\nregion = a\ns3 =\n    addressing_style = auto\n"


def test_a_value_that_gained_continuation_lines_counts_as_changed_by_the_user(home: Home) -> None:
    home.converge(profiles={"dev": {"region": "a"}})
    text = home.config.read_text() + "  [profile prod]\n"
    home.config.write_text(text)
    assert [row["what"] for row in home.converge().items] == [f"region {THEIRS}"]
    assert home.config.read_text() == text


@pytest.mark.parametrize("found", ["file", "nothing"])
def test_an_owned_value_equal_to_its_source_stays_owned(home: Home, found: str) -> None:
    """A value that follows its source goes; one of which the source has nothing any more may be somebody's."""
    home.converge(static=READER)
    home.credentials.write_text(home.credentials.read_text().replace(SECRET, OWN))
    home.found = LookupResult.of(OWN.encode(), "file") if found == "file" else LookupResult("absent")
    assert not home.converge(static=READER).changed
    home.converge()
    assert (OWN in home.credentials.read_text()) is (found == "nothing")


def test_without_the_digest_key_no_value_is_removed(home: Home) -> None:
    home.converge(profiles={"dev": {"region": "a"}})
    (home.home / ".local/state/latchkey/key").unlink()
    assert [row["state"] for row in home.converge(check_mode=True).items] == ["changed"]
    assert [row["state"] for row in home.converge().items] == ["ok"]
    assert home.config.read_text() == "[profile dev]\nregion = a\n"


def test_a_session_is_kept_while_a_profile_of_the_user_refers_to_it(home: Home) -> None:
    home.converge(sso_sessions=CORP, profiles={"dev": {"sso_session": "corp"}})
    session = home.config.read_text().partition("\n[profile")[0]
    home.config.write_text(home.config.read_text() + NAMED)
    report = home.converge()
    assert [(row["item"], row["state"], row["what"]) for row in report.items] == [
        ("profile dev", "changed", "removed, no longer declared"),
        ("sso-session corp", "ok", "kept although no longer declared: [profile mine] refers to it"),
    ]
    assert home.config.read_text() == session + NAMED
    assert not home.converge().changed
    home.config.write_text(session)
    assert home.rows() == {"sso-session corp": ("changed", "removed, no longer declared")}
    assert home.config.read_text() == ""


def test_a_declared_profile_of_an_undeclared_session_is_an_error(home: Home) -> None:
    home.converge(sso_sessions=CORP, profiles={"dev": {"sso_session": "corp"}})
    assert "there is no such [sso-session]" in home.converge(profiles={"dev": {"sso_session": "corp"}}).msg


def test_a_session_is_kept_if_the_declared_profile_does_not_declare_sso_session(home: Home) -> None:
    home.converge(sso_sessions=CORP)
    home.config.write_text(home.config.read_text().replace("start", "other") + NAMED)
    before = home.config.read_text()
    report = home.converge(profiles={"mine": {"region": None}})
    assert {row["item"]: row["state"] for row in report.items} == {"profile mine": "ok", "sso-session corp": "ok"}
    assert home.config.read_text() == before
