# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Machines served from one controller over ssh: one that is gone keeps nobody waiting, and each has its own report."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import socket
from typing import TYPE_CHECKING, Any

import pytest

from tests.machines import RELEASES, BaseError, Machine, base_tree, missing
from tests.team import Team, recap

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing() or "machines can be booted")

SSH = "-F none -o ControlMaster=auto -o ControlPersist=5 -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null"
# Alice works everywhere, bob on one machine only.
ROSTER = {"alice": {}, "bob": {"machines": ["trixie"]}}
SERVED = {"bookworm": ["alice"], "trixie": ["alice", "bob"]}
EXPORTED = "BUILD_TOKEN"


@dataclasses.dataclass(frozen=True)
class Run:
    """A run, and the reports it left by the name of their file."""

    done: subprocess.CompletedProcess[str]
    reports: dict[str, dict[str, Any]]

    @property
    def text(self) -> str:
        return self.done.stdout + self.done.stderr


@dataclasses.dataclass(frozen=True)
class Story:
    """One machine by --limit, then everything, then everything that is there once more."""

    machines: dict[str, Machine]
    limited: Run
    left_alone: str
    everything: Run
    shown: dict[tuple[str, str], str]
    again: Run


def value(name: str, user: str) -> str:
    return f"value of {user} on {name}"


def _at(port: int, key: Path) -> dict[str, object]:
    return {
        "ansible_host": "127.0.0.1",
        "ansible_port": port,
        "ansible_user": "root",
        "ansible_ssh_private_key_file": str(key),
        "ansible_ssh_args": SSH,
        "ansible_python_interpreter": "/usr/bin/python3",
    }


def _nobody_listens() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _bootstrap(team: Team, folder: str, *arguments: str) -> Run:
    reports = team.folder / folder
    reports.mkdir()
    done = team.play("bootstrap.yml", *arguments, LATCHKEY_REPORT=str(reports / "report.json"))
    return Run(done, {path.name: json.loads(path.read_text()) for path in reports.iterdir()})


@pytest.fixture(scope="module")
def story() -> Iterator[Story]:
    try:
        for release in RELEASES:
            base_tree(release)
    except BaseError as error:
        pytest.skip(str(error))
    with contextlib.ExitStack() as stack:
        team = stack.enter_context(Team.of(0))
        machines = {name: stack.enter_context(Machine.boot(name, ["alice", "bob"])) for name in RELEASES}
        for name, machine in machines.items():
            for user in ROSTER:
                text = value(name, user)
                machine.ssh(user, "umask 077; cat >build-token", stdin=text + "\n").check()
        gone = _at(_nobody_listens(), machines["trixie"].key)
        team.declare(
            {"gone": gone, **{name: _at(machine.port, machine.key) for name, machine in machines.items()}},
            latchkey_keychain_backend="files",
            latchkey_roster=ROSTER,
            latchkey_credentials={
                "build": {
                    "source": [{"file": "~/build-token"}],
                    "keychain": {"service": "build", "account": "{user}-on-{machine}"},
                    "export": EXPORTED,
                },
            },
            aws_config_profiles={"dev": {"region": "eu-west-1"}},
        )
        limited = _bootstrap(team, "limited", "--limit", "bookworm")
        left_alone = machines["trixie"].ssh("alice", "ls -A").check().out
        everything = _bootstrap(team, "everything")
        shown = {(name, user): _shown(machines[name], user) for name, users in SERVED.items() for user in users}
        again = _bootstrap(team, "again", "--limit", ",".join(machines))
        yield Story(machines, limited, left_alone, everything, shown, again)


def _shown(machine: Machine, user: str) -> str:
    return machine.ssh(user, ["zsh", "-i", "-c", f'print -rn -- "${EXPORTED}"']).out


def test_limit_serves_one_machine_only(story: Story) -> None:
    assert story.limited.done.returncode == 0, story.limited.text
    assert recap(story.limited.text, "bookworm")["changed"] > 0
    assert not recap(story.limited.text, "trixie")
    assert [report["machine"] for report in story.limited.reports.values()] == ["bookworm"]
    assert story.left_alone.split() == [".ssh", "build-token"]


def test_unreachable_machine_does_not_block_the_others(story: Story) -> None:
    assert story.everything.done.returncode == 4, story.everything.text
    assert recap(story.everything.text, "gone")["unreachable"] == 1
    assert recap(story.everything.text, "trixie")["changed"] > 0
    assert {recap(story.everything.text, name)["failed"] for name in SERVED} == {0}
    assert story.shown == {place: value(*place) for place in story.shown}


def test_each_machine_writes_its_own_report(story: Story) -> None:
    verdicts = {name: report["verdict"] for name, report in story.everything.reports.items()}
    assert verdicts == {
        "report.bookworm.json": "ok",
        "report.gone.json": "unreachable",
        "report.trixie.json": "ok",
    }
    for name, members in SERVED.items():
        report = story.everything.reports[f"report.{name}.json"]
        assert report["machine"] == name
        assert {item["member"] for item in report["items"]} == set(members)


def test_member_of_another_machine_gets_no_files(story: Story) -> None:
    assert story.machines["bookworm"].ssh("bob", "ls -A").check().out.split() == [".ssh", "build-token"]


def test_second_run_changes_nothing_and_no_process_of_root_stays(story: Story) -> None:
    assert story.again.done.returncode == 0, story.again.text
    for name, machine in story.machines.items():
        assert recap(story.again.text, name)["changed"] == 0
        assert {item["state"] for item in story.again.reports[f"report.{name}.json"]["items"]} == {"ok"}
        for user in ROSTER:
            assert machine.ssh("root", f"find /home/{user} ! -user {user}").check().out == ""
        left = "find /root /home /tmp /var/tmp -name 'ansible*' -o -name 'AnsiballZ*' -o -name '.latchkey*'"
        assert machine.ssh("root", left).check().out == ""


def test_output_shows_no_value(story: Story) -> None:
    for run in (story.limited, story.everything, story.again):
        assert "value of" not in run.text + json.dumps(run.reports)
