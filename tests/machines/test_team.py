# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Root run for a roster of three of which one cannot be served: the others are, and the run fails with the reason."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.machines.listeners import listeners
from tests.machines.runs import bootstrap, declare, recap

if TYPE_CHECKING:
    from tests.machines import Machine, Result

SERVED = {"alice": "alice-build-token", "carol": "carol-build-token"}
DECLARED = """
latchkey_roster:
  alice: {email: alice@example.com}
  bob: {email: bob@example.com}
  carol: {email: carol@example.com}
latchkey_credentials:
  build:
    about: Token of the build service
    source: [{file: ~/build-token}]
    keychain: {service: build, account: "{user}"}
    export: BUILD_TOKEN
  slice:
    about: Where systemd has the processes that read this member's sources
    source: [{command: [grep, -m1, -o, 'user-[0-9]*[.]slice/latchkey-', /proc/self/cgroup]}]
    keychain: {service: slice, account: "{user}"}
    export: SLICE
"""
INVENTORY = "inventory-of-the-team"


@pytest.fixture(scope="module")
def team(machine: Machine) -> Machine:
    """Bob's home is a file; mallory is on the machine but not in the roster."""
    for user, value in SERVED.items():
        machine.ssh(user, "umask 077; cat >build-token", stdin=value + "\n").check()
    machine.ssh("root", "mv /home/bob /home/away; echo 'no home' >/home/bob; chown bob: /home/bob").check()
    machine.put("root")
    declare(machine, "root", DECLARED, inventory=INVENTORY)
    return machine


@pytest.fixture(scope="module")
def run(team: Machine) -> Result:
    return _bootstrap(team)


@pytest.fixture(scope="module")
def report(team: Machine, run: Result) -> dict[str, Any]:
    return dict(json.loads(team.ssh("root", "cat report.json").check().out))


def _bootstrap(machine: Machine) -> Result:
    return bootstrap(machine, "root", "-i", f"/root/{INVENTORY}", "--diff", LATCHKEY_REPORT="/root/report.json")


def test_other_members_are_served(team: Machine, run: Result) -> None:
    assert recap(run.out)["changed"] > 0
    for user, value in SERVED.items():
        assert team.ssh(user, ["zsh", "-i", "-c", 'print -rn -- "$BUILD_TOKEN"']).out == value


def test_processes_of_a_member_are_in_the_slice_of_that_member(team: Machine, run: Result) -> None:
    for user in SERVED:
        uid = team.ssh(user, "id -u").check().out.strip()
        assert team.ssh(user, ["zsh", "-i", "-c", 'print -rn -- "$SLICE"']).out == f"user-{uid}.slice/latchkey-"


def test_run_fails_and_names_the_unserved_member_with_the_reason(run: Result, report: dict[str, Any]) -> None:
    assert run.code != 0
    assert recap(run.out)["failed"] == 1
    unserved = [item for item in report["items"] if item["state"] == "failed"]
    assert {item["member"] for item in unserved} == {"bob"}
    assert all("/home/bob" in item["what"] for item in unserved)
    assert "bob" in run.text
    assert "/home/bob" in run.text
    assert not [value for value in SERVED.values() if value in run.text]


def test_every_file_in_a_home_is_owned_by_its_member(team: Machine, run: Result) -> None:
    for user in (*SERVED, "mallory"):
        assert team.ssh("root", f"find /home/{user} ! -user {user} -o ! -group {user}").check().out == ""
    assert team.ssh("root", "find /home/mallory ! -path '*/.ssh*' ! -path /home/mallory").check().out == ""
    assert team.ssh("root", "cat /home/bob; stat -c %U /home/bob").check().out == "no home\nbob\n"
    assert team.ssh("root", "ls -A /home").check().out.split() == ["alice", "away", "bob", "carol", "mallory"]


def test_no_file_of_root_is_left_in_shared_folders(team: Machine, run: Result) -> None:
    left = "find /tmp /var/tmp /dev/shm /run/user -mindepth 2 -user root ! -path '*systemd*' ! -path '/run/user/0*'"
    assert team.ssh("root", left).check().out == ""


def test_second_run_changes_nothing_and_still_fails(team: Machine, run: Result) -> None:
    before = listeners(team)
    again = _bootstrap(team)
    assert again.code != 0
    assert recap(again.out)["changed"] == 0
    assert listeners(team) - before == set()


def test_run_succeeds_once_every_member_can_be_served(team: Machine, run: Result) -> None:
    team.ssh("root", "rm /home/bob; mv /home/away /home/bob").check()
    team.ssh("bob", "echo bob-build-token >build-token").check()
    whole = _bootstrap(team)
    assert whole.code == 0, whole.text
    assert team.ssh("bob", ["zsh", "-i", "-c", 'print -rn -- "$BUILD_TOKEN"']).out == "bob-build-token"
