# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Shells read the macOS Keychain (the stand-in of its tool) and a real Secret Service: odd values, locks, hangs."""

from __future__ import annotations

import os
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from tests.integration.shells import SHELLS, VALUES, Shells, needs, variables
from tests.twins.security import Twin, first_login, write_tool

if TYPE_CHECKING:
    from pathlib import Path

NAMES = {f"V{number}": value for number, value in enumerate(VALUES.values())}


@pytest.fixture(scope="session")
def tool(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not os.path.exists("/usr/bin/python3"):
        pytest.skip("the twin runs under /usr/bin/python3, which is not here")
    return write_tool(tmp_path_factory.mktemp("bin"))


@pytest.fixture
def twin(tool: Path, tmp_path: Path) -> Twin:
    (tmp_path / "home").mkdir()
    first_login(tmp_path / "home")
    return Twin(tool, tmp_path / "home")


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


def test_what_is_set_already_is_not_asked_for(mac: Shells, twin: Twin) -> None:
    before = len(twin.calls())
    environment = {name: "set before" for name in NAMES if name != "V1"}
    assert told(mac.zsh("env -0", **environment))["V1"] == NAMES["V1"]
    assert len(twin.calls()) == before + 1


def test_no_value_is_an_argument(mac: Shells, twin: Twin) -> None:
    mac.run("V0", "--", "true")
    assert all(NAMES["V0"].decode() not in argument for call in twin.calls() for argument in call.argv)


def test_a_value_with_nul_is_unset_and_silent(mac: Shells, twin: Twin) -> None:
    twin.run("-i", stdin=b"add-generic-password -s nul -a me -X " + b"one\0two".hex().encode() + b"\n")
    mac.export({"V0": [("keychain", "nul", "me")], "V1": [("keychain", "V1 $(id) item", "a b")]})
    assert told(mac.zsh("env -0")) == {"V1": NAMES["V1"]}
    assert b"has a NUL byte" in mac.run("V0", "--", "true").stderr


def test_no_process_stays(mac: Shells) -> None:
    mac.export({"V1": [("keychain", "V1 $(id) item", "a b")]})
    session, *others = mac.zsh("ps -o sid= -p $$; ps -A -o sid=,args=; true").stdout.decode().splitlines()
    left = [line.split(None, 1)[1].split()[0] for line in others if line.split()[0] == session.strip()]
    assert left == ["zsh", "ps"]


def test_a_missing_item_is_unset_and_silent_and_the_next_is_read(mac: Shells) -> None:
    places = {"V0": [("keychain", "nobody", "a b")], "V1": [("keychain", "V1 $(id) item", "a b")]}
    mac.export(places)
    assert told(mac.zsh("env -0")) == {"V1": NAMES["V1"]}
    assert mac.run("V0", "--", "true").stderr == b"latchkey-run: V0 is not in the Keychain\n"


def test_a_locked_keychain_over_ssh_is_asked_once_and_silent(mac: Shells, twin: Twin) -> None:
    twin.control(session="ssh", ui=False)
    before = len(twin.calls())
    assert told(mac.zsh("env -0")) == {}
    assert len(twin.calls()) == before + 1
    done = mac.run("V0", "--", "true")
    assert (done.returncode, b"locked or does not allow it" in done.stderr) == (125, True)


def test_a_dialog_that_nobody_answers_is_waited_for_once_and_not_for_long(mac: Shells, twin: Twin) -> None:
    twin.lock()
    twin.control(dialog="nobody")
    started = time.monotonic()
    assert told(mac.zsh("env -0; ps -A -o args")) == {}
    assert time.monotonic() - started < 8
    left = subprocess.run(["ps", "-A", "-o", "args"], capture_output=True, text=True, check=True).stdout
    assert str(twin.tool) not in left


def test_a_tool_that_is_not_there_is_silent(mac: Shells) -> None:
    shells = Shells(mac.home, security="/nowhere/security")
    shells.export({"V0": [("keychain", "V0", "a b")]})
    assert told(shells.zsh("env -0")) == {}


class Desktop:
    """A session bus of its own with a real gnome-keyring in it."""

    def __init__(self, home: Path) -> None:
        self.shells = Shells(home)
        self.shells.environment["XDG_RUNTIME_DIR"] = str(home)

    def inside(self, script: str, *, password: str = "login") -> subprocess.CompletedProcess[bytes]:
        """``script`` in a session whose keyring was unlocked with ``password``; its own words, not the bus's."""
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


def test_a_locked_keyring_is_unset_and_silent_and_at_once(desktop: Desktop) -> None:
    started = time.monotonic()
    assert told(desktop.inside(ZSH, password="wrong")) == {}
    assert time.monotonic() - started < 10
    done = desktop.inside(f"sh '{desktop.shells.home}/latchkey-run' V0 -- true", password="wrong")
    assert (done.returncode, b"locked or does not answer" in done.stderr) == (125, True)


def test_a_missing_item_is_unset_and_silent(desktop: Desktop) -> None:
    desktop.shells.export({"V0": [("secret_service", "nobody", "a b")], "V1": [("secret_service", "V1", "a b")]})
    assert told(desktop.inside(ZSH)) == {"V1": NAMES["V1"]}


def test_no_bus_is_unset_and_silent_and_starts_none(desktop: Desktop) -> None:
    assert told(desktop.shells.zsh("env -0")) == {}
    assert b"no session bus" in desktop.shells.run("V0", "--", "true").stderr


def test_a_service_that_does_not_answer_is_waited_for_once(tmp_path: Path) -> None:
    needs("zsh")
    (tmp_path / "home").mkdir()
    slow = tmp_path / "slow"
    slow.write_text(f"#!/bin/sh\necho called >>'{tmp_path}/calls'\nexec sleep 60\n")
    slow.chmod(0o755)
    shells = Shells(tmp_path / "home", dbus_send=str(slow), secret_tool=str(slow))
    shells.export({name: [("secret_service", name, "a b")] for name in NAMES})
    started = time.monotonic()
    assert told(shells.zsh("env -0", DBUS_SESSION_BUS_ADDRESS="unix:path=/nowhere")) == {}
    assert time.monotonic() - started < 8
    assert (tmp_path / "calls").read_text() == "called\n"


def test_a_locked_service_is_not_looked_up_in_for_that_would_ask_somebody(tmp_path: Path) -> None:
    needs("zsh")
    (tmp_path / "home").mkdir()
    for name, said in {"locked": "   variant       boolean true", "lookup": "asked"}.items():
        (tmp_path / name).write_text(f"#!/bin/sh\necho {name} >>'{tmp_path}/calls'\necho '{said}'\n")
        (tmp_path / name).chmod(0o755)
    shells = Shells(tmp_path / "home", dbus_send=str(tmp_path / "locked"), secret_tool=str(tmp_path / "lookup"))
    shells.export({name: [("secret_service", name, "a b")] for name in NAMES})
    assert told(shells.zsh("env -0", DBUS_SESSION_BUS_ADDRESS="unix:path=/nowhere")) == {}
    assert (tmp_path / "calls").read_text() == "locked\n"


def test_what_begins_like_an_option_is_none(tmp_path: Path) -> None:
    needs("zsh")
    (tmp_path / "home").mkdir()
    for name, script in {"unlocked": "echo '   variant       boolean false'", "lookup": 'echo "$*"'}.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    shells = Shells(tmp_path / "home", dbus_send=str(tmp_path / "unlocked"), secret_tool=str(tmp_path / "lookup"))
    shells.export({"V0": [("secret_service", "--help", "-a")]})
    found = told(shells.zsh("env -0", DBUS_SESSION_BUS_ADDRESS="unix:path=/nowhere"))
    assert found == {"V0": b"lookup -- service --help account -a\n"}
