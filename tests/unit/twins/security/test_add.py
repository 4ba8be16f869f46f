# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.twins.security import Twin

ADD = ("add-generic-password", "-s", "svc", "-a", "me")
EXISTS = "The specified item already exists in the keychain."


def value(twin: Twin) -> bytes:
    return bytes.fromhex(twin.items()[0].secret)


def test_every_attribute(twin: Twin) -> None:
    """the flags; success prints nothing, exit 0."""
    done = twin.run(*ADD, "-w", "v", *["-l", "L", "-j", "J", "-D", "K", "-G", "G", "-c", "crea", "-C", "type"])
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    kept = twin.items()[0]
    assert (kept.label, kept.comment, kept.kind, kept.generic) == ("L", "J", "K", "G")
    assert (kept.creator, kept.type) == ("crea", "type")


def test_label_defaults_to_the_service(item: Twin) -> None:
    """-l label (default = service)."""
    assert item.items()[0].label == "svc"


def test_empty_account_and_service(twin: Twin) -> None:
    """-a and -s are both required, may be empty strings."""
    assert twin.run("add-generic-password", "-s", "", "-a", "", "-w", "v").returncode == 0
    assert (twin.items()[0].service, twin.items()[0].account) == ("", "")


def test_primary_key_is_account_and_service(item: Twin) -> None:
    """primary key inside one keychain = (account, service)."""
    assert item.run("add-generic-password", "-s", "svc", "-a", "you", "-w", "v").returncode == 0
    assert item.run("add-generic-password", "-s", "other", "-a", "me", "-w", "v").returncode == 0
    assert len(item.items()) == 3


@pytest.mark.parametrize("typed", ["<default>", "login.keychain", "login.keychain-db"])
def test_duplicate(item: Twin, typed: str) -> None:
    """duplicate without -U, 45; an explicit keychain's text as typed replaces `<default>`."""
    more = () if typed == "<default>" else (typed,)
    done = item.run(*ADD, "-w", "new", *more)
    assert done.returncode == 45
    assert done.stderr.decode() == f"security: SecKeychainItemCreateFromContent ({typed}): {EXISTS}\n"
    assert value(item) == b"old value"


def test_locked(ssh: Twin) -> None:
    """locked: the same prefix and `User interaction is not allowed.`, 36."""
    done = ssh.run("add-generic-password", "-s", "new", "-a", "me", "-w", "v")
    assert done.returncode == 36
    assert done.stderr == (
        b"security: SecKeychainItemCreateFromContent (<default>): User interaction is not allowed.\n"
    )
    assert len(ssh.items()) == 1


def test_dark_wake(twin: Twin) -> None:
    """1: 24, in dark wake, no UI possible."""
    twin.lock()
    twin.control(dark_wake=True)
    done = twin.run(*ADD, "-w", "v")
    assert (done.returncode, b"In dark wake, no UI possible" in done.stderr) == (24, True)


def test_no_default_keychain(twin: Twin) -> None:
    """1: 37, a default keychain could not be found."""
    twin.run("default-keychain", "-s")
    done = twin.run(*ADD, "-w", "v")
    assert (done.returncode, b"A default keychain could not be found." in done.stderr) == (37, True)


def test_keychain_missing_or_no_keychain(twin: Twin) -> None:
    """1: 50 and 49."""
    assert twin.run(*ADD, "-w", "v", "nowhere.keychain").returncode == 50
    (twin.home / "text").write_text("hello", encoding="utf-8")
    assert twin.run(*ADD, "-w", "v", str(twin.home / "text")).returncode == 49


@pytest.mark.parametrize("flag", ["-w", "-p"])
def test_value_in_argv_is_seen(twin: Twin, flag: str) -> None:
    """argv `-w VALUE` is visible in ps; the log shows it, as ps would."""
    twin.run(*ADD, flag, "geheim")
    assert value(twin) == b"geheim"
    assert "geheim" in twin.calls()[-1].argv
    assert not twin.calls()[-1].stdin


def test_value_flag_swallows_the_next_word(twin: Twin) -> None:
    """`-w` in the middle swallows the next word as password."""
    twin.run("add-generic-password", "-w", "-s", "-s", "svc", "-a", "me")
    assert value(twin) == b"-s"


def test_no_value_at_all(twin: Twin) -> None:
    """no -w/-X at all: an item with empty password, exit 0."""
    assert twin.run(*ADD).returncode == 0
    assert value(twin) == b""


def test_hexadecimal(twin: Twin) -> None:
    """-X also carries NUL and newlines."""
    secret = b"\x00a\nb\xc3\xa9\\"
    assert twin.run(*ADD, "-X", secret.hex()).returncode == 0
    assert value(twin) == secret


def test_bad_hexadecimal(twin: Twin) -> None:
    """a bad digit: its line, usage, exit 2."""
    done = twin.run(*ADD, "-X", "0g")
    assert done.returncode == 2
    lines = done.stderr.splitlines()
    assert lines[0] == b"security: Unable to convert password data (-X must specify valid hex digits)"
    assert lines[1].startswith(b"Usage: add-generic-password ")


def test_odd_hexadecimal_decodes_wrongly(twin: Twin) -> None:
    """odd length is accepted but decodes wrongly."""
    assert twin.run(*ADD, "-X", "61626").returncode == 0
    assert value(twin) not in (b"ab", b"ab\x06", b"ab\x60", b"\x06\x16\x26")


def test_four_character_codes(twin: Twin) -> None:
    """-c/-C of another length: a line without the tool's name, exit 1."""
    done = twin.run(*ADD, "-c", "abc")
    assert (done.returncode, twin.items()) == (1, [])
    assert done.stderr == b"Error: four-character types must be exactly 4 characters long.\n"


def test_trusted_path_that_cannot_be_read(twin: Twin) -> None:
    """`security: SecTrustedApplicationCreateFromPath <path>: …`, exit 1."""
    done = twin.run(*ADD, "-w", "v", "-T", "/nowhere/app")
    assert (done.returncode, twin.items()) == (1, [])
    assert done.stderr.startswith(b"security: SecTrustedApplicationCreateFromPath /nowhere/app: ")


@pytest.mark.parametrize(
    ("flags", "apps"),
    [
        ((), ["/usr/bin/security"]),
        (("-A",), None),
        (("-T", ""), []),
        (("-T", "/bin/bash"), ["/bin/bash"]),
        (("-T", "/usr/bin/security", "-T", "/bin/bash"), ["/usr/bin/security", "/bin/bash"]),
        (("-T", "group://some.group"), ["group://some.group"]),
        (("-A", "-T", "/bin/bash"), None),
    ],
)
def test_who_is_trusted(twin: Twin, flags: tuple[str, ...], apps: list[str] | None) -> None:
    """-T, -T "", -A, and nothing said: the creator, `/usr/bin/security`, is trusted."""
    assert twin.run(*ADD, "-w", "v", *flags).returncode == 0
    assert twin.items()[0].apps == apps


def test_trusted_path_of_this_machine(twin: Twin, tmp_path: Path) -> None:
    """a -T path that can be read is taken."""
    (tmp_path / "app").touch()
    assert twin.run(*ADD, "-w", "v", "-T", str(tmp_path / "app")).returncode == 0
