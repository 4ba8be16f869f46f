# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Canary values through every source, store, export, env file and check: each appears in its declared places only."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.canary.scanner import make_canary
from tests.canary.scenario import BOOTSTRAP, EXPORTED, KEPT, Scenario
from tests.canary.stores import Files, Keychain, SecretService
from tests.canary.traced_home import REMOTE_FILES_STAY, VERBOSE, TracedHome, TracedRun, assert_no_leak

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tests.canary.aws import Aws
    from tests.canary.stores import Store
    from tests.integration.conftest import Person
    from tests.twins.services import Twins

DEBUG = {"ANSIBLE_DEBUG": "1"}
STORE = "playbooks/store.yml"


@pytest.fixture
def scenario(person: Person, traced_folder: Path, twins: Twins, aws: Aws) -> Scenario:
    return Scenario(person, traced_folder, twins, aws)


def outcomes(traced_home: TracedHome) -> dict[str, str]:
    report = json.loads((traced_home.home / "report.json").read_text())
    return {check["name"]: check["outcome"] for check in report["checks"] if check["outcome"] != "SKIP"}


def test_full_declaration_leaves_each_value_in_its_declared_places_only(scenario: Scenario) -> None:
    traced_home = scenario.traced_home

    # Check mode writes nothing.
    assert_no_leak(traced_home, traced_home.play(BOOTSTRAP, "--check", *VERBOSE))
    assert traced_home.places() == scenario.before

    run = traced_home.play(BOOTSTRAP, *VERBOSE, env=DEBUG)
    assert_no_leak(traced_home, run)
    assert run.output.count(b"event: ") > 50
    assert traced_home.places() == scenario.converged()
    assert outcomes(traced_home) == dict.fromkeys(("heroku", "github", "header", "dotenv", "whoami"), "PASS")

    # Each stored value equals its source byte for byte; otherwise the search would find nothing.
    for name in KEPT:
        assert (traced_home.home / scenario.store.place(name)).read_bytes() == scenario.canaries[name].raw

    # Module arguments stay on disk with this setting: they hold references and no values.
    (traced_home.home / "secrets/tool").write_text(make_canary("other").value)
    assert_no_leak(traced_home, traced_home.play(BOOTSTRAP, *VERBOSE, env=REMOTE_FILES_STAY | DEBUG))
    assert list((traced_home.home / ".ansible/tmp").rglob("AnsiballZ_keychain.py"))
    rotated = scenario.converged(other={"secrets/tool", scenario.store.place("tool")})
    del rotated["tool"]
    assert traced_home.places() == rotated

    assert_no_leak(traced_home, traced_home.play("playbooks/check.yml", *VERBOSE))
    assert traced_home.places() == rotated


THOROUGH = pytest.mark.thorough
STORES = [
    pytest.param(Files, id="files"),
    pytest.param(SecretService, id="Secret Service", marks=THOROUGH),
    pytest.param(Keychain, id="macOS", marks=THOROUGH),
]
SHELL = """
for name in FROM_ENV FROM_DOTENV FROM_FILE FROM_TOOL FROM_ITEM FROM_SSM; do
  eval "value=\\$$name"
  [ -n "$value" ] || echo "missing $name"
  value=
done
/usr/bin/true
latchkey_forget
/usr/bin/id
"""


@pytest.mark.parametrize("store", STORES)
@pytest.mark.skipif(not shutil.which("zsh"), reason="needs zsh")
def test_values_of_each_store_reach_declared_programs_only(
    person: Person, traced_folder: Path, twins: Twins, aws: Aws, store: type[Store]
) -> None:
    scenario = Scenario(person, traced_folder, twins, aws, store=store)
    traced_home = scenario.traced_home
    assert_no_leak(traced_home, traced_home.play(BOOTSTRAP, *VERBOSE))
    assert traced_home.places() == scenario.converged()

    traced_home.shell = {}
    exported = {name: scenario.canaries[canary] for name, canary in EXPORTED.items()}
    run = traced_home.run(["zsh", "-ic", SHELL])
    assert b"missing" not in run.output
    assert not traced_home.leaks(run, exported=exported)
    assert variables(run, "/usr/bin/true", exported) == {name: canary.raw for name, canary in exported.items()}
    assert not variables(run, "/usr/bin/id", exported), "latchkey_forget leaves variables set"

    # latchkey-run gives the named values to the one program and to no other.
    named = {"FILED": scenario.canaries["filed"], "FROM_DOTENV": scenario.canaries["dotenv"]}
    argv = [str(traced_home.home / ".local/bin/latchkey-run"), "filed", "dotenv", "--", "/usr/bin/true"]
    run = traced_home.run(argv)
    assert {leak.place for leak in traced_home.leaks(run)} == {"environment of /usr/bin/true"}
    assert not traced_home.leaks(run, exported=named)
    assert variables(run, "/usr/bin/true", exported | named) == {name: canary.raw for name, canary in named.items()}
    assert traced_home.places() == scenario.converged()

    # Rotate a value with the store playbook.
    canary = make_canary("typed", size=60, odd=False)
    twins.know("heroku", "valid", canary.value)
    assert_no_leak(traced_home, traced_home.play(STORE, "-e", "credential=heroku", *VERBOSE, stdin=f"{canary.value}\n"))
    rotated = scenario.converged(typed={scenario.store.place("heroku")} - {""})
    rotated.pop("heroku", None)
    assert traced_home.places() == {name: places for name, places in rotated.items() if places}


def variables(run: TracedRun, program: str, names: Iterable[str]) -> dict[str, bytes]:
    """Return the variables among ``names`` in the environment of the only start of ``program``."""
    (start,) = [each for each in run.programs if each.program == program]
    given = dict(variable.split(b"=", 1) for variable in start.environment if b"=" in variable)
    return {name: given[name.encode()] for name in names if name.encode() in given}


def test_store_replaces_a_value_and_keeps_it_when_the_issuer_rejects_the_new_one(scenario: Scenario) -> None:
    traced_home, twins = scenario.traced_home, scenario.twins
    traced_home.shell = {}
    old, new, refused = (make_canary(name, size=60, odd=False) for name in ("first", "second", "bad"))
    for canary, state in ((old, "valid"), (new, "valid"), (refused, "unauthorized")):
        twins.know("heroku", state, canary.value)
    store = (STORE, "-e", "credential=heroku", *VERBOSE)

    # With this setting the value would stay on disk, so the playbook refuses before the prompt.
    run = traced_home.play(*store, env=REMOTE_FILES_STAY, stdin=f"{old.value}\n")
    assert_no_leak(traced_home, run, 2)
    assert "KEEP_REMOTE_FILES" in run.text
    assert traced_home.places() == scenario.before

    for canary in (old, new):
        assert_no_leak(traced_home, traced_home.play(*store, stdin=f"{canary.value}\n"))
        assert traced_home.places() == scenario.stored(canary, "heroku")

    # A value that the issuer rejects is not stored.
    run = traced_home.play(*store, stdin=f"{refused.value}\n")
    assert_no_leak(traced_home, run, 2)
    assert "the value is refused" in run.text
    assert traced_home.places() == scenario.stored(new, "heroku")


def test_store_accepts_a_long_value_with_quotes_and_unicode(scenario: Scenario) -> None:
    traced_home = scenario.traced_home
    traced_home.shell = {}
    canary = make_canary("typed")
    assert_no_leak(traced_home, traced_home.play(STORE, "-e", "credential=env", *VERBOSE, stdin=f"{canary.value}\n"))
    assert (traced_home.home / scenario.store.place("env")).read_bytes() == canary.raw
    assert traced_home.places() == scenario.stored(canary, "env")


EXPOSING = {
    "debug output of Ansible": (DEBUG, ()),
    "a connection without pipelining": ({}, ("-e", '{"ansible_pipelining": false}')),
    "an environment without pipelining": ({"ANSIBLE_PIPELINING": "0"}, ()),
}


@pytest.mark.thorough
@pytest.mark.parametrize(("env", "extra"), EXPOSING.values(), ids=EXPOSING)
def test_store_does_not_expose_a_value(scenario: Scenario, env: dict[str, str], extra: tuple[str, ...]) -> None:
    """Either outcome is fine; the value is never shown and never written anywhere else."""
    traced_home = scenario.traced_home
    traced_home.shell = {}
    canary = make_canary("piped")
    run = traced_home.play(STORE, "-e", "credential=env", *extra, *VERBOSE, env=env, stdin=canary.value)
    assert not traced_home.leaks(run)
    assert (run.code, traced_home.places()) in [(2, scenario.before), (0, scenario.stored(canary, "env"))]
