# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A session bus with a gnome-keyring of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

__all__ = ["ABSENT_TOOLS", "Desktop", "lookup", "put", "search"]

_TOOLS = ("dbus-daemon", "dbus-send", "gnome-keyring-daemon", "secret-tool")
ABSENT_TOOLS = [tool for tool in _TOOLS if not shutil.which(tool)]


class Desktop:
    """A session bus that starts nothing by itself, and a keyring on it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self._runtime = tempfile.mkdtemp(prefix="latchkey-bus-")
        self._keyring: subprocess.Popen[bytes] | None = None
        config = Path(self._runtime) / "bus.conf"
        config.write_text(
            "<busconfig><type>session</type><listen>unix:dir=/tmp</listen><auth>EXTERNAL</auth>"
            '<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/>'
            '<allow own="*"/></policy></busconfig>'
        )
        self._bus = subprocess.Popen(
            ["dbus-daemon", f"--config-file={config}", "--print-address", "--nofork"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert self._bus.stdout
        self.address = self._bus.stdout.readline().decode().strip()

    def start(self, password: bytes) -> None:
        """A keyring daemon; a wrong password leaves it locked and prints nothing."""
        environment = {
            "HOME": str(self.home),
            "PATH": "/usr/bin:/bin",
            "XDG_RUNTIME_DIR": self._runtime,
            "DBUS_SESSION_BUS_ADDRESS": self.address,
        }
        argv = ["gnome-keyring-daemon", "--foreground", "--components=secrets"]
        self._keyring = subprocess.Popen(
            [*argv, "--unlock"] if password else argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
        )
        assert self._keyring.stdin
        self._keyring.stdin.write(password)
        self._keyring.stdin.close()
        ask = [
            "--dest=org.freedesktop.DBus",
            "/",
            "org.freedesktop.DBus.NameHasOwner",
            "string:org.freedesktop.secrets",
        ]
        for _ in range(200):
            answer = subprocess.run(
                ["dbus-send", "--session", "--print-reply", *ask], env=environment, capture_output=True, check=False
            )
            if b"true" in answer.stdout:
                return
        raise AssertionError

    def stop_keyring(self) -> None:
        if self._keyring:
            self._keyring.kill()
            self._keyring.wait()
            self._keyring = None

    def stop(self) -> None:
        self.stop_keyring()
        self._bus.kill()
        self._bus.wait()
        shutil.rmtree(self._runtime)


def put(value: bytes, *attributes: str, label: str = "by hand") -> None:
    """Store an item as a person would, with any attributes."""
    subprocess.run(["secret-tool", "store", f"--label={label}", "--", *attributes], input=value, check=True)


def lookup(*attributes: str) -> bytes:
    """Value of the item with these attributes, empty without one."""
    return subprocess.run(["secret-tool", "lookup", "--", *attributes], capture_output=True, check=False).stdout


def search(*attributes: str) -> list[str]:
    """Attribute lines of all matches, sorted."""
    argv = ["secret-tool", "search", "--all", "--", *attributes]
    found = subprocess.run(argv, capture_output=True, check=True, env={**os.environ, "LC_ALL": "C.UTF-8"})
    return sorted(found.stderr.decode().splitlines())
