# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The same when every step is made to fail: an error names a file, a key and a remedy, and never what is in it."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, Callable

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._checks_table import problems
from ansible_collections.latchkey.workstation.plugins.plugin_utils._declaration import compile_declaration
from ansible_collections.latchkey.workstation.plugins.plugin_utils._people import Machine

from tests.canary.scanner import hatch, songs
from tests.canary.stage import LOUD, assert_silent
from tests.canary.world import BOOTSTRAP, ENV_FILE, PARAMETER, World, item

if TYPE_CHECKING:
    from pathlib import Path

    from tests.canary.aws import Cloud
    from tests.integration.conftest import Person
    from tests.twins.services import Twins

STORE = "playbooks/store.yml"


@pytest.fixture
def world(person: Person, watched: Path, twins: Twins, aws: Cloud) -> World:
    return World(person, watched, twins, aws)


def damage_sources(world: World) -> list[str]:
    """Files that are cut off, not text, too large or closed, and a program that fails and shows all it has."""
    bird = world.birds
    world.write(bird["dotenv"], "project/.env", 'KEY="{}\n')
    world.write(bird["json"], "secrets/tree.json", '{"a": [{"b": "{}"')
    world.write(bird["filed"], "secrets/filed", "{}\x01")
    world.write(bird["file"], "secrets/file", "{}" + "x" * (1 << 20))
    world.write(bird["header"], "secrets/header", "{}\nand a second line\n")
    world.write(bird["aws"], "secrets/aws", "{}\nand a second line\n")
    world.stage.person.write("bin/tell", "#!/bin/sh\ncd; cat secrets/tool; cat secrets/tool >&2; exit 7\n", mode=0o755)
    (world.home / world.store.place("foreign")).chmod(0)
    return ["quote", "not JSON", "ended with 7", "larger than", "no header", "Permission denied"]


def block_targets(world: World) -> list[str]:
    """Whatever is to be written is a folder, somebody's own file, or damaged."""
    bird = world.birds
    for place in (".zshrc", world.store.place("tool")):
        (world.home / place).mkdir(parents=True)
    world.write(bird["filed"], ENV_FILE, "MINE='{}'\n")
    world.write(bird["tool"], ".local/bin/latchkey-run", "#!/bin/sh\n# {}\n")
    world.write(bird["aws"], ".aws/credentials", "[reader]\nregion = {}\n[reader]\nregion = {}\n")
    world.stage.person.own()
    return ["not a regular file", "is there and not ours", "twice"]


def damage_notes(world: World) -> list[str]:
    """What we remember is no JSON, or of another shape, and whatever damaged it put a value there."""
    for name, text in (
        ("keychain", '{"items": ["{}"'),
        ("exports", '["{}"]'),
        ("checks", "{}"),
        ("aws_config", '"{}"'),
    ):
        world.write(
            world.birds["dotenv"], f".local/state/latchkey/{name}.json", text, "x" + world.birds["github"].value
        )
        world.before["github"] = {*world.before["github"], f".local/state/latchkey/{name}.json"}
        world.before["dotenv"].discard(f".local/state/latchkey/{name}.json")
    return ["is damaged"]


def close_folders(world: World) -> list[str]:
    """Nothing can be written anywhere."""
    for folder in (".local/share/latchkey/keychain", ".config", ".aws", ".local/bin"):
        (world.home / folder).mkdir(parents=True, exist_ok=True)
        (world.home / folder).chmod(0o500)
    world.stage.person.own()
    return ["cannot be written", "Permission denied"] if os.geteuid() else ["cannot be written"]


def let_issuers_echo(world: World) -> list[str]:
    """Issuers say no, and say to whom; a program of one's own says what it was asked."""
    heroku, github, header = (world.birds[name].value for name in ("heroku", "github", "header"))
    echoed = {"id": "unauthorized", "message": f"no such token {heroku}", heroku: [heroku], "error": {"a": heroku}}
    world.twins.break_("heroku", "json", status=401, value=echoed)
    world.twins.break_("github", "escapes", taint=github, names=("login", "name", "message", "id", "email"))
    world.twins.break_("widgets", "redirect", to=f"http://localhost:9/{header}?token={header}")
    tell = ["/bin/sh", "-c", "tee /dev/stderr; exit 1"]
    said = {"provider": "command", "argv": tell, "stdin": "{value} {credential.github}"}
    world.declare(filed={"source": [{"file": "~/secrets/filed"}], "keychain": item("filed"), "check": said})
    return ["FAIL heroku", "FAIL filed", "ended with 1"]


def let_issuers_chatter(world: World) -> list[str]:
    """The value stands where identity, scopes and expiry are looked for; one issuer breaks in the middle of it."""
    heroku, github, header = (world.birds[name].value for name in ("heroku", "github", "header"))
    world.twins.break_("heroku", "json", status=403, value={"id": heroku, "message": heroku})
    world.twins.break_("github", "json", status=200, value={"login": github, "id": github, "name": [github]})
    me = {"ok": True, "user": header, "scopes": [header, f"read {header}"], "key": {"expires_at": header}}
    world.twins.break_("widgets", "json", status=200, value=me)
    headers = {"X-Api-Key": "{value}", "X-Tenant": "1", "X-Api-Version": "1"}
    asked = {"identity": "/user", "scopes": "/scopes", "expires": "/key/expires_at", "json": {"/ok": True}}
    check = {"provider": "http", "url": world.twins.url("widgets") + "/v1/me", "headers": headers, **asked}
    world.declare(header={"source": [{"file": "~/secrets/header"}], "keychain": item("header"), "check": check})
    return ["heroku"]


def let_aws_echo(world: World) -> list[str]:
    """AWS refuses with the value in every field, in JSON where XML is due; what botocore raises then quotes it."""
    bird = world.birds["ssm"].value
    refusal = json.dumps(
        {"__type": bird, "message": bird, "Error": {"Code": bird, "Message": bird}, bird: bird}
    ).encode()
    world.aws.judge = lambda _asked, _status, _body: (400, refusal)
    return ["what answered is not AWS", "UNKNOWN whoami"]


def let_parameters_be_odd(world: World) -> list[str]:
    """There is no JSON where a pointer leads into it, and what stands behind another is far too large."""
    bird = world.birds["ssm"].value
    large = json.dumps({"Parameter": {"Name": "/large", "Value": bird + "\0", "Type": bird}}).encode()
    world.aws.judge = lambda asked, status, body: (200, large) if b"/large" in asked else (status, body)
    into, other = (
        {"source": [world.aws.source(name, **more)], "keychain": item(name.strip("/"))}
        for name, more in ((PARAMETER, {"pointer": "/a"}), ("/large", {}))
    )
    world.declare(ssm=into, large=other)
    return ["is not JSON that can be read", "holds a NUL byte"]


SCENES: dict[str, Callable[[World], list[str]]] = {
    "damaged sources": damage_sources,
    "blocked targets": block_targets,
    "damaged notes": damage_notes,
    "closed folders": close_folders,
    "issuers that echo": let_issuers_echo,
    "issuers that chatter": let_issuers_chatter,
    "AWS that echoes": let_aws_echo,
    "odd parameters": let_parameters_be_odd,
}
# Nothing but verdicts is lost there.
WITHOUT_FAILURES = {let_issuers_chatter, let_aws_echo, let_parameters_be_odd}


def assert_within(found: dict[str, set[str]], allowed: dict[str, set[str]]) -> None:
    assert not {(name, place) for name, places in found.items() for place in places - allowed.get(name, set())}


@pytest.mark.parametrize("spoil", SCENES.values(), ids=SCENES)
def test_what_fails_says_why_and_never_what(world: World, spoil: Callable[[World], list[str]]) -> None:
    expected = spoil(world)
    heard = world.stage.play(BOOTSTRAP, *LOUD)
    assert not world.stage.leaks(heard)
    assert_within(world.stage.places(), world.converged())
    assert heard.code in ({0, 2} if spoil in WITHOUT_FAILURES else {2}), heard.text[-3000:]
    assert [text for text in expected if text not in heard.text] == []


# A bug of ours, in the very place where values are at hand: what is raised holds all arguments.
CRASH = """
import sys
if not any("ansible-playbook" in word for word in sys.orig_argv):
    import {module}
    def broken(*arguments, **more):
        raise RuntimeError(f"unexpected {{arguments!r}} {{more!r}}")
    {module}.{function} = broken
"""
BUGS = {
    "a run, in a digest": (BOOTSTRAP, "hmac", "new"),
    "a run, in a rename": (BOOTSTRAP, "os", "rename"),
    "a run, in a program": (BOOTSTRAP, "subprocess", "Popen"),
    "a run, in redaction": (BOOTSTRAP, "base64", "b64encode"),
    "storing, in a digest": (STORE, "hmac", "new"),
    "storing, in a rename": (STORE, "os", "rename"),
}


@pytest.mark.parametrize(("playbook", "module", "function"), BUGS.values(), ids=BUGS)
def test_a_crash_shows_nothing(world: World, playbook: str, module: str, function: str) -> None:
    stage = world.stage
    world.stage.person.write("broken/sitecustomize.py", CRASH.format(module=module, function=function))
    canary, arguments = hatch("typed"), []
    if playbook == STORE:
        stage.shell, arguments = {}, ["-e", "credential=env"]
    env = {"PYTHONPATH": str(world.home / "broken")}
    heard = stage.play(playbook, *arguments, *LOUD, env=env, stdin=canary.value)
    assert not stage.leaks(heard)
    assert "RuntimeError" in heard.text, "nothing was broken"
    assert_within(stage.places(), world.converged(typed={world.store.place("env")}))


def misplaced(secret: str) -> dict[str, Any]:
    """A declaration with a secret wherever somebody might paste it instead of a name."""
    return {
        "latchkey_credentials": {
            "a": {"source": secret},
            "b": {"source": [secret]},
            "c": {"source": [{"env": secret}], "export": secret, "keychain": secret, "check": secret},
            "d": {"source": [{"dotenv": {"path": "~/x", "key": secret}}], "export": {"name": secret, "file": "~/x"}},
            "e": {"source": [{"json": {"path": "~/x", "pointer": secret}}], "check": {"provider": secret}},
            "f": {"source": [{"command": secret}], "keychain": {**item("f"), "state": secret}},
            "g": {"source": [{"file": {"path": "~/x", "mode": secret}}], "category": secret, "only": secret},
            "h": {"required": secret, "warn_before": secret, "consumers": secret, "only": {"machines": secret}},
            "i": {"only": {"machines": [secret], "users": [secret], "groups": [secret]}},
            "j": {"check": {"provider": "heroku", "base_url": secret}},
            "k": {"check": {"provider": "http", "url": secret, "method": secret, "headers": secret, "status": secret}},
            "l": secret,
        },
        "latchkey_roster": {"alice": {"account": [secret], "machines": secret, "groups": secret, "vars": secret}},
        "aws_config_credentials": {"reader": {"aws_secret_access_key": secret}, "writer": secret},
        "aws_config_profiles": {"one": {"aws_session_token": secret}, "two": secret},
    }


PASTED = {"a token": hatch("pasted", size=60, odd=False), "something long": hatch("poured", size=300)}


@pytest.mark.parametrize("name", PASTED)
def test_a_secret_where_a_name_belongs_is_not_repeated(world: World, name: str) -> None:
    stage = world.stage
    world.stage.person.declare(**misplaced(PASTED[name].value))
    heard = stage.play(BOOTSTRAP, *LOUD)
    assert_silent(stage, heard, 2)
    assert "Nothing was touched" in heard.text


@pytest.mark.parametrize("name", PASTED)
@pytest.mark.parametrize("entry", [*"abcdefghijkl"])
def test_nor_where_it_is_the_only_mistake(entry: str, name: str) -> None:
    """Of several errors one could hide another."""
    whole = misplaced(PASTED[name].value)["latchkey_credentials"]
    machine = Machine(host="devvm", groups=frozenset(), known=frozenset({"devvm"}), name="devvm", person="alice")
    compiled = compile_declaration({"latchkey_credentials": {entry: whole[entry]}}, machine)
    wrong = list(compiled["errors"])
    if isinstance(whole[entry], dict) and isinstance(whole[entry].get("check"), dict):
        wrong += problems(whole[entry]["check"], [entry])
    assert wrong
    assert not list(songs("\n".join(wrong).encode()))


def test_what_cannot_be_stored_is_not_shown(world: World) -> None:
    stage = world.stage
    stage.shell = {}
    short = hatch("short", size=60, odd=False)
    # Another authority, something in the way, an issuer that echoes.
    heard = stage.play(STORE, "-e", "credential=json", *LOUD, stdin=short.value)
    assert_silent(stage, heard, 2)
    assert "is the authority" in heard.text
    (world.home / world.store.place("env")).mkdir()
    world.twins.break_("heroku", "json", status=401, value={"id": short.value, "message": short.value})
    for name in ("env", "heroku"):
        assert_silent(stage, stage.play(STORE, "-e", f"credential={name}", *LOUD, stdin=short.value), 2)
    assert stage.places() == world.before
