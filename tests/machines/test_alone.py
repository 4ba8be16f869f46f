# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An ordinary person, a machine with nothing prepared, a fresh clone, and the two commands of the README.

Once with nothing declared, so that everything comes from inventory/local, and once with a declaration of one's own.
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

# What check mode may write: the venv, bytecode, Ansible's own folder, the installer's cache and temporary files.
ALLOWED = re.compile(
    r"/home/\w+/(workstation/\.venv(\.lock)?|\.ansible|\.cache|\.cache/(pip|uv))(/.*)?|.*/__pycache__(/.*)?"
    r"|/(tmp|var/tmp|dev/shm)/.*|/dev/(null|tty|ptmx|pts/\d+)|/proc/\d+/.*"
)


@dataclasses.dataclass
class Story:
    """What one person saw."""

    user: str
    declared: bool
    checked: Result
    writes: set[str]
    left: str
    first: Result
    second: Result
    new_listeners: set[str]


@pytest.fixture(scope="module", params=["alice", "bob"], ids=["nothing-declared", "declared"])
def story(machine: Machine, request: pytest.FixtureRequest) -> Story:
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
    left = machine.ssh("root", f"find /tmp /var/tmp /dev/shm -user {user} ! -path '{LOG}.*'").check().out
    first, second = bootstrap(machine, user), bootstrap(machine, user)
    return Story(user, user == "bob", checked, writes, left, first, second, listeners(machine) - before)


def test_check_mode_shows_what_it_recognised_and_would_do(story: Story) -> None:
    assert story.checked.code == 0, story.checked.text
    assert recap(story.checked.out)["failed"] == 0
    assert (recap(story.checked.out)["changed"] > 0) == story.declared
    shown = r"^\+.*BUILD_TOKEN" if story.declared else "^SKIP gh: gh CLI not installed"
    assert re.search(shown, story.checked.out, re.MULTILINE)


def test_check_mode_writes_nothing_managed(story: Story) -> None:
    assert any("/workstation/.venv/" in path for path in story.writes), "the trace saw nothing"
    assert {path for path in story.writes if not ALLOWED.fullmatch(path)} == set()
    assert story.left == ""


def test_it_converges(story: Story, machine: Machine) -> None:
    assert story.first.code == 0, story.first.text
    assert (recap(story.first.out)["changed"] > 0) == story.declared
    if story.declared:
        shown = machine.ssh(story.user, ["zsh", "-i", "-c", 'print -rn -- "$BUILD_TOKEN"'])
        assert shown.out == VALUE
        assert VALUE not in machine.ssh(story.user, "cat .zshrc").check().out


def test_again_changes_nothing(story: Story) -> None:
    assert story.second.code == 0, story.second.text
    assert recap(story.second.out)["changed"] == 0


def test_no_value_is_shown(story: Story) -> None:
    runs = (story.checked, story.first, story.second)
    assert not [run for run in runs if "s3cret" in run.text]


def test_nothing_listens_that_did_not_before(story: Story) -> None:
    assert story.new_listeners == set()
