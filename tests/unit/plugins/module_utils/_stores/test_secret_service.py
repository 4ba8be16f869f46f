# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._core.errors import LatchkeyError
from ansible_collections.latchkey.workstation.plugins.module_utils._core.secrets import Secret
from ansible_collections.latchkey.workstation.plugins.module_utils._host import command
from ansible_collections.latchkey.workstation.plugins.module_utils._host.command import Finished
from ansible_collections.latchkey.workstation.plugins.module_utils._stores.base import (
    ABSENT_ITEM,
    Change,
    Item,
    Reading,
)
from ansible_collections.latchkey.workstation.plugins.module_utils._stores.secret_service import (
    SearchResult,
    SecretService,
    parse_search,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

ITEM = Item("s", "a")
OWN = "attribute.account = a\nattribute.service = s\n"


def match(number: str = "1", label: str = "l", secret: str = "value one", schema: str = "") -> str:
    dates = "created = 2026-11-30 22:48:11\nmodified = 2026-11-30 22:48:12\n"
    return f"[/{number}]\nlabel = {label}\nsecret = {secret}\n{dates}" + (f"schema = {schema}\n" if schema else "")


GENERIC = "org.freedesktop.Secret.Generic"
SEARCHES = {
    "no output": ("", "", "absent"),
    "one item": (match(), OWN, "single"),
    "one item with the tool's schema": (match(schema=GENERIC), OWN, "single"),
    "attributes in another order": (match(), "attribute.service = s\nattribute.account = a\n", "single"),
    "a value that looks like attributes": (match(secret="x\nattribute.env = staging\n[/2]"), OWN, "single"),
    "a value that looks like a schema": (match(secret="x\nschema = other", schema=GENERIC), OWN, "single"),
    "another schema": (match(schema="org.example.App"), OWN, "ambiguous"),
    "a further attribute": (match(), f"{OWN}attribute.env = staging\n", "ambiguous"),
    "a further attribute of two lines": (match(), f"{OWN}attribute.env = a\nb\n", "ambiguous"),
    "a further attribute that imitates ours": (
        match(),
        f"{OWN}attribute.env = x\nattribute.service = s\n",
        "ambiguous",
    ),
    "a further attribute without a value": (match(), f"{OWN}attribute.env = \n", "ambiguous"),
    "two items": (match() + match("2"), OWN + OWN, "ambiguous"),
    "two items, one with more": (match() + match("2"), f"{OWN}attribute.env = x\n{OWN}", "ambiguous"),
}


def search(out: str, err: str, code: int = 0) -> SearchResult:
    return parse_search(ITEM, Finished(code, out.encode(), err.encode()))


@pytest.mark.parametrize(("out", "err", "state"), SEARCHES.values(), ids=SEARCHES)
def test_only_a_single_item_without_further_attributes_is_a_match(out: str, err: str, state: str) -> None:
    assert search(out, err).state == state


def test_a_match_has_the_label_and_the_number_of_the_item() -> None:
    assert search(match("12", "my = label"), OWN) == SearchResult("single", label="my = label", number="12")
    assert search(match("org/freedesktop/secrets/collection/login/7"), OWN).number == "7"


@pytest.mark.parametrize("output", [("", ""), (match(), OWN)], ids=["no output", "output of a match"])
@pytest.mark.parametrize("code", [*range(1, 256), *range(-64, 0)])
def test_an_exit_status_other_than_0_is_no_answer(code: int, output: tuple[str, str]) -> None:
    with pytest.raises(LatchkeyError, match=r"signal|ended with") as raised:
        search(*output, code=code)
    assert "secret-tool search --all -- service s account a >/dev/null" in raised.value.remedy


ODD = {
    "an error text only": ("", "secret-tool: Cannot get secret of a locked object\n"),
    "attributes without an item": ("", OWN),
    "an item without attributes": (match(), ""),
    "half of the attributes": (match(), "attribute.service = s\n"),
    "attributes of another item": (match(), "attribute.account = b\nattribute.service = s\n"),
    "a warning": (match(), f"{OWN}(secret-tool:1): GLib-WARNING **: something\n"),
    "an item that is cut off": (match()[:20], OWN),
    "no text": ("\x00\xff", "\x00"),
    "an html page": ("<html></html>", "<html></html>"),
}


@pytest.mark.parametrize(("out", "err"), ODD.values(), ids=ODD)
def test_an_undocumented_output_is_no_answer(out: str, err: str) -> None:
    with pytest.raises(LatchkeyError, match="unknown answer"):
        search(out, err)


class Desktop:
    """Answers to dbus-send and secret-tool, as a desktop with one keyring gives them."""

    def __init__(self) -> None:
        self.running, self.lock = b"boolean true", b"boolean false"
        self.search, self.kept = ("", ""), b""
        self.path = "/org/freedesktop/secrets/collection/login"
        self.attributes = b'string "s" string "a"'
        self.ignores_writes = False
        self.tools = {"dbus-send", "secret-tool"}
        self.calls: list[str] = []
        self.addresses: set[str] = set()

    def run(self, argv: Sequence[str], *, env: dict[str, str], stdin: bytes = b"", **_limits: object) -> Finished:
        self.addresses.add(env["DBUS_SESSION_BUS_ADDRESS"])
        name = argv[1] if argv[0] == "secret-tool" else argv[-1].split(":")[-1].rpartition(".")[2]
        self.calls.append(name)
        if name == "search":
            return Finished(0, self.search[0].encode(), self.search[1].encode())
        if name in {"store", "clear"} and not self.ignores_writes:
            self.kept, self.search = stdin, (match(), OWN) if name == "store" else ("", "")
        answers = {
            "secrets": self.running,
            "Locked": self.lock,
            "default": b'object path "%s"' % self.path.encode(),
            "Attributes": self.attributes if f"{self.path}/1" in argv else b"",
            "lookup": self.kept,
        }
        return Finished(0, answers.get(name, b""), b"")


@pytest.fixture
def desktop(monkeypatch: pytest.MonkeyPatch) -> Desktop:
    made = Desktop()
    monkeypatch.setattr(command, "run", made.run)
    monkeypatch.setattr(command, "find", lambda program: program in made.tools)
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/the/bus")
    return made


def read_one() -> Reading:
    return SecretService(uid=0).read([ITEM])[ITEM.key]


def test_without_items_nothing_is_asked(desktop: Desktop) -> None:
    assert SecretService(uid=0).read([]) == {}
    assert desktop.calls == []


def test_a_single_item_is_read_over_the_bus_of_the_session(desktop: Desktop) -> None:
    desktop.search, desktop.kept = (match(), OWN), b"the value"
    assert read_one() == Reading("readable", secret=Secret(b"the value"), exists=True, label="l")
    assert desktop.addresses == {"unix:path=/the/bus"}


UNAVAILABLE = {
    "no bus": (lambda _desktop, patch: patch.delenv("DBUS_SESSION_BUS_ADDRESS"), "needs a session bus"),
    "no tool": (lambda desktop, _patch: desktop.tools.remove("secret-tool"), "needs secret-tool"),
    "no dbus-send": (lambda desktop, _patch: desktop.tools.remove("dbus-send"), "needs dbus-send"),
    "not running": (lambda desktop, _patch: setattr(desktop, "running", b"boolean false"), "does not run in this"),
    "locked": (lambda desktop, _patch: setattr(desktop, "lock", b"boolean true"), "is locked"),
    "no collection": (lambda desktop, _patch: setattr(desktop, "lock", b""), "has no default collection"),
}


@pytest.mark.parametrize(("spoil", "reason"), UNAVAILABLE.values(), ids=UNAVAILABLE)
def test_a_service_that_cannot_be_used_is_locked_and_no_item_is_looked_up(
    desktop: Desktop, monkeypatch: pytest.MonkeyPatch, spoil: Any, reason: str
) -> None:
    spoil(desktop, monkeypatch)
    reading = SecretService(uid=-2).read([ITEM])[ITEM.key]
    assert reading.state == "locked"
    assert reason in reading.reason
    assert reading.remedy
    assert not {"search", "lookup"} & set(desktop.calls)


def test_a_service_that_does_not_answer_is_locked(desktop: Desktop, monkeypatch: pytest.MonkeyPatch) -> None:
    def hang(*_argv: object, **_limits: object) -> Finished:
        raise command.CommandTimeout("dbus-send did not answer within 10 s")

    monkeypatch.setattr(command, "run", hang)
    assert (read_one().state, read_one().reason) == ("locked", "dbus-send did not answer within 10 s")
    assert "gnome-keyring-daemon --unlock" in read_one().remedy
    assert desktop.calls == []


def test_an_ambiguous_item_is_named_and_its_value_is_not_looked_up(desktop: Desktop) -> None:
    desktop.search = (match() + match("2"), OWN + OWN)
    reading = read_one()
    assert (reading.state, reading.exists, reading.secret) == ("ambiguous", True, None)
    assert reading.remedy == (
        "keep one item with only these two attributes, or declare another service or account; "
        "list the matches: secret-tool search --all -- service s account a >/dev/null"
    )
    assert "lookup" not in desktop.calls


def test_an_absent_item_is_created_and_removed(desktop: Desktop) -> None:
    service, secret = SecretService(uid=0), Secret(b"the value")
    assert service.apply([Change("create", ITEM, ABSENT_ITEM, secret)]) == {ITEM.key: None}
    assert desktop.kept == b"the value"
    before = service.read([ITEM])[ITEM.key]
    assert service.apply([Change("remove", ITEM, before)]) == {ITEM.key: None}
    assert service.read([ITEM])[ITEM.key] == ABSENT_ITEM


CHANGED = {
    "another value": (lambda desktop: setattr(desktop, "kept", b"another"), "another program changed the item"),
    "another item": (
        lambda desktop: setattr(desktop, "search", (match() + match("2"), OWN + OWN)),
        "the item is ambiguous: 2 items",
    ),
    "another collection": (lambda desktop: setattr(desktop, "attributes", b'string "s"'), "in another collection"),
    "no default collection": (lambda desktop: setattr(desktop, "path", ""), "in another collection"),
}


@pytest.mark.parametrize(("change", "message"), CHANGED.values(), ids=CHANGED)
def test_an_item_that_is_not_as_it_was_read_is_not_written(desktop: Desktop, change: Any, message: str) -> None:
    desktop.search, desktop.kept = (match(), OWN), b"the value"
    service = SecretService(uid=0)
    before = service.read([ITEM])[ITEM.key]
    change(desktop)
    error = service.apply([Change("update", ITEM, before, Secret(b"new value"))])[ITEM.key]
    assert error
    assert message in error.message
    assert "store" not in desktop.calls


def test_a_write_that_the_service_ignores_is_an_error(desktop: Desktop) -> None:
    desktop.ignores_writes = True
    error = SecretService(uid=0).apply([Change("create", ITEM, ABSENT_ITEM, Secret(b"new value"))])[ITEM.key]
    assert error
    assert error.message == "the Secret Service does not return the value written to it"
    assert error.remedy == "list the matches: secret-tool search --all -- service s account a >/dev/null"


@pytest.mark.parametrize("size", [8191, 8192])
def test_a_value_longer_than_the_tool_takes_is_refused(size: int) -> None:
    error = SecretService(uid=0).refusal(Change("create", ITEM, ABSENT_ITEM, Secret(b"x" * size)))
    assert bool(error) == (size > 8191)
    assert error is None or error.message == "the value has 8192 bytes and secret-tool takes 8191"
