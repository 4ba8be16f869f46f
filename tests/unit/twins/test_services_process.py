# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The service twins as a process of their own, what they record, and Docker's socket."""

from __future__ import annotations

import http.client
import json
import signal
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.twins.services import SCENARIOS, serve, stale_socket

ROOT = Path(__file__).parents[3]


def _started(folder: Path, *arguments: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.twins.services", "--port-file", str(folder / "port"), *arguments]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    deadline = time.monotonic() + 20
    while not (folder / "port").exists():
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return process


def _get(port: int, path: str, headers: dict[str, str]) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    found = answer.status, answer.read()
    connection.close()
    return found


def test_a_process_serves_records_and_stays_silent(tmp_path: Path) -> None:
    scenario = {
        "know": [{"service": "github", "scenario": "few_scopes", "secret": "ghp_mine"}],
        "choose": {"docker": "ailing"},
        "faults": [{"service": "heroku", "fault": "status", "path": "/account", "options": {"status": 502}}],
    }
    (tmp_path / "s.json").write_text(json.dumps(scenario))
    record = tmp_path / "record"
    process = _started(tmp_path, "--scenario", str(tmp_path / "s.json"), "--record", str(record))
    port = int((tmp_path / "port").read_text())
    mine = {"Authorization": "Bearer ghp_mine", "User-Agent": "x"}
    theirs = {"Authorization": f"Bearer {SCENARIOS['github']['bad'].secret}", "User-Agent": "x"}
    assert _get(port, "/github/user?a=b", mine)[0] == 200
    assert _get(port, "/github/user", theirs)[0] == 401
    assert _get(port, "/heroku/account", {})[0] == 502
    assert _get(port, "/docker/_ping", {})[0] == 500
    process.send_signal(signal.SIGTERM)
    assert process.communicate(timeout=10)[0] == b""
    assert process.returncode == 0
    assert not (tmp_path / "port").exists()
    first = json.loads(record.read_text().splitlines()[0])
    assert {key: first[key] for key in ("service", "method", "path", "query", "elsewhere")} == {
        "service": "github",
        "method": "GET",
        "path": "/user",
        "query": "a=b",
        "elsewhere": False,
    }
    assert ["Authorization", "Bearer ghp_mine"] in first["headers"]
    assert stat.S_IMODE(record.stat().st_mode) == 0o600


def test_a_process_hands_out_what_to_trust(tmp_path: Path) -> None:
    process = _started(tmp_path, "--tls", "good")
    try:
        assert (tmp_path / "port.pem").read_bytes().startswith(b"-----BEGIN CERTIFICATE-----")
    finally:
        process.terminate()
        process.communicate(timeout=10)


def test_a_process_needs_only_the_standard_library(tmp_path: Path) -> None:
    """On a booted machine nothing else is there."""
    code = (
        "import sys; from tests.twins.services import serve\nwith serve(): pass\nprint('cryptography' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-S", "-c", code], cwd=ROOT, capture_output=True, check=True, timeout=20)
    assert done.stdout == b"False\n"


def _ping(path: str) -> bytes:
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(5)
        sock.connect(path)
        sock.sendall(b"GET /_ping HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        return b"".join(iter(lambda: sock.recv(4096), b""))


def test_docker_answers_on_its_socket(tmp_path: Path) -> None:
    """Section 26: 200 body OK, header Api-Version."""
    path = str(tmp_path / "docker.sock")
    with serve(unix=path) as twins:
        head, _blank, body = _ping(path).partition(b"\r\n\r\n")
        assert (head.split(b"\r\n")[0], body) == (b"HTTP/1.1 200 OK", b"OK")
        assert b"Api-Version: 1.43" in head
        twins.choose("docker", "ailing")
        assert _ping(path).startswith(b"HTTP/1.1 500")
        twins.choose("docker", "somebody_else")
        assert b"Api-Version" not in _ping(path)
        assert [each.path for each in twins.seen("docker")] == ["/_ping"] * 3


def test_a_daemon_that_is_down_refuses(tmp_path: Path) -> None:
    """Section 26: ECONNREFUSED = daemon down."""
    stale_socket(str(tmp_path / "docker.sock"))
    with pytest.raises(ConnectionRefusedError):
        _ping(str(tmp_path / "docker.sock"))


@pytest.mark.parametrize(
    "request_text",
    ["GET /github/ HTTP/1.1\r\n\r\n", "GET http://x/ HTTP/1.1\r\nHost: x\r\n\r\n", "nonsense\r\n\r\n"],
    ids=["no Host", "absolute", "no HTTP"],
)
def test_what_is_no_request_is_refused(request_text: str) -> None:
    with serve() as twins, socket.create_connection(("127.0.0.1", twins.port), timeout=5) as sock:
        sock.sendall(request_text.encode())
        assert sock.recv(100).startswith(b"HTTP/1.1 400")
        assert twins.requests == []


def test_headers_keep_their_repetitions() -> None:
    with serve() as twins, socket.create_connection(("127.0.0.1", twins.port), timeout=5) as sock:
        sock.sendall(b"GET /github/ HTTP/1.1\r\nHost: x\r\nAuthorization: a\r\nauthorization: b\r\n\r\n")
        sock.recv(100)
        assert twins.requests[0].all("Authorization") == ["a", "b"]


def test_nothing_listens_beyond_loopback() -> None:
    with serve() as twins:
        listening = [line.split()[1] for line in Path("/proc/net/tcp").read_text().splitlines() if " 0A " in line]
        own = [each for each in listening if int(each.split(":")[1], 16) in (twins.port, twins.elsewhere_port)]
        assert {each.split(":")[0] for each in own} == {"0100007F"}
