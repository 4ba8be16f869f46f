# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One request with a deadline: no redirect, no netrc, no proxy, at most a mebibyte."""

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

from ansible_collections.latchkey.workstation.plugins.module_utils._errors import LatchkeyError
from ansible_collections.latchkey.workstation.plugins.module_utils._http_wire import converse
from ansible_collections.latchkey.workstation.plugins.module_utils._url import require_safe

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ansible_collections.latchkey.workstation.plugins.module_utils._deadline import Deadline

__all__ = ["Answer", "Request", "Unreachable", "Unsendable", "fetch"]

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
