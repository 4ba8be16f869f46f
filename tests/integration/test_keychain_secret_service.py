# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Secret Service, on a real gnome-keyring behind a session bus of its own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._core.secrets import Secret
from ansible_collections.latchkey.workstation.plugins.module_utils._host import command as host_command
from ansible_collections.latchkey.workstation.plugins.module_utils._stores.base import Change, Item
from ansible_collections.latchkey.workstation.plugins.module_utils._stores.private_files import item_path
from ansible_collections.latchkey.workstation.plugins.module_utils._stores.secret_service import SecretService

from tests.integration.desktops import ABSENT_TOOLS, Desktop, lookup, put, search
from tests.integration.keychains import LONG, ODD, Person, credential, source

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(bool(ABSENT_TOOLS), reason=f"not on this machine: {', '.join(ABSENT_TOOLS)}")

PASSWORD = b"of the keyring"


@pytest.fixture
def desktop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desktop]:
    made = Desktop(tmp_path)
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", made.address)
    yield made
    made.stop()


@pytest.fixture
def unlocked(desktop: Desktop) -> Desktop:
    desktop.start(PASSWORD)
    return desktop


@pytest.fixture
def locked(desktop: Desktop, alice: Person) -> Desktop:
    """A keyring that was used before and is locked now."""
    desktop.start(PASSWORD)
    assert alice.states(credential("s", alice.write("f", "the value"))) == ["changed"]
    desktop.stop_keyring()
    desktop.start(b"a wrong password")
    return desktop


@pytest.fixture
def alice(tmp_path: Path) -> Person:
    return Person(tmp_path)


def kept(service: str, account: str = "me") -> bytes:
    return lookup("service", service, "account", account)


@pytest.mark.parametrize("value", ["first value", ODD, LONG, "newline at the end\n\n", "  spaces  "])
def test_a_value_arrives_byte_for_byte(unlocked: Desktop, alice: Person, value: str) -> None:
    wanted = credential("s", alice.write("f", value + "\n"))
    assert alice.states(wanted, check_mode=True) == ["changed"]
    assert kept("s") == b""
    assert alice.states(wanted) == ["changed"]
    assert kept("s") == value.encode()
    assert alice.states(wanted) == ["ok"]
    assert not os.path.exists(item_path(str(alice.home), ("s", "me")))


def test_what_is_kept_follows_its_authority_and_goes_with_its_declaration(unlocked: Desktop, alice: Person) -> None:
    wanted = credential("s", alice.write("f", "first value"))
    alice.converge(wanted)
    alice.write("f", "second value")
    assert alice.states(wanted) == ["changed"]
    assert kept("s") == b"second value"
    assert alice.states() == ["changed"]
    assert kept("s") == b""


def test_a_label_is_written_and_compared_where_it_is_declared(unlocked: Desktop, alice: Person) -> None:
    def label() -> str:
        argv = ["secret-tool", "search", "service", "s", "account", "me"]
        out = subprocess.run(argv, capture_output=True, check=True, env={**os.environ, "LC_ALL": "C.UTF-8"}).stdout
        return next(row[8:] for row in out.decode().splitlines() if row.startswith("label = "))

    authority = alice.write("f", "the value")
    alice.converge(credential("s", authority))
    assert label() == "s"
    assert alice.states(credential("s", authority, label='Grüße an\'s "S"', comment="not kept here")) == ["changed"]
    assert label() == 'Grüße an\'s "S"'
    assert alice.states(credential("s", authority, label='Grüße an\'s "S"', comment="not kept here")) == ["ok"]
    assert alice.states(credential("s", authority)) == ["ok"]


@pytest.mark.parametrize("service", ["with spaces", 'it\'s "quoted"', "grüße ☃", "-s", "--label=x"])
@pytest.mark.parametrize("account", ["me", "", "--"])
def test_odd_names(unlocked: Desktop, alice: Person, service: str, account: str) -> None:
    wanted = credential(service, alice.write("f", "the value"), account=account)
    assert alice.states(wanted) == ["changed"]
    assert alice.states(wanted) == ["ok"]
    assert kept(service, account) == b"the value"


def test_a_hand_made_item_is_adopted_and_never_removed(unlocked: Desktop, alice: Person) -> None:
    put(b"by hand", "service", "s", "account", "me")
    assert alice.states(credential("s")) == ["ok"]
    assert alice.states() == []
    assert kept("s") == b"by hand"


def test_a_locked_collection_is_told_apart_from_a_missing_item(locked: Desktop, alice: Person) -> None:
    wanted = credential("s", source("file", path="~/f"))
    new = credential("new", alice.write("new", "a new value"))
    report = alice.converge(wanted, new, check_mode=True)
    assert [row["state"] for row in report.items] == ["ok", "unknown"]
    assert "gnome-keyring-daemon --unlock" in report.items[1]["remedy"]
    alice.write("f", "a rotated value")
    assert alice.states(wanted, check_mode=True) == ["unknown"]
    assert alice.states(wanted) == ["failed"]
    assert alice.states(credential("s", state="absent")) == ["unknown"]
    assert not os.path.exists(item_path(str(alice.home), ("s", "me")))
    locked.stop_keyring()
    locked.start(PASSWORD)
    assert kept("s") == b"the value"
    assert alice.states(wanted) == ["changed"]
    assert kept("s") == b"a rotated value"


def test_a_service_that_has_gone_is_unknown_and_files_stay_out_of_it(locked: Desktop, alice: Person) -> None:
    locked.stop_keyring()
    report = alice.converge(credential("s", alice.write("new", "a new value")), check_mode=True)
    assert [row["state"] for row in report.items] == ["unknown"]
    assert "does not run in this session" in report.items[0]["what"]
    os.environ["DBUS_SESSION_BUS_ADDRESS"] = "unix:path=/none"
    assert alice.states(credential("s"), check_mode=True) == ["unknown"]


@pytest.mark.parametrize("how", ["no bus", "no service", "no collection", "locked"])
def test_without_an_unlocked_service_files_are_chosen_and_kept_to(
    desktop: Desktop, alice: Person, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    if how == "no bus":
        monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS")
    elif how == "no collection":
        desktop.start(b"")
    elif how == "locked":
        desktop.start(PASSWORD)
        desktop.stop_keyring()
        desktop.start(b"a wrong password")
    wanted = credential("s", alice.write("f", "the value"))
    assert alice.states(wanted) == ["changed"]
    path = Path(item_path(str(alice.home), ("s", "me")))
    assert path.read_bytes() == b"the value"
    if how != "no bus":
        desktop.stop_keyring()
        shutil.rmtree(desktop.home / ".local/share/keyrings", ignore_errors=True)
        desktop.start(PASSWORD)
        assert alice.states(wanted) == ["ok"]
        assert kept("s") == b""


def test_nothing_is_started_to_find_out(alice: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An ordinary session bus starts a keyring for whoever calls it; being asked for the backend must not."""
    script = "import os, sys; print(os.environ['DBUS_SESSION_BUS_ADDRESS'], flush=True); sys.stdin.read()"
    session = subprocess.Popen(
        ["dbus-run-session", "--", "python3", "-c", script],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        assert session.stdout
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", session.stdout.readline().decode().strip())
        alice.converge(credential("s", alice.write("f", "the value")))
        ask = ["--dest=org.freedesktop.DBus", "/", "org.freedesktop.DBus.ListNames"]
        names = subprocess.run(["dbus-send", "--session", "--print-reply", *ask], capture_output=True, check=True)
        assert b"org.freedesktop.secrets" not in names.stdout
    finally:
        session.communicate(timeout=10)


def test_a_changed_backend_takes_what_was_kept_along_and_leaves_nothing_behind(
    unlocked: Desktop, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEED", "the value")
    wanted = credential("s", source("env", name="SEED"))
    alice.converge(wanted, backend="files")
    monkeypatch.setenv("SEED", "another value")
    path = Path(item_path(str(alice.home), ("s", "me")))
    assert alice.states(wanted, backend="secret_service", check_mode=True) == ["changed", "changed"]
    assert path.exists()
    assert alice.states(wanted, backend="secret_service") == ["changed", "changed"]
    assert kept("s") == b"the value"
    assert not path.exists()
    assert alice.states(wanted) == ["ok"]
    assert alice.states(wanted, backend="files") == ["changed", "changed"]
    assert (path.read_bytes(), kept("s")) == (b"the value", b"")


def test_what_the_new_backend_cannot_carry_stays_in_the_former(unlocked: Desktop, alice: Person) -> None:
    alice.converge(credential("s", alice.write("f", "x" * 8192)), backend="files")
    os.unlink(alice.home / "f")
    assert alice.states(credential("s"), backend="secret_service") == ["failed"]
    assert Path(item_path(str(alice.home), ("s", "me"))).read_bytes() == b"x" * 8192
    assert alice.states(credential("s"), backend="files") == ["ok"]


def test_what_the_tool_cannot_carry_is_an_error_in_both_modes(unlocked: Desktop, alice: Person) -> None:
    too_long = credential("s", alice.write("f", "x" * 8192))
    assert alice.states(too_long, check_mode=True) == ["failed"]
    report = alice.converge(too_long)
    assert [row["state"] for row in report.items] == ["failed"]
    assert "8192 bytes and secret-tool takes 8191" in report.items[0]["what"]
    assert kept("s") == b""


@pytest.mark.parametrize("command", ["lookup", "store", "clear"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_killed_tool_leaves_the_item_as_it_was_or_as_it_shall_be(
    unlocked: Desktop, alice: Person, monkeypatch: pytest.MonkeyPatch, command: str, when: str
) -> None:
    wanted = credential("s", alice.write("f", "old value"))
    alice.converge(wanted)
    alice.write("f", "new value")
    real = host_command.run
    killed: list[str] = []

    def run(argv: list[str], **more: object) -> host_command.Finished:
        if argv[:2] == ["secret-tool", command] and not killed:
            killed.append(command)
            if when == "after":
                real(argv, **more)  # type: ignore[arg-type]
            return host_command.Finished(code=-signal.SIGKILL, out=b"", err=b"")
        return real(argv, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(host_command, "run", run)
    goal = [credential("s", state="absent")] if command == "clear" else [wanted]
    alice.converge(*goal)
    assert killed
    assert kept("s") in (b"old value", b"new value", b"" if command == "clear" else b"new value")
    assert not alice.converge(*goal).failed
    assert kept("s") == (b"" if command == "clear" else b"new value")
    assert alice.states(*goal) == ["ok"]


def declared(alice: Person, value: str) -> dict[str, Any]:
    return credential("s", alice.write("f", value))


def test_an_item_with_further_attributes_is_reported_and_not_written(unlocked: Desktop, alice: Person) -> None:
    put(b"my own value", "service", "s", "account", "me", "env", "staging")
    for check_mode in (True, False):
        report = alice.converge(declared(alice, "of the source"), check_mode=check_mode)
        assert [row["state"] for row in report.items] == ["unknown"]
        assert "attributes that this collection did not write" in report.items[0]["what"]
        assert "secret-tool search --all -- service s account me" in report.items[0]["remedy"]
    assert kept("s") == b"my own value"
    assert "attribute.env = staging" in search("service", "s")


def test_a_second_match_stops_a_rotation_and_keeps_both_items(unlocked: Desktop, alice: Person) -> None:
    alice.converge(declared(alice, "old value"))
    put(b"my own value", "service", "s", "account", "me", "env", "staging", label="mine")
    assert alice.states(declared(alice, "old value")) == ["unknown"]
    assert alice.states(declared(alice, "new value"), check_mode=True) == ["unknown"]
    report = alice.converge(declared(alice, "new value"))
    assert [row["state"] for row in report.items] == ["failed"]
    assert "2 items have this service and account" in report.msg
    assert lookup("service", "s", "env", "staging") == b"my own value"
    assert len(search("service", "s")) == 5


@pytest.mark.parametrize("value", [b"the value", b"my own value"])
def test_a_removal_removes_neither_of_two_matches(unlocked: Desktop, alice: Person, value: bytes) -> None:
    wanted = declared(alice, "the value")
    alice.converge(wanted)
    put(value, "service", "s", "account", "me", "env", "staging")
    assert alice.states() == ["unknown"]
    assert alice.states(credential("s", state="absent")) == ["failed"]
    assert len(search("service", "s")) == 5
    assert lookup("env", "staging") == value


def test_an_item_of_another_schema_is_not_written(unlocked: Desktop, alice: Person) -> None:
    put(b"my own value", "service", "s", "account", "me", "xdg:schema", "org.example.App")
    assert alice.states(declared(alice, "of the source")) == ["unknown"]
    assert kept("s") == b"my own value"


def test_a_value_entered_by_hand_fails_where_the_item_is_ambiguous(unlocked: Desktop, alice: Person) -> None:
    put(b"my own value", "service", "s", "account", "me", "env", "staging")
    assert alice.states(credential("s"), value="entered value", exclusive=False) == ["failed"]
    assert kept("s") == b"my own value"


def test_an_update_keeps_the_label_of_an_adopted_item(unlocked: Desktop, alice: Person) -> None:
    put(b"by hand", "service", "s", "account", "me", label="my label")
    assert alice.states(declared(alice, "of the source")) == ["changed"]
    argv = ["secret-tool", "search", "service", "s"]
    assert b"label = my label\n" in subprocess.run(argv, capture_output=True, check=True).stdout


def test_an_item_that_changes_between_reading_and_writing_is_not_written(unlocked: Desktop, alice: Person) -> None:
    alice.converge(declared(alice, "old value"))
    store = SecretService(uid=os.getuid())
    item = Item("s", "me")
    before = store.read([item])[item.key]
    put(b"from elsewhere", "service", "s", "account", "me")
    for change in (Change("update", item, before, Secret("new value")), Change("remove", item, before)):
        error = store.apply([change])[item.key]
        assert error
        assert "another program changed the item" in error.message
    assert kept("s") == b"from elsewhere"
