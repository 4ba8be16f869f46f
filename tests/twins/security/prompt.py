# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Standard input as the tool reads it: buffered lines for `-i`, raw bytes for a password."""

from __future__ import annotations

import os
import termios
from typing import TYPE_CHECKING, Callable, NamedTuple

if TYPE_CHECKING:
    from .tool import Tool

__all__ = ["Lines", "Typed", "getpass", "twice"]

LONGEST_LINE = 4095
LONGEST_PASSWORD = 128
BUFFER = 16384
TRIES = 3


class Lines:
    """At most 4095 bytes a line, the rest is the next line; what has no newline at the end is dropped."""

    def __init__(self, used: Callable[[], None]) -> None:
        self._used = used
        self._buffer = b""

    def __next__(self) -> bytes:
        while b"\n" not in self._buffer[:LONGEST_LINE] and len(self._buffer) < LONGEST_LINE:
            self._used()
            more = os.read(0, BUFFER)
            if not more:
                raise StopIteration
            self._buffer += more
        end = self._buffer.find(b"\n", 0, LONGEST_LINE)
        line = self._buffer[: LONGEST_LINE if end < 0 else end]
        self._buffer = self._buffer[len(line) + (end >= 0) :]
        return line.split(b"\0")[0]

    def __iter__(self) -> Lines:
        return self


class Typed(NamedTuple):
    value: bytes
    nothing: bool
    """End of input before any byte."""


def getpass(tool: Tool, prompt: str) -> Typed:
    """From the terminal when there is one, else standard input; cut silently at 128 bytes."""
    try:
        source = sink = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY)
    except OSError:
        tool.warn(prompt)
        tool.journal.stdin()
        return _line(0)
    before = termios.tcgetattr(source)
    silent = list(before)
    silent[3] &= ~termios.ECHO
    try:
        termios.tcsetattr(source, termios.TCSAFLUSH, silent)
        os.write(sink, os.fsencode(prompt))
        typed = _line(source)
        os.write(sink, b"\n")
    finally:
        termios.tcsetattr(source, termios.TCSAFLUSH, before)
        os.close(source)
    return typed


def twice(tool: Tool, what: str, new: str) -> bytes | None:
    """A new password, asked for again; None after three pairs that differ."""
    for _ in range(TRIES):
        first = getpass(tool, f"{what} for {new}: ").value
        if getpass(tool, f"retype password for {new}: ").value == first:
            return first
        tool.warn("passwords don't match\n")
    return None


def _line(source: int) -> Typed:
    typed = b""
    nothing = True
    while (byte := os.read(source, 1)) not in (b"", b"\n", b"\r"):
        typed += byte
        nothing = False
    return Typed(typed[:LONGEST_PASSWORD], nothing and not byte)
