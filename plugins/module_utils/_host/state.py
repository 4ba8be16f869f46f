# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""State folder of a member: records without values, the key of the fingerprints, previous versions, the lock."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
import time
from typing import TYPE_CHECKING, Any

from .._core.errors import LatchkeyError
from . import atomic_write, files
from .write_access import require_writable

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["State"]

_KEY_BYTES = 32
_LOCK_SECONDS = 45
_PREVIOUS = "previous"


class State:
    """``~/.local/state/latchkey`` below ``home``, as its owner; nothing is written in check mode."""

    def __init__(self, home: str, *, check_mode: bool) -> None:
        self._home = home
        self.folder = os.path.join(home, ".local", "state", "latchkey")
        self._check_mode = check_mode

    def path(self, name: str) -> str:
        """Path of the file ``name`` in the folder."""
        return os.path.join(self.folder, name)

    def key(self) -> bytes | None:
        """The random 32-byte key of fingerprints and digests, created if absent; None if absent in check mode."""
        before = files.read(self.path("key"))
        if before.data is None:
            self._put(before, secrets.token_bytes(_KEY_BYTES))
            before = files.read(self.path("key"))
        if before.data is not None and len(before.data) != _KEY_BYTES:
            raise LatchkeyError(f"{before.path} is damaged", remedy="remove it: fingerprints start anew")
        return before.data

    def load(self, name: str) -> dict[str, Any]:
        """Read the JSON object ``name``.json, empty if there is no file; LatchkeyError if it is damaged."""
        before = files.read(self.path(f"{name}.json"))
        try:
            data = json.loads(before.data or b"{}")
        except (ValueError, RecursionError):
            data = None
        if not isinstance(data, dict):
            raise self.damaged(name)
        return data

    def damaged(self, name: str) -> LatchkeyError:
        """Error for a ``name``.json that cannot be used."""
        message = f"{self.path(name)}.json is damaged"
        return LatchkeyError(message, remedy="remove it: what the collection made counts as your own then")

    def save(self, name: str, data: dict[str, Any]) -> None:
        """Write the JSON object ``name``.json unless it is unchanged."""
        before = files.read(self.path(f"{name}.json"))
        encoded = (json.dumps(data, indent=1, sort_keys=True) + "\n").encode()
        if encoded != before.data and (data or before.data):
            self._put(before, encoded)

    def read_text(self, name: str) -> str:
        """Text of the file ``name``, empty if there is none."""
        return (files.read(self.path(name)).data or b"").decode(errors="replace")

    def write_text(self, name: str, text: str) -> None:
        """Write ``text`` to a file other programs of the member read; empty text removes it."""
        before = files.read(self.path(name))
        if text and before.data != text.encode():
            self._put(before, text.encode())
        elif before.data and not text and not self._check_mode:
            atomic_write.remove(before)

    def keep_previous(self, before: files.Snapshot) -> None:
        """Copy the version that a write is about to replace to ``previous/``, mode 0600, one per file."""
        if before.data is not None:
            name = os.path.relpath(before.path, self._home).replace(os.sep, "+")
            self._put(files.read(self.path(os.path.join(_PREVIOUS, name))), before.data)

    @contextlib.contextmanager
    def lock(self, *, seconds: float = _LOCK_SECONDS) -> Iterator[None]:
        """Hold the lock that serialises the collection's runs for this member; check mode takes none.

        Removes temporary files of killed runs from the folder. LatchkeyError if the folder cannot be
        written, which check mode reports too, or another run holds the lock for ``seconds``.
        """
        require_writable(files.Snapshot(self.path("lock"), None))
        if self._check_mode:
            yield
            return
        files.ensure_folder(self.folder)
        path = self.path("lock")
        try:
            fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise LatchkeyError(f"{path} cannot be opened ({os.strerror(error.errno or 0)})") from None
        try:
            _wait_for(fd, path, seconds)
            for folder in (self.folder, self.path(_PREVIOUS)):
                atomic_write.remove_leftovers(folder)
            yield
        finally:
            os.close(fd)

    def _put(self, before: files.Snapshot, data: bytes) -> None:
        """Write a file of the folder; check mode only tests whether that is possible."""
        require_writable(before)
        if self._check_mode:
            return
        files.ensure_folder(os.path.dirname(before.path))
        atomic_write.write(before, data, mode=0o600)


def _wait_for(fd: int, path: str, seconds: float) -> None:
    """Poll the lock; LatchkeyError after ``seconds``."""
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
