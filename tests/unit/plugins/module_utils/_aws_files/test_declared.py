# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._aws_files.declared import (
    KEEP_EXISTING,
    KeyPath,
    Setting,
    declare,
)
from ansible_collections.latchkey.workstation.plugins.module_utils._core.errors import LatchkeyError
from ansible_collections.latchkey.workstation.plugins.module_utils._core.secrets import Secret


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("eu-west-1", "eu-west-1"),
        (7, "7"),
        (1.5, "1.5"),
        (True, "true"),
        (False, "false"),
        (["a", 2, True], "a,2,true"),
    ],
)
def test_a_value_is_converted_to_the_text_aws_reads(value: Any, text: str) -> None:
    assert declare("profile", "dev", {"Key": value}).settings == {KeyPath("key"): Setting(text)}


def test_a_block_gives_one_setting_for_each_of_its_keys() -> None:
    wanted = declare("profile", "dev", {"s3": {"addressing_style": "path", "Max_Queue_Size": None}})
    assert wanted.settings == {
        KeyPath("s3", "addressing_style"): Setting("path"),
        KeyPath("s3", "Max_Queue_Size"): None,
    }


def test_a_secret_is_marked_and_not_part_of_the_repr() -> None:
    wanted = declare("credentials", "dev", {"aws_secret_access_key": Secret("a-secret-value")})
    assert wanted.settings == {KeyPath("aws_secret_access_key"): Setting("a-secret-value", secret=True)}
    assert "a-secret-value" not in repr(wanted)


def test_keep_existing_is_passed_through_for_a_secret_key() -> None:
    wanted = declare("credentials", "dev", {"aws_secret_access_key": KEEP_EXISTING})
    assert wanted.settings[KeyPath("aws_secret_access_key")] is KEEP_EXISTING


@pytest.mark.parametrize("value", [111122223333, 0o12345670123, 12345670123, 111122223333.0, True, ["111122223333"]])
@pytest.mark.parametrize("key", ["sso_account_id", "SSO_Account_ID", "aws_account_id"])
def test_an_account_id_that_is_not_text_is_an_error(key: str, value: object) -> None:
    with pytest.raises(LatchkeyError, match="is not text: write the account ID in quotes"):
        declare("profile", "dev", {key: value})


def test_an_account_id_keeps_its_leading_zero() -> None:
    wanted = declare("profile", "dev", {"sso_account_id": "012345678901"})
    assert wanted.settings == {KeyPath("sso_account_id"): Setting("012345678901")}


@pytest.mark.parametrize("path", [KeyPath("region"), KeyPath("s3", "a"), KeyPath("s3", "a.b")])
def test_a_key_path_is_parsed_from_its_own_text(path: KeyPath) -> None:
    assert KeyPath.parse(str(path)) == path


@pytest.mark.parametrize(
    ("kind", "name", "settings", "message"),
    [
        ("profile", "a]b", {}, "aws_config_profiles has a section name that an AWS file cannot hold"),
        ("profile", "a\nb", {}, "aws_config_profiles has a section name that an AWS file cannot hold"),
        ("profile", " a", {}, "aws_config_profiles has a section name that an AWS file cannot hold"),
        ("sso-session", "", {}, "aws_config_sso_sessions has a section name that an AWS file cannot hold"),
        ("credentials", "DEFAULT", {}, "aws_config_credentials.DEFAULT would apply to every profile of the file"),
        ("profile", "a", {"x y": 1}, "aws_config_profiles.a has an invalid key"),
        ("profile", "a", {"#x": 1}, "aws_config_profiles.a has an invalid key"),
        ("profile", "a", {"s3": {"a=b": 1}}, "aws_config_profiles.a.s3 has an invalid key"),
        ("profile", "a", {"region": "x", "Region": "y"}, "aws_config_profiles.a.region is declared twice"),
        (
            "profile",
            "a",
            {"region": "x\n[default]"},
            "aws_config_profiles.a.region is a value that an AWS file cannot hold",
        ),
        (
            "profile",
            "a",
            {"region": "x\u2028y"},
            "aws_config_profiles.a.region is a value that an AWS file cannot hold",
        ),
        ("profile", "a", {"region": " x"}, "aws_config_profiles.a.region is a value that an AWS file cannot hold"),
        (
            "profile",
            "a",
            {"sso_account_id": "87654321"},
            "aws_config_profiles.a.sso_account_id is not an account ID of twelve digits",
        ),
        ("profile", "a", {"region": object()}, "aws_config_profiles.a.region is not a valid value"),
        ("profile", "a", {"s3": {"a": {"b": 1}}}, "aws_config_profiles.a.s3.a is not a valid value"),
        ("profile", "a", {"aws_secret_access_key": "x"}, "aws_config_profiles.a.aws_secret_access_key is a secret"),
        ("credentials", "a", {"aws_session_token": "x"}, "aws_config_credentials.a.aws_session_token is a secret"),
        ("credentials", "a", {"x": Secret("line one\nline two")}, "aws_config_credentials.a.x is a value that an AWS"),
    ],
)
def test_an_invalid_declaration_is_an_error_with_variable_section_and_key(
    kind: str, name: str, settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(LatchkeyError) as caught:
        declare(kind, name, settings)
    assert str(caught.value).startswith(message)
    assert caught.value.remedy
    assert "line two" not in str(caught.value)
