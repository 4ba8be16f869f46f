# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The check playbook as a person types it, and root checking for somebody else."""

from __future__ import annotations

import json
import os
import pwd
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._checks.engine import CheckRun, check_all
from ansible_collections.latchkey.workstation.plugins.module_utils._checks.local import CheckRequest
from ansible_collections.latchkey.workstation.plugins.module_utils._checks.registry import PROVIDERS

from tests.builders import credential, resolver
from tests.twins.services import SCENARIOS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ansible_collections.latchkey.workstation.plugins.module_utils._sources.resolver import Resolver

    from tests.integration.conftest import Person
    from tests.twins.services import Twins

GOOD, BAD = SCENARIOS["github"]["expires_soon"].secret, SCENARIOS["heroku"]["unauthorized"].secret
STATE = ".local/state/latchkey/checks.json"


def declare(person: Person, twins: Twins, **more: object) -> None:
    github = {"provider": "github", "base_url": twins.url("github")}
    heroku = {"provider": "heroku", "base_url": twins.url("heroku")}
    credentials = {
        "github": {"source": [{"env": "MY_PAT"}], "check": github, "warn_before": "14d", "rotate": "docs/pat.md"},
        "heroku": {"source": [{"file": "~/heroku"}], "check": heroku, "required": False},
        "nowhere": {"source": [{"env": "MY_PAT"}], "check": {"provider": "github", "base_url": "http://127.0.0.1:9"}},
        **more,
    }
    person.declare(latchkey_credentials=credentials)


def checks(person: Person) -> dict[str, dict[str, Any]]:
    report = json.loads((person.home / "report.json").read_text())
    return {check["name"]: check for check in report["checks"]}


def play(person: Person, *arguments: str, **env: str) -> Any:
    return person.play(
        "playbooks/check.yml", *arguments, env={"LATCHKEY_REPORT": str(person.home / "report.json"), **env}
    )


def test_what_a_person_sees(person: Person, twins: Twins) -> None:
    declare(person, twins)
    done = play(person, MY_PAT=GOOD)
    assert done.returncode == 0, done.stdout + done.stderr
    seen = checks(person)
    assert {name: check["outcome"] for name, check in seen.items()} == {
        "github": "PASS",
        "heroku": "SKIP",
        "nowhere": "UNKNOWN",
    }
    assert (seen["github"]["warn"], seen["github"]["identity"], seen["nowhere"]["cause"]) == (True, "alice", "network")
    assert "changed=0" in done.stdout
    assert list(json.loads((person.home / STATE).read_text())) == ["github"]
    assert (person.home / STATE).stat().st_uid == person.uid


def test_a_refusal_fails_the_run(person: Person, twins: Twins) -> None:
    declare(person, twins)
    person.write("heroku", BAD, mode=0o600)
    done = play(person, MY_PAT=GOOD)
    assert done.returncode != 0
    assert checks(person)["heroku"]["outcome"] == "FAIL"
    assert "write a valid value to the file ~/heroku" in " ".join(done.stdout.split())
    assert play(person, "-e", "credential=github", MY_PAT=GOOD).returncode == 0
    assert list(checks(person)) == ["github"]
    assert play(person, "-e", '{"credential_check_fail_on": []}', MY_PAT=GOOD).returncode == 0


def test_check_mode_writes_nothing(person: Person, twins: Twins) -> None:
    declare(person, twins)
    done = play(person, "--check", "--diff", MY_PAT=GOOD)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not (person.home / ".local").exists()


@pytest.mark.parametrize("fault", ["", "html", "reset", "redirect", "garbage", "stall"])
def test_no_value_is_in_what_a_run_says(person: Person, twins: Twins, fault: str) -> None:
    declare(person, twins)
    person.write("heroku", BAD, mode=0o600)
    if fault:
        twins.break_("github", fault)
        twins.break_("heroku", fault)
    done = play(person, "-vvvv", "--diff", "-e", "credential_check_request_timeout=1", MY_PAT=GOOD)
    said = done.stdout + done.stderr + (person.home / "report.json").read_text()
    assert checks(person)["github"]["outcome"] == ("UNKNOWN" if fault else "PASS")
    for secret in (GOOD, BAD):
        assert secret not in said
        assert [path for path in person.home.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()] == (
            [person.home / "heroku"] if secret == BAD else []
        )


def test_a_wrong_check_stops_before_anything(person: Person, twins: Twins) -> None:
    declare(person, twins, wrong={"check": {"provider": "herku"}})
    done = play(person, MY_PAT=GOOD)
    assert done.returncode != 0
    assert 'did you mean "heroku"?' in " ".join((done.stdout + done.stderr).replace("\\", "").split())
    assert twins.requests == []


def test_a_credential_that_is_declared_nowhere_is_an_error(person: Person, twins: Twins) -> None:
    declare(person, twins)
    done = play(person, "-e", "credential=herku", MY_PAT=GOOD)
    said = " ".join((done.stdout + done.stderr).replace("\\", "").split())
    assert done.returncode != 0
    assert "credential=herku is not declared" in said
    assert 'did you mean "heroku"?' in said
    assert twins.requests == []


@pytest.mark.root
def test_one_process_of_the_member_hands_up_values_and_records_the_verdicts(
    person: Person, twins: Twins, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The parent asks the issuer, and nothing is forked after its threads have begun."""
    known = pwd.getpwnam(person.account)
    folder = f"{known.pw_dir}/.local/state/latchkey"
    token = _own_file(known, "token", GOOD)
    entry = {
        "name": "alice",
        "account": person.account,
        "credentials": [
            _credential("github", {"provider": "github", "base_url": twins.url("github")}, path=str(token)),
            _credential("file", {"provider": "file", "path": "~/token"}),
            _credential("env", {"provider": "github", "base_url": twins.url("github")}),
        ],
    }
    fork, forked = os.fork, []

    def count() -> int:
        forked.append(fork())
        return forked[-1]

    monkeypatch.setattr(os, "fork", count)
    report = check_all([entry], CheckRun(CheckRequest(_open_resolver, PROVIDERS)))["alice"]
    assert len(forked) == 1
    rows = {row["item"]: row for row in report.items}
    assert {name: row["outcome"] for name, row in rows.items()} == {"github": "PASS", "file": "PASS", "env": "FAIL"}
    assert GOOD not in json.dumps(report.items)
    assert (os.stat(f"{folder}/checks.json").st_uid, os.stat(f"{folder}/key").st_uid) == (known.pw_uid, known.pw_uid)
    assert rows["github"]["fingerprint"]


@pytest.mark.root
def test_members_who_hang_leave_time_for_the_last(person: Person) -> None:
    known = pwd.getpwnam(person.account)
    _own_file(known, "token", GOOD)
    credentials = [
        _credential("hangs", {"provider": "command", "argv": ["sleep", "60"]}, path="~/token"),
        _credential("file", {"provider": "file", "path": "~/token"}),
    ]
    entries = [{"name": f"m{n}", "account": person.account, "credentials": credentials} for n in range(33)]
    asked = CheckRequest(_open_resolver, PROVIDERS)
    reports = check_all(entries, CheckRun(asked, request_timeout=2, deadline=8))
    seen = {tuple(row["outcome"] for row in report.items[:2]) for report in reports.values()}
    assert seen == {("UNKNOWN", "PASS")}


def _open_resolver(member: Any, _credentials: object) -> Resolver:
    return resolver(member.home)


def _own_file(known: pwd.struct_passwd, name: str, text: str) -> Path:
    from pathlib import Path  # noqa: PLC0415

    path = Path(known.pw_dir, name)
    path.write_text(text)
    path.chmod(0o600)
    os.chown(path, known.pw_uid, known.pw_gid)
    return path


def _credential(name: str, check: Mapping[str, Any], *, path: str = "") -> dict[str, Any]:
    return credential(name, sources=[{"kind": "file", "path": path}] if path else [], check=check)
