# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import itertools
import os
import sys
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._clients import aws_session
from ansible_collections.latchkey.workstation.plugins.module_utils._core.lookup import LookupResult
from ansible_collections.latchkey.workstation.plugins.module_utils._core.secrets import Secret
from ansible_collections.latchkey.workstation.plugins.module_utils._sources import resolver as source_resolver

from tests.builders import credential, resolver, source

if TYPE_CHECKING:
    from pathlib import Path

VALUE = "correct horse 'battery' \"staple\" grüße\nsecond line"


def look(home: Path, *sources: dict[str, Any], **more: Any) -> LookupResult:
    return resolver(home, **more).first(sources)


def value(found: LookupResult) -> str:
    assert found.state == "found", found
    assert found.secret is not None
    return found.secret.text()


def script(home: Path, text: str) -> list[str]:
    return [sys.executable, "-c", text]


def a_source_of_each_kind(home: Path, text: str) -> dict[str, dict[str, Any]]:
    """Sources that all give ``text``."""
    import json  # noqa: PLC0415

    (home / "plain").write_text(text + "\n", encoding="utf-8")
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    (home / ".env").write_text(f'KEY="{escaped}"\n', encoding="utf-8")
    (home / "tree.json").write_text(json.dumps({"a/b": [{"m~n": text}]}), encoding="utf-8")
    return {
        "env": source("env", name="KEY"),
        "file": source("file", path="~/plain"),
        "dotenv": source("dotenv", path="~/.env", key="KEY"),
        "json": source("json", path="~/tree.json", pointer="/a~1b/0/m~0n"),
        "keychain": source("keychain", service="s", account="a"),
        "command": source("command", argv=["/bin/cat", str(home / "plain")]),
    }


KINDS = ["env", "file", "dotenv", "json", "keychain", "command"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("text", [VALUE, "x" * 8192], ids=["odd", "long"])
def test_every_kind_gives_a_value_byte_for_byte(tmp_path: Path, kind: str, text: str) -> None:
    found = LookupResult.of(text.encode(), "elsewhere")
    one = a_source_of_each_kind(tmp_path, text)[kind]
    got = look(tmp_path, one, stored=found, environ={"KEY": text})
    assert value(got) == text
    assert text not in repr(got)


def test_the_first_that_has_it_wins_and_what_follows_is_not_asked(tmp_path: Path) -> None:
    (tmp_path / "second").write_text("second value")
    poison = source("command", argv=script(tmp_path, f"open({str(tmp_path / 'asked')!r}, 'w')"))
    got = look(tmp_path, source("file", path="~/first"), source("file", path="~/second"), poison)
    assert value(got) == "second value"
    assert not (tmp_path / "asked").exists()


ABSENT = {
    "no file": (source("file", path="~/none"), "there is no ~/none"),
    "no dotenv": (source("dotenv", path="~/none", key="K"), "there is no ~/none"),
    "no key": (source("dotenv", path="~/env", key="K"), "~/env has no K"),
    "no json": (source("json", path="~/none", pointer="/a"), "there is no ~/none"),
    "no pointer": (source("json", path="~/tree.json", pointer="/b"), "~/tree.json has nothing at /b"),
    "no index": (source("json", path="~/tree.json", pointer="/list/2"), "~/tree.json has nothing at /list/2"),
    "index -": (source("json", path="~/tree.json", pointer="/list/-"), "~/tree.json has nothing at /list/-"),
    "index 01": (source("json", path="~/tree.json", pointer="/list/01"), "~/tree.json has nothing at /list/01"),
    "below a string": (source("json", path="~/tree.json", pointer="/a/0"), "~/tree.json has nothing at /a/0"),
    "null": (source("json", path="~/tree.json", pointer="/null"), "~/tree.json has nothing at /null"),
    "an empty file": (source("file", path="~/empty"), "file ~/empty is empty"),
    "a command that prints nothing": (source("command", argv=["/bin/true"]), "command /bin/true is empty"),
    "a command that prints a newline": (source("command", argv=["/bin/echo"]), "command /bin/echo is empty"),
    "not set": (source("env", name="NONE"), "NONE is not set"),
    "set to nothing": (source("env", name="EMPTY"), "env EMPTY is empty"),
    "not kept": (source("keychain", service="s", account="a"), "not kept"),
    "no program": (source("command", argv=["latchkey-no-such", "read"]), "latchkey-no-such is not installed"),
    "no program of that path": (source("command", argv=["/none/such"]), "/none/such is not installed"),
}


@pytest.mark.parametrize(("one", "reason"), ABSENT.values(), ids=ABSENT)
def test_absent_says_where_it_looked_and_leads_to_the_next(tmp_path: Path, one: dict[str, Any], reason: str) -> None:
    (tmp_path / "env").write_text("A=1\n")
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "tree.json").write_text('{"a": "text", "list": ["x", "y"], "null": null}')
    (tmp_path / "next").write_text("the next one")
    assert (look(tmp_path, one, environ={"EMPTY": ""}).state, look(tmp_path, one, environ={"EMPTY": ""}).reason) == (
        "absent",
        reason,
    )
    assert value(look(tmp_path, one, source("file", path="~/next"), environ={})) == "the next one"


BLOCKED = {
    "too short": (
        source("file", path="~/short"),
        "file ~/short: the value has 3 characters; fewer than 6 characters are refused",
    ),
    "NUL": (source("file", path="~/nul"), "file ~/nul holds a NUL byte, which no secret has"),
    "a folder": (source("file", path="~/folder"), "/folder is not a regular file"),
    "a FIFO": (source("file", path="~/fifo"), "/fifo is not a regular file"),
    "no JSON": (source("json", path="~/nul", pointer="/a"), "~/nul is not JSON that can be read"),
    "deep JSON": (source("json", path="~/deep", pointer="/a"), "~/deep is not JSON that can be read"),
    "JSON that is no text": (source("json", path="~/half", pointer="/a"), "~/half is not JSON that can be read"),
    "no pointer": (source("json", path="~/short", pointer="a"), "a is no JSON pointer"),
    "broken quotes": (source("dotenv", path="~/env", key="A"), "~/env, line 2: the value of A has a quote that"),
    "no interpreter": (source("command", argv=["~/script"]), "cannot be run: the interpreter it names is missing"),
    "a version manager without a version": (source("command", argv=["/bin/sh", "-c", "exit 126"]), "ended with 126"),
    "not a program": (source("command", argv=["~/short"]), "cannot be run: Permission denied"),
    "exit code": (source("command", argv=["/bin/sh", "-c", "echo secret-value; exit 3"]), "/bin/sh ended with 3"),
    "signal": (source("command", argv=["/bin/sh", "-c", "kill -9 $$"]), "/bin/sh was ended by signal 9"),
    "too much": (
        source("command", argv=["/usr/bin/head", "-c", "2000000", "/dev/zero"]),
        "/usr/bin/head printed more than a value",
    ),
    "ssm": (source("ssm", name="/a"), "the Python of this machine has no botocore"),
    "vault": (source("vault", path="p", field="f"), "Vault is not read yet"),
}


# What only a person can mend: the value, or the file that holds it, is there and is damaged.
MALFORMED = {
    BLOCKED[name][1] for name in ("too short", "NUL", "no JSON", "deep JSON", "JSON that is no text", "broken quotes")
}


@pytest.mark.parametrize(("one", "reason"), BLOCKED.values(), ids=BLOCKED)
def test_what_cannot_tell_ends_the_search(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, one: dict[str, Any], reason: str
) -> None:
    monkeypatch.setattr(aws_session, "_modules", {})
    (tmp_path / "short").write_text("abc\n")
    (tmp_path / "script").write_text("#!/no/such/interpreter\n")
    (tmp_path / "script").chmod(0o755)
    (tmp_path / "nul").write_bytes(b"secret\0value")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "env").write_text("# comment\nA='secret'value\n")
    (tmp_path / "deep").write_text("[" * 200_000)
    (tmp_path / "half").write_text('{"a": "\\ud800 secret"}')
    (tmp_path / "next").write_text("the next one")
    got = look(tmp_path, one, source("file", path="~/next"))
    assert got.state == "blocked"
    assert got.prerequisite_missing is (one["kind"] == "ssm")
    assert (got.cause == "malformed") is (reason in MALFORMED)
    assert reason in got.reason
    assert "secret-value" not in got.reason
    assert "'secret'" not in got.reason


@pytest.mark.ordinary_user
def test_an_unreadable_file_is_blocked(tmp_path: Path) -> None:
    (tmp_path / "closed").write_text("secret value")
    (tmp_path / "closed").chmod(0)
    assert look(tmp_path, source("file", path="~/closed")).state == "blocked"


def test_a_command_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_resolver, "_SECONDS", 0.2)
    got = look(tmp_path, source("command", argv=["/bin/sleep", "60"]))
    assert (got.state, got.reason) == ("blocked", "/bin/sleep did not answer within 0.2 s")
    assert got.cause == "timeout"


def test_a_command_gets_no_shell_and_a_path_of_the_home(tmp_path: Path) -> None:
    (tmp_path / "tool").write_text("#!/bin/sh\nprintf '%s|' \"$@\"\n")
    (tmp_path / "tool").chmod(0o755)
    assert value(look(tmp_path, source("command", argv=["~/tool", "$HOME", "a b; c", "*"]))) == "$HOME|a b; c|*|"


JSON = {
    "a number": ("/number", "1234567"),
    "true": ("/yes", "true"),
    "an object": ("/inner", '{"k":["grüße",1.5,null]}'),
    "an empty key": ("/", "empty key"),
    "a tilde one": ("/a~01", "tilde one"),
    "the whole": ("", None),
}


@pytest.mark.parametrize(("pointer", "wanted"), JSON.values(), ids=JSON)
def test_json_pointers(tmp_path: Path, pointer: str, wanted: str | None) -> None:
    text = '{"number":1234567,"yes":true,"inner":{"k":["grüße",1.5,null]},"":"empty key","a~1":"tilde one"}'
    (tmp_path / "tree.json").write_text("\ufeff" + text.replace(":", " : "), encoding="utf-8")
    got = look(tmp_path, source("json", path="~/tree.json", pointer=pointer))
    if wanted == "true":
        assert got.state == "blocked"
    else:
        assert value(got) == (wanted or text)


@pytest.mark.parametrize(
    ("data", "wanted"), [("abcdef\n", "abcdef"), ("abcdef\r\n", "abcdef"), ("ab cde\n\n", "ab cde\n")][:]
)
def test_one_trailing_newline_is_dropped(tmp_path: Path, data: str, wanted: str) -> None:
    (tmp_path / "f").write_bytes(data.encode())
    assert value(look(tmp_path, source("file", path="~/f"))) == wanted
    assert value(look(tmp_path, source("command", argv=["/bin/cat", str(tmp_path / "f")]))) == wanted


def test_a_link_to_ones_own_file_is_followed(tmp_path: Path) -> None:
    (tmp_path / "target").write_text("the value")
    (tmp_path / "link").symlink_to("target")
    assert value(look(tmp_path, source("file", path="~/link"))) == "the value"


# What a credential comes to: rows of authority, kept and environment.

STORED = {
    "found": LookupResult("found", "kept", secret=Secret("value of kept")),
    "absent": LookupResult("absent", "kept", reason="no kept"),
    "blocked": LookupResult("blocked", "kept", reason="kept is locked"),
}


@pytest.mark.parametrize(("authority", "stored", "env"), list(itertools.product(STORED, STORED, ["found", "absent"])))
def test_value_of_a_credential_comes_from_the_first_place_that_is_not_absent(
    tmp_path: Path, authority: str, stored: str, env: str
) -> None:
    file = tmp_path / "authority"
    if authority == "found":
        file.write_text("value of authority")
    elif authority == "blocked":
        file.mkdir()
    declared = credential(
        "one",
        sources=[{"kind": "env", "name": "KEY"}, {"kind": "file", "path": str(file)}],
        keychain={"service": "s", "account": "a"},
    )
    environ = {"KEY": "value of env"} if env == "found" else {}
    got = resolver(tmp_path, stored=STORED[stored], environ=environ).value(declared)
    states = {"authority": authority, "kept": stored, "env": env}
    decided = next((name for name, state in states.items() if state != "absent"), None)
    if decided is None:
        assert (got.state, got.reason) == ("absent", f"there is no {file}; no kept; KEY is not set")
    elif states[decided] == "blocked":
        assert got.state == "blocked"
        assert decided in got.reason
    else:
        assert value(got) == f"value of {decided}"


def test_the_environment_of_somebody_else_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY", "the value of root")
    got = look(tmp_path, source("env", name="KEY"))
    assert (got.state, got.reason) == ("absent", "")


def test_an_item_declared_absent_is_not_read(tmp_path: Path) -> None:
    declared = credential("one", keychain={"service": "s", "account": "a", "state": "absent"})
    assert resolver(tmp_path, stored=STORED["found"]).value(declared).state == "absent"


@pytest.mark.parametrize("category", ["human_only", "unused"])
def test_what_only_people_use_is_never_touched(tmp_path: Path, category: str) -> None:
    ran = tmp_path / "ran"
    declared = credential("one", category=category, sources=[{"kind": "command", "argv": ["/bin/touch", str(ran)]}])
    got = resolver(tmp_path).value(declared)
    assert (got.state, not got.reason) == ("absent", False)
    assert not ran.exists()
