# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The AWS CLI as a tool that can fail: only what it documents is an answer, anything else is UNKNOWN."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._checks.base import Check, LocalContext, Outcome
from ansible_collections.latchkey.workstation.plugins.module_utils._checks.registry import PROVIDERS
from ansible_collections.latchkey.workstation.plugins.module_utils._clients import aws_session
from ansible_collections.latchkey.workstation.plugins.module_utils._core.deadline import Deadline
from ansible_collections.latchkey.workstation.plugins.module_utils._host.command import CommandTimeout

if TYPE_CHECKING:
    from pathlib import Path

VERSION = "echo aws-cli/2.22.0 Python/3.12.6 Linux/6.1"
FUTURE, PAST = "2999-01-01T00:00:00Z", "2020-01-01T00:00:00Z"
CONFIG = (
    "[sso-session corp]\nsso_region = eu-west-1\nsso_start_url = https://example.awsapps.com/start\n"
    "[profile dev]\nsso_session = corp\nsso_account_id = 111122223333\nsso_role_name = Admin\n"
    "[profile chained]\nrole_arn = arn:aws:iam::111122223333:role/x\nsource_profile = dev\n"
)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "bin").mkdir()
    (tmp_path / ".aws").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    monkeypatch.delenv("AWS_CONFIG_FILE", raising=False)
    return tmp_path


def program(home: Path, script: str, interpreter: str = "/bin/sh") -> None:
    file = home / "bin/aws"
    file.write_text(f"#!{interpreter}\n{script}\n")
    file.chmod(0o700)


def check(
    home: Path, provider: str, *, seconds: float = 10, planned: tuple[str, ...] = (), **options: object
) -> Outcome:
    local = PROVIDERS[provider].local
    assert local
    here = LocalContext(str(home), Deadline(seconds), check_mode=bool(planned), planned=frozenset(planned))
    return local(Check({"provider": provider, **options}), here)


def test_every_exit_status_but_zero_is_unknown_whatever_was_printed(home: Path) -> None:
    program(home, f'{VERSION}; exit "$(cat ~/status)"')
    for status in range(256):
        (home / "status").write_text(str(status))
        outcome = check(home, "aws_cli")
        if status:
            assert (outcome.state, outcome.cause) == ("UNKNOWN", "unexpected"), status
            assert outcome.reason == f"aws --version ended with {status}"
            assert outcome.remedy
        else:
            assert outcome.state == "PASS"


@pytest.mark.parametrize("signal", ["HUP", "INT", "KILL", "PIPE", "SEGV", "TERM"])
def test_a_cli_ended_by_a_signal_is_unknown(home: Path, signal: str) -> None:
    program(home, f"{VERSION}; kill -{signal} $$")
    outcome = check(home, "aws_cli")
    assert outcome.state == "UNKNOWN"
    assert "ended by signal" in outcome.reason


@pytest.mark.parametrize(
    "script",
    [
        ":",
        "echo",
        "echo aws-cli/2.9",
        "echo aws-cli/two.nine.one",
        "echo aws-cli/2.22.0-broken",
        "echo this plugin needs aws-cli/2.22.0 or newer",
        "printf '\\377\\000aws-cli/2.22.0\\n'",
        "head -c 2000000 /dev/zero",
        "echo '<html>aws-cli/2.22.0</html>'",
    ],
)
def test_output_without_a_version_at_its_start_is_unknown(home: Path, script: str) -> None:
    program(home, script)
    assert (check(home, "aws_cli").state, check(home, "aws_cli").cause) == ("UNKNOWN", "unexpected")


def test_a_version_on_stderr_is_read(home: Path) -> None:
    program(home, f"{VERSION} >&2")
    assert check(home, "aws_cli").state == "PASS"


def test_a_cli_that_does_not_answer_times_out(home: Path) -> None:
    program(home, "exec sleep 60")
    with pytest.raises(CommandTimeout):
        check(home, "aws_cli", seconds=0.2)


def test_a_cli_that_cannot_be_executed_is_unknown_and_not_absent(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(home / "bin"))
    program(home, VERSION, interpreter="/no/such/interpreter")
    assert (check(home, "aws_cli").state, check(home, "aws_cli").cause) == ("UNKNOWN", "unexpected")


def put(home: Path, folder: str, key: str, content: dict[str, object]) -> None:
    file = home / ".aws" / folder / "cache" / f"{hashlib.sha1(key.encode()).hexdigest()}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(content))


def put_token(home: Path, expires_at: str) -> None:
    put(home, "sso", "corp", {"accessToken": "opaque-token", "expiresAt": expires_at})


def put_role(home: Path, expiration: str) -> None:
    key = {"accountId": "111122223333", "roleName": "Admin", "sessionName": "corp"}
    role = {"AccessKeyId": "ASIA", "SecretAccessKey": "s", "SessionToken": "t", "Expiration": expiration}
    put(home, "cli", json.dumps(key, sort_keys=True, separators=(",", ":")), {"Credentials": role})


def test_a_refresh_that_fails_is_unknown_while_the_session_lasts(home: Path) -> None:
    aws_session.load()
    (home / ".aws/config").write_text(CONFIG)
    put_token(home, FUTURE)
    put_role(home, PAST)
    program(home, 'exit "$(cat ~/status)"')
    for status in (1, 2, 130, 252, 253, 254, 255):
        (home / "status").write_text(str(status))
        outcome = check(home, "aws_role", profile="dev", refresh=True)
        assert (outcome.state, outcome.cause) == ("UNKNOWN", "unexpected"), status
        assert outcome.reason.endswith(f"aws sts get-caller-identity ended with {status}")


@pytest.mark.parametrize(
    ("role", "token", "expected"),
    [
        (FUTURE, None, ("PASS", "")),
        (PAST, FUTURE, ("UNKNOWN", "refreshable")),
        (None, FUTURE, ("UNKNOWN", "refreshable")),
        (PAST, PAST, ("ABSENT", "expired")),
        (None, None, ("ABSENT", "expired")),
        (None, "soon", ("UNKNOWN", "malformed")),
    ],
)
def test_role_and_credentials_checks_agree_on_cached_sso_credentials(
    home: Path, role: str | None, token: str | None, expected: tuple[str, str]
) -> None:
    aws_session.load()
    (home / ".aws/config").write_text(CONFIG)
    if role:
        put_role(home, role)
    if token:
        put_token(home, token)
    outcome = check(home, "aws_role", profile="dev")
    assert (outcome.state, outcome.cause) == expected
    if outcome.state != "PASS":
        other = check(home, "aws_credentials", profile="dev")
        assert (other.state, other.cause, other.reason, other.remedy) == (*expected, outcome.reason, outcome.remedy)


PLANNED = [
    ("aws_cli", {"sso_session": True}, "sso-session corp"),
    ("aws_cli", {"sso_session": "corp"}, "sso-session corp"),
    ("aws_sso_session", {}, "sso-session corp"),
    ("aws_sso_session", {"session": "corp"}, "sso-session corp"),
    ("aws_credentials", {"profile": "dev"}, "profile dev"),
    ("aws_credentials", {"profile": "dev"}, "credentials dev"),
    ("aws_credentials", {}, "profile default"),
    ("aws_role", {"profile": "dev"}, "profile dev"),
    ("aws_parameter", {"profile": "dev", "name": "/x"}, "profile dev"),
]


@pytest.mark.parametrize(("provider", "options", "item"), PLANNED)
def test_a_check_that_needs_a_section_this_run_would_write_is_unknown_and_names_it(
    home: Path, provider: str, options: dict[str, object], item: str
) -> None:
    aws_session.load()
    program(home, VERSION)
    assert check(home, provider, **options).state == "ABSENT"
    outcome = check(home, provider, planned=(item, "profile unrelated"), **options)
    assert (outcome.state, outcome.cause) == ("UNKNOWN", "planned")
    assert outcome.reason == f"depends on {item}, which this run would write"


@pytest.mark.parametrize(("provider", "options", "item"), PLANNED)
def test_a_section_the_check_does_not_need_changes_nothing(
    home: Path, provider: str, options: dict[str, object], item: str
) -> None:
    aws_session.load()
    program(home, VERSION)
    other = "profile sso-session" if item == "sso-session corp" else "sso-session corp"
    assert check(home, provider, planned=(other,), **options).state == "ABSENT"


@pytest.mark.parametrize("item", ["profile dev", "sso-session corp", "credentials dev", "profile chained"])
def test_sections_that_a_profile_refers_to_count_as_needed(home: Path, item: str) -> None:
    aws_session.load()
    (home / ".aws/config").write_text(CONFIG)
    assert check(home, "aws_credentials", profile="chained").state == "ABSENT"
    assert check(home, "aws_credentials", profile="chained", planned=(item,)).cause == "planned"


def test_a_check_that_passes_stays_passed_while_its_section_would_change(home: Path) -> None:
    aws_session.load()
    (home / ".aws/config").write_text(CONFIG)
    put_role(home, FUTURE)
    program(home, VERSION)
    assert check(home, "aws_role", profile="dev", planned=("profile dev",)).state == "PASS"
    assert check(home, "aws_cli", sso_session="corp", planned=("sso-session corp",)).state == "PASS"
