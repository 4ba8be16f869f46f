# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.twins.security import Twin

SYSTEM = '    "/Library/Keychains/System.keychain"\n'


def line(twin: Twin, name: str = "login.keychain-db") -> str:
    return f'    "{twin.home}/Library/Keychains/{name}"\n'


def unlocked(twin: Twin, keychain: str = "login.keychain") -> bool:
    return twin.run("show-keychain-info", keychain).returncode == 0


@pytest.mark.parametrize(("command", "api"), [("default", "SecKeychainCopyDefault"), ("login", "SecKeychainCopyLogin")])
def test_default_and_login(twin: Twin, command: str, api: str) -> None:
    """stdout `    "/path"`; none: the text, 1 (not 37); -s sets, -s alone unsets."""
    assert twin.run(f"{command}-keychain").stdout.decode() == line(twin)
    assert twin.run(f"{command}-keychain", "-s").returncode == 0
    done = twin.run(f"{command}-keychain")
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.decode() == f"security: {api}: A default keychain could not be found.\n"
    twin.run(f"{command}-keychain", "-s", "other.keychain-db")
    assert twin.run(f"{command}-keychain").stdout.decode() == line(twin, "other.keychain-db")


def test_search_list(twin: Twin) -> None:
    """one such line each; `-s a b` replaces the list; -d user."""
    assert twin.run("list-keychains").stdout.decode() == line(twin) + SYSTEM
    twin.run("list-keychains", "-s", "a.keychain-db", "/tmp/b.keychain")
    mine = line(twin, "a.keychain-db") + '    "/tmp/b.keychain"\n'
    assert twin.run("list-keychains", "-d", "user").stdout.decode() == mine
    assert twin.run("list-keychains").stdout.decode() == mine + SYSTEM


def test_relative_names(twin: Twin) -> None:
    """below ~/Library/Keychains/, `x.keychain` is mapped to `x.keychain-db`, when that exists or neither does."""
    twin.run("create-keychain", "-p", "pw", "work.keychain")
    assert (twin.home / "Library" / "Keychains" / "work.keychain-db").exists()
    old = twin.home / "Library" / "Keychains" / "old.keychain"
    (twin.home / "Library" / "Keychains" / "work.keychain-db").rename(old)
    assert twin.run("unlock-keychain", "-p", "pw", "old.keychain").returncode == 0
    assert old.exists()


def test_create(twin: Twin) -> None:
    """adds the file to the search list; exits 48 if it exists."""
    assert twin.run("create-keychain", "-p", "pw", "work.keychain").returncode == 0
    assert line(twin, "work.keychain-db") in twin.run("list-keychains").stdout.decode()
    assert unlocked(twin, "work.keychain")
    done = twin.run("create-keychain", "-p", "pw", "work.keychain")
    assert done.returncode == 48
    assert done.stderr == b"security: SecKeychainCreate work.keychain: A keychain with the same name already exists.\n"


def test_create_prompts(twin: Twin) -> None:
    """the same prompt machinery asks for a new keychain's password."""
    twin.run("create-keychain", "work.keychain", stdin=b"pw\npw\n")
    twin.lock()
    assert twin.run("unlock-keychain", "-p", "pw", "work.keychain").returncode == 0


def test_version_256_outside_the_folder(twin: Twin) -> None:
    """`version: 256` for files anywhere else; no partition list, so -T alone governs there."""
    path = str(twin.home / "elsewhere.keychain")
    twin.run("create-keychain", "-p", "pw", path)
    twin.put("svc", "me", b"value", path, apps=["/usr/bin/security"], partitions=[])
    assert b"version: 256\n" in twin.run("find-generic-password", "-s", "svc").stdout
    assert twin.run("find-generic-password", "-s", "svc", "-w").stdout == b"value\n"
    dumped = twin.run("dump-keychain", "-a", path).stdout
    assert b"access: 3 entries\n" in dumped
    assert b"partition_id" not in dumped


def test_lock_state_is_per_session(twin: Twin) -> None:
    """lock state is kept per security session; SSH logins run in another session than the GUI."""
    assert unlocked(twin)
    twin.control(session="ssh", ui=False)
    assert not unlocked(twin)
    assert twin.run("unlock-keychain", "-p", "login password", "login.keychain").returncode == 0
    assert unlocked(twin)
    twin.control(session="ssh-2")
    assert not unlocked(twin)
    twin.control(session="gui", ui=True)
    twin.run("lock-keychain")
    twin.control(session="ssh", ui=False)
    assert unlocked(twin)


def test_unlock_makes_reads_and_writes_work(ssh: Twin) -> None:
    """`security unlock-keychain` inside the same SSH session fixes it."""
    assert ssh.run("find-generic-password", "-s", "svc", "-w").returncode == 36
    ssh.run("unlock-keychain", "-p", "login password")
    assert ssh.run("find-generic-password", "-s", "svc", "-w").stdout == b"old value\n"


@pytest.mark.parametrize("keychain", ["login.keychain", ""])
def test_wrong_password(twin: Twin, keychain: str) -> None:
    """wrong: `SecKeychainUnlock <kc|<NULL>>`, 51; an already unlocked one accepts any password."""
    named = (keychain,) if keychain else ()
    assert twin.run("unlock-keychain", "-p", "wrong", *named).returncode == 0
    twin.lock()
    done = twin.run("unlock-keychain", "-p", "wrong", *named)
    assert done.returncode == 51
    shown = keychain or "<NULL>"
    text = "The user name or passphrase you entered is not correct."
    assert done.stderr.decode() == f"security: SecKeychainUnlock {shown}: {text}\n"


def test_info(twin: Twin) -> None:
    """show-keychain-info prints on stderr, timeout or `no-timeout`."""
    done = twin.run("show-keychain-info", "login.keychain")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b'Keychain "login.keychain" no-timeout\n')
    twin.run("set-keychain-settings", "-l", "-u", "-t", "300", "login.keychain")
    done = twin.run("show-keychain-info", "login.keychain")
    assert done.stderr == b'Keychain "login.keychain" lock-on-sleep use-lock-interval timeout=300s\n'
    twin.run("set-keychain-settings", "login.keychain")
    assert twin.run("show-keychain-info").stderr == b'Keychain "<NULL>" no-timeout\n'


def test_info_probes_the_lock(ssh: Twin) -> None:
    """on a locked keychain without UI it fails 36: the usual lock probe."""
    done = ssh.run("show-keychain-info", "login.keychain")
    assert done.returncode == 36
    assert done.stderr == b"security: SecKeychainCopySettings login.keychain: User interaction is not allowed.\n"


def test_missing_keychain(twin: Twin) -> None:
    """1: 50, the specified keychain could not be found."""
    for command in ("show-keychain-info", "lock-keychain", "set-keychain-settings"):
        assert twin.run(command, "missing.keychain").returncode == 50
    assert twin.run("unlock-keychain", "-p", "x", "missing.keychain").returncode == 50


def test_lock_all(twin: Twin) -> None:
    """lock-keychain [-a]."""
    twin.run("create-keychain", "-p", "pw", "work.keychain")
    twin.run("lock-keychain", "work.keychain")
    twin.control(ui=False)
    assert (unlocked(twin), unlocked(twin, "work.keychain")) == (True, False)
    twin.run("lock-keychain", "-a")
    assert not unlocked(twin)
