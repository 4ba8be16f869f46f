# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Uses botocore's own providers on real AWS files; nothing is sent, since none of the calls creates a client."""

from __future__ import annotations

import hashlib
import importlib
import json
import os
from typing import TYPE_CHECKING, Any

import botocore.session
import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._clients.aws_credentials import (
    LocalCredentialResolver,
    profile_settings,
)
from ansible_collections.latchkey.workstation.plugins.module_utils._clients.aws_errors import AwsError

if TYPE_CHECKING:
    from pathlib import Path

FUTURE, PAST = "2999-01-01T00:00:00Z", "2020-01-01T00:00:00Z"
MODULES = {name: importlib.import_module(name) for name in ("botocore.credentials", "botocore.utils")}
CONFIG = """
[sso-session corp]
sso_start_url = https://example.awsapps.com/start
sso_region = eu-west-1
[profile static]
aws_access_key_id = AKIASTATIC
aws_secret_access_key = static-secret
[profile 'two words']
sso_session = corp
sso_account_id = 111122223333
sso_role_name = Admin
[profile metadata]
role_arn = arn:aws:iam::111122223333:role/x
credential_source = Ec2InstanceMetadata
[profile empty]
region = eu-west-1
"""
SSO = "two words"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws/config").write_text(CONFIG)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def load(home: Path, profile: str) -> Any:
    session = botocore.session.Session(profile=profile)
    return LocalCredentialResolver(session, profile, home=str(home), modules=MODULES).load_credentials()


def put(home: Path, folder: str, key: str, content: dict[str, Any]) -> None:
    file = home / ".aws" / folder / "cache" / f"{hashlib.sha1(key.encode()).hexdigest()}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(content))


def put_role(home: Path, expiration: str) -> None:
    key = {"accountId": "111122223333", "roleName": "Admin", "sessionName": "corp"}
    role = {"AccessKeyId": "ASIAROLE", "SecretAccessKey": "s", "SessionToken": "t", "Expiration": expiration}
    put(home, "cli", json.dumps(key, sort_keys=True, separators=(",", ":")), {"Credentials": role})


def test_the_settings_of_a_profile_include_those_of_its_session(home: Path) -> None:
    settings = profile_settings(botocore.session.Session(profile=SSO), SSO)
    assert (settings["sso_region"], settings["sso_role_name"]) == ("eu-west-1", "Admin")
    assert str(home)


def test_static_keys_of_a_profile_are_loaded(home: Path) -> None:
    assert load(home, "static").access_key == "AKIASTATIC"


def test_a_profile_without_credentials_gives_none(home: Path) -> None:
    assert load(home, "empty") is None


def test_a_current_cached_role_is_loaded(home: Path) -> None:
    put_role(home, FUTURE)
    assert load(home, SSO).access_key == "ASIAROLE"


@pytest.mark.parametrize(
    ("role", "token", "cause"),
    [(None, None, "expired"), (PAST, PAST, "expired"), (PAST, "soon", "malformed"), (PAST, FUTURE, "refreshable")],
)
def test_an_expired_role_is_refreshable_with_a_current_token_and_unknown_with_a_damaged_one(
    home: Path, role: str | None, token: str | None, cause: str
) -> None:
    if role:
        put_role(home, role)
    if token:
        put(home, "sso", "corp", {"accessToken": "opaque", "expiresAt": token})
    with pytest.raises(AwsError) as caught:
        load(home, SSO)
    verdict, command = {
        "expired": ("absent", "aws sso login"),
        "malformed": ("unknown", "aws sso login"),
        "refreshable": ("unknown", "aws sts get-caller-identity"),
    }[cause]
    assert (caught.value.verdict, caught.value.cause) == (verdict, cause)
    assert caught.value.remedy == f"{command} --profile 'two words'"


def test_a_metadata_service_is_refused(home: Path) -> None:
    with pytest.raises(AwsError, match="credential_source Ec2InstanceMetadata") as caught:
        load(home, "metadata")
    assert (caught.value.verdict, caught.value.cause) == ("unknown", "prerequisite")
