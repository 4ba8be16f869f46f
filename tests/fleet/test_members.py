# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Twenty members of one machine, some of them hostile or broken: nobody's trouble is anybody else's."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import re
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.fleet.trouble import HANGS, TROUBLES, full_home
from tests.team import Account, Team, recap

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator

MEMBERS = 20
# The slowest thing there is, a program that hangs, is ended after ten seconds on each of three surfaces.
PATIENCE = 240
EXPORTED = "BUILD_TOKEN"


@dataclasses.dataclass
class Run:
    done: subprocess.CompletedProcess[str]
    report: dict[str, Any]
    seconds: float

    def rows(self, member: str, *states: str) -> list[dict[str, Any]]:
        """What the run says of a member, as far as it is of one of ``states``."""
        return [row for row in self.report["items"] if row["member"] == member and row["state"] in states]


@dataclasses.dataclass
class Story:
    troubled: dict[str, Account]
    served: list[Account]
    first: Run
    second: Run
    left: list[str]

    def value(self, account: Account) -> str:
        return f"value of {account.name}"


def _declare(team: Team, hangs: Account) -> None:
    credentials = {
        "build": {
            "source": [{"file": "~/authorities/build"}],
            "keychain": {"service": "build", "account": "{user}"},
            "export": EXPORTED,
        },
        "slow": {
            "source": [{"command": HANGS}],
            "keychain": {"service": "slow", "account": "{user}"},
            "only": {"users": [hangs.name]},
        },
    }
    team.declare(
        latchkey_keychain_backend="files",
        latchkey_roster={account.name: {} for account in team.accounts},
        latchkey_credentials=credentials,
        aws_config_profiles={"dev": {"region": "eu-west-1"}},
    )


def _bootstrap(team: Team) -> Run:
    path = team.folder / "report.json"
    started = time.monotonic()
    done = team.play("bootstrap.yml", seconds=PATIENCE, LATCHKEY_REPORT=str(path))
    seconds = time.monotonic() - started
    return Run(done, json.loads(path.read_text()), seconds)


@pytest.fixture(scope="module")
def story() -> Iterator[Story]:
    with Team.of(MEMBERS) as team:
        # Neighbours come before and after, so that nobody is served only because they were first.
        troubled = dict(zip(TROUBLES, team.accounts[1::2]))
        served = [account for account in team.accounts if account not in troubled.values()]
        _declare(team, troubled["source-hangs"])
        for account in team.accounts:
            account.write("authorities/build", f"value of {account.name}\n")
        for name, account in troubled.items():
            TROUBLES[name].make(account, served[0])
        with full_home(troubled["home-is-full"]):
            first, second = _bootstrap(team), _bootstrap(team)
            yield Story(troubled, served, first, second, _processes(team.accounts))


def _processes(accounts: list[Account]) -> list[str]:
    """What runs as one of the accounts; one that has ended and only waits to be reaped has nothing to say."""
    uids = {account.uid for account in accounts}
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if path.stat().st_uid in uids:
                found.append((path / "cmdline").read_text().replace("\0", " "))
    return list(filter(None, found))


def test_other_members_are_served(story: Story) -> None:
    for account in story.served:
        assert story.first.rows(account.name, "changed")
        assert story.first.rows(account.name, "failed", "unknown") == []
        assert account.run("cat", ".aws/config").stdout.strip() == "[profile dev]\nregion = eu-west-1"


@pytest.mark.skipif(not shutil.which("zsh"), reason="needs zsh")
def test_each_shell_has_its_members_own_value(story: Story) -> None:
    for account in story.served:
        shown = account.run("zsh", "-i", "-c", f'print -rn -- "${EXPORTED}"')
        assert shown.stdout == story.value(account), shown.stderr


@pytest.mark.parametrize("trouble", TROUBLES)
def test_trouble_is_reported_with_its_reason(story: Story, trouble: str) -> None:
    name = story.troubled[trouble].name
    told = [row["what"] for row in story.first.rows(name, "failed", "unknown")]
    assert [what for what in told if re.search(TROUBLES[trouble].told, what)], told
    assert name in story.first.done.stdout


def test_run_fails_in_bounded_time(story: Story) -> None:
    for run in (story.first, story.second):
        assert run.done.returncode == 2, run.done.stdout + run.done.stderr
        assert recap(run.done.stdout)["failed"] == 1
        assert recap(run.done.stdout)["unreachable"] == 0
        assert run.seconds < PATIENCE


def test_second_run_changes_nothing_for_served_members(story: Story) -> None:
    for account in story.served:
        assert story.second.rows(account.name, "changed", "failed", "unknown") == []
    assert recap(story.second.done.stdout)["changed"] == 0


def test_members_write_only_their_own_files(story: Story) -> None:
    for account in story.served:
        assert account.run("find", ".", "!", "-user", account.name).stdout == ""
        kept = account.run("find", ".local", "-type", "f").stdout
        others = {other.name for other in (*story.served, *story.troubled.values())} - {account.name}
        assert not [name for name in others if name in kept]
    assert EXPORTED not in Path("/etc/shadow").read_text()


def test_no_program_of_a_member_keeps_running(story: Story) -> None:
    assert story.left == []


def test_output_shows_no_value(story: Story) -> None:
    for run in (story.first, story.second):
        shown = run.done.stdout + run.done.stderr + json.dumps(run.report)
        assert "value of " not in shown
