# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Threaded HTTP/1.1 listener with a strict request parser, optional TLS, and Unix sockets."""

from __future__ import annotations

import contextlib
import http.client
import socket
import socketserver
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Union

from tests.twins.services._wire import Gone, Wire

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

__all__ = ["Listener", "Raw", "listen", "listen_unix", "stale_socket"]

LIMIT = 1 << 20
IDLE = 60.0


@dataclass(frozen=True)
class Raw:
    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    keep: bool


class _Malformed(Exception):
    pass


def _read(stream: BinaryIO) -> Raw | None:
    """The next request, None where the peer has ended."""
    line = stream.readline(LIMIT)
    if not line:
        return None
    parts = line.decode("latin-1").rstrip("\r\n").split(" ")
    if len(parts) != 3 or parts[2] not in ("HTTP/1.1", "HTTP/1.0") or not parts[1].startswith("/"):
        raise _Malformed
    try:
        headers = tuple(http.client.parse_headers(stream).items())
    except http.client.HTTPException as error:
        raise _Malformed from error
    named = {name.lower(): value for name, value in headers}
    length = named.get("content-length", "0")
    if ("host" not in named and parts[2] == "HTTP/1.1") or "transfer-encoding" in named or not length.isdecimal():
        raise _Malformed
    keep = parts[2] == "HTTP/1.1" and named.get("connection", "").lower() != "close"
    return Raw(parts[0], parts[1], headers, stream.read(min(int(length), LIMIT)), keep)


class _Tcp(socketserver.ThreadingMixIn, socketserver.TCPServer):
    daemon_threads, block_on_close = True, False
    allow_reuse_address, request_queue_size = True, 128


class _Unix(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads, block_on_close = True, False


_Server = Union[_Tcp, _Unix]


class Listener:
    """One address. `serve` answers one request; whatever else it raises is kept for the test to see."""

    def __init__(
        self,
        server: _Server,
        serve: Callable[[Raw, Wire], None],
        tls: ssl.SSLContext | None = None,
        *,
        mute: bool = False,
    ) -> None:
        self.server, self.serve, self.tls, self.mute = server, serve, tls, mute
        self.closing = threading.Event()
        self.failures: list[Exception] = []
        self.open: set[socket.socket] = set()
        self.server.RequestHandlerClass = self._handle  # type: ignore[assignment]
        self.thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self.thread.start()

    @property
    def port(self) -> int:
        return int(self.server.socket.getsockname()[1])

    def stop(self) -> None:
        self.closing.set()
        self.server.shutdown()
        self.server.server_close()
        for sock in tuple(self.open):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        self.thread.join()

    def _handle(self, sock: socket.socket, _address: object, _server: object) -> None:
        sock.settimeout(IDLE)
        if self.mute:
            self.closing.wait()
            return
        try:
            wrapped = self.tls.wrap_socket(sock, server_side=True) if self.tls else sock
        except OSError:
            return
        self.open.add(wrapped)
        try:
            self._converse(wrapped)
        except (Gone, OSError):
            pass
        except Exception as error:  # noqa: BLE001 — a fault of the twin must not look like one of the service
            self.failures.append(error)
        finally:
            self.open.discard(wrapped)
            wrapped.close()

    def _converse(self, sock: socket.socket) -> None:
        with sock.makefile("rb") as stream:
            while True:
                try:
                    raw = _read(stream)
                except _Malformed:
                    sock.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                    return
                if raw is None:
                    return
                self.serve(raw, Wire(sock, self.closing, raw.method == "HEAD"))
                if not raw.keep:
                    return


def listen(
    serve: Callable[[Raw, Wire], None], *, port: int = 0, tls: ssl.SSLContext | None = None, mute: bool = False
) -> Listener:
    return Listener(_Tcp(("127.0.0.1", port), socketserver.BaseRequestHandler), serve, tls, mute=mute)


def listen_unix(serve: Callable[[Raw, Wire], None], path: str) -> Listener:
    return Listener(_Unix(path, socketserver.BaseRequestHandler), serve)


def stale_socket(path: str) -> None:
    """What a daemon that was killed leaves behind: a socket file that refuses."""
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(path)
