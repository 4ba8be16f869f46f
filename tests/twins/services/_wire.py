# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One connection as bytes, and everything that can go wrong with it below HTTP."""

from __future__ import annotations

import os
import socket
import struct
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Mapping

    from tests.twins.services._model import Answer

__all__ = ["WIRE_FAULTS", "Gone", "Wire", "whole"]


class Gone(Exception):
    """The twin is being stopped, or the fault has ended the connection."""


@dataclass
class Wire:
    sock: socket.socket
    closing: threading.Event
    bodyless: bool = False

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def wait(self, seconds: float | None = None) -> None:
        if self.closing.wait(seconds):
            raise Gone

    def reset(self) -> None:
        """Linger of zero seconds: close() sends RST instead of FIN."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise Gone


def head(answer: Answer, *length: tuple[str, str]) -> bytes:
    """Status line and headers; `length` replaces the true Content-Length."""
    try:
        phrase = HTTPStatus(answer.status).phrase
    except ValueError:
        phrase = "Unknown"
    none = answer.status in (204, 304)
    framing = length or (() if none else (("Content-Length", str(len(answer.body))),))
    lines = [f"HTTP/1.1 {answer.status} {phrase}", *(f"{name}: {value}" for name, value in (*answer.headers, *framing))]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def whole(wire: Wire, answer: Answer) -> None:
    wire.send(head(answer) + (b"" if wire.bodyless else answer.body))


def _stall(wire: Wire, answer: Answer, *, after: str = "request") -> None:
    """Nothing more arrives, after the request, the headers or half of the body."""
    if after != "request":
        wire.send(head(answer))
    if after == "body":
        wire.send(answer.body[: len(answer.body) // 2])
    wire.wait()


def _trickle(wire: Wire, answer: Answer, *, seconds: float = 1.0, part: str = "all") -> None:
    """A byte at a time: everything, or only the body."""
    start, rest = (head(answer), answer.body) if part == "body" else (b"", head(answer) + answer.body)
    wire.send(start)
    for byte in rest:
        wire.send(bytes([byte]))
        wire.wait(seconds)


def _endless_headers(wire: Wire, answer: Answer) -> None:
    wire.send(b"HTTP/1.1 200 OK\r\n")
    while True:
        wire.send(b"X-More: of the same\r\n" * 1000)
        wire.wait(0)


def _endless_continue(wire: Wire, answer: Answer) -> None:
    while True:
        wire.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        wire.wait(0.001)


def _endless(wire: Wire, answer: Answer) -> None:
    """Gigabytes, in chunks, as fast as they are read."""
    wire.send(head(answer, ("Transfer-Encoding", "chunked")))
    chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    while True:
        wire.send(chunk)
        wire.wait(0)


def _reset(wire: Wire, answer: Answer, *, after: str = "request") -> None:
    if after != "request":
        wire.send(head(answer) + (answer.body[: len(answer.body) // 2] if after == "body" else b""))
        wire.wait(0.1)  # or the reset would overtake what was sent
    wire.reset()


def _close(wire: Wire, answer: Answer) -> None:
    raise Gone


def _garbage(wire: Wire, answer: Answer, *, size: int = 4096) -> None:
    wire.send(b"\x00\xff\x16\x03" + os.urandom(size))
    raise Gone


def _content_length(wire: Wire, answer: Answer, *, off: int = 10) -> None:
    """Promises `off` bytes more than it sends (or fewer)."""
    wire.send(head(answer, ("Content-Length", str(max(0, len(answer.body) + off)))) + answer.body)
    raise Gone


def _broken_chunks(wire: Wire, answer: Answer) -> None:
    wire.send(head(answer, ("Transfer-Encoding", "chunked")) + b"nonsense\r\n" + answer.body)
    raise Gone


def _delay(wire: Wire, answer: Answer, *, ms: float = 200) -> None:
    wire.wait(ms / 1000)
    whole(wire, answer)


WIRE_FAULTS: Mapping[str, Callable[..., None]] = {
    "stall": _stall,
    "trickle": _trickle,
    "reset": _reset,
    "close": _close,
    "garbage": _garbage,
    "endless": _endless,
    "endless_headers": _endless_headers,
    "endless_continue": _endless_continue,
    "content_length": _content_length,
    "broken_chunks": _broken_chunks,
    "delay": _delay,
}
