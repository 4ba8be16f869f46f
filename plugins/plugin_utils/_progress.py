# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Progress indicator on standard error: a line that is rewritten on a terminal, and grows elsewhere."""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
import time

__all__ = ["Progress", "stop_all"]

_ERASE = b"\r\x1b[K"
_REWRITE_SECONDS = 0.25
_GROW_SECONDS = 0.8

_started: list[Progress] = []


def stop_all() -> None:
    """Erase or end every line of this process: for a run that ends before its last event."""
    for progress in _started:
        progress.stop()


class Progress:
    """A thread that writes to a file descriptor until it is stopped; never silent for a second while work goes on.

    It writes past Python's buffers and shares no lock with others, so processes may be forked meanwhile.
    """

    def __init__(self, descriptor: int = 2) -> None:
        self._descriptor = descriptor
        self._terminal = os.isatty(descriptor)
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self._text = ""
        self._written = ""
        self._since = 0.0
        self._shown = self._terminal  # the program that started this one may have left a word there

    def show(self, text: str) -> None:
        """Name what is being done from now on."""
        with self._lock:
            self._text, self._since = text, time.monotonic()
        if not self._thread:
            self._ended.clear()
            self._thread = threading.Thread(target=self._beat, daemon=True)
            self._thread.start()
            _started.append(self)

    def pause(self) -> None:
        """Leave the line to others, until the next :meth:`show`."""
        with self._lock:
            self._text = ""
            if self._shown:
                self._write(_ERASE if self._terminal else b"\n")
            self._shown, self._written = False, ""

    def stop(self) -> None:
        """Erase or end the line, and end the thread."""
        self.pause()
        self._ended.set()
        if self._thread:
            if self._thread.is_alive():  # not so where an interrupt came while it was started
                self._thread.join()
            self._thread = None
        if self in _started:
            _started.remove(self)

    def _beat(self) -> None:
        while not self._ended.wait(_REWRITE_SECONDS if self._terminal else _GROW_SECONDS):
            with self._lock:
                if self._text:
                    self._write(self._line())
                    self._shown, self._written = True, self._text

    def _line(self) -> bytes:
        if self._terminal:
            took = f" {time.monotonic() - self._since:.0f} s"
            room = max(10, shutil.get_terminal_size().columns - len(took) - 1)
            return _ERASE + (self._text[:room] + took).encode()
        if self._text == self._written:
            return b"."
        return f"{' ' if self._shown else ''}{self._text}".encode()

    def _write(self, data: bytes) -> None:
        with contextlib.suppress(OSError):
            os.write(self._descriptor, data)
