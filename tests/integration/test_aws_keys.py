# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where keys come from, directly and by way of a role: nothing kept is renewed, and nobody but STS is asked."""

from __future__ import annotations

import hashlib
import json
import os
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._checks.base import Check, LocalContext
from ansible_collections.latchkey.workstation.plugins.module_utils._checks.providers.aws_api import PROVIDERS
from ansible_collections.latchkey.workstation.plugins.module_utils._clients import aws_session
from ansible_collections.latchkey.workstation.plugins.module_utils._core.deadline import Deadline
from botocore.config import Config
from botocore.exceptions import EndpointConnectionError
from botocore.httpsession import URLLib3Session

if TYPE_CHECKING:
    from pathlib import Path

    from ansible_collections.latchkey.workstation.plugins.module_utils._checks.base import Outcome

LATER, EARLIER = "2099-01-01T00:00:00Z", "2020-01-01T00:00:00Z"
ROLE = {"AccessKeyId": "ASIAKEPT", "SecretAccessKey": "s" * 40, "SessionToken": "t" * 100}
TOKEN = {"accessToken": "the-token", "expiresAt": LATER}
RENEWABLE = {"refreshToken": "x", "clientId": "x", "clientSecret": "x", "registrationExpiresAt": LATER}
CONFIG = """
[sso-session corp]
sso_start_url = https://example.awsapps.com/start
sso_region = us-west-2
[profile portal]
sso_session = corp
sso_account_id = 111122223333
sso_role_name = Admin
[profile old]
sso_start_url = https://example.awsapps.com/start
sso_region = us-west-2
sso_account_id = 111122223333
sso_role_name = Admin
[profile browser]
login_session = arn:aws:iam::111122223333:user/alice
[profile static]
aws_access_key_id = AKIASTATIC
aws_secret_access_key = the-secret-key-of-nobody
"""
SOURCES = {
    "by_portal": "source_profile = portal",
    "by_old": "source_profile = old",
    "by_browser": "source_profile = browser",
    "by_static": "source_profile = static",
    "by_role": "source_profile = by_portal",
    "by_machine": "credential_source = Ec2InstanceMetadata",
    "by_container": "credential_source = EcsContainer",
    "by_environment": "credential_source = Environment",
    "by_machine_indeed": "source_profile = by_machine",
}
KEPT = {"portal": {"sessionName": "corp"}, "old": {"startUrl": "https://example.awsapps.com/start"}}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Who was asked for what, and with which key; nobody answers."""
    seen: list[tuple[str, str]] = []

    def send(_session: object, request: Any) -> None:
        authorization = str(request.headers.get("Authorization", ""))
        seen.append((request.url, authorization.partition("Credential=")[2].partition("/")[0]))
        raise EndpointConnectionError(endpoint_url=request.url)

    monkeypatch.setattr(URLLib3Session, "send", send)
    return seen


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".aws").mkdir()
    roles = [f"[profile {name}]\nrole_arn = arn:aws:iam::1:role/{name}\n{line}\n" for name, line in SOURCES.items()]
    (tmp_path / ".aws/config").write_text(CONFIG + "".join(roles))
    (tmp_path / ".boto").write_text("[Credentials]\naws_access_key_id = AKIABOTO\naws_secret_access_key = of-nobody\n")
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAENVIRON")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "the-secret-key-of-nobody")
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:9/keys")
    aws_session.load()
    return tmp_path


def put(home: Path, folder: str, key: str, content: dict[str, Any]) -> None:
    file = home / folder / f"{hashlib.sha1(key.encode()).hexdigest()}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(content))


def keep(home: Path, profile: str, *, role: str = "", token: dict[str, str] | None = None) -> None:
    if role:
        key = {"accountId": "111122223333", "roleName": "Admin", **KEPT[profile]}
        whole = {"ProviderType": "sso", "Credentials": {**ROLE, "Expiration": role}}
        put(home, ".aws/cli/cache", json.dumps(key, sort_keys=True, separators=(",", ":")), whole)
    if token:
        put(home, ".aws/sso/cache", *KEPT[profile].values(), token)


def kept(home: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in (home / ".aws").rglob("*") if path.is_file()}


def look(home: Path, profile: str, *, provider: str = "aws_credentials") -> Outcome:
    local = PROVIDERS[provider].local
    assert local
    options = {"provider": provider, "profile": profile, "region": "us-west-2"}
    return local(Check(options), LocalContext(str(home), Deadline(10)))


NONE: dict[str, tuple[dict[str, Any], tuple[str, str], str]] = {
    "never": ({}, ("ABSENT", "expired"), "aws sso login"),
    "the session has ended": ({"token": {**TOKEN, "expiresAt": EARLIER}}, ("ABSENT", "expired"), "aws sso login"),
    "it may not be renewed": (
        {"token": {**TOKEN, **RENEWABLE, "expiresAt": EARLIER, "clientSecret": ""}},
        ("ABSENT", "expired"),
        "aws sso login",
    ),
    "no date": ({"token": {**TOKEN, "expiresAt": "soon"}}, ("UNKNOWN", "malformed"), "aws sso login"),
    "a session without a role": ({"token": TOKEN}, ("UNKNOWN", "refreshable"), "aws sts get-caller-identity"),
    "a session to renew": (
        {"token": {**TOKEN, **RENEWABLE, "expiresAt": EARLIER}},
        ("UNKNOWN", "refreshable"),
        "aws sts get-caller-identity",
    ),
    "the role has ended": (
        {"token": TOKEN, "role": EARLIER},
        ("UNKNOWN", "refreshable"),
        "aws sts get-caller-identity",
    ),
    "the role has ended and the session too": ({"role": EARLIER}, ("ABSENT", "expired"), "aws sso login"),
    "a role without a date": ({"role": "soon"}, ("ABSENT", "expired"), "aws sso login"),
}


BY_PORTAL = {"portal": "portal", "by_portal": "portal", "by_role": "portal", "old": "old", "by_old": "old"}


@pytest.mark.parametrize("row", NONE.values(), ids=NONE.keys())
@pytest.mark.parametrize("profile", BY_PORTAL)
def test_sso_role_credentials_are_not_fetched(
    home: Path, asked: list[tuple[str, str]], profile: str, row: tuple[dict[str, Any], tuple[str, str], str]
) -> None:
    (state, expected, remedy), portal = row, BY_PORTAL[profile]
    keep(home, portal, **state)
    before = kept(home)
    outcome = look(home, profile)
    assert (outcome.state, outcome.cause) == expected, outcome
    assert outcome.remedy == f"{remedy} --profile {portal}"
    assert f"the AWS profile {portal} " in outcome.reason
    assert asked == []
    assert kept(home) == before


def test_a_profile_name_with_a_space_is_quoted_in_the_remedy(home: Path, asked: list[tuple[str, str]]) -> None:
    (home / ".aws/config").write_text(CONFIG.replace("profile portal", "profile 'my portal'"))
    assert look(home, "my portal").remedy == "aws sso login --profile 'my portal'"
    keep(home, "portal", token=TOKEN)
    for provider in ("aws_credentials", "aws_role"):
        assert look(home, "my portal", provider=provider).remedy == "aws sts get-caller-identity --profile 'my portal'"
    assert asked == []


TAKEN = {
    "portal": ("ASIAKEPT", "portal"),
    "by_portal": ("ASIAKEPT", "portal"),
    "old": ("ASIAKEPT", "old"),
    "by_old": ("ASIAKEPT", "old"),
    "static": ("AKIASTATIC", ""),
    "by_static": ("AKIASTATIC", ""),
    "by_environment": ("AKIAENVIRON", ""),
}


@pytest.mark.parametrize(("profile", "row"), TAKEN.items(), ids=TAKEN.keys())
def test_cached_credentials_that_are_current_are_used(
    home: Path, asked: list[tuple[str, str]], profile: str, row: tuple[str, str]
) -> None:
    key, portal = row
    if portal:
        keep(home, portal, role=LATER, token={**TOKEN, **RENEWABLE, "expiresAt": EARLIER})
    before = kept(home)
    outcome = look(home, profile)
    assert (outcome.state, outcome.cause) == ("UNKNOWN", "network"), outcome
    assert asked == [("https://sts.us-west-2.amazonaws.com/", key)]
    assert kept(home) == before


def test_an_older_botocore_without_some_client_options_works(
    home: Path, asked: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    known = {name: value for name, value in Config.OPTION_DEFAULTS.items() if name != "ignore_configured_endpoint_urls"}
    monkeypatch.setattr(Config, "OPTION_DEFAULTS", known)
    monkeypatch.setattr(Config, "ignore_configured_endpoint_urls", None, raising=False)
    assert look(home, "static").cause == "network"
    assert len(asked) == 1


ELSEWHERE = {
    "browser": "browser gets its credentials from aws login",
    "by_browser": "browser gets its credentials from aws login",
    "by_machine": "by_machine gets its credentials from credential_source Ec2InstanceMetadata",
    "by_container": "by_container gets its credentials from credential_source EcsContainer",
    "by_machine_indeed": "gets its credentials from credential_source Ec2InstanceMetadata",
}


@pytest.mark.parametrize(("profile", "reason"), ELSEWHERE.items(), ids=ELSEWHERE.keys())
def test_metadata_services_and_browser_logins_are_refused(
    home: Path, asked: list[tuple[str, str]], profile: str, reason: str
) -> None:
    outcome = look(home, profile)
    assert (outcome.state, outcome.cause) == ("UNKNOWN", "prerequisite"), outcome
    assert f"{reason}, which is not contacted here" in outcome.reason
    assert outcome.remedy
    assert asked == []


def test_a_profile_without_credentials_uses_no_other_source(home: Path, asked: list[tuple[str, str]]) -> None:
    (home / ".aws/config").write_text("[profile empty]\n")
    assert look(home, "empty").reason == "the AWS profile empty has no credentials"
    assert asked == []
