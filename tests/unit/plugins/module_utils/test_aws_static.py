# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sections of the credentials file: a whole key or none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._found import Found

from tests.unit.plugins.module_utils.aws_home import ENV, FILE, READER, SECRET, Home

if TYPE_CHECKING:
    from pathlib import Path

ID = {"kind": "file", "path": "~/id"}
TOKEN = {"kind": "file", "path": "~/token"}
PAIR = {"reader": {"aws_access_key_id": ID, "aws_secret_access_key": FILE}}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


@pytest.mark.parametrize(
    ("found", "state"),
    [
        (Found("blocked", reason="it is locked", remedy="unlock it"), "unknown"),
        (Found("blocked", reason="no botocore", lacking=True), "skipped"),
        (Found("absent", reason="no file"), "skipped"),
    ],
)
def test_a_section_without_all_its_values_is_left_as_it_is(home: Home, found: Found, state: str) -> None:
    home.converge(static=READER)
    there = home.credentials.read_text().replace("aws_secret_access_key", "#gone")
    home.credentials.write_text(there)
    home.found = found
    rows = home.rows(static=READER, profiles={"dev": {"region": "x"}})
    assert rows["credentials reader"] == (state, f"left as it is, aws_secret_access_key: {found.reason}")
    assert rows["profile dev"] == ("changed", "made")
    assert home.credentials.read_text() == there


def test_what_an_authority_does_not_have_any_more_stays_as_it_is_kept(home: Home) -> None:
    home.converge(static=READER)
    home.found = Found("absent", reason="no file")
    assert home.rows(static=READER) == {"credentials reader": ("ok", "")}


def test_the_environment_only_seeds(home: Home) -> None:
    declared = {"reader": {"aws_secret_access_key": ENV}}
    home.converge(static=declared)
    home.found = Found.of(SECRET[::-1].encode(), "env KEY")
    assert not home.converge(static=declared).changed


def test_the_environment_seeds_a_whole_key_or_none(home: Home) -> None:
    declared = {"reader": {"aws_access_key_id": ENV, "aws_secret_access_key": [FILE, ENV]}}
    there = "[reader]\naws_access_key_id = AKIAOLD\n"
    home.credentials.write_text(there)
    home.credentials.chmod(0o600)
    home.found = Found("absent")
    ((state, what),) = home.rows(static=declared).values()
    assert (state, what.partition(", ")[2]) == (
        "skipped",
        "aws_secret_access_key: env seeds only a section of which nothing stands there yet",
    )
    assert home.credentials.read_text() == there
    home.credentials.write_text("[reader]\nregion = x\n")
    home.found = Found.of(SECRET.encode(), "env KEY")
    assert home.converge(static=declared).changed


GONE = Found("absent", reason="no file")


def found(value: str) -> Found:
    return Found.of(value.encode(), "file")


@pytest.mark.parametrize(
    ("declared", "values", "held"),
    [
        ({"aws_access_key_id": ID}, {"~/id": found("AKIANEW"), "~/key": GONE}, "aws_secret_access_key: no file"),
        ({"aws_access_key_id": ID}, {"~/id": GONE, "~/key": found("new-secret")}, "aws_access_key_id: no file"),
        ({"aws_access_key_id": "AKIANEW"}, {"~/key": GONE}, "aws_secret_access_key: no file"),
        (
            {"aws_access_key_id": ID, "aws_session_token": TOKEN},
            {"~/id": found("AKIANEW"), "~/key": found("new-secret"), "~/token": GONE},
            "aws_session_token: no file",
        ),
        (
            {"AWS_Access_Key_ID": ID, "aws_session_token": ENV},
            {"~/id": found("AKIANEW"), "~/key": found("new-secret")},
            "aws_session_token: env seeds only a section of which nothing stands there yet",
        ),
        ({"aws_access_key_id": ID}, {"~/id": found("AKIAOLD"), "~/key": GONE}, ""),
        ({"aws_access_key_id": ID, "region": TOKEN}, {"~/id": GONE, "~/key": GONE, "~/token": found("region")}, ""),
        ({"aws_access_key_id": ID, "region": TOKEN}, {"~/id": found("AKIANEW"), "~/token": GONE}, ""),
    ],
)
def test_half_a_key_is_not_written(
    home: Home, declared: dict[str, object], values: dict[str, Found], held: str
) -> None:
    declared = {"reader": {**declared, "aws_secret_access_key": FILE}}
    there = "[reader]\naws_access_key_id = AKIAOLD\naws_secret_access_key = old-secret\naws_session_token = old-token\n"
    home.credentials.write_text(there + "region = old-region\n")
    home.credentials.chmod(0o600)
    home.values = values
    row = home.converge(static=declared).items[0]
    if held:
        assert (row["state"], row["what"]) == ("unknown", f"left as it is, {held}")
        assert home.credentials.read_text() == there + "region = old-region\n"
    else:
        assert row["state"] in {"ok", "changed"}


@pytest.mark.parametrize(("kept", "held"), [("old-secret", True), ("new-secret", False)])
def test_what_only_a_keychain_keeps_is_no_new_half(home: Home, kept: str, held: bool) -> None:
    there = "[reader]\naws_access_key_id = AKIAOLD\naws_secret_access_key = old-secret\n"
    home.credentials.write_text(there)
    home.credentials.chmod(0o600)
    sources = [FILE, {"kind": "keychain", "name": "s"}]
    home.values = {"~/id": found("AKIANEW"), "~/key": Found.of(kept.encode(), "keychain s")}
    row = home.converge(static={"reader": {"aws_access_key_id": ID, "aws_secret_access_key": sources}}).items[0]
    assert row["state"] == ("unknown" if held else "changed")
    assert (home.credentials.read_text() == there) is held


@pytest.mark.parametrize("value", [b"new\nline", b" space-before", b"caf\xe9-latin", b"a\x85bcdef", b"carriage\r"])
def test_a_value_that_no_file_can_hold_holds_its_own_section_only(home: Home, value: bytes) -> None:
    home.credentials.write_text("[reader]\naws_access_key_id = AKIAOLD\naws_secret_access_key = old-secret\n")
    home.credentials.chmod(0o600)
    home.found = Found.of(value, "file")
    role = {"role_arn": "arn:aws:iam::111122223333:role/x", "source_profile": "reader"}
    report = home.converge(static={**READER, "other": {"region": "x"}}, profiles={"dev": role})
    rows = {row["item"]: row for row in report.items}
    assert {item: row["state"] for item, row in rows.items()} == {
        "credentials reader": "unknown",
        "credentials other": "changed",
        "profile dev": "changed",
    }
    held = rows["credentials reader"]
    assert held["what"].startswith("left as it is, aws_secret_access_key: aws_config_credentials.reader.aws_secret_")
    assert held["remedy"]
    assert home.credentials.read_text().startswith("[reader]\naws_access_key_id = AKIAOLD\naws_secret_access_key = old")


def test_what_is_kept_is_not_written_again(home: Home) -> None:
    """Not even where it is nothing that we would write."""
    there = "[reader]\naws_access_key_id = AKIAOLD\n  and = more\naws_secret_access_key = old-secret\n"
    home.credentials.write_text(there)
    home.credentials.chmod(0o600)
    home.found = GONE
    assert home.rows(static=PAIR) == {"credentials reader": ("ok", "")}
    assert home.credentials.read_text() == there
