# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One request with a deadline, and many at once: no redirect, no netrc, no proxy, at most a mebibyte."""

from __future__ import annotations

import http.client
import json
import queue
import re
import socket
import ssl
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Callable, TypeVar
from urllib.parse import urlsplit

from ansible_collections.latchkey.workstation.plugins.module_utils._errors import LatchkeyError
from ansible_collections.latchkey.workstation.plugins.module_utils._http_wire import converse

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Answer", "Deadline", "Request", "Unreachable", "Unsendable", "at_once", "fetch", "require_safe"]

T = TypeVar("T")
_LIMIT = 1 << 20
_AGENT = "latchkey.workstation"
_HEADER = re.compile(r"[\x20-\x7e\xa0-\xff]*")
_TARGET = re.compile(r"[\x21-\x7e]+")


class Unreachable(LatchkeyError):
    """No verdict from the other side; ``cause`` is a key of the table below."""

    def __init__(self, host: str, cause: str) -> None:
        super().__init__(f"{host}: {_CAUSES[cause]}")
        self.host = host
        self.cause = cause


class Unsendable(LatchkeyError):
    """A request that cannot be put on the wire as it stands; nothing was sent."""


_CAUSES = {
    "dns": "its name could not be resolved",
    "refused": "it refused the connection",
    "unrouted": "there is no way to it",
    "denied": "this account may not connect",
    "tls": "no connection that can be trusted (TLS)",
    "timeout": "no answer in time",
    "reset": "the connection broke off",
    "garbage": "what answered does not speak HTTP",
}


class Deadline:
    """A moment on the monotonic clock; seconds are what is given and what is left."""

    def __init__(self, seconds: float) -> None:
        self._moment = time.monotonic() + seconds

    def left(self) -> float:
        return max(0.0, self._moment - time.monotonic())

    def narrow(self, seconds: float) -> Deadline:
        return Deadline(min(seconds, self.left()))


@dataclass(frozen=True)
class Request:
    url: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)
    unix_socket: str | None = None

    @property
    def host(self) -> str:
        return self.unix_socket or urlsplit(self.url).hostname or ""


@dataclass(frozen=True)
class Answer:
    """What came back: header names in lower case, the body never shown."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    latency_ms: int = 0

    def json(self) -> Any:
        """The parsed body, or None where it is not JSON (or nested past reason)."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    @property
    def is_html(self) -> bool:
        start = self.body[:256].lstrip().lower()
        return "text/html" in self.headers.get("content-type", "") or start.startswith((b"<!doctype", b"<html"))


def require_safe(url: str) -> str:
    """``url`` itself when it is https, or http to this machine; an error otherwise."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - asking is what finds a bad one
    except ValueError:
        raise LatchkeyError("an address is no URL", remedy="declare an https address") from None
    loopback = parts.hostname in {"localhost", "127.0.0.1", "::1"}
    if parts.username or parts.password:
        raise LatchkeyError("a URL must not carry a user name or password", remedy="declare them as headers")
    if not parts.hostname or not (parts.scheme == "https" or (parts.scheme == "http" and loopback)):
        raise LatchkeyError(f"{parts.scheme}://{parts.hostname or ''} is not used", remedy="declare an https address")
    return url


def fetch(request: Request, deadline: Deadline) -> Answer:
    """The answer to ``request``, whatever its status, or :class:`Unreachable`."""
    _require_sendable(request)
    started = time.monotonic()
    try:
        status, headers, body = converse(
            request.url,
            method=request.method,
            headers={"User-Agent": _AGENT, "Accept-Encoding": "identity", **request.headers},
            body=request.body,
            unix_socket=request.unix_socket,
            left=deadline.left,
            limit=_LIMIT,
        )
    except Exception as error:  # noqa: BLE001 - every layer raises its own; the text of none is shown
        raise Unreachable(request.host, _cause(error)) from None
    latency = round((time.monotonic() - started) * 1000)
    return Answer(status=status, headers=headers, body=body, latency_ms=latency)


def at_once(jobs: Mapping[str, Callable[[], T]], deadline: Deadline, *, width: int = 64) -> dict[str, T | None]:
    """What each job returned; None for one that was not done in time. What a job raises is raised here.

    Threads are daemons: one that hangs past the deadline is left behind and ends with the process.
    """
    waiting: queue.SimpleQueue[tuple[str, Callable[[], T]]] = queue.SimpleQueue()
    done: queue.SimpleQueue[tuple[str, T | None, Exception | None]] = queue.SimpleQueue()
    for item in jobs.items():
        waiting.put(item)

    def work() -> None:
        while deadline.left():
            try:
                name, job = waiting.get_nowait()
            except queue.Empty:
                return
            try:
                done.put((name, job(), None))
            except Exception as error:  # noqa: BLE001 - handed to the caller's thread
                done.put((name, None, error))

    for _place in range(min(width, len(jobs))):
        threading.Thread(target=work, daemon=True).start()
    results: dict[str, T | None] = dict.fromkeys(jobs)
    try:
        for _job in jobs:
            name, result, error = done.get(timeout=max(0.001, deadline.left()))
            results[name] = result
            if error is not None:
                raise error
    except queue.Empty:
        pass
    return results


def _require_sendable(request: Request) -> None:
    if request.unix_socket is None:
        require_safe(request.url)
    if not _TARGET.fullmatch(request.url):
        raise Unsendable("an address holds a blank or a character that addresses cannot hold")
    if not all(_HEADER.fullmatch(part) for header in request.headers.items() for part in header):
        raise Unsendable("it holds a newline or another character that no header can carry")


def _cause(error: BaseException) -> str:
    return next((cause for kind, cause in _KINDS if isinstance(error, kind)), "unrouted")


_KINDS: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], str], ...] = (
    (socket.gaierror, "dns"),
    (UnicodeError, "dns"),
    (socket.timeout, "timeout"),
    (TimeoutError, "timeout"),
    ((ssl.SSLEOFError, ssl.SSLZeroReturnError), "reset"),
    (ssl.SSLError, "tls"),
    ((ConnectionRefusedError, FileNotFoundError), "refused"),
    (PermissionError, "denied"),
    ((ConnectionError, http.client.IncompleteRead), "reset"),
    ((http.client.HTTPException, ValueError), "garbage"),
)
