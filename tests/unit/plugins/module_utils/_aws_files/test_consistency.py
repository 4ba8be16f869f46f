# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._aws_files.consistency import broken_references
from ansible_collections.latchkey.workstation.plugins.module_utils._aws_files.declared import declare
from ansible_collections.latchkey.workstation.plugins.module_utils._aws_files.parser import parse
from ansible_collections.latchkey.workstation.plugins.module_utils._core.lookup import LookupResult

from tests.unit.plugins.module_utils._aws_files.aws_home import FILE, READER, Home

if TYPE_CHECKING:
    from pathlib import Path

SESSION = "[sso-session corp]\nsso_region = x\n"
ROLE = "role_arn = arn:aws:iam::1:role/x\n"
KEYS = "aws_access_key_id = AKIA\naws_secret_access_key = s\n"
THEIRS = "[dev]\n# mine\nRegion = hunter22\ncli_pager = less\ns3 =\n    a = hunter22\n    b = 2\n"
TOKEN = "aws_session_token = stale-hunter22\n"


def test_a_deferred_credentials_section_satisfies_a_reference() -> None:
    wanted = [declare("profile", "dev", {}), declare("credentials", "base", {}, deferred=True)]
    config = parse(f"[profile dev]\n{ROLE}source_profile = base\n".encode(), path="c", credentials=False)
    empty = parse(b"", path="c", credentials=True)
    assert broken_references(wanted, config=config, credentials=empty, program_exists=lambda _: True) == []
    (row,) = broken_references(wanted[:1], config=config, credentials=empty, program_exists=lambda _: True)
    assert row[0] == "profile dev"


def errors(config: str, credentials: str = "", *names: str) -> list[str]:
    wanted = [declare("profile", name, {}) for name in names or ["dev"]]
    found = broken_references(
        wanted,
        config=parse(config.encode(), path="~/.aws/config", credentials=False),
        credentials=parse(credentials.encode(), path="~/.aws/credentials", credentials=True),
        program_exists=lambda program: program == "/usr/bin/there",
    )
    assert all(error.remedy for _item, error in found)
    return [error.message for _item, error in found]


@pytest.mark.parametrize(
    ("config", "credentials"),
    [
        (SESSION + "[profile dev]\nsso_session = corp\n", ""),
        (f"[profile dev]\n{ROLE}source_profile = base\n[profile base]\n", ""),
        (f"[profile dev]\n{ROLE}source_profile = base\n", f"[base]\n{KEYS}"),
        (f"[profile dev]\n{ROLE}source_profile = dev\n{KEYS}", ""),
        (f"[profile dev]\n{ROLE}source_profile = dev\n", f"[dev]\n{KEYS}"),
        (f"[profile dev]\n{ROLE}source_profile = a\n[profile a]\n{ROLE}source_profile = dev\n{KEYS}", ""),
        ("[profile dev]\nsource_profile = dev\n", ""),
        ("[profile dev]\nservices = local\n[services local]\n", ""),
        ("[profile dev]\ncredential_process = /usr/bin/there --profile 'x y'\n", ""),
        ("[profile other]\nsso_session = nowhere\n[profile dev]\n", ""),
    ],
)
def test_valid_references_give_no_error(config: str, credentials: str) -> None:
    assert errors(config, credentials) == []


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (
            SESSION + "[profile dev]\nsso_session = Corp\n",
            ".sso_session names Corp, but there is no such [sso-session]",
        ),
        (
            SESSION + "[profile dev]\nsso_session = corp\n  region = x\n",
            ".sso_session names (what is written there), but there is no such [sso-session]",
        ),
        ("[profile dev]\nservices = x\n", ".services names x, but there is no such [services]"),
        (f"[profile dev]\n{ROLE}source_profile = x\n", ".source_profile names x, but there is no such profile"),
        (
            f"[profile dev]\n{ROLE}source_profile = a\n[profile a]\n{ROLE}source_profile = x\n",
            ".source_profile (through dev -> a) names x, but there is no such profile",
        ),
        (f"[profile dev]\n{ROLE}source_profile = dev\n", ".source_profile is circular: dev -> dev"),
        (
            f"[profile dev]\n{ROLE}source_profile = a\n[profile a]\n{ROLE}source_profile = dev\n",
            ".source_profile is circular: dev -> a -> dev",
        ),
        (
            f"[profile dev]\n{ROLE}source_profile = a\n[profile a]\n{ROLE}source_profile = a\n",
            ".source_profile is circular: dev -> a -> a",
        ),
        (
            "[profile dev]\ncredential_process = gone --x\n",
            ".credential_process names a program that does not exist: gone",
        ),
        ("[profile dev]\ncredential_process = 'open\n", ".credential_process is not a command"),
        ("[profile dev]\ncredential_process =\n", ".credential_process is not a command"),
    ],
)
def test_a_broken_reference_names_variable_and_key(config: str, message: str) -> None:
    assert errors(config) == ["aws_config_profiles.dev" + message]


@pytest.mark.parametrize(
    "line",
    [
        "sso_session = corp\n  aws_secret_access_key = hunter22",
        "sso_session =\n  aws_secret_access_key = hunter22",
        "services = https://me:hunter22@host",
        f"{ROLE}source_profile = pass hunter22",
        f"{ROLE}source_profile = a hunter22\n[profile a hunter22]",
        "credential_process = PASS=hunter22 gone",
        "credential_process = /bin/gone?hunter22",
    ],
)
def test_errors_show_undeclared_values_only_if_they_are_plain_words(line: str) -> None:
    (message,) = errors(f"[profile dev]\n{line}\n")
    assert "hunter22" not in message


def test_a_circle_shows_undeclared_names_only_if_they_are_plain_words() -> None:
    (message,) = errors(
        f"[profile dev]\n{ROLE}source_profile = pass hunter22\n[profile 'pass hunter22']\n{ROLE}source_profile = dev\n"
    )
    assert message.endswith(".source_profile is circular: dev -> (what is written there) -> dev")


def test_errors_show_declared_names() -> None:
    wanted = [declare("profile", "dev", {"sso_session": "my corp"})]
    config = parse(b"[profile dev]\nsso_session = my corp\n", path="c", credentials=False)
    empty = parse(b"", path="c", credentials=True)
    ((_item, error),) = broken_references(wanted, config=config, credentials=empty, program_exists=lambda _: True)
    assert "names my corp, but" in error.message


@pytest.mark.parametrize("command", ["AWS_VAULT_BACKEND=file /usr/bin/there --x", "A=1 B='2 3' /usr/bin/there"])
def test_variable_assignments_before_a_program_are_skipped(command: str) -> None:
    assert errors(f"[profile dev]\ncredential_process = {command}\n") == []
    assert errors("[profile dev]\ncredential_process = A=1\n") == [
        "aws_config_profiles.dev.credential_process is not a command"
    ]


def test_references_of_absent_sections_are_not_followed() -> None:
    gone = declare("profile", "dev", {}, absent=True)
    empty = parse(b"", path="c", credentials=False)
    assert broken_references([gone], config=empty, credentials=empty, program_exists=lambda _: False) == []


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
def test_an_overriding_key_of_the_credentials_file_is_reported_with_its_line(
    home: Home, settings: dict[str, Any], told: list[tuple[int, str, str]]
) -> None:
    home.credentials.write_text(THEIRS)
    wanted = [
        (
            "profile dev",
            f"{home.credentials} line {line}: {key} overrides the declared {place}",
            "delete it there, or declare it in aws_config_credentials.dev (null: absent)",
        )
        for line, key, place in told
    ]
    foreseen = unknown(home, profiles={"dev": settings}, check_mode=True)
    assert unknown(home, profiles={"dev": settings}) == foreseen
    assert foreseen == wanted
    assert home.credentials.read_text() == THEIRS


def test_the_reported_line_is_that_of_the_finished_file(home: Home) -> None:
    home.credentials.write_text("[a]\noutput = json\n\n[dev]\nregion = x\n")
    declared = {"static": {"a": {"region": "y", "cli_pager": "less"}}, "profiles": {"dev": {"region": "b"}}}
    for line, check_mode in ((5, True), (7, False), (7, True)):
        ((_item, what, _remedy),) = unknown(home, **declared, check_mode=check_mode)
        assert f" line {line}: region overrides" in what


def test_a_declared_or_removed_overriding_key_is_not_reported(home: Home) -> None:
    home.converge(static={"dev": {"region": "a"}})
    assert unknown(home, static={"dev": {"region": "a"}}, profiles={"dev": {"region": "b"}}) == []
    assert unknown(home, profiles={"dev": {"region": "b"}}) == []


def test_overriding_keys_of_a_deferred_section_are_not_reported(home: Home) -> None:
    home.credentials.write_text("[dev]\nregion = a\n")
    home.found = LookupResult("blocked", reason="it is locked")
    declared = {"dev": {"aws_secret_access_key": FILE, "region": "a"}}
    rows = unknown(home, static=declared, profiles={"dev": {"region": "b"}})
    assert [item for item, *_rest in rows] == ["credentials dev"]


def test_an_undeclared_session_token_beside_a_declared_key_is_reported(home: Home) -> None:
    there = "[reader]\naws_access_key_id = ASIAOLD\naws_secret_access_key = old-secret\n" + TOKEN
    home.credentials.write_text(there)
    home.credentials.chmod(0o600)
    told = [
        (
            "credentials reader",
            f"{home.credentials} line 4: aws_session_token is not declared, "
            "and AWS sends it with the declared key, to which it may not belong",
            "delete it there, or declare it in aws_config_credentials.reader (null: absent)",
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
