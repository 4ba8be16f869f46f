# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""First run of an ordinary user on a fresh machine: a clone of the checkout and the two commands of the README.

Once without a declaration (inventory/local is used) and once with one.
"""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING

import pytest

from tests.machines.listeners import listeners
from tests.machines.runs import bootstrap, declare, recap
from tests.machines.trace import traced, written

if TYPE_CHECKING:
    from tests.machines import Machine, Result

VALUE = "s3cret-of-the-build with 'quotes'"
DECLARED = """
latchkey_credentials:
  build:
    about: Token of the build service
    source: [{file: ~/build-token}]
    keychain: {service: build, account: "{user}"}
    export: BUILD_TOKEN
    rotate: docs/build-token.md
"""
LOG = "/var/tmp/trace"

# Paths that check mode may write: venv, bytecode, Ansible's folder, the installer's cache, temporary files.
ALLOWED = re.compile(
    r"/home/\w+/(workstation/\.venv(\.lock)?|\.ansible|\.cache|\.cache/(pip|uv))(/.*)?|.*/__pycache__(/.*)?"
    r"|/(tmp|var/tmp|dev/shm)/.*|/dev/(null|tty|ptmx|pts/\d+)|/proc/\d+/.*"
)


@dataclasses.dataclass
class Runs:
    """Results of one user's runs: check mode with its writes, then two real runs."""

    user: str
    declared: bool
    checked: Result
    writes: set[str]
    leftovers: str
    first: Result
    second: Result
    new_listeners: set[str]


@pytest.fixture(
    scope="module",
    params=[
        pytest.param("alice", id="nothing-declared", marks=pytest.mark.thorough),
        pytest.param("bob", id="declared"),
    ],
)
def runs(machine: Machine, request: pytest.FixtureRequest) -> Runs:
    user = request.param
    machine.put(user)
    if user == "bob":
        declare(machine, user, DECLARED)
        machine.ssh(user, "umask 077; cat >build-token", stdin=VALUE + "\n").check()
    before = listeners(machine)
    check = traced("cd workstation && exec ./bootstrap.sh --check --diff", f"{LOG}.{user}")
    checked = machine.ssh(user, check, seconds=400)
    with (machine.root / f"{LOG}.{user}".lstrip("/")).open(errors="replace") as log:
        writes = written(log)
    leftovers = machine.ssh("root", f"find /tmp /var/tmp /dev/shm -user {user} ! -path '{LOG}.*'").check().out
    first, second = bootstrap(machine, user), bootstrap(machine, user)
    return Runs(user, user == "bob", checked, writes, leftovers, first, second, listeners(machine) - before)


def test_check_mode_succeeds_and_shows_planned_changes(runs: Runs) -> None:
    assert runs.checked.code == 0, runs.checked.text
    assert recap(runs.checked.out)["failed"] == 0
    assert (recap(runs.checked.out)["changed"] > 0) == runs.declared
    shown = r"^\+.*BUILD_TOKEN" if runs.declared else "^SKIP gh, aws_cli, "
    assert re.search(shown, runs.checked.out, re.MULTILINE)


def test_check_mode_writes_nothing_managed(runs: Runs) -> None:
    assert any("/workstation/.venv/" in path for path in runs.writes), "the trace is empty"
    assert {path for path in runs.writes if not ALLOWED.fullmatch(path)} == set()
    assert runs.leftovers == ""


def test_first_run_exports_the_declared_value(runs: Runs, machine: Machine) -> None:
    assert runs.first.code == 0, runs.first.text
    assert (recap(runs.first.out)["changed"] > 0) == runs.declared
    if runs.declared:
        shown = machine.ssh(runs.user, ["zsh", "-i", "-c", 'print -rn -- "$BUILD_TOKEN"'])
        assert shown.out == VALUE
        assert VALUE not in machine.ssh(runs.user, "cat .zshrc").check().out


def test_second_run_changes_nothing(runs: Runs) -> None:
    assert runs.second.code == 0, runs.second.text
    assert recap(runs.second.out)["changed"] == 0


def test_output_contains_no_secret(runs: Runs) -> None:
    results = (runs.checked, runs.first, runs.second)
    assert not [result for result in results if "s3cret" in result.text]


def test_runs_leave_no_listening_socket(runs: Runs) -> None:
    assert runs.new_listeners == set()
