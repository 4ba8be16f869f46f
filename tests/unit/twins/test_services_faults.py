# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults of the service twins below HTTP, and of TLS: none of it is a verdict."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.twins.services import FAULTS, SCENARIOS, Twins, serve
from tests.twins.services.client import Got, ask, credentials

if TYPE_CHECKING:
    from collections.abc import Iterator

HEADERS = credentials("github", SCENARIOS["github"]["classic"])
TRUE = {"login": "alice", "id": 1, "type": "User", "name": "Alice", "email": None}


def _ask(twins: Twins, timeout: float = 5) -> Got:
    return ask(twins, "github", "/user", headers=HEADERS, timeout=timeout)


@contextmanager
def _raw(twins: Twins) -> Iterator[socket.socket]:
    """A connection that has just sent its request."""
    with socket.create_connection(("127.0.0.1", twins.port), timeout=0.3) as sock:
        lines = [
            "GET /github/user HTTP/1.1",
            "Host: x",
            "Connection: close",
            *(f"{k}: {v}" for k, v in HEADERS.items()),
        ]
        sock.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        yield sock


def _until_silent(sock: socket.socket) -> tuple[bytes, str]:
    """All that arrives, and how it ends."""
    got = b""
    try:
        while piece := sock.recv(65536):
            got += piece
    except TimeoutError:
        return got, "silence"
    except ConnectionResetError:
        return got, "reset"
    return got, "end"


@pytest.mark.parametrize(
    ("fault", "options", "head_body_end"),
    [
        ("stall", {}, (False, False, "silence")),
        ("stall", {"after": "headers"}, (True, False, "silence")),
        ("stall", {"after": "body"}, (True, True, "silence")),
        ("reset", {}, (False, False, "reset")),
        ("reset", {"after": "headers"}, (True, False, "reset")),
        ("reset", {"after": "body"}, (True, True, "reset")),
        ("close", {}, (False, False, "end")),
    ],
)
def test_the_conversation_ends_early(
    twins: Twins, fault: str, options: dict[str, str], head_body_end: tuple[bool, bool, str]
) -> None:
    twins.break_("github", fault, **options)
    with _raw(twins) as sock:
        got, ended = _until_silent(sock)
    assert (b"\r\n\r\n" in got, b"login" in got, ended) == head_body_end


@pytest.mark.parametrize("part", ["all", "body"])
def test_trickle_is_a_byte_at_a_time(twins: Twins, part: str) -> None:
    twins.break_("github", "trickle", seconds=0.02, part=part)
    with _raw(twins) as sock:
        if part == "body":
            assert b"\r\n\r\n" in sock.recv(4096)
        time.sleep(0.05)
        assert max(len(sock.recv(4096)) for _ in range(5)) <= 4


@pytest.mark.parametrize(
    ("fault", "needle"),
    [("endless", b"10000\r\n"), ("endless_headers", b"X-More"), ("endless_continue", b"100 Continue")],
)
def test_it_never_ends(twins: Twins, fault: str, needle: bytes) -> None:
    twins.break_("github", fault)
    wanted = 16384 if fault == "endless_continue" else 32 << 20
    read, first = 0, b""
    with _raw(twins) as sock:
        while read < wanted:
            piece = sock.recv(1 << 20)
            assert piece
            read, first = read + len(piece), (first + piece)[: 1 << 18]
    assert needle in first


def test_garbage_is_no_http(twins: Twins) -> None:
    twins.break_("github", "garbage")
    with pytest.raises(http.client.BadStatusLine):
        _ask(twins)


def test_content_length_lies_both_ways(twins: Twins) -> None:
    twins.break_("github", "content_length", off=10)
    with pytest.raises(http.client.IncompleteRead):
        _ask(twins)
    twins.break_("github", "content_length", off=-10)
    assert len(_ask(twins).body) == len(json.dumps(TRUE)) - 10


def test_chunks_can_be_broken(twins: Twins) -> None:
    twins.break_("github", "broken_chunks")
    with pytest.raises(http.client.IncompleteRead):
        _ask(twins)


def test_delay(twins: Twins) -> None:
    twins.break_("github", "delay", ms=250)
    started = time.monotonic()
    assert json.loads(_ask(twins).body) == TRUE
    assert time.monotonic() - started >= 0.25


def test_a_fault_keeps_to_its_path_and_is_mended(twins: Twins) -> None:
    twins.break_("github", "html", path="/user")
    assert ask(twins, "github", "/", headers=HEADERS).at("/current_user_url")
    twins.mend()
    assert json.loads(_ask(twins).body) == TRUE
    with pytest.raises(ValueError, match="no fault stal of github"):
        twins.break_("github", "stal")


def test_every_fault_is_tested() -> None:
    here = Path(__file__)
    source = here.read_text() + here.with_name("test_services_bends.py").read_text()
    assert [name for name in FAULTS if f'"{name}"' not in source] == []


@pytest.mark.parametrize("fault", ["stall", "delay"])
def test_stopping_ends_every_conversation(fault: str) -> None:
    """One that stalls, and one that has had its answer and is kept open."""
    with serve() as twins:
        twins.break_("github", fault)
        kept = socket.create_connection(("127.0.0.1", twins.port), timeout=5)
        kept.sendall(b"GET /github/ HTTP/1.1\r\nHost: x\r\n\r\n")
        assert fault == "stall" or kept.recv(4096)
        while not twins.requests:
            time.sleep(0.01)
    assert kept.recv(1) == b""
    kept.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", twins.port), timeout=1)


def test_a_broken_twin_does_not_pass_for_a_broken_service() -> None:
    def misuse() -> None:
        with serve() as twins:
            twins.break_("github", "delay", sheep=3)
            with pytest.raises(http.client.RemoteDisconnected):
                _ask(twins)

    with pytest.raises(RuntimeError, match="a service twin broke"):
        misuse()


@pytest.mark.parametrize(("tls", "reason"), [("expired", "expired"), ("wrong_host", "IP address mismatch")])
def test_tls_can_be_wrong(tls: str, reason: str) -> None:
    with serve(tls=tls) as twins, pytest.raises(ssl.SSLCertVerificationError, match=reason):
        _ask(twins)


def test_tls_can_be_right() -> None:
    with serve(tls="good") as twins:
        assert twins.url("github").startswith("https://127.0.0.1:")
        assert json.loads(_ask(twins).body) == TRUE
        twins.trusted = None
        with pytest.raises(ssl.SSLCertVerificationError, match="self-signed"):
            _ask(twins)


def test_tls_can_be_mute() -> None:
    with serve(tls="mute") as twins, pytest.raises(TimeoutError):
        _ask(twins, timeout=0.3)
