# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sections of the credentials file: a whole key or none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._core.lookup import LookupResult

from tests.unit.plugins.module_utils._aws_files.aws_home import ENV, FILE, READER, SECRET, Home

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
        (LookupResult("blocked", reason="it is locked", remedy="unlock it"), "unknown"),
        (LookupResult("blocked", reason="no botocore", prerequisite_missing=True), "skipped"),
        (LookupResult("absent", reason="no file"), "skipped"),
    ],
)
def test_a_section_with_a_missing_value_is_unchanged(home: Home, found: LookupResult, state: str) -> None:
    home.converge(static=READER)
    there = home.credentials.read_text().replace("aws_secret_access_key", "#gone")
    home.credentials.write_text(there)
    home.found = found
    rows = home.rows(static=READER, profiles={"dev": {"region": "x"}})
    assert rows["credentials reader"] == (state, f"not written, aws_secret_access_key: {found.reason}")
    assert rows["profile dev"] == ("changed", "created")
    assert home.credentials.read_text() == there


def test_a_value_that_its_authority_lost_is_kept(home: Home) -> None:
    home.converge(static=READER)
    home.found = LookupResult("absent", reason="no file")
    assert home.rows(static=READER) == {"credentials reader": ("ok", "")}


def test_env_is_only_used_for_a_new_section(home: Home) -> None:
    declared = {"reader": {"aws_secret_access_key": ENV}}
    home.converge(static=declared)
    home.found = LookupResult.of(SECRET[::-1].encode(), "env KEY")
    assert not home.converge(static=declared).changed


def test_env_does_not_complete_an_existing_key_pair(home: Home) -> None:
    declared = {"reader": {"aws_access_key_id": ENV, "aws_secret_access_key": [FILE, ENV]}}
    there = "[reader]\naws_access_key_id = AKIAOLD\n"
    home.credentials.write_text(there)
    home.credentials.chmod(0o600)
    home.found = LookupResult("absent")
    ((state, what),) = home.rows(static=declared).values()
    assert (state, what.partition(", ")[2]) == (
        "skipped",
        "aws_secret_access_key: env is only used for a section that does not exist yet",
    )
    assert home.credentials.read_text() == there
    home.credentials.write_text("[reader]\nregion = x\n")
    home.found = LookupResult.of(SECRET.encode(), "env KEY")
    assert home.converge(static=declared).changed


GONE = LookupResult("absent", reason="no file")


def found(value: str) -> LookupResult:
    return LookupResult.of(value.encode(), "file")


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
            "aws_session_token: env is only used for a section that does not exist yet",
        ),
        ({"aws_access_key_id": ID}, {"~/id": found("AKIAOLD"), "~/key": GONE}, ""),
        ({"aws_access_key_id": ID, "region": TOKEN}, {"~/id": GONE, "~/key": GONE, "~/token": found("region")}, ""),
        ({"aws_access_key_id": ID, "region": TOKEN}, {"~/id": found("AKIANEW"), "~/token": GONE}, ""),
    ],
)
def test_a_new_half_of_a_key_pair_is_not_written_beside_an_old_half(
    home: Home, declared: dict[str, object], values: dict[str, LookupResult], held: str
) -> None:
    declared = {"reader": {**declared, "aws_secret_access_key": FILE}}
    there = "[reader]\naws_access_key_id = AKIAOLD\naws_secret_access_key = old-secret\naws_session_token = old-token\n"
    home.credentials.write_text(there + "region = old-region\n")
    home.credentials.chmod(0o600)
    home.values = values
    row = home.converge(static=declared).items[0]
    if held:
        assert (row["state"], row["what"]) == ("unknown", f"not written, {held}")
        assert home.credentials.read_text() == there + "region = old-region\n"
    else:
        assert row["state"] in {"ok", "changed"}


@pytest.mark.parametrize(("kept", "held"), [("old-secret", True), ("new-secret", False)])
def test_a_stored_copy_counts_as_the_old_half_of_a_key_pair(home: Home, kept: str, held: bool) -> None:
    there = "[reader]\naws_access_key_id = AKIAOLD\naws_secret_access_key = old-secret\n"
    home.credentials.write_text(there)
    home.credentials.chmod(0o600)
    sources = [FILE, {"kind": "keychain", "name": "s"}]
    home.values = {"~/id": found("AKIANEW"), "~/key": LookupResult.of(kept.encode(), "keychain s")}
    row = home.converge(static={"reader": {"aws_access_key_id": ID, "aws_secret_access_key": sources}}).items[0]
    assert row["state"] == ("unknown" if held else "changed")
    assert (home.credentials.read_text() == there) is held


@pytest.mark.parametrize("value", [b"new\nline", b" space-before", b"caf\xe9-latin", b"a\x85bcdef", b"carriage\r"])
def test_a_value_that_an_aws_file_cannot_hold_defers_its_section_only(home: Home, value: bytes) -> None:
    home.credentials.write_text("[reader]\naws_access_key_id = AKIAOLD\naws_secret_access_key = old-secret\n")
    home.credentials.chmod(0o600)
    home.found = LookupResult.of(value, "file")
    role = {"role_arn": "arn:aws:iam::111122223333:role/x", "source_profile": "reader"}
    report = home.converge(static={**READER, "other": {"region": "x"}}, profiles={"dev": role})
    rows = {row["item"]: row for row in report.items}
    assert {item: row["state"] for item, row in rows.items()} == {
        "credentials reader": "unknown",
        "credentials other": "changed",
        "profile dev": "changed",
    }
    held = rows["credentials reader"]
    assert held["what"].startswith("not written, aws_secret_access_key: aws_config_credentials.reader.aws_secret_")
    assert held["remedy"]
    assert home.credentials.read_text().startswith("[reader]\naws_access_key_id = AKIAOLD\naws_secret_access_key = old")


def test_an_existing_value_is_not_written_again(home: Home) -> None:
    """Not even where it is nothing that we would write."""
    there = "[reader]\naws_access_key_id = AKIAOLD\n  and = more\naws_secret_access_key = old-secret\n"
    home.credentials.write_text(there)
    home.credentials.chmod(0o600)
    home.found = GONE
    assert home.rows(static=PAIR) == {"credentials reader": ("ok", "")}
    assert home.credentials.read_text() == there
