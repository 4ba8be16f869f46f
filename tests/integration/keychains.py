# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every test of a keychain declares and runs: a member, credentials, and one convergence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.latchkey.workstation.plugins.module_utils._core.secrets import Secret
from ansible_collections.latchkey.workstation.plugins.module_utils._keychain.converge import converge

from tests import builders
from tests.builders import source

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ansible_collections.latchkey.workstation.plugins.module_utils._core.report import Report

ODD = "quote ' \" back\\slash $HOME `x` grüße\n"
LONG = (ODD * 300).encode()[:8190].decode(errors="ignore")


def credential(service: str, *sources: dict[str, Any], category: str = "", **keychain: Any) -> dict[str, Any]:
    """A credential that is stored under ``service`` and the account me."""
    item = {"service": service, "account": "me", **keychain}
    return builders.credential(service, category=category, sources=list(sources), keychain=item)


class Person:
    """The current user with a temporary home."""

    def __init__(self, home: Path, *, backend: str = "auto", security: str = "/usr/bin/security") -> None:
        self.home = home
        self.backend = backend
        self.security = security
        self.member = builders.member(home)

    def converge(self, *credentials: dict[str, Any], value: str | None = None, **more: Any) -> Report:
        chosen = {"backend": self.backend, "security": self.security}
        options = {"exclusive": True, "check_mode": False, **chosen, **more}
        return converge(self.member, credentials, value=Secret(value) if value else None, **options)

    def states(self, *credentials: dict[str, Any], **more: Any) -> list[str]:
        """The state of each row, in order."""
        return [row["state"] for row in self.converge(*credentials, **more).items]

    def write(self, name: str, text: str) -> dict[str, Any]:
        """A file of the home as an authority."""
        (self.home / name).write_bytes(text.encode())
        return source("file", path=f"~/{name}")


def files_below(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())
