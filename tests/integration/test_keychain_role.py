# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role as people run it, and what of a value is seen meanwhile."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from ansible_collections.latchkey.workstation.plugins.module_utils._stores.private_files import item_path

from tests.integration.keychains import LONG, files_below
from tests.twins import security

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.conftest import Person

CANARY = "canary-7f3a9c1e-of-this-test"
PLAY = [{"hosts": "all", "gather_facts": False, "roles": ["latchkey.workstation.keychain"]}]
LOUD = ("-vvvv", "--diff")


def declared(*sources: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "source": list(sources),
        "keychain": {"service": "raxx-heroku-api-key", "account": "claude-bootstrap"},
        **more,
    }


@pytest.fixture
def play(person: Person) -> Path:
    return person.write("play.yml", yaml.safe_dump(PLAY))


def recap(text: str) -> str:
    return next(line for line in text.splitlines() if "unreachable=" in line)


def kept(person: Person) -> Path:
    from pathlib import Path  # noqa: PLC0415

    return Path(item_path(str(person.home), ("raxx-heroku-api-key", "claude-bootstrap")))


def test_first_check_then_for_real_then_nothing_to_do(person: Person, play: Path) -> None:
    person.declare(latchkey_credentials={"heroku": declared({"env": "HEROKU_API_KEY"})})
    env = {"HEROKU_API_KEY": CANARY}
    said = person.play(str(play), "--check", *LOUD, env=env)
    assert "changed=1" in recap(said.stdout)
    assert not (person.home / ".local").exists()
    said = person.play(str(play), *LOUD, env=env)
    assert "changed=1" in recap(said.stdout)
    assert "raxx-heroku-api-key (claude-bootstrap): absent" in said.stdout
    assert kept(person).read_bytes() == CANARY.encode()
    assert kept(person).stat().st_uid == person.uid
    said = person.play(str(play), env={"HEROKU_API_KEY": "an old shell's value"})
    assert "changed=0" in recap(said.stdout)
    assert kept(person).read_bytes() == CANARY.encode()


SOURCES = {
    "file": ({"file": "~/source"}, "{}\n"),
    "dotenv": ({"dotenv": {"path": "~/source", "key": "KEY"}}, "export KEY='{}'\n"),
    "json": ({"json": {"path": "~/source", "pointer": "/a"}}, '{{"a": "{}"}}'),
    "command": ({"command": ["/bin/cat", "~/source"]}, "{}"),
}


@pytest.mark.parametrize(
    "kind",
    [
        *("file", "a failing command"),
        *(pytest.param(kind, marks=pytest.mark.thorough) for kind in ("dotenv", "json", "command", "a broken file")),
    ],
)
def test_a_value_stands_in_its_declared_places_and_nowhere_else(person: Person, play: Path, kind: str) -> None:
    one, text = SOURCES.get(kind, ({"file": "~/source"}, "{}"))
    if kind == "command":
        one = {"command": ["/bin/cat", str(person.home / "source")]}
    if kind == "a failing command":
        one = {"command": ["/bin/sh", "-c", f"cat {person.home}/source; cat {person.home}/source >&2; exit 7"]}
    if kind == "a broken file":
        one, text = {"json": {"path": "~/source", "pointer": "/a"}}, '{{"a": "{}"'
    person.write("source", text.format(CANARY), mode=0o600)
    person.declare(latchkey_credentials={"heroku": declared(one)})
    output = ""
    for arguments in (("--check", *LOUD), LOUD, LOUD):
        said = person.play(str(play), *arguments, env={"ANSIBLE_KEEP_REMOTE_FILES": "1"})
        output += said.stdout + said.stderr
    assert "unreachable=0" in output
    assert CANARY not in output
    places = {str(path) for path in files_below(person.home) if CANARY.encode() in path.read_bytes()}
    expected = {str(person.home / "source")}
    if kind in SOURCES:
        expected.add(str(kept(person)))
    assert places == expected


def test_a_long_and_odd_value_arrives_and_is_never_shown(person: Person, play: Path) -> None:
    person.write("source", LONG + "\n", mode=0o600)
    person.declare(latchkey_credentials={"heroku": declared({"file": "~/source"})})
    said = person.play(str(play), *LOUD)
    assert kept(person).read_bytes() == LONG.encode()
    assert "back\\slash" not in said.stdout
    assert "back\\\\slash" not in said.stdout


@pytest.fixture
def twin(person: Person) -> security.Twin:
    tool = security.install(person.home / "bin", person.home)
    person.own()
    return security.Twin(tool, person.home)


def test_on_a_mac_the_value_goes_to_the_keychain_and_no_argument_holds_it(
    person: Person, play: Path, twin: security.Twin
) -> None:
    person.write("source", CANARY, mode=0o600)
    wanted = declared({"file": "~/source"})
    wanted["keychain"]["trusted_apps"] = ["/bin/bash"]
    person.declare(latchkey_credentials={"heroku": wanted}, keychain_security=str(twin.tool))
    said = person.play(str(play), *LOUD)
    assert "changed=1" in recap(said.stdout)
    assert CANARY not in said.stdout + said.stderr
    (item,) = twin.items()
    assert (bytes.fromhex(item.secret), item.apps) == (CANARY.encode(), ["/bin/bash", "/usr/bin/security"])
    assert CANARY not in json.dumps([call.argv for call in twin.calls()])
    said = person.play(str(play))
    assert "changed=0" in recap(said.stdout)
    assert not kept(person).exists()


def test_a_write_that_cannot_be_made_fails_the_run_and_is_unknown_in_check_mode(
    person: Person, play: Path, twin: security.Twin
) -> None:
    twin.control(session="ssh", ui=False)
    person.write("source", CANARY, mode=0o600)
    person.declare(latchkey_credentials={"heroku": declared({"file": "~/source"})}, keychain_security=str(twin.tool))
    person.own()
    said = person.play(str(play), "--check")
    assert "failed=0" in recap(said.stdout)
    assert "changed=0" in recap(said.stdout)
    said = person.play(str(play))
    assert "failed=1" in recap(said.stdout)
    assert "heroku: does not exist yet; its keychain is locked" in said.stdout


@pytest.mark.parametrize("authority", [None, "another value"])
def test_a_value_put_in_by_hand(person: Person, play: Path, authority: str | None) -> None:
    item = {"service": "raxx-heroku-api-key", "account": "claude-bootstrap"}
    sources = [{"kind": "file", "path": "~/source"}] if authority else []
    entry = {
        "name": "p",
        "account": person.account,
        "credentials": [{"name": "heroku", "sources": sources, "keychain": item}],
    }
    if authority:
        person.write("source", authority)
    person.declare(entry=entry)
    task = {"latchkey.workstation.keychain": {"members": ["{{ entry }}"], "value": "{{ lookup('file', 'typed') }}"}}
    person.write("typed", CANARY, mode=0o600)
    by_hand = person.write("by_hand.yml", yaml.safe_dump([{"hosts": "all", "gather_facts": False, "tasks": [task]}]))
    said = person.play(str(by_hand), *LOUD)
    assert CANARY not in said.stdout + said.stderr
    if authority:
        assert "failed=1" in recap(said.stdout)
        assert "file ~/source is the authority" in said.stdout
        assert not kept(person).exists()
    else:
        assert "changed=1" in recap(said.stdout)
        assert kept(person).read_bytes() == CANARY.encode()


@pytest.mark.parametrize("changed", [True, pytest.param(False, marks=pytest.mark.thorough)])
def test_an_undeclared_value_is_removed_unless_somebody_changed_it(person: Person, changed: bool) -> None:
    person.write("source", "the value of the source", mode=0o600)
    person.declare(latchkey_credentials={"heroku": declared({"file": "~/source"})}, latchkey_keychain_backend="files")
    person.play("bootstrap.yml")
    if changed:
        kept(person).write_text("entered by hand")
    person.declare(latchkey_credentials={}, latchkey_keychain_backend="files")
    done = person.play("bootstrap.yml")
    assert done.returncode == 0, done.stdout
    assert kept(person).exists() is changed
    assert ("not removed: its value differs from the one last written" in " ".join(done.stdout.split())) is changed


def test_an_undeclared_value_without_a_source_is_kept_until_it_is_removed_by_name(person: Person) -> None:
    token = {"source": [{"env": "TOKEN"}], "keychain": {"service": "t", "account": "t"}, "required": False}
    path = person.home / ".local/share/latchkey/keychain/t+t"
    person.declare(latchkey_credentials={"token": token}, latchkey_keychain_backend="files")
    person.play("bootstrap.yml", env={"TOKEN": "the only copy"})
    person.declare(latchkey_credentials={}, latchkey_keychain_backend="files")
    for _run in range(2):
        done = person.play("bootstrap.yml")
        assert done.returncode == 0, done.stdout
        text = " ".join(done.stdout.split())
        assert "token is no longer declared" in text
        assert "-e credential=token -e state=absent" in text
        assert path.read_text() == "the only copy"
    removal = ("playbooks/store.yml", "-e", "credential=token", "-e", "state=absent")
    seen = person.play(*removal, "--check")
    assert seen.returncode == 0, seen.stdout
    assert path.exists()
    done = person.play(*removal)
    assert done.returncode == 0, done.stdout
    assert not path.exists()
    assert "token is no longer declared" not in person.play("bootstrap.yml").stdout
