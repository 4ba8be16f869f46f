# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Store of private files: one 0600 file per item in a 0700 folder, containing exactly the value's bytes.

Label, kind and comment are not stored.
"""

from __future__ import annotations

import hashlib
import os
import re
from typing import TYPE_CHECKING

from .._core.errors import LatchkeyError
from .._core.secrets import Secret
from .._host import atomic_write, files
from .._host.write_access import require_writable
from .base import ABSENT_ITEM, Change, Item, Key, Reading

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["PrivateFiles", "item_path", "store_folder"]

_LIMIT = 1 << 20
_UNSAFE = re.compile(rb"[^A-Za-z0-9_.@-]|^\.")
_LONGEST = 200


def store_folder(home: str) -> str:
    """Folder of the store below ``home``."""
    return os.path.join(home, ".local", "share", "latchkey", "keychain")


def item_path(home: str, key: Key) -> str:
    """Path of an item: ``service+account`` with other characters as %xx.

    Long names, and names with capitals (case-insensitive file systems), end in a digest that keeps them distinct.
    """
    name = "+".join(_UNSAFE.sub(lambda found: b"%%%02x" % found[0][0], part.encode()).decode() for part in key)
    if len(name) > _LONGEST or name != name.lower():
        name = f"{name[:_LONGEST]}~{hashlib.sha256(chr(0).join(key).encode()).hexdigest()[:16]}"
    return os.path.join(store_folder(home), name)


class PrivateFiles:
    """The store of private files below ``home``."""

    name = "files"
    description_fields: tuple[str, ...] = ()

    def __init__(self, home: str) -> None:
        self._home = home

    def read(self, items: Sequence[Item]) -> Mapping[Key, Reading]:
        return {item.key: self._read(item.key) for item in items}

    def refusal(self, change: Change) -> LatchkeyError | None:
        if change.secret and len(change.secret.reveal()) > _LIMIT:
            return LatchkeyError("the value is longer than 1 MiB")
        try:
            require_writable(files.read(item_path(self._home, change.item.key)))
        except LatchkeyError as error:
            return error
        return None

    def apply(self, changes: Sequence[Change]) -> Mapping[Key, LatchkeyError | None]:
        return {change.item.key: self._apply(change) for change in changes}

    def remove_leftovers(self) -> None:
        atomic_write.remove_leftovers(store_folder(self._home))

    def _read(self, key: Key) -> Reading:
        try:
            stored = files.read(item_path(self._home, key))
        except LatchkeyError as error:
            return Reading("denied", exists=True, reason=error.message, remedy=error.remedy)
        if stored.data is None:
            return ABSENT_ITEM
        try:
            modes = (stored.mode or 0, os.stat(store_folder(self._home)).st_mode)
            exposed = any(mode & 0o077 for mode in modes)
            return Reading("readable", secret=Secret(stored.data), exists=True, readable_by_others=exposed)
        except LatchkeyError as error:
            return Reading("unusable", exists=True, reason=error.message, remedy=error.remedy)

    def _apply(self, change: Change) -> LatchkeyError | None:
        try:
            before = files.read(item_path(self._home, change.item.key))
            if change.secret is None:
                atomic_write.remove(before)
            else:
                files.ensure_folder(store_folder(self._home))
                os.chmod(store_folder(self._home), 0o700)
                atomic_write.write(before, change.secret.reveal(), mode=0o600)
        except LatchkeyError as error:
            return error
        return None
