# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A member's own notes, without values: what we made, what was last applied, the key of the fingerprints."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
import time
from typing import TYPE_CHECKING, Any

from ansible_collections.latchkey.workstation.plugins.module_utils import _files
from ansible_collections.latchkey.workstation.plugins.module_utils._errors import LatchkeyError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["State"]

_KEY_BYTES = 32
_PATIENCE = 45
_PREVIOUS = "previous"


class State:
    """``~/.local/state/latchkey`` of the member who runs this; nothing is written there in check mode."""

    def __init__(self, home: str, *, check_mode: bool) -> None:
        self._home = home
        self.folder = os.path.join(home, ".local", "state", "latchkey")
        self._check_mode = check_mode

    def path(self, name: str) -> str:
        return os.path.join(self.folder, name)

    def key(self) -> bytes | None:
        """The random key of fingerprints and digests; made when absent, None where that is check mode."""
        before = _files.read(self.path("key"))
        if before.data is None and not self._check_mode:
            self._put(before, secrets.token_bytes(_KEY_BYTES))
            before = _files.read(self.path("key"))
        if before.data is not None and len(before.data) != _KEY_BYTES:
            raise LatchkeyError(f"{before.path} is damaged", remedy="remove it: fingerprints start anew")
        return before.data

    def load(self, name: str) -> dict[str, Any]:
        """The note ``name``.json, {} where there is none."""
        before = _files.read(self.path(f"{name}.json"))
        try:
            note = json.loads(before.data or b"{}")
        except (ValueError, RecursionError):
            note = None
        if not isinstance(note, dict):
            raise LatchkeyError(f"{before.path} is damaged", remedy="remove it: what we made counts as your own then")
        return note

    def save(self, name: str, note: dict[str, Any]) -> None:
        """Write the note ``name``.json where it says something new."""
        before = _files.read(self.path(f"{name}.json"))
        data = (json.dumps(note, indent=1, sort_keys=True) + "\n").encode()
        if data != before.data and not self._check_mode and (note or before.data):
            self._put(before, data)

    def told(self, name: str) -> str:
        """What :meth:`tell` has left there."""
        return (_files.read(self.path(name)).data or b"").decode(errors="replace")

    def tell(self, name: str, text: str) -> None:
        """Leave ``text`` for others of the member's programs to read; none takes it away."""
        before = _files.read(self.path(name))
        if self._check_mode or (before.data or b"") == text.encode():
            return
        if text:
            self._put(before, text.encode())
        else:
            _files.remove(before)

    def keep_previous(self, before: _files.Snapshot) -> None:
        """Keep the version a write is about to replace: one, in ``previous/``, for its owner only."""
        if before.data is not None and not self._check_mode:
            name = os.path.relpath(before.path, self._home).replace(os.sep, "+")
            self._put(_files.read(self.path(os.path.join(_PREVIOUS, name))), before.data)

    @contextlib.contextmanager
    def lock(self, *, seconds: float = _PATIENCE) -> Iterator[None]:
        """One run of ours at a time for this member, from reading to writing; check mode needs none.

        What a killed run left in this folder is gone before anything is read.
        """
        if self._check_mode:
            yield
            return
        _files.ensure_folder(self.folder)
        path = self.path("lock")
        try:
            fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise LatchkeyError(f"{path} cannot be opened ({os.strerror(error.errno or 0)})") from None
        try:
            _wait_for(fd, path, seconds)
            for folder in (self.folder, self.path(_PREVIOUS)):
                _files.sweep(folder)
            yield
        finally:
            os.close(fd)

    def _put(self, before: _files.Snapshot, data: bytes) -> None:
        _files.ensure_folder(os.path.dirname(before.path))
        _files.write(before, data, mode=0o600)


def _wait_for(fd: int, path: str, seconds: float) -> None:
    """Another run of ours is waited for, but not for ever."""
    until = time.monotonic() + seconds
    while not _is_locked(fd, path):
        if time.monotonic() > until:
            raise LatchkeyError(f"another run has held {path} for {seconds:g} s", remedy="end it, or run again later")
        time.sleep(0.02)


def _is_locked(fd: int, path: str) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        raise LatchkeyError(f"{path} cannot be locked ({os.strerror(error.errno or 0)})") from None
    return True
