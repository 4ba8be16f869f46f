# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One HTTP exchange on a connection of its own, of which every single wait ends at the deadline."""

from __future__ import annotations

import contextlib
import functools
import http.client
import io
import socket
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ansible.module_utils.urls import make_context

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Mapping

__all__ = ["converse"]


def converse(  # noqa: PLR0913 - what a request is made of
    url: str,
    *,
    method: str,
    headers: Mapping[str, str],
    body: bytes | None,
    unix_socket: str | None,
    left: Callable[[], float],
    limit: int,
) -> tuple[int, dict[str, str], bytes]:
    """Status, headers by lower-case name and at most ``limit`` bytes of the body; raises what the layers raise."""
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    with contextlib.closing(_Connection(url, unix_socket=unix_socket, left=left)) as connection:
        connection.request(method, target, body=body, headers={"Connection": "close", **headers})
        response = http.client.HTTPResponse(connection.sock, method=method)
        response.begin()
        return (
            response.status,
            {name.lower(): value for name, value in response.headers.items()},
            _read(response, limit),
        )


class _Connection(http.client.HTTPConnection):
    """A connection for one exchange; every wait on it, for a header's next byte too, ends when nothing is left."""

    def __init__(self, url: str, *, unix_socket: str | None, left: Callable[[], float]) -> None:
        parts = urlsplit(url)
        self._unix_socket = unix_socket
        self._left = left
        self._tls = parts.scheme == "https" and unix_socket is None
        self.default_port = 443 if self._tls else 80
        super().__init__(parts.hostname or "localhost", parts.port or self.default_port)

    def connect(self) -> None:
        sock = self._open_unix(self._unix_socket) if self._unix_socket else self._open()
        self.sock = _Paced(sock, self._left)

    def _open(self) -> socket.socket:
        """A connection to the first address that takes it; each gets a fair share of the time."""
        addresses = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        for more in range(len(addresses), 0, -1):
            family, kind, protocol, _name, address = addresses[-more]
            sock = socket.socket(family, kind, protocol)
            try:
                sock.settimeout(max(0.001, self._left() / more))
                sock.connect(address)
                sock.settimeout(max(0.001, self._left()))
                return _context().wrap_socket(sock, server_hostname=self.host) if self._tls else sock
            except OSError:
                sock.close()
                if more == 1:
                    raise
        raise OSError

    def _open_unix(self, path: str) -> socket.socket:
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            sock.settimeout(max(0.001, self._left()))
            sock.connect(path)
        except OSError:
            sock.close()
            raise
        return sock


class _Paced(io.RawIOBase):
    """A socket as http.client uses one, without a wait that outlives the deadline."""

    def __init__(self, sock: socket.socket, left: Callable[[], float]) -> None:
        self._sock = sock
        self._left = left

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._wait_no_longer()
        return self._sock.recv_into(buffer)

    def sendall(self, data: bytes) -> None:
        self._wait_no_longer()
        self._sock.sendall(data)

    def close(self) -> None:
        self._sock.close()
        super().close()

    def _wait_no_longer(self) -> None:
        left = self._left()
        if not left:
            raise TimeoutError
        self._sock.settimeout(left)


@functools.lru_cache(maxsize=1)
def _context() -> ssl.SSLContext:
    """What this machine trusts; reading it costs more than a request, so it is read once."""
    context: ssl.SSLContext = make_context()
    return context


def _read(response: http.client.HTTPResponse, limit: int) -> bytes:
    body = bytearray()
    while len(body) < limit:
        chunk = response.read1(min(65536, limit - len(body)))
        if not chunk:
            break
        body += chunk
    if len(body) < limit and response.length:
        raise http.client.IncompleteRead(b"")
    return bytes(body)
