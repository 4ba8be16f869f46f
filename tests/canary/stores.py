# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The three stores: how a run reaches one, how a test adds an item, and which file may hold its value."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._stores.private_files import item_path

from tests.twins import security

if TYPE_CHECKING:
    from tests.canary.scanner import Canary
    from tests.integration.conftest import Person

__all__ = ["Files", "Keychain", "SecretService", "Store"]

ACCOUNT = "me"


class Files:
    """Private files, one for each item."""

    size = 8192

    def __init__(self, person: Person) -> None:
        self.person = person
        self.variables: dict[str, Any] = {"latchkey_keychain_backend": "files"}

    def wrapped(self, argv: list[str]) -> list[str]:
        return argv

    def put(self, service: str, canary: Canary) -> None:
        path = self.person.write(self.place(service), canary.raw, mode=0o600)
        path.parent.chmod(0o700)

    def place(self, service: str) -> str:
        return str(Path(item_path(str(self.person.home), (service, ACCOUNT))).relative_to(self.person.home))


class SecretService(Files):
    """A real gnome-keyring. Its files are encrypted, so no file may hold a value in clear text."""

    # secret-tool reads at most 8 KiB less one byte.
    size = 8191
    _DESKTOP = """
set -e
printf password | gnome-keyring-daemon --unlock --components=secrets >/dev/null
until dbus-send --session --print-reply --dest=org.freedesktop.DBus / org.freedesktop.DBus.NameHasOwner \\
    string:org.freedesktop.secrets | grep -q true; do sleep 0.05; done
exec "$@"
"""

    def __init__(self, person: Person) -> None:
        super().__init__(person)
        self.variables = {}
        tools = ("dbus-run-session", "dbus-send", "gnome-keyring-daemon", "secret-tool")
        absent = [tool for tool in tools if not shutil.which(tool)]
        if absent:
            pytest.skip(f"not on this machine: {', '.join(absent)}")

    def wrapped(self, argv: list[str]) -> list[str]:
        return ["dbus-run-session", "--", "sh", "-c", self._DESKTOP, "desktop", *argv]

    def put(self, service: str, canary: Canary) -> None:
        store = ["secret-tool", "store", f"--label={service}", "service", service, "account", ACCOUNT]
        done = self.person.run(self.wrapped(store), stdin=canary.value)
        assert done.returncode == 0, done.stderr

    def place(self, service: str) -> str:
        return ""


class Keychain(Files):
    """The twin of macOS's security tool; its keychain is one file with values in hex."""

    # The tool reads lines of at most 4094 bytes, with two for each byte of a value.
    size = 1800

    def __init__(self, person: Person) -> None:
        super().__init__(person)
        tool = security.install(person.home / "bin", person.home)
        person.own()
        self.twin = security.Twin(tool, person.home)
        self.variables = {
            f"{role}_security": str(tool) for role in ("keychain", "shell_exports", "credential_check", "aws_config")
        }

    def put(self, service: str, canary: Canary) -> None:
        self.twin.put(service, ACCOUNT, canary.raw, apps=["/usr/bin/security"], partitions=["apple-tool:"])
        self.person.own()

    def place(self, service: str) -> str:
        return "Library/Keychains/login.keychain-db"


Store = Files
