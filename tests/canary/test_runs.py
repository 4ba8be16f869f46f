# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A canary through every source, store, export, file and check: it sings in its declared places and nowhere else."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.canary.scanner import hatch
from tests.canary.stage import LOUD, REMOTE_FILES_STAY, Heard, Stage, assert_silent
from tests.canary.stores import Files, Keychain, SecretService
from tests.canary.world import BOOTSTRAP, EXPORTED, KEPT, World

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tests.canary.aws import Cloud
    from tests.canary.stores import Store
    from tests.integration.conftest import Person
    from tests.twins.services import Twins

DEBUG = {"ANSIBLE_DEBUG": "1"}
STORE = "playbooks/store.yml"


@pytest.fixture
def world(person: Person, watched: Path, twins: Twins, aws: Cloud) -> World:
    return World(person, watched, twins, aws)


def outcomes(stage: Stage) -> dict[str, str]:
    report = json.loads((stage.home / "report.json").read_text())
    return {check["name"]: check["outcome"] for check in report["checks"] if check["outcome"] != "SKIP"}


def test_everything_is_declared_kept_checked_and_read_again(world: World) -> None:
    stage = world.stage

    # What would be done: nothing is.
    assert_silent(stage, stage.play(BOOTSTRAP, "--check", *LOUD))
    assert stage.places() == world.before

    heard = stage.play(BOOTSTRAP, *LOUD, env=DEBUG)
    assert_silent(stage, heard)
    assert heard.output.count(b"everything: ") > 50
    assert stage.places() == world.converged()
    assert outcomes(stage) == dict.fromkeys(("heroku", "github", "header", "dotenv", "whoami"), "PASS")

    # Everything arrived byte for byte, or nothing of this would mean much.
    for name in KEPT:
        assert (stage.home / world.store.place(name)).read_bytes() == world.birds[name].raw

    # What modules are given lies on disk then: references, no values.
    (stage.home / "secrets/tool").write_text(hatch("other").value)
    assert_silent(stage, stage.play(BOOTSTRAP, *LOUD, env=REMOTE_FILES_STAY | DEBUG))
    assert list((stage.home / ".ansible/tmp").rglob("AnsiballZ_keychain.py"))
    rotated = world.converged(other={"secrets/tool", world.store.place("tool")})
    del rotated["tool"]
    assert stage.places() == rotated

    assert_silent(stage, stage.play("playbooks/check.yml", *LOUD))
    assert stage.places() == rotated


STORES = {"files": Files, "Secret Service": SecretService, "macOS": Keychain}
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


@pytest.mark.parametrize("store", STORES.values(), ids=STORES)
@pytest.mark.skipif(not shutil.which("zsh"), reason="needs zsh")
def test_each_store_gives_values_to_whom_they_are_declared_for(
    person: Person, watched: Path, twins: Twins, aws: Cloud, store: type[Store]
) -> None:
    world = World(person, watched, twins, aws, store=store)
    stage = world.stage
    assert_silent(stage, stage.play(BOOTSTRAP, *LOUD))
    assert stage.places() == world.converged()

    stage.shell = {}
    exported = {name: world.birds[bird] for name, bird in EXPORTED.items()}
    heard = stage.run(["zsh", "-ic", SHELL])
    assert b"missing" not in heard.output
    assert not stage.leaks(heard, exported=exported)
    assert variables(heard, "/usr/bin/true", exported) == {name: bird.raw for name, bird in exported.items()}
    assert not variables(heard, "/usr/bin/id", exported), "they were to be forgotten"

    # Nothing but the one program is given anything, and nothing that it was not to have.
    named = {"FILED": world.birds["filed"], "FROM_DOTENV": world.birds["dotenv"]}
    run = [str(stage.home / ".local/bin/latchkey-run"), "filed", "dotenv", "--", "/usr/bin/true"]
    heard = stage.run(run)
    assert {leak.place for leak in stage.leaks(heard)} == {"environment of /usr/bin/true"}
    assert not stage.leaks(heard, exported=named)
    assert variables(heard, "/usr/bin/true", exported | named) == {name: bird.raw for name, bird in named.items()}
    assert stage.places() == world.converged()

    # A rotated value by hand, and a bootstrap from a shell that has the old one.
    canary = hatch("typed", size=60, odd=False)
    twins.know("heroku", "valid", canary.value)
    assert_silent(stage, stage.play(STORE, "-e", "credential=heroku", *LOUD, stdin=f"{canary.value}\n"))
    rotated = world.converged(typed={world.store.place("heroku")} - {""})
    rotated.pop("heroku", None)
    assert stage.places() == {name: places for name, places in rotated.items() if places}


def variables(heard: Heard, program: str, names: Iterable[str]) -> dict[str, bytes]:
    """Those of ``names`` that the one start of ``program`` was given."""
    (told,) = [one for one in heard.programs if one.program == program]
    given = dict(variable.split(b"=", 1) for variable in told.environment if b"=" in variable)
    return {name: given[name.encode()] for name in names if name.encode() in given}


def test_a_value_is_put_in_and_rotated(world: World) -> None:
    stage, twins = world.stage, world.twins
    stage.shell = {}
    old, new, refused = (hatch(name, size=60, odd=False) for name in ("first", "second", "bad"))
    for canary, scenario in ((old, "valid"), (new, "valid"), (refused, "unauthorized")):
        twins.know("heroku", scenario, canary.value)
    store = (STORE, "-e", "credential=heroku", *LOUD)

    # A value would lie on disk: refused before anybody is asked.
    heard = stage.play(*store, env=REMOTE_FILES_STAY, stdin=f"{old.value}\n")
    assert_silent(stage, heard, 2)
    assert "KEEP_REMOTE_FILES" in heard.text
    assert stage.places() == world.before

    for canary in (old, new):
        assert_silent(stage, stage.play(*store, stdin=f"{canary.value}\n"))
        assert stage.places() == world.stored(canary, "heroku")

    # What the issuer refuses is not kept.
    heard = stage.play(*store, stdin=f"{refused.value}\n")
    assert_silent(stage, heard, 2)
    assert "the value is refused" in heard.text
    assert stage.places() == world.stored(new, "heroku")


def test_a_long_and_odd_value_is_put_in(world: World) -> None:
    stage = world.stage
    stage.shell = {}
    canary = hatch("typed")
    assert_silent(stage, stage.play(STORE, "-e", "credential=env", *LOUD, stdin=f"{canary.value}\n"))
    assert (stage.home / world.store.place("env")).read_bytes() == canary.raw
    assert stage.places() == world.stored(canary, "env")


TALKATIVE = {
    "to whoever debugs Ansible": (DEBUG, ()),
    "to a connection without pipelining": ({}, ("-e", '{"ansible_pipelining": false}')),
    "to a shell without pipelining": ({"ANSIBLE_PIPELINING": "0"}, ()),
}


@pytest.mark.parametrize(("env", "extra"), TALKATIVE.values(), ids=TALKATIVE)
def test_a_value_is_not_given(world: World, env: dict[str, str], extra: tuple[str, ...]) -> None:
    """Refused or kept, but never shown and never put on disk elsewhere."""
    stage = world.stage
    stage.shell = {}
    canary = hatch("piped")
    heard = stage.play(STORE, "-e", "credential=env", *extra, *LOUD, env=env, stdin=canary.value)
    assert not stage.leaks(heard)
    assert (heard.code, stage.places()) in [(2, world.before), (0, world.stored(canary, "env"))]
