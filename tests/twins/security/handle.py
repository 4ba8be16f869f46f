# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The side of the tests: put the tool into a folder, decide about the machine, look at what happened."""

from __future__ import annotations

import py_compile
import subprocess
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from . import control, journal
from .gate import Gate
from .store import Item, Keychain, State, Store, now

__all__ = ["PASSWORD", "Twin", "first_login", "install", "write_tool"]

PASSWORD = "login password"
"""Of the login keychain that `install` makes."""
LOGIN = "login.keychain-db"
AS_IT_IS = py_compile.PycInvalidationMode.UNCHECKED_HASH
ROOT = """import sys

from security_twin.__main__ import main

sys.exit(main(sys.argv))
"""


def install(bin_dir: Path, home: Path) -> Path:
    first_login(home)
    return write_tool(bin_dir)


def write_tool(bin_dir: Path) -> Path:
    """An executable `security` in one file that needs nothing but /usr/bin/python3."""
    bin_dir.mkdir(parents=True, exist_ok=True)
    target = bin_dir / "security"
    sources = [path for path in Path(__file__).parent.glob("*.py") if path.name not in ("__init__.py", "handle.py")]
    with target.open("wb") as file, TemporaryDirectory() as scratch:
        file.write(b"#!/usr/bin/python3 -I\n")
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("__main__.py", ROOT)
            archive.writestr("security_twin/__init__.py", "")
            for source in sources:
                archive.write(source, f"security_twin/{source.name}")
                quick = py_compile.compile(str(source), f"{scratch}/{source.stem}.pyc", invalidation_mode=AS_IT_IS)
                archive.write(str(quick), f"security_twin/{source.stem}.pyc")
    target.chmod(0o755)
    return target


def first_login(home: Path) -> None:
    """A login keychain, default and alone in the search list, unlocked in the session `gui`."""
    store = Store(home)
    store.folder.mkdir(parents=True, exist_ok=True)
    path = str(store.folder / LOGIN)
    store.save(Keychain(path=path, password=PASSWORD, lock_on_sleep=False, timeout=None))
    store.save_state(State(default=path, login=path, search=[path], unlocked={"gui": [path]}))
    control.save(home, control.Controls())


@dataclass(frozen=True)
class Twin:
    tool: Path
    home: Path

    def control(self, **changes: Any) -> None:
        """See `control.Controls` for the names."""
        control.save(self.home, replace(control.load(self.home), **changes))

    def lock(self, session: str = "gui") -> None:
        Gate(Store(self.home), control.Controls(session=session)).lock(None)

    def unlock(self, session: str = "gui", keychain: str = LOGIN) -> None:
        store = Store(self.home)
        Gate(store, control.Controls(session=session)).unlock(store.resolve(keychain))

    def put(self, service: str, account: str, secret: bytes, keychain: str = LOGIN, **more: Any) -> None:
        """An item as some other program left it, with the `apps` and `partitions` that program got."""
        store = Store(self.home)
        with store.changing():
            kept = store.open(store.resolve(keychain))
            item = Item(
                service, account, secret.hex(), created=now(), modified=now(), description=service, label=service
            )
            kept.items.append(replace(item, **more))
            store.save(kept)

    def items(self, keychain: str = LOGIN) -> list[Item]:
        store = Store(self.home)
        return store.open(store.resolve(keychain)).items

    def calls(self) -> list[journal.Call]:
        return journal.calls(self.home)

    def run(self, *argv: str, stdin: bytes = b"", seconds: float = 10) -> subprocess.CompletedProcess[bytes]:
        """Without a controlling terminal, so that no prompt can reach the one the tests were started from."""
        return subprocess.run(
            [str(self.tool), *argv],
            input=stdin,
            capture_output=True,
            timeout=seconds,
            env={"HOME": str(self.home)},
            start_new_session=True,
            check=False,
        )
