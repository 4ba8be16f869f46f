# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""HTTP requests with a total deadline, without redirects, netrc and proxies, of at most 1 MiB per response."""

from __future__ import annotations

import http.client
import json
import re
import socket
import ssl
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from .._core.errors import LatchkeyError
from .._core.validation import require_safe
from .http_connection import exchange
from .loopback import UntrustedServer

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from .._core.deadline import Deadline

__all__ = ["Answer", "Request", "Unreachable", "Unsendable", "fetch"]

_LIMIT = 1 << 20
_AGENT = "latchkey.workstation"
_HEADER = re.compile(r"[\x20-\x7e\xa0-\xff]*")
_TARGET = re.compile(r"[\x21-\x7e]+")


class Unreachable(LatchkeyError):
    """No response was received; ``cause`` is a key of ``_CAUSES``."""

    def __init__(self, host: str, cause: str) -> None:
        super().__init__(f"{host}: {_CAUSES[cause]}")
        self.host = host
        self.cause = cause


class Unsendable(LatchkeyError):
    """A URL or header holds characters that HTTP cannot carry; nothing was sent."""


_CAUSES = {
    "dns": "its name could not be resolved",
    "refused": "it refused the connection",
    "unrouted": "there is no way to it",
    "denied": "this account may not connect",
    "tls": "no connection that can be trusted (TLS)",
    "timeout": "no answer in time",
    "reset": "the connection broke off",
    "untrusted": "the program that answers on this machine belongs to another account, so nothing was sent",
    "garbage": "what answered does not speak HTTP",
}


@dataclass(frozen=True)
class Request:
    """A request; with ``unix_socket``, to the server at that path instead of the host of ``url``."""

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
    """A response with header names in lower case; headers and body are never shown."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    latency_ms: int = 0

    def json(self) -> Any:
        """The parsed body; None where it is not JSON or is nested too deep to parse."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    @property
    def is_html(self) -> bool:
        start = self.body[:256].lstrip().lower()
        return "text/html" in self.headers.get("content-type", "") or start.startswith((b"<!doctype", b"<html"))


def fetch(request: Request, deadline: Deadline, *, loopback_uids: Collection[int] | None = None) -> Answer:
    """Send ``request`` and return the response of any status.

    ``loopback_uids``: accounts whose processes may answer at a loopback address; None for any. Raises Unreachable where
    no response is received before the deadline, Unsendable where nothing can be sent, and LatchkeyError for a URL that
    is neither https nor on loopback.
    """
    _require_sendable(request)
    started = time.monotonic()
    try:
        status, headers, body = exchange(
            request.url,
            method=request.method,
            headers={"User-Agent": _AGENT, "Accept-Encoding": "identity", **request.headers},
            body=request.body,
            unix_socket=request.unix_socket,
            loopback_uids=loopback_uids,
            left=deadline.left,
            limit=_LIMIT,
        )
    except Exception as error:  # noqa: BLE001 - every layer raises its own; the text of none is shown
        raise Unreachable(request.host, _cause(error)) from None
    latency = round((time.monotonic() - started) * 1000)
    return Answer(status=status, headers=headers, body=body, latency_ms=latency)


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
    (UntrustedServer, "untrusted"),
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
