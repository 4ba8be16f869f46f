# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A canary through every source, store, export, file and check: it sings in its declared places and nowhere else."""

from __future__ import annotations

import json
import shlex
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._keychain_files import file_of

from tests.canary.scanner import Canary, hatch
from tests.canary.stage import KEPT, LOUD, Heard, Stage, item
from tests.twins.services import Twins, serve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.conftest import Person

ROOT = Path(__file__).parents[2]
BOOTSTRAP = "bootstrap.yml"
LONG = 8192

pytestmark = pytest.mark.skipif(
    not (ROOT / "roles/aws_config").is_dir() or not (ROOT / "roles/keychain").is_dir(),
    reason="bootstrap.yml names a role that is not there",
)


@pytest.fixture(scope="module")
def service() -> Iterator[Twins]:
    with serve() as running:
        yield running


@pytest.fixture
def twins(service: Twins) -> Twins:
    service.reset()
    return service


def kept(stage: Stage, service: str) -> str:
    return str(Path(file_of(str(stage.home), (service, "me"))).relative_to(stage.home))


def escaped(canary: Canary) -> str:
    """As dotenv and JSON both read it, between double quotes."""
    return json.dumps(canary.value, ensure_ascii=False)[1:-1]


class World:
    """A declaration that has something of everything, and where each canary may be."""

    def __init__(self, person: Person, folder: Path, twins: Twins) -> None:
        self.birds = {
            name: hatch(name, size=LONG) for name in ("env", "dotenv", "file", "json", "tool", "item", "filed")
        }
        self.birds |= {name: hatch(name, size=60, odd=False) for name in ("heroku", "github", "aws")}
        self.birds["header"] = hatch("header", size=4096, odd=False)
        self.stage = Stage(
            person, folder, shell={"CANARY_ENV": self.birds["env"], "HEROKU_TOKEN": self.birds["heroku"]}
        )
        self.twins = twins
        self.places: dict[str, set[str]] = {"env": set(), "heroku": set()}
        for service, name, scenario in (
            ("heroku", "heroku", "valid"),
            ("github", "github", "classic"),
            ("widgets", "header", "valid"),
        ):
            twins.know(service, scenario, self.birds[name].value)
        self._plant()
        person.declare(**self._declared())

    def _plant(self) -> None:
        for name in ("file", "tool", "filed", "header", "github", "aws"):
            self._put(name, f"secrets/{name}", "{}\n")
        self._put("dotenv", "project/.env", 'OTHER=1\nexport KEY="{}" # of somebody\n', escaped(self.birds["dotenv"]))
        self._put("json", "secrets/tree.json", '{"a": [{"b": "{}"}]}', escaped(self.birds["json"]))
        self._put("item", kept(self.stage, "foreign"))
        (self.stage.home / kept(self.stage, "foreign")).parent.chmod(0o700)
        self.stage.person.write("bin/tell", '#!/bin/sh\ncat "$HOME/secrets/tool"\n', mode=0o755)

    def _put(self, name: str, path: str, text: str = "{}", value: str = "") -> None:
        self.stage.person.write(path, text.replace("{}", value or self.birds[name].value), mode=0o600)
        self.places[name] = {path}

    def _declared(self) -> dict[str, Any]:
        heroku = {"provider": "heroku", "base_url": self.twins.url("heroku")}
        github = {"provider": "github", "base_url": self.twins.url("github")}
        headers = {"X-Api-Key": "{value}", "X-Tenant": "{credential.github}", "X-Api-Version": "1"}
        widgets = {"provider": "http", "url": self.twins.url("widgets") + "/v1/me", "headers": headers}
        command = {"provider": "command", "argv": ["/usr/bin/grep", "-q", "."], "stdin": "{value}"}
        return {
            "latchkey_keychain_backend": "files",
            "latchkey_credentials": {
                "env": {"source": [{"env": "CANARY_ENV"}], "keychain": item("env"), "export": "FROM_ENV"},
                "dotenv": {
                    "source": [{"dotenv": {"path": "~/project/.env", "key": "KEY"}}],
                    "keychain": item("dotenv", label="a label", comment="a comment"),
                    "export": ["FROM_DOTENV", {"name": "FROM_DOTENV", "file": "~/.config/one.env"}],
                    "check": command,
                },
                "file": {"source": [{"file": "~/secrets/file"}], "export": "FROM_FILE"},
                "json": {
                    "source": [{"json": {"path": "~/secrets/tree.json", "pointer": "/a/0/b"}}],
                    "keychain": item("json"),
                    "check": {"provider": "jwt"},
                    "required": False,
                },
                "tool": {"source": [{"command": ["~/bin/tell"]}], "keychain": item("tool"), "export": "FROM_TOOL"},
                "item": {
                    "source": [{"keychain": {"service": "foreign", "account": "me"}}],
                    "keychain": item("item"),
                    "export": "FROM_ITEM",
                },
                "filed": {
                    "source": [{"file": "~/secrets/filed"}],
                    "keychain": item("filed"),
                    "export": {"name": "FILED", "file": "~/.config/one.env"},
                },
                "heroku": {"source": [{"env": "HEROKU_TOKEN"}], "keychain": item("heroku"), "check": heroku},
                "github": {"source": [{"file": "~/secrets/github"}], "check": github},
                "header": {"source": [{"file": "~/secrets/header"}], "keychain": item("header"), "check": widgets},
            },
            "aws_config_credentials": {
                "reader": {
                    "aws_access_key_id": "AKIAEXAMPLE",
                    "aws_secret_access_key": {"file": "~/secrets/aws"},
                }
            },
        }

    def converged(self) -> dict[str, set[str]]:
        """Where canaries may be once all is as declared."""
        made = {
            name: {kept(self.stage, name)}
            for name in ("env", "dotenv", "json", "tool", "item", "filed", "heroku", "header")
        }
        made["dotenv"].add(".config/one.env")
        made["filed"].add(".config/one.env")
        made["aws"] = {".aws/credentials"}
        return {name: found for name in self.places if (found := self.places[name] | made.get(name, set()))}


@pytest.fixture
def world(person: Person, tmp_path: Path, twins: Twins) -> World:
    return World(person, tmp_path / "watched", twins)


def assert_silent(stage: Stage, heard: Heard, code: int = 0) -> None:
    assert not stage.leaks(heard)
    assert heard.code == code, heard.text[-3000:]


def report(stage: Stage) -> dict[str, Any]:
    whole: dict[str, Any] = json.loads((stage.home / "report.json").read_text())
    return whole


def test_everything_is_declared_kept_checked_and_read_again(world: World) -> None:
    stage = world.stage
    before = {name: found for name, found in world.places.items() if found}

    # What would be done: nothing is.
    assert_silent(stage, stage.play(BOOTSTRAP, "--check", *LOUD))
    assert stage.places() == before

    heard = stage.play(BOOTSTRAP, *LOUD)
    assert_silent(stage, heard)
    assert heard.output.count(b"everything: ") > 50
    assert stage.places() == world.converged()
    outcomes = {check["name"]: check["outcome"] for check in report(stage)["checks"]}
    assert outcomes == {"heroku": "PASS", "github": "PASS", "header": "PASS", "dotenv": "PASS", "json": "FAIL"}

    # Everything arrived byte for byte, or nothing of this would mean much.
    for name in ("env", "dotenv", "json", "tool", "item", "filed", "heroku", "header"):
        assert (stage.home / kept(stage, name)).read_bytes() == world.birds[name].raw

    # Kept remote files are the arguments of modules on disk: references, no values.
    (stage.home / "secrets/tool").write_text(hatch("tool2").value)
    heard = stage.play(BOOTSTRAP, *LOUD, env=KEPT)
    assert_silent(stage, heard)
    assert list((stage.home / ".ansible/tmp").rglob("AnsiballZ_keychain.py"))
    rotated = {"tool": set(), "tool2": {"secrets/tool", kept(stage, "tool")}}
    places = {name: found for name, found in {**world.converged(), **rotated}.items() if found}
    assert stage.places() == places

    assert_silent(stage, stage.play("playbooks/check.yml", *LOUD))
    assert stage.places() == places


SHELL = """
probe() { env | sort | cksum; }
for name in FROM_ENV FROM_DOTENV FROM_FILE FROM_TOOL FROM_ITEM; do
  eval "value=\\$$name"
  [ -n "$value" ] || echo "missing $name"
  value=
done
"""


@pytest.mark.skipif(not shutil.which("zsh"), reason="needs zsh")
def test_shells_and_programs_are_given_what_is_declared_for_them_only(world: World) -> None:
    stage = world.stage
    assert_silent(stage, stage.play(BOOTSTRAP))
    places = stage.places()
    exported = {
        "FROM_ENV": "env",
        "FROM_DOTENV": "dotenv",
        "FROM_FILE": "file",
        "FROM_TOOL": "tool",
        "FROM_ITEM": "item",
    }
    given = {f"{name}={world.birds[bird].value}".encode() for name, bird in exported.items()}

    stage.shell = {}
    heard = stage.run(["zsh", "-ic", f"{SHELL}\n/usr/bin/true; latchkey_forget; /usr/bin/id"])
    assert_silent_but(stage, heard, program="/usr/bin/true", given=given)
    assert b"missing" not in heard.output

    run = str(stage.home / ".local/bin/latchkey-run")
    heard = stage.run([run, "filed", "dotenv", "--", "/usr/bin/true"])
    given = {
        f"{name}={world.birds[bird].value}".encode()
        for name, bird in {"FILED": "filed", "FROM_DOTENV": "dotenv"}.items()
    }
    assert_silent_but(stage, heard, program="/usr/bin/true", given=given)
    assert stage.places() == places


def assert_silent_but(stage: Stage, heard: Heard, *, program: str, given: set[bytes]) -> None:
    """Only ``program`` was given anything, and exactly that."""
    assert heard.code == 0, heard.text[-3000:]
    assert {leak for leak in stage.leaks(heard) if leak.place != f"environment of {program}"} == set()
    (told,) = [one for one in heard.programs if one.program == program]
    assert {
        variable for variable in told.environment if variable.split(b"=")[0] in {name.split(b"=")[0] for name in given}
    } == given


def test_a_value_is_put_in_and_rotated(world: World) -> None:
    stage = world.stage
    stage.shell = {}
    old, new, refused = (hatch(name, size=60, odd=False) for name in ("first", "second", "bad"))
    world.twins.know("heroku", "valid", old.value)
    world.twins.know("heroku", "valid", new.value)
    world.twins.know("heroku", "unauthorized", refused.value)
    before = {name: found for name, found in world.places.items() if found}
    store = ("playbooks/store.yml", "-e", "credential=heroku", *LOUD)

    # A value would lie on disk: refused before anybody is asked.
    heard = stage.play(*store, env=KEPT, stdin=f"{old.value}\n")
    assert_silent(stage, heard, 2)
    assert "KEEP_REMOTE_FILES" in heard.text
    assert stage.places() == before

    for canary in (old, new):
        assert_silent(stage, stage.play(*store, stdin=f"{canary.value}\n"))
        assert stage.places() == {**before, canary.name: {kept(stage, "heroku")}}

    # What the issuer refuses, what another authority decides, and what cannot be kept is not kept.
    heard = stage.play(*store, stdin=f"{refused.value}\n")
    assert_silent(stage, heard, 2)
    assert "the value is refused" in heard.text
    assert stage.places() == {**before, "second": {kept(stage, "heroku")}}


@pytest.mark.parametrize("connection", ["ANSIBLE_PIPELINING=0", "ansible_pipelining=false"])
def test_no_value_goes_over_a_connection_that_writes_it_to_disk(world: World, connection: str) -> None:
    stage = world.stage
    stage.shell = {}
    canary = hatch("piped")
    name, _is, value = connection.partition("=")
    env, extra = ({name: value}, []) if name.isupper() else ({}, ["-e", f'{{"{name}": false}}'])
    heard = stage.play("playbooks/store.yml", "-e", "credential=env", *extra, *LOUD, env=env, stdin=canary.value)
    assert not stage.leaks(heard)
    assert (heard.code, stage.places().get("piped")) in [(2, None), (0, {kept(stage, "env")})]
    if extra:
        assert heard.code == 2


def test_a_long_and_odd_value_is_put_in(world: World) -> None:
    stage = world.stage
    stage.shell = {}
    canary = hatch("typed")
    heard = stage.play("playbooks/store.yml", "-e", "credential=env", *LOUD, stdin=f"{canary.value}\n")
    assert_silent(stage, heard)
    assert (stage.home / kept(stage, "env")).read_bytes() == canary.raw
    assert stage.places()["typed"] == {kept(stage, "env")}


def quoted(path: Path) -> str:
    return shlex.quote(str(path))
