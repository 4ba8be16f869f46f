# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private files as a keychain: one 0600 file per item in a 0700 folder, holding exactly the value's bytes.

It keeps no label, kind or comment.
"""

from __future__ import annotations

import hashlib
import os
import re
from typing import TYPE_CHECKING

from ansible_collections.latchkey.workstation.plugins.module_utils import _files
from ansible_collections.latchkey.workstation.plugins.module_utils._errors import LatchkeyError
from ansible_collections.latchkey.workstation.plugins.module_utils._keychain import ABSENT, Change, Item, Key, Reading
from ansible_collections.latchkey.workstation.plugins.module_utils._secrets import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Files", "file_of", "folder_of"]

_LIMIT = 1 << 20
_UNSAFE = re.compile(rb"[^A-Za-z0-9_.@-]|^\.")
_LONGEST = 200


def folder_of(home: str) -> str:
    return os.path.join(home, ".local", "share", "latchkey", "keychain")


def file_of(home: str, key: Key) -> str:
    """``service+account``, other characters as %xx; what is long, or has capitals on which some file systems do not
    insist, ends in a digest that keeps it apart.
    """
    name = "+".join(_UNSAFE.sub(lambda found: b"%%%02x" % found[0][0], part.encode()).decode() for part in key)
    if len(name) > _LONGEST or name != name.lower():
        name = f"{name[:_LONGEST]}~{hashlib.sha256(chr(0).join(key).encode()).hexdigest()[:16]}"
    return os.path.join(folder_of(home), name)


class Files:
    """The store of private files below ``home``."""

    name = "files"
    describes: tuple[str, ...] = ()

    def __init__(self, home: str) -> None:
        self._home = home

    def read(self, items: Sequence[Item]) -> Mapping[Key, Reading]:
        return {item.key: self._read(item.key) for item in items}

    def refusal(self, change: Change) -> LatchkeyError | None:
        if change.secret and len(change.secret.reveal()) > _LIMIT:
            return LatchkeyError("the value is longer than 1 MiB, which no file here may be")
        return None

    def apply(self, changes: Sequence[Change]) -> Mapping[Key, LatchkeyError | None]:
        return {change.item.key: self._apply(change) for change in changes}

    def sweep(self) -> None:
        _files.sweep(folder_of(self._home))

    def _read(self, key: Key) -> Reading:
        try:
            kept = _files.read(file_of(self._home, key))
        except LatchkeyError as error:
            return Reading("denied", exists=True, reason=error.message, remedy=error.remedy)
        if kept.data is None:
            return ABSENT
        try:
            modes = (kept.mode or 0, os.stat(folder_of(self._home)).st_mode)
            loose = any(mode & 0o077 for mode in modes)
            return Reading("kept", secret=Secret(kept.data), exists=True, loose=loose)
        except LatchkeyError as error:
            return Reading("unfit", exists=True, reason=error.message, remedy=error.remedy)

    def _apply(self, change: Change) -> LatchkeyError | None:
        path = file_of(self._home, change.item.key)
        try:
            before = _files.read(path)
            if change.secret is None:
                _files.remove(before)
            else:
                _files.ensure_folder(folder_of(self._home))
                os.chmod(folder_of(self._home), 0o700)
                _files.write(before, change.secret.reveal(), mode=0o600)
        except LatchkeyError as error:
            return error
        return None
