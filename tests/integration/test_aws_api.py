# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""SSM, STS and IAM of a real moto server, asked as a member's profiles may."""

from __future__ import annotations

import contextlib
import http.server
import json
import os
import socket
import threading
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._checks.base import Check, LocalContext
from ansible_collections.latchkey.workstation.plugins.module_utils._checks.providers.aws_api import PROVIDERS
from ansible_collections.latchkey.workstation.plugins.module_utils._checks.registry import needs_botocore
from ansible_collections.latchkey.workstation.plugins.module_utils._clients import aws_session
from ansible_collections.latchkey.workstation.plugins.module_utils._clients.aws_session import AwsError, Profile
from ansible_collections.latchkey.workstation.plugins.module_utils._core.deadline import Deadline
from ansible_collections.latchkey.workstation.plugins.module_utils._sources.aws_ssm import read_ssm
from ansible_collections.latchkey.workstation.plugins.module_utils._sources.surface import reads_ssm

from tests.integration.moto import client, people, serve

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ansible_collections.latchkey.workstation.plugins.module_utils._checks.base import Outcome

SECRET = 'sk-"quoted" value é with $signs'
NAME = "/claude/oauth/credentials"
READ = {"Effect": "Allow", "Action": ["ssm:GetParameter", "sts:GetCallerIdentity"], "Resource": "*"}
WRITE = {"Effect": "Allow", "Action": "ssm:PutParameter", "Resource": "*"}


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    with serve() as url:
        yield url


@pytest.fixture(scope="module")
def keys(moto: str) -> dict[str, dict[str, str]]:
    """Access keys of a reader and a writer, and the parameters they are for."""
    ssm = client(moto, "ssm")
    ssm.put_parameter(Name=NAME, Value=SECRET + "\n", Type="SecureString")
    ssm.put_parameter(Name="/json", Value=json.dumps({"tokens": [{"value": SECRET}]}), Type="SecureString")
    return people(moto, {"reader": [READ], "writer": [READ, WRITE]})


@pytest.fixture
def home(keys: dict[str, dict[str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / ".aws"
    folder.mkdir()
    sections = [
        f"[{name}]\naws_access_key_id = {key['AccessKeyId']}\naws_secret_access_key = {key['SecretAccessKey']}\n"
        for name, key in keys.items()
    ]
    wrong = f"[wrong]\naws_access_key_id = {keys['reader']['AccessKeyId']}\naws_secret_access_key = {'x' * 40}\n"
    unknown = f"[unknown]\naws_access_key_id = AKIAAAAAAAAAAAAAAAAA\naws_secret_access_key = {'x' * 40}\n"
    (folder / "credentials").write_text("".join([*sections, wrong, unknown]))
    (folder / "config").write_text(
        "[profile empty]\nregion = us-west-2\n"
        "[profile role]\nregion = us-west-2\nrole_arn = arn:aws:iam::123456789012:role/x\nsource_profile = reader\n"
        "[profile mfa]\nregion = us-west-2\nrole_arn = arn:aws:iam::123456789012:role/x\nsource_profile = reader\n"
        "mfa_serial = arn:aws:iam::123456789012:mfa/alice\n[profile behind]\nrole_arn = y\nsource_profile = mfa\n"
        "[profile elsewhere]\nregion = us-west-2\nendpoint_url = http://127.0.0.1:9\nsource_profile = reader\n"
    )
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    aws_session.load()
    return tmp_path


class Refusing(http.server.BaseHTTPRequestHandler):
    """SSM's own way to refuse, which moto does not have: JSON with a type, whatever was asked for in its message."""

    types: ClassVar[dict[str, str]] = {}
    asked: ClassVar[list[str]] = []

    def do_POST(self) -> None:
        self.asked.append(self.path)
        asked = self.rfile.read(int(self.headers["Content-Length"])).decode()
        kind = self.types.get(self.headers["X-Amz-Target"].partition(".")[2])
        answer = (
            {"__type": kind, "message": f"not for {asked}"} if kind else {"Parameter": {"Name": NAME, "Value": SECRET}}
        )
        body = json.dumps(answer).encode()
        self.send_response(400 if kind else 200)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        pass


@contextlib.contextmanager
def refusing_server() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Refusing)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def refusing() -> Iterator[str]:
    with refusing_server() as url:
        yield url


def source(moto: str, **more: Any) -> dict[str, Any]:
    plain = {"kind": "ssm", "name": NAME, "profile": "reader", "region": "us-west-2", "pointer": None}
    return {**plain, "base_url": moto, **more}


def test_a_parameter_value_has_no_trailing_newline(moto: str, home: Path) -> None:
    found = read_ssm(source(moto), str(home))
    assert (found.state, found.secret.text()) == ("found", SECRET)


def test_a_pointer_selects_a_value_of_a_json_parameter(moto: str, home: Path) -> None:
    found = read_ssm(source(moto, name="/json", pointer="/tokens/0/value"), str(home))
    assert found.secret.text() == SECRET


def test_a_pointer_without_a_value_is_absent(moto: str, home: Path) -> None:
    assert read_ssm(source(moto, name="/json", pointer="/nothing"), str(home)).state == "absent"


def test_a_missing_parameter_is_absent(moto: str, home: Path) -> None:
    found = read_ssm(source(moto, name="/missing"), str(home))
    assert (found.state, found.reason) == ("absent", "ssm /missing: there is no such parameter (ParameterNotFound)")


BLOCKED = {
    "no such profile": ({"profile": "nobody"}, "there is no AWS profile nobody"),
    "no credentials": ({"profile": "empty"}, "AWS profile empty has no credentials"),
    "MFA": ({"profile": "mfa"}, "needs an MFA code, which cannot be entered here"),
    "MFA behind it": ({"profile": "behind"}, "needs an MFA code, which cannot be entered here"),
    "no region": ({"region": None}, "AWS profile reader has no region"),
    "nobody listens": ({"base_url": "http://127.0.0.1:9"}, "AWS cannot be reached"),
    "not https": ({"base_url": "http://ssm.example.com"}, "is not used"),
}


@pytest.mark.parametrize(("change", "expected"), BLOCKED.values(), ids=BLOCKED.keys())
def test_a_failed_request_gives_a_blocked_source(moto: str, home: Path, change: dict[str, Any], expected: str) -> None:
    found = read_ssm(source(moto, **change), str(home))
    assert found.state == "blocked"
    assert expected in found.reason


def test_endpoint_settings_of_environment_and_config_are_ignored(
    moto: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    assert read_ssm(source(moto), str(home)).state == "found"


def test_endpoint_settings_are_ignored_when_a_role_is_assumed(
    moto: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Refusing, "asked", [])
    with refusing_server() as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", url)
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        monkeypatch.setenv("HTTPS_PROXY", url)
        found = read_ssm(source(moto, profile="role"), str(home))
    assert found.state == "blocked"
    assert Refusing.asked == []


def test_a_request_without_a_response_ends_at_the_deadline(home: Path) -> None:
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        profile = Profile(
            "reader", home=str(home), region="us-west-2", base_url=f"http://127.0.0.1:{mute.getsockname()[1]}"
        )
        with pytest.raises(AwsError, match="no response from sts in time") as caught:
            profile.call("sts", "get_caller_identity", Deadline(0.5))
        assert (caught.value.verdict, caught.value.cause) == ("unknown", "timeout")


def test_without_botocore_the_source_is_skipped_with_the_reason(
    moto: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aws_session, "_modules", {})
    assert "no botocore" in read_ssm(source(moto), str(home)).reason


LOADED = {
    "no source or check": ({"sources": [{"kind": "env"}], "check": {"provider": "heroku"}}, False),
    "source": ({"sources": [{"kind": "ssm"}], "check": None}, True),
    "check": ({"sources": [], "check": {"provider": "aws_role"}}, True),
}


@pytest.mark.parametrize(("declared", "loaded"), LOADED.values(), ids=LOADED.keys())
def test_botocore_is_loaded_only_for_sources_and_checks_that_call_aws(declared: dict[str, Any], loaded: bool) -> None:
    assert (reads_ssm([declared]) or needs_botocore(declared["check"])) is loaded


def look(provider: str, home: Path, moto: str, **options: Any) -> Outcome:
    plain = {"provider": provider, "profile": "reader", "region": "us-west-2", "base_url": moto}
    local = PROVIDERS[provider].local
    assert local
    return local(Check({**plain, **options}), LocalContext(str(home), Deadline(10)))


CHECKS = {
    "who it is": ("aws_credentials", {}, "PASS", "valid"),
    "expected account": ("aws_credentials", {"account": "123456789012"}, "PASS", "valid"),
    "other account": ("aws_credentials", {"account": "999999999999"}, "FAIL", "expected 999999999999"),
    "unknown key": ("aws_credentials", {"profile": "unknown"}, "FAIL", "the access key is unknown"),
    "wrong secret": ("aws_credentials", {"profile": "wrong"}, "FAIL", "the secret key does not belong"),
    "no profile": ("aws_credentials", {"profile": "nobody"}, "ABSENT", "there is no AWS profile"),
    "out of reach": ("aws_credentials", {"base_url": "http://127.0.0.1:9"}, "UNKNOWN", "cannot be reached"),
    "reads": ("aws_parameter", {"name": NAME}, "PASS", "can read"),
    "reads another": ("aws_parameter", {"name": "/missing"}, "ABSENT", "no such parameter"),
    "a writer": ("aws_parameter", {"name": NAME, "write": True, "profile": "writer"}, "PASS", "read and write"),
    "a writer that is to read": (
        "aws_parameter",
        {"name": NAME, "write": False, "profile": "writer"},
        "FAIL",
        "expected read-only",
    ),
}


@pytest.mark.parametrize("row", CHECKS.values(), ids=CHECKS.keys())
def test_a_check_gives_the_expected_state(moto: str, home: Path, row: tuple[str, dict[str, Any], str, str]) -> None:
    provider, options, state, reason = row
    outcome = look(provider, home, moto, **options)
    assert outcome.state == state, outcome
    assert reason in outcome.reason


REFUSALS = {
    "unknown key": ("UnrecognizedClientException", "blocked", "the access key is unknown"),
    "wrong secret": ("InvalidSignatureException", "blocked", "the secret key does not belong"),
    "session over": ("ExpiredTokenException", "blocked", "the session has expired"),
    "no right": ("AccessDeniedException", "blocked", "valid, but not allowed"),
    "no key": ("InvalidKeyId", "blocked", "the KMS key of the parameter cannot be used"),
    "too often": ("ThrottlingException", "blocked", "too many requests"),
    "no version": ("ParameterVersionNotFound", "absent", "no such parameter"),
    "something new": ("SomethingNew", "blocked", "AWS returned the error SomethingNew"),
    "no name of an error": ("A1b2C3d4E5f6", "blocked", "the response is not from AWS"),
    "something odd": ("<script>\x1b[31m", "blocked", "the response is not from AWS"),
}


@pytest.mark.parametrize("row", REFUSALS.values(), ids=REFUSALS.keys())
def test_a_refused_request_gives_the_documented_state(
    refusing: str, home: Path, monkeypatch: pytest.MonkeyPatch, row: tuple[str, str, str]
) -> None:
    kind, state, reason = row
    monkeypatch.setattr(Refusing, "types", {"GetParameter": kind})
    found = read_ssm(source(refusing), str(home))
    assert found.state == state
    assert reason in found.reason
    assert "not for" not in found.reason


@pytest.mark.parametrize(("declared", "state"), [(False, "PASS"), (True, "FAIL")])
def test_a_reader_that_can_write_fails_and_a_writer_that_cannot_fails(
    refusing: str, home: Path, monkeypatch: pytest.MonkeyPatch, declared: bool, state: str
) -> None:
    monkeypatch.setattr(Refusing, "types", {"PutParameter": "AccessDeniedException"})
    assert look("aws_parameter", home, refusing, name=NAME, write=declared).state == state


def test_the_write_test_writes_nothing(moto: str, home: Path) -> None:
    look("aws_parameter", home, moto, name=NAME, write=True, profile="writer")
    profile = Profile("reader", home=str(home), region="us-west-2", base_url=moto)
    assert profile.call("ssm", "get_parameter", Name=NAME)["Parameter"]["Version"] == 1


ROLE = {"AccessKeyId": "ASIAX", "SecretAccessKey": "s" * 40, "SessionToken": "t" * 100}
ROLE_FILE = "360f093cdc0bddf23eecc38b9cb6222fca5a195a"  # of account 111122223333, role Admin, session my-sso
ROLES = {
    "cached": ("2100-01-01T00:00:00Z", "PASS", "role credentials are cached"),
    "old form of a date": ("2100-01-01T00:00:00UTC", "PASS", "role credentials are cached"),
    "ended": ("2020-01-01T00:00:00Z", "ABSENT", "no current SSO session"),
    "never": (None, "ABSENT", "no current SSO session"),
}


@pytest.mark.parametrize(("ends", "state", "reason"), ROLES.values(), ids=ROLES.keys())
def test_a_cached_role_is_judged_by_its_expiry(
    moto: str, home: Path, ends: str | None, state: str, reason: str
) -> None:
    (home / ".aws/config").write_text(
        "[sso-session my-sso]\nsso_region = us-west-2\nsso_start_url = https://example.awsapps.com/start\n"
        "[profile admin]\nsso_session = my-sso\nsso_account_id = 111122223333\nsso_role_name = Admin\n"
    )
    if ends:
        cache = home / ".aws/cli/cache"
        cache.mkdir(parents=True)
        whole = {"ProviderType": "sso", "Credentials": {**ROLE, "Expiration": ends}}
        (cache / f"{ROLE_FILE}.json").write_text(json.dumps(whole))
    outcome = look("aws_role", home, moto, profile="admin")
    assert outcome.state == state, outcome
    assert reason in outcome.reason


def test_errors_contain_no_part_of_the_request(moto: str, home: Path, keys: dict[str, dict[str, str]]) -> None:
    for profile in ("wrong", "unknown", "nobody", "empty"):
        said = repr(look("aws_credentials", home, moto, profile=profile))
        assert keys["reader"]["SecretAccessKey"] not in said
        assert "x" * 40 not in said
