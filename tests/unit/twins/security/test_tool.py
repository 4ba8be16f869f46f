# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.twins.security import status

if TYPE_CHECKING:
    from tests.twins.security import Twin

SHEET = {
    24: -25320,
    36: -25308,
    37: -25307,
    44: -25300,
    45: -25299,
    48: -25296,
    49: -25295,
    50: -25294,
    51: -25293,
    52: -25292,
    53: -25291,
    101: -25243,
    128: -128,
    148: -108,
    195: -61,
    206: -50,
}


@pytest.mark.parametrize(("code", "number"), SHEET.items())
def test_exit_is_the_low_byte(item: Twin, code: int, number: int) -> None:
    """1: exit code = handler result & 0xFF, the table."""
    assert not status.text(number).startswith("OSStatus")
    item.control(refuse=[{"service": "svc", "status": number}])
    assert item.run("find-generic-password", "-s", "svc", "-w").returncode == code


def test_codes_that_collide(item: Twin) -> None:
    """1: 30 is -34018 and -25314 alike."""
    for number in (-34018, -25314):
        item.control(refuse=[{"service": "svc", "status": number}])
        assert item.run("find-generic-password", "-s", "svc", "-w").returncode == 30


@pytest.mark.parametrize("name", ["find-generic-password", "find-gen", "f"])
def test_names_by_prefix(item: Twin, name: str) -> None:
    """1: command names match by prefix."""
    assert item.run(name, "-s", "svc", "-w").stdout == b"old value\n"


def test_first_hit_of_the_table_wins(twin: Twin) -> None:
    """1: first table hit wins; an empty string matches help."""
    assert b"delete-keychain is not emulated" in twin.run("delete-keychain").stderr
    twin.run("delete")
    twin.run("set")
    twin.run("")
    ran = [call.commands for call in twin.calls()]
    assert ran == [["delete-keychain"], ["delete-keychain"], ["set-keychain-settings"], ["help"]]


@pytest.mark.parametrize(
    "argv",
    [
        ("find-generic-password", "-h"),
        ("find-generic-password", "-z"),
        ("find-generic-password", "-s"),
        ("add-generic-password", "-a", "me", "-w", "x"),
        ("add-generic-password", "-s", "svc", "-w", "x"),
        ("add-generic-password", "-s", "svc", "-a", "me", "login.keychain-db", "-w", "x"),
        ("add-generic-password", "-s", "svc", "-a", "me", ""),
        ("delete-generic-password",),
        ("delete-generic-password", "login.keychain-db"),
        ("set-generic-password-partition-list", "-s", "svc"),
        ("list-keychains", "extra"),
        ("list-keychains", "-d", "nowhere"),
        ("show-keychain-info", "a", "b"),
        ("lock-keychain", "-a", "b"),
    ],
)
def test_usage_errors(twin: Twin, argv: tuple[str, ...]) -> None:
    """1: usage errors are `Usage: <cmd> <usage>` and a help line on stderr, exit 2; -h on a sub-command too."""
    done = twin.run(*argv)
    assert done.returncode == 2
    assert done.stdout == b""
    usage, about = done.stderr.splitlines()[-2:]
    assert usage.startswith(b"Usage: " + argv[0].encode() + b" ")
    assert about.startswith(b" " * 8)
    assert not twin.items()


def test_options_stop_at_the_first_other_word(item: Twin) -> None:
    """1: the keychain argument must be last; find takes several, so what follows counts as keychains."""
    done = item.run("find-generic-password", "-s", "svc", "login.keychain-db", "-w")
    assert (done.returncode, b"svce" in done.stdout, b"old value" in done.stdout) == (0, True, False)


def test_unknown_command(twin: Twin) -> None:
    """1: `security: unknown command "<x>"`, exit 1."""
    done = twin.run("frobnicate")
    assert (done.returncode, done.stdout, done.stderr) == (1, b"", b'security: unknown command "frobnicate"\n')


def test_no_arguments(twin: Twin) -> None:
    """1: no arguments is usage on stdout, exit 2."""
    done = twin.run()
    assert (done.returncode, done.stderr) == (2, b"")
    assert done.stdout.startswith(b"Usage: security ")


def test_help(twin: Twin) -> None:
    """1: `security help <cmd>` is stdout, 0."""
    done = twin.run("help", "add-gen")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(b"Usage: add-generic-password ")
    assert b"find-generic-password" in twin.run("help").stdout
    assert twin.run("help", "frobnicate").returncode == 1
