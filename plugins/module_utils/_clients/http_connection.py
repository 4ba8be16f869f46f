# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One HTTP exchange per connection, in which every wait for the network ends at the deadline."""

from __future__ import annotations

import contextlib
import functools
import http.client
import io
import socket
import ssl
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from .loopback import require_owner

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

__all__ = ["exchange"]


def exchange(  # noqa: PLR0913 - what a request is made of
    url: str,
    *,
    method: str,
    headers: Mapping[str, str],
    body: bytes | None,
    unix_socket: str | None,
    loopback_uids: Collection[int] | None,
    left: Callable[[], float],
    limit: int,
) -> tuple[int, dict[str, str], bytes]:
    """Send one request; return status, headers by lower-case name, and at most ``limit`` bytes of the body.

    ``left`` returns the seconds left. ``loopback_uids``: accounts whose processes may answer at a loopback address,
    None for any. Raises OSError, ssl.SSLError, http.client.HTTPException and ValueError.
    """
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    with contextlib.closing(_Connection(url, unix_socket, loopback_uids, left)) as connection:
        connection.request(method, target, body=body, headers={"Connection": "close", **headers})
        response = http.client.HTTPResponse(connection.sock, method=method)
        response.begin()
        return (
            response.status,
            {name.lower(): value for name, value in response.headers.items()},
            _read(response, limit),
        )


class _Connection(http.client.HTTPConnection):
    """Connection for one exchange; its socket is a :class:`_TimedSocket`."""

    def __init__(
        self, url: str, unix_socket: str | None, loopback_uids: Collection[int] | None, left: Callable[[], float]
    ) -> None:
        parts = urlsplit(url)
        self._unix_socket = unix_socket
        self._loopback_uids = loopback_uids
        self._left = left
        self._tls = parts.scheme == "https" and unix_socket is None
        self.default_port = 443 if self._tls else 80
        super().__init__(parts.hostname or "localhost", parts.port or self.default_port)

    def connect(self) -> None:
        sock = self._open_unix(self._unix_socket) if self._unix_socket else self._open()
        self.sock = _TimedSocket(sock, self._left)

    def _open(self) -> socket.socket:
        """Connect to the first address that accepts; each attempt may take its share of the time left."""
        addresses = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        for more in range(len(addresses), 0, -1):
            family, kind, protocol, _name, address = addresses[-more]
            sock = socket.socket(family, kind, protocol)
            try:
                sock.settimeout(max(0.001, self._left() / more))
                sock.connect(address)
                if self._loopback_uids is not None:
                    require_owner(sock, self._loopback_uids, self._left)
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


class _TimedSocket(io.RawIOBase):
    """Socket for http.client; each read and write waits at most until the deadline."""

    def __init__(self, sock: socket.socket, left: Callable[[], float]) -> None:
        self._sock = sock
        self._left = left

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._set_timeout()
        return self._sock.recv_into(buffer)

    def sendall(self, data: bytes) -> None:
        self._set_timeout()
        self._sock.sendall(data)

    def close(self) -> None:
        self._sock.close()
        super().close()

    def _set_timeout(self) -> None:
        left = self._left()
        if not left:
            raise TimeoutError
        self._sock.settimeout(left)


@functools.lru_cache(maxsize=1)
def _context() -> ssl.SSLContext:
    """TLS context with the machine's certificate authorities; loading them takes longer than a request."""
    return ssl.create_default_context()


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
