# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Shells read the macOS Keychain (through the twin) and a real Secret Service: odd values, locks, hangs."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.integration.shells import SHELLS, VALUES, Shells, needs, variables
from tests.twins.security import Twin, first_login

if TYPE_CHECKING:
    from pathlib import Path

NAMES = {f"V{number}": value for number, value in enumerate(VALUES.values())}


@pytest.fixture
def twin(security_tool: Path, tmp_path: Path) -> Twin:
    (tmp_path / "home").mkdir()
    first_login(tmp_path / "home")
    return Twin(security_tool, tmp_path / "home")


@pytest.fixture
def mac(twin: Twin) -> Shells:
    """Every odd value in the Keychain, put there through the tool, and exported."""
    needs("zsh")
    lines = [
        f'add-generic-password -s "{name} $(id) item" -a "a b" -l "{name}" -X {value[:1500].hex()}\n'
        for name, value in NAMES.items()
    ]
    done = twin.run("-i", stdin="".join(lines).encode())
    assert (done.returncode, done.stderr) == (0, b"")
    shells = Shells(twin.home, security=str(twin.tool))
    shells.export({name: [("keychain", f"{name} $(id) item", "a b")] for name in NAMES})
    return shells


def told(done: subprocess.CompletedProcess[bytes]) -> dict[str, bytes]:
    assert (done.stderr, done.returncode) == (b"", 0)
    return {name: value for name, value in variables(done.stdout).items() if name in NAMES}


def test_zsh_reads_the_keychain_byte_for_byte(mac: Shells) -> None:
    assert told(mac.zsh("env -0")) == {name: value[:1500] for name, value in NAMES.items()}


@pytest.mark.parametrize("shell", SHELLS.values(), ids=SHELLS)
def test_latchkey_run_reads_the_keychain_byte_for_byte(mac: Shells, shell: list[str]) -> None:
    needs(shell[0])
    done = mac.run(*NAMES, "--", "env", "-0", shell=shell)
    assert told(done) == {name: value[:1500] for name, value in NAMES.items()}


def test_variable_that_is_set_is_not_looked_up(mac: Shells, twin: Twin) -> None:
    before = len(twin.calls())
    environment = {name: "set before" for name in NAMES if name != "V1"}
    assert told(mac.zsh("env -0", **environment))["V1"] == NAMES["V1"]
    asked = [call.argv[1:] for call in twin.calls()[before:]]
    assert [words[0] for words in asked] == ["find-generic-password", "list-keychains", "find-generic-password"]
    assert {words[2] for words in asked if len(words) > 1} == {"V1 $(id) item"}


def test_tool_gets_no_value_as_argument(mac: Shells, twin: Twin) -> None:
    mac.run("V0", "--", "true")
    assert all(NAMES["V0"].decode() not in argument for call in twin.calls() for argument in call.argv)


def test_value_with_nul_is_unset_silently(mac: Shells, twin: Twin) -> None:
    twin.run("-i", stdin=b"add-generic-password -s nul -a me -X " + b"one\0two".hex().encode() + b"\n")
    mac.export({"V0": [("keychain", "nul", "me")], "V1": [("keychain", "V1 $(id) item", "a b")]})
    assert told(mac.zsh("env -0")) == {"V1": NAMES["V1"]}
    assert b"has a NUL byte" in mac.run("V0", "--", "true").stderr


def test_no_process_is_left(mac: Shells) -> None:
    mac.export({"V1": [("keychain", "V1 $(id) item", "a b")]})
    session, *others = mac.zsh("ps -o sid= -p $$; ps -A -o sid=,args=; true").stdout.decode().splitlines()
    left = [line.split(None, 1)[1].split()[0] for line in others if line.split()[0] == session.strip()]
    assert left == ["zsh", "ps"]


def test_missing_item_is_unset_silently_and_the_next_is_read(mac: Shells) -> None:
    places = {"V0": [("keychain", "nobody", "a b")], "V1": [("keychain", "V1 $(id) item", "a b")]}
    mac.export(places)
    assert told(mac.zsh("env -0")) == {"V1": NAMES["V1"]}
    assert mac.run("V0", "--", "true").stderr == b"latchkey-run: V0 is not in the Keychain\n"


def test_locked_keychain_over_ssh_is_asked_once_silently(mac: Shells, twin: Twin) -> None:
    twin.control(session="ssh", ui=False)
    before = len(twin.calls())
    assert told(mac.zsh("env -0")) == {}
    assert len(twin.calls()) == before + 1
    done = mac.run("V0", "--", "true")
    assert (done.returncode, b"locked or does not allow it" in done.stderr) == (125, True)


def test_unanswered_dialog_is_ended_after_the_deadline(mac: Shells, twin: Twin) -> None:
    twin.lock()
    twin.control(dialog="nobody")
    assert told(mac.zsh("env -0; ps -A -o args")) == {}
    left = subprocess.run(["ps", "-A", "-o", "args"], capture_output=True, text=True, check=True).stdout
    assert str(twin.tool) not in left


def test_missing_tool_is_silent(mac: Shells) -> None:
    shells = Shells(mac.home, security="/nowhere/security")
    shells.export({"V0": [("keychain", "V0", "a b")]})
    assert told(shells.zsh("env -0")) == {}


@pytest.fixture
def two_keychains(mac: Shells, twin: Twin) -> Path:
    """A second keychain of the search list, with another value for V0."""
    second = mac.home / "Library/Keychains/second.keychain-db"
    twin.run("create-keychain", "-p", "second", str(second))
    add = f'add-generic-password -s "V0 $(id) item" -a "a b" -w second "{second}"\n'
    assert twin.run("-i", stdin=add.encode()).stderr == b""
    mac.export({name: [("keychain", f"{name} $(id) item", "a b")] for name in ("V0", "V1")})
    return second


@pytest.mark.parametrize("first", ["login", "second"])
def test_item_in_two_keychains_is_unset_and_named(mac: Shells, twin: Twin, two_keychains: Path, first: str) -> None:
    login = mac.home / "Library/Keychains/login.keychain-db"
    order = [login, two_keychains] if first == "login" else [two_keychains, login]
    assert twin.run("list-keychains", "-s", *map(str, order)).returncode == 0
    assert told(mac.zsh("env -0")) == {"V1": NAMES["V1"]}
    message = b"V0 cannot be read: several keychains hold service V0 $(id) item and account a b; keep it in one\n"
    assert mac.zsh("latchkey_refresh").stderr == b"latchkey: " + message
    for shell in SHELLS.values():
        done = mac.run("V0", "--", "env", "-0", shell=shell)
        assert (done.returncode, done.stdout, done.stderr) == (125, b"", b"latchkey-run: " + message)


def test_item_in_one_of_two_keychains_is_read(mac: Shells, twin: Twin, two_keychains: Path) -> None:
    remove = f'delete-generic-password -s "V0 $(id) item" -a "a b" "{two_keychains}"\n'
    twin.run("-i", stdin=remove.encode())
    assert told(mac.zsh("env -0")) == {name: NAMES[name] for name in ("V0", "V1")}
    assert len([call for call in twin.calls() if list(call.argv[1:]) == ["list-keychains"]]) == 1


class Desktop:
    """A session bus of its own with a real gnome-keyring in it."""

    def __init__(self, home: Path) -> None:
        self.shells = Shells(home)
        self.shells.environment["XDG_RUNTIME_DIR"] = str(home)

    def inside(self, script: str, *, password: str = "login") -> subprocess.CompletedProcess[bytes]:
        """Run ``script`` in a session whose keyring was unlocked with ``password``; stderr is the script's only."""
        said = self.shells.home / "said"
        unlock = f"printf %s {password} | gnome-keyring-daemon --unlock --components=secrets >/dev/null"
        done = subprocess.run(
            ["dbus-run-session", "--", "sh", "-c", f"({unlock}) 2>/dev/null; exec 2>'{said}'; {script}"],
            env=self.shells.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=240,
            check=False,
            start_new_session=True,
        )
        return subprocess.CompletedProcess(done.args, done.returncode, done.stdout, said.read_bytes())


@pytest.fixture
def desktop(tmp_path: Path) -> Desktop:
    for program in ("zsh", "dbus-run-session", "gnome-keyring-daemon", "secret-tool", "dbus-send"):
        needs(program)
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    made = Desktop(home)
    stores = []
    for name, value in NAMES.items():
        (home / name).write_bytes(value)
        stores.append(f"secret-tool store --label={name} service {name} account 'a b' <'{home}/{name}'")
    done = made.inside("; ".join(stores))
    assert (done.returncode, done.stderr) == (0, b"")
    made.shells.export({name: [("secret_service", name, "a b")] for name in NAMES})
    return made


ZSH = "zsh -o no_global_rcs -ic 'env -0'"
# The Secret Service of libsecret 0.20 takes any bytes; newer ones only UTF-8.
KEPT = {name: value for name, value in NAMES.items() if value.decode(errors="replace").encode() == value}


def test_zsh_reads_the_secret_service_byte_for_byte(desktop: Desktop) -> None:
    found = told(desktop.inside(ZSH))
    assert {name: found.get(name) for name in KEPT} == KEPT


@pytest.mark.parametrize("shell", ["dash", "bash"])
def test_latchkey_run_reads_the_secret_service_byte_for_byte(desktop: Desktop, shell: str) -> None:
    done = desktop.inside(f"{shell} '{desktop.shells.home}/latchkey-run' {' '.join(KEPT)} -- env -0")
    assert told(done) == KEPT


def test_locked_keyring_is_unset_silently(desktop: Desktop) -> None:
    assert told(desktop.inside(ZSH, password="wrong")) == {}
    done = desktop.inside(f"sh '{desktop.shells.home}/latchkey-run' V0 -- true", password="wrong")
    assert (done.returncode, b"locked or does not answer" in done.stderr) == (125, True)


def test_missing_item_of_the_secret_service_is_unset_silently(desktop: Desktop) -> None:
    desktop.shells.export({"V0": [("secret_service", "nobody", "a b")], "V1": [("secret_service", "V1", "a b")]})
    assert told(desktop.inside(ZSH)) == {"V1": NAMES["V1"]}


def store(*attributes: str) -> str:
    """Command that stores an item as another program would."""
    return f"printf other | secret-tool store --label=other {' '.join(attributes)}"


SEVERAL = b"several items of the Secret Service have service V1 and account a b; keep one"
FURTHER = b"the item with service new and account a b is of another program; store it anew without further attributes"


@pytest.mark.parametrize(
    ("variable", "before", "message"),
    [
        ("V1", store("service V1 account 'a b' env staging"), SEVERAL),
        ("NEW", store("service new account 'a b' env staging"), FURTHER),
    ],
    ids=["two items", "further attribute"],
)
def test_item_that_is_not_the_only_exact_match_is_unset_and_named(
    desktop: Desktop, variable: str, before: str, message: bytes
) -> None:
    places = {name: [("secret_service", name, "a b")] for name in ("V0", "V1")}
    desktop.shells.export({**places, "NEW": [("secret_service", "new", "a b")]})
    expected = {name: NAMES[name] for name in ("V0", "V1") if name != variable}
    assert told(desktop.inside(f"{before}; {ZSH}")) == expected
    line = b"%s cannot be read: %s\n" % (variable.encode(), message)
    assert line in desktop.inside("zsh -o no_global_rcs -ic latchkey_refresh").stderr
    for shell in ("zsh --emulate sh", "bash", "dash"):
        done = desktop.inside(f"{shell} '{desktop.shells.home}/latchkey-run' {variable} -- env -0")
        assert (done.returncode, done.stdout, done.stderr) == (125, b"", b"latchkey-run: " + line)


def test_without_a_bus_values_are_unset_and_no_bus_is_started(desktop: Desktop) -> None:
    assert told(desktop.shells.zsh("env -0")) == {}
    assert b"no session bus" in desktop.shells.run("V0", "--", "true").stderr


@pytest.mark.thorough
def test_service_that_does_not_answer_is_asked_once(tmp_path: Path) -> None:
    needs("zsh")
    (tmp_path / "home").mkdir()
    slow = tmp_path / "slow"
    slow.write_text(f"#!/bin/sh\necho called >>'{tmp_path}/calls'\nexec sleep 60\n")
    slow.chmod(0o755)
    shells = Shells(tmp_path / "home", dbus_send=str(slow), secret_tool=str(slow))
    shells.export({name: [("secret_service", name, "a b")] for name in NAMES})
    assert told(shells.zsh("env -0", DBUS_SESSION_BUS_ADDRESS="unix:path=/nowhere")) == {}
    assert (tmp_path / "calls").read_text() == "called\n"


@pytest.mark.parametrize(
    ("printed", "message"),
    [
        ("secret = v\\ncreated = now\\nschema = org.gnome.Other\\nattribute.service = s\\n", b"without a schema"),
        ("created = now\\nattribute.service = s\\n", b"is locked; unlock its keyring"),
        ("secret = \\ncreated = now\\nattribute.service = s\\n", b"is empty: the item with service s and account a"),
        ("", b"is not in the Secret Service"),
    ],
    ids=["foreign schema", "locked", "empty", "absent"],
)
def test_item_without_a_usable_value_is_named(tmp_path: Path, printed: str, message: bytes) -> None:
    (tmp_path / "home").mkdir()
    head = "[/1]\\nlabel = x\\n" if printed else ""
    for name, out in {"unlocked": "   variant       boolean false", "search": head + printed}.items():
        (tmp_path / name).write_text(f"#!/bin/sh\nprintf '{out}'\n")
        (tmp_path / name).chmod(0o755)
    shells = Shells(tmp_path / "home", dbus_send=str(tmp_path / "unlocked"), secret_tool=str(tmp_path / "search"))
    shells.export({"V0": [("secret_service", "s", "a")]})
    for shell in SHELLS.values():
        needs(shell[0])
        done = shells.run("V0", "--", "true", shell=shell, DBUS_SESSION_BUS_ADDRESS="unix:path=/nowhere")
        assert done.returncode == 125
        assert message in done.stderr


def test_locked_service_is_not_asked_for_the_value(tmp_path: Path) -> None:
    needs("zsh")
    (tmp_path / "home").mkdir()
    for name, said in {"locked": "   variant       boolean true", "lookup": "asked"}.items():
        (tmp_path / name).write_text(f"#!/bin/sh\necho {name} >>'{tmp_path}/calls'\necho '{said}'\n")
        (tmp_path / name).chmod(0o755)
    shells = Shells(tmp_path / "home", dbus_send=str(tmp_path / "locked"), secret_tool=str(tmp_path / "lookup"))
    shells.export({name: [("secret_service", name, "a b")] for name in NAMES})
    assert told(shells.zsh("env -0", DBUS_SESSION_BUS_ADDRESS="unix:path=/nowhere")) == {}
    assert (tmp_path / "calls").read_text() == "locked\n"


def test_name_that_looks_like_an_option_is_passed_as_a_name(tmp_path: Path) -> None:
    needs("zsh")
    (tmp_path / "home").mkdir()
    item = "printf '[/1]\\nlabel = x\\nsecret = %s\\ncreated = now\\nattribute.service = x\\n' \"$*\""
    for name, script in {"unlocked": "echo '   variant       boolean false'", "search": item}.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    shells = Shells(tmp_path / "home", dbus_send=str(tmp_path / "unlocked"), secret_tool=str(tmp_path / "search"))
    shells.export({"V0": [("secret_service", "--help", "-a")]})
    found = told(shells.zsh("env -0", DBUS_SESSION_BUS_ADDRESS="unix:path=/nowhere"))
    assert found == {"V0": b"search --all -- service --help account -a"}
