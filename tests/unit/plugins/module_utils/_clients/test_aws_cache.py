# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._clients.aws_cache import (
    SsoToken,
    cached_role_credentials,
    cached_sso_token,
)

if TYPE_CHECKING:
    from pathlib import Path

TOKEN = {"accessToken": "opaque", "expiresAt": "2026-01-02T03:04:05Z", "region": "eu-west-1"}
REFRESH = {
    "refreshToken": "r",
    "clientId": "c",
    "clientSecret": "s",
    "registrationExpiresAt": "2026-03-04T05:06:07Z",
}
ROLE = {"AccessKeyId": "ASIA", "SecretAccessKey": "s", "SessionToken": "t", "Expiration": "2026-01-02T03:04:05Z"}


def put(home: Path, folder: str, key: str, content: bytes) -> None:
    file = home / folder / f"{hashlib.sha1(key.encode()).hexdigest()}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)


def put_role(home: Path, credentials: Any, **session: str) -> None:
    key = {"accountId": "111122223333", "roleName": "Admin", **session}
    text = json.dumps(key, sort_keys=True, separators=(",", ":"))
    put(home, ".aws/cli/cache", text, json.dumps({"ProviderType": "sso", "Credentials": credentials}).encode())


def test_without_a_cache_there_is_neither_token_nor_role(tmp_path: Path) -> None:
    assert cached_sso_token("corp", home=str(tmp_path)) is None
    assert cached_role_credentials({"sso_session": "corp"}, home=str(tmp_path)) is None


@pytest.mark.parametrize("key", ["corp", "https://example.awsapps.com/start"])
def test_a_token_is_found_by_session_name_or_start_url(tmp_path: Path, key: str) -> None:
    put(tmp_path, ".aws/sso/cache", key, json.dumps(TOKEN).encode())
    assert cached_sso_token(key, home=str(tmp_path)) == SsoToken("opaque", TOKEN["expiresAt"], "", "eu-west-1")


@pytest.mark.parametrize("missing", [None, *REFRESH])
def test_a_token_is_refreshable_only_with_all_keys_of_its_registration(tmp_path: Path, missing: str | None) -> None:
    content = {name: value for name, value in {**TOKEN, **REFRESH}.items() if name != missing}
    put(tmp_path, ".aws/sso/cache", "corp", json.dumps(content).encode())
    token = cached_sso_token("corp", home=str(tmp_path))
    assert token
    assert token.refreshable_until == ("" if missing else REFRESH["registrationExpiresAt"])


@pytest.mark.parametrize("data", [b"", b"[]", b"{", b'"x"', b"\xff", b'{"accessToken": 1, "expiresAt": null}'])
def test_a_damaged_token_is_empty_instead_of_missing(tmp_path: Path, data: bytes) -> None:
    put(tmp_path, ".aws/sso/cache", "corp", data)
    assert cached_sso_token("corp", home=str(tmp_path)) == SsoToken()


def test_the_repr_of_a_token_has_no_value() -> None:
    assert "opaque" not in repr(SsoToken("opaque", "2026"))


@pytest.mark.parametrize(
    ("settings", "session"),
    [
        ({"sso_session": "corp", "sso_start_url": "https://x"}, {"sessionName": "corp"}),
        ({"sso_start_url": "https://x"}, {"startUrl": "https://x"}),
    ],
)
def test_a_role_is_found_by_account_role_and_session(
    tmp_path: Path, settings: dict[str, str], session: dict[str, str]
) -> None:
    put_role(tmp_path, ROLE, **session)
    wanted = {"sso_account_id": "111122223333", "sso_role_name": "Admin", **settings}
    assert cached_role_credentials(wanted, home=str(tmp_path)) == ROLE
    assert cached_role_credentials({**wanted, "sso_role_name": "Other"}, home=str(tmp_path)) is None


@pytest.mark.parametrize("credentials", [None, [], {}, {**ROLE, "SessionToken": 1}])
def test_incomplete_role_credentials_count_as_missing(tmp_path: Path, credentials: object) -> None:
    put_role(tmp_path, credentials, sessionName="corp")
    settings = {"sso_account_id": "111122223333", "sso_role_name": "Admin", "sso_session": "corp"}
    assert cached_role_credentials(settings, home=str(tmp_path)) is None
