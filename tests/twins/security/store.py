# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keychain files, search list and lock state: JSON, one lock for writers, replaced by rename only."""

from __future__ import annotations

import fcntl
import json
import os
import time
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable

from . import status
from .control import folder
from .status import Refused

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["Item", "Keychain", "State", "Store", "now"]


def now() -> str:
    return time.strftime("%Y%m%d%H%M%SZ", time.gmtime())


@dataclass
class Item:
    service: str
    account: str
    secret: str = ""
    """Hexadecimal."""
    label: str | None = None
    kind: str | None = None
    comment: str | None = None
    generic: str | None = None
    creator: str | None = None
    type: str | None = None
    created: str = ""
    modified: str = ""
    description: str = ""
    apps: list[str] | None = field(default_factory=list)
    """None: any application."""
    partitions: list[str] = field(default_factory=lambda: ["apple-tool:"])


@dataclass
class Keychain:
    path: str
    password: str = ""
    lock_on_sleep: bool = True
    timeout: int | None = 300
    items: list[Item] = field(default_factory=list)

    def item(self, service: str, account: str) -> Item | None:
        return next((item for item in self.items if (item.service, item.account) == (service, account)), None)


@dataclass
class State:
    default: str | None = None
    login: str | None = None
    search: list[str] = field(default_factory=list)
    unlocked: dict[str, list[str]] = field(default_factory=dict)


class Store:
    def __init__(self, home: Path, reach: Callable[[str], None] = lambda point: None) -> None:
        self.folder = home / "Library" / "Keychains"
        self._own = folder(home)
        self._reach = reach
        self._lock: int | None = None

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Alone among all callers; entering again from within is free."""
        if self._lock is not None:
            yield
            return
        self._own.mkdir(parents=True, exist_ok=True)
        self._lock = os.open(self._own / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX)
            yield
        finally:
            self.let_go()

    def let_go(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def resolve(self, name: str) -> str:
        """Relative names are below ~/Library/Keychains, and there a name without -db mostly means the -db file."""
        path = Path(os.path.normpath(self.folder / name))
        munged = path.with_name(path.name + "-db")
        wanted = not path.name.endswith("-db") and self.folder in path.parents
        return str(munged if wanted and (munged.exists() or not path.exists()) else path)

    def modern(self, keychain: Keychain) -> bool:
        """`version`: 512 below ~/Library/Keychains, else 256, which has neither partitions nor integrity."""
        return self.folder in Path(keychain.path).parents and keychain.path.endswith("-db")

    def state(self) -> State:
        try:
            return State(**json.loads((self._own / "state.json").read_bytes()))
        except FileNotFoundError:
            return State()

    def save_state(self, state: State) -> None:
        with self.changing():
            self._replace(self._own / "state.json", asdict(state))

    def open(self, path: str) -> Keychain:
        try:
            content = json.loads(Path(path).read_bytes())
            items = [Item(**item) for item in content.pop("items")]
            return Keychain(path=path, items=items, **content)
        except (FileNotFoundError, NotADirectoryError):
            raise Refused(status.NO_SUCH_KEYCHAIN) from None
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            raise Refused(status.INVALID_KEYCHAIN) from None

    def readable(self, paths: Iterable[str]) -> Iterator[Keychain]:
        for path in paths:
            with suppress(Refused):
                yield self.open(path)

    def default(self) -> str:
        path = self.state().default
        if path is None:
            raise Refused(status.NO_DEFAULT)
        return path

    def save(self, keychain: Keychain) -> None:
        content = asdict(keychain)
        del content["path"]
        with self.changing():
            self._reach("opened")
            self._replace(Path(keychain.path), content)
            self._reach("renamed")

    def _replace(self, target: Path, content: dict[str, Any]) -> None:
        self._own.mkdir(parents=True, exist_ok=True)
        fresh = self._own / "new"
        fresh.unlink(missing_ok=True)
        file = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(file, "w", encoding="utf-8") as stream:
            json.dump(content, stream, indent=1)
        self._reach("temporary")
        fresh.replace(target)
