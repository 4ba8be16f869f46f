# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The aws_config role as a person runs it, read by the real AWS CLI."""

from __future__ import annotations

import hashlib
import json
import stat
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.integration.conftest import Person

FIXTURES = Path(__file__).parents[1] / "fixtures/aws"
CANARY = "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbCANARYKEY0"
PLAY = """
- hosts: localhost
  gather_facts: false
  roles: [latchkey.workstation.aws_config]
  post_tasks:
    - ansible.builtin.copy: {content: "{{ aws_config_result | to_json }}", dest: "{{ dest }}", mode: "0600"}
      check_mode: false
"""
SESSION = {
    "sso_start_url": "https://example.awsapps.com/start#/",
    "sso_region": "eu-west-1",
    "sso_registration_scopes": ["sso:account:access", "codecatalyst:read_write"],
}
DECLARED: dict[str, Any] = {
    "aws_config_sso_sessions": {"main": SESSION, "demo lab": {**SESSION, "sso_region": "us-east-1"}},
    "aws_config_profiles": {
        "default": {"region": "eu-west-1", "cli_pager": ""},
        "dev": {
            "sso_session": "demo lab",
            "sso_account_id": "012345678901",
            "sso_role_name": "Dev",
            "region": "us-east-2",
        },
        "two words": {"x_note": "one # not a comment", "s3": {"max_concurrent_requests": 20, "use_dualstack": True}},
        "o'neil": {"role_arn": "arn:aws:iam::111122223333:role/Admin", "source_profile": "reader"},
        "process": {"credential_process": "{home}/give --profile 'a b'"},
    },
    "aws_config_credentials": {
        "reader": {
            "aws_access_key_id": "AKIAI44QH8DHBEXAMPLE",
            "aws_secret_access_key": {"json": {"path": "~/key.json", "pointer": "/AccessKey/SecretAccessKey"}},
            "region": "us-west-2",
        },
    },
}


@pytest.fixture
def somebody(person: Person) -> Person:
    program = Path("/usr/bin/aws")
    if not program.exists():
        pytest.skip("there is no AWS CLI")
    version = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    if not version.startswith("aws-cli/2"):
        pytest.skip("the AWS CLI is not version 2")
    person.write("key.json", json.dumps({"AccessKey": {"SecretAccessKey": CANARY}}), mode=0o600)
    given = {"Version": 1, "AccessKeyId": "ASIAPROCESS", "SecretAccessKey": "from-the-process"}
    person.write("give", f"#!/bin/sh\necho '{json.dumps(given)}'\n", mode=0o755)
    return person


def converge(
    person: Person, *arguments: str, fails: bool = False, env: dict[str, str] | None = None, **declared: Any
) -> Any:
    """Run the role; what it says of the person."""
    person.declare(**declared)
    play, dest = person.write("play.yml", PLAY), person.home / "result.json"
    done = person.play(str(play), "-vvv", "--diff", *arguments, "-e", f"dest={dest}", env=env)
    assert (done.returncode != 0) is fails, done.stdout + done.stderr
    assert CANARY not in done.stdout + done.stderr
    if fails:
        return done.stdout
    result = json.loads(dest.read_bytes())
    (report,) = result["members"].values()
    return {"changed": result["changed"], "diff": result["diff"], **report}


def aws(person: Person, *argv: str) -> str:
    done = person.run(["/usr/bin/aws", *argv], env={"AWS_EC2_METADATA_DISABLED": "true"})
    assert done.returncode == 0, done.stderr
    return done.stdout.removesuffix("\n")


def exported(person: Person, profile: str) -> dict[str, str]:
    return json.loads(aws(person, "configure", "export-credentials", "--profile", profile))


def cache_role(person: Person, **key: str) -> None:
    """Write the cache file of a role as the CLI does after a login; its name is a digest of ``key``."""
    name = hashlib.sha1(json.dumps(key, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
    role = {
        "AccessKeyId": "ASIACACHED",
        "SecretAccessKey": "s",
        "SessionToken": "t",
        "Expiration": "2099-01-01T00:00:00Z",
    }
    person.write(f".aws/cli/cache/{name}.json", json.dumps({"ProviderType": "sso", "Credentials": role}), mode=0o600)


def modes(person: Person) -> list[int]:
    folder = person.home / ".aws"
    return [stat.S_IMODE(path.stat().st_mode) for path in (folder, folder / "credentials")]


@pytest.mark.parametrize(
    "before",
    [
        pytest.param(b"", id="nothing", marks=pytest.mark.thorough),
        pytest.param((FIXTURES / "windows.ini").read_bytes(), id="windows"),
    ],
)
def test_the_aws_cli_reads_every_kind_of_section_as_declared(somebody: Person, before: bytes) -> None:
    if before:
        somebody.write(".aws/config", before)
    foreseen = converge(somebody, "--check", **DECLARED)
    assert (somebody.home / ".aws").exists() is bool(before)
    first = converge(somebody, **DECLARED)
    assert (first["items"], first["changed"]) == (foreseen["items"], True)
    again = converge(somebody, **DECLARED)
    assert (again["changed"], again["diff"]) == (False, [])
    assert modes(somebody) == [0o700, 0o600]

    cache_role(somebody, accountId="012345678901", roleName="Dev", sessionName="demo lab")
    listed = aws(somebody, "configure", "list-profiles").splitlines()
    assert set(listed) == {"default", "dev", "two words", "o'neil", "process", "reader"}
    assert exported(somebody, "dev")["AccessKeyId"] == "ASIACACHED"
    assert exported(somebody, "process")["AccessKeyId"] == "ASIAPROCESS"
    reader = exported(somebody, "reader")
    assert (reader["AccessKeyId"], reader["SecretAccessKey"]) == ("AKIAI44QH8DHBEXAMPLE", CANARY)
    for profile, key, value in [
        ("default", "region", "eu-west-1"),
        ("two words", "x_note", "one # not a comment"),
        ("two words", "s3.max_concurrent_requests", "20"),
        ("o'neil", "source_profile", "reader"),
        ("reader", "region", "us-west-2"),
    ]:
        assert aws(somebody, "configure", "get", key, "--profile", profile) == value

    assert converge(somebody, aws_config_profiles={})["changed"]
    assert (somebody.home / ".aws/config").read_bytes() == before
    assert (somebody.home / ".aws/credentials").read_bytes() == b""


def test_environment_variables_choose_and_seed_the_files(somebody: Person) -> None:
    env = {
        "AWS_CONFIG_FILE": "$HOME/elsewhere/config",
        "AWS_SHARED_CREDENTIALS_FILE": str(somebody.home / "elsewhere/credentials"),
        "SEED_KEY": CANARY,
    }
    declared: dict[str, Any] = {
        "aws_config_profiles": {"dev": {"region": "eu-west-1"}},
        "aws_config_credentials": {"dev": {"aws_secret_access_key": {"env": "SEED_KEY"}}},
    }
    assert converge(somebody, env=env, **declared)["changed"]
    assert not (somebody.home / ".aws").exists()
    assert (somebody.home / "elsewhere/config").read_text() == "[profile dev]\nregion = eu-west-1\n"
    seeded = somebody.home / "elsewhere/credentials"
    assert seeded.read_text() == f"[dev]\naws_secret_access_key = {CANARY}\n"
    assert not converge(somebody, env={**env, "SEED_KEY": "an older value"}, **declared)["changed"]


def test_a_broken_reference_prevents_all_writes(somebody: Person) -> None:
    wrong = {"aws_config_profiles": {"dev": {"sso_session": "corp"}, "tool": {"credential_process": "~/give"}}}
    out = converge(somebody, fails=True, aws_config_credentials=DECLARED["aws_config_credentials"], **wrong)
    assert "aws_config_profiles.dev.sso_session names corp, but there is no such [sso-session]" in out
    assert "aws_config_profiles.tool.credential_process names a program that does not exist: ~/give" in out
    assert not (somebody.home / ".aws").exists()


def test_check_mode_names_a_section_it_would_write_and_the_real_run_passes(somebody: Person) -> None:
    somebody.declare(
        latchkey_keychain_backend="files",
        aws_config_sso_sessions={"corp": SESSION},
        latchkey_credentials={"cli": {"check": {"provider": "aws_cli", "sso_session": "corp"}}},
    )
    env = {"LATCHKEY_REPORT": str(somebody.home / "report.json")}

    def outcome(playbook: str, *arguments: str) -> tuple[str, str, str]:
        somebody.play(playbook, *arguments, env=env)
        (row,) = json.loads((somebody.home / "report.json").read_bytes())["checks"]
        return row["outcome"], row["cause"], row["reason"]

    reason = "depends on sso-session corp, which this run would write"
    assert outcome("bootstrap.yml", "--check") == ("UNKNOWN", "planned", reason)
    assert outcome("playbooks/check.yml", "--check")[:2] == ("FAIL", "prerequisite")  # writes no section
    assert outcome("bootstrap.yml") == ("PASS", "", "recent enough")


@pytest.mark.thorough
def test_check_mode_names_an_env_file_it_would_write_and_the_real_run_passes(somebody: Person) -> None:
    somebody.write("token", "value of the token")
    somebody.declare(
        latchkey_keychain_backend="files",
        latchkey_credentials={
            "token": {
                "source": [{"file": "~/token"}],
                "keychain": {"service": "token", "account": "me"},
                "export": {"name": "TOKEN", "file": "~/env/token.env"},
                "check": {"provider": "file", "path": "~/env/token.env"},
            }
        },
    )
    env = {"LATCHKEY_REPORT": str(somebody.home / "report.json")}

    def outcome(*arguments: str) -> tuple[str, str, str]:
        somebody.play("bootstrap.yml", *arguments, env=env)
        (row,) = json.loads((somebody.home / "report.json").read_bytes())["checks"]
        return row["outcome"], row["cause"], row["reason"]

    assert outcome("--check") == ("UNKNOWN", "planned", "depends on ~/env/token.env, which this run would write")
    assert outcome()[0] == "PASS"
