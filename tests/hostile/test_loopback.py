# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A member who listens at a declared loopback address neither gets other members' values nor answers their checks."""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import socket
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._checks.engine import CheckRun, check_all
from ansible_collections.latchkey.workstation.plugins.module_utils._checks.local import CheckRequest
from ansible_collections.latchkey.workstation.plugins.module_utils._checks.registry import PROVIDERS
from ansible_collections.latchkey.workstation.plugins.module_utils._clients import loopback
from ansible_collections.latchkey.workstation.plugins.module_utils._core.deadline import Deadline

from tests.builders import credential, resolver
from tests.hostile.conftest import PYTHON

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.root

TOKEN = "ghp_a_value_that_the_listener_must_not_get"
NOBODY = pwd.getpwnam("nobody").pw_uid
MEMBERS = ("latchkey-loop-a", "latchkey-loop-b")
# Answers every request as GitHub answers a valid token, and writes down what it was sent.
ISSUER = """
import http.server, socket, sys
class Issuer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        print(self.headers["Authorization"], flush=True)
        body = b'{"login": "alice"}'
        self.send_response(200); self.send_header("Content-Length", str(len(body))); self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_all): pass
class Server(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
server = Server((sys.argv[1], 0), Issuer)
print(server.server_port, flush=True)
server.serve_forever()
"""


@pytest.fixture(scope="module")
def accounts() -> list[pwd.struct_passwd]:
    for name in MEMBERS:
        with contextlib.suppress(KeyError):
            pwd.getpwnam(name)
            continue
        subprocess.run(["useradd", "--create-home", "--shell", "/bin/sh", name], check=True)
    found = [pwd.getpwnam(name) for name in MEMBERS]
    for known in found:
        token = Path(known.pw_dir, "token")
        token.write_text(TOKEN)
        token.chmod(0o600)
        for path in (token, token.parent):
            os.chown(path, known.pw_uid, known.pw_gid)
    return found


@contextlib.contextmanager
def issuer(uid: int, host: str = "127.0.0.1") -> Iterator[tuple[int, subprocess.Popen[str]]]:
    argv = [PYTHON, "-I", "-c", ISSUER, host]
    with subprocess.Popen(argv, user=uid, stdout=subprocess.PIPE, text=True, cwd="/") as process:
        assert process.stdout
        yield int(process.stdout.readline()), process
        process.terminate()


def checks(accounts: list[pwd.struct_passwd], port: int, host: str = "127.0.0.1") -> dict[str, dict[str, Any]]:
    """The row of each member's check; all have the same value and check."""
    check = {"provider": "github", "base_url": f"http://{host}:{port}"}
    credentials = [credential("github", sources=[{"kind": "file", "path": "~/token"}], check=check)]
    entries = [{"name": known.pw_name, "account": known.pw_name, "credentials": credentials} for known in accounts]
    request = CheckRequest(lambda member, _credentials: resolver(member.home), PROVIDERS)
    return {name: report.items[0] for name, report in check_all(entries, CheckRun(request)).items()}


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_root_may_answer_the_checks_of_all_members(accounts: list[pwd.struct_passwd], host: str) -> None:
    with issuer(0, "::1" if host == "[::1]" else "127.0.0.1") as (port, _process):
        rows = checks(accounts, port, host)
    assert {row["outcome"] for row in rows.values()} == {"PASS"}


@pytest.mark.parametrize("bound", ["127.0.0.1", "0.0.0.0", "::"])
def test_a_member_answers_only_the_own_check_although_the_values_are_equal(
    accounts: list[pwd.struct_passwd], bound: str
) -> None:
    mallory, other = accounts
    with issuer(mallory.pw_uid, bound) as (port, process):
        rows = checks(accounts, port)
        process.terminate()
        assert process.stdout
        assert process.stdout.read().splitlines() == [f"Bearer {TOKEN}"]
    assert rows[mallory.pw_name]["outcome"] == "PASS"
    assert (rows[other.pw_name]["outcome"], rows[other.pw_name]["cause"]) == ("UNKNOWN", "untrusted")
    assert "belongs to another account" in rows[other.pw_name]["reason"]


def test_a_listener_of_no_member_gets_nothing(accounts: list[pwd.struct_passwd]) -> None:
    with issuer(NOBODY) as (port, process):
        rows = checks(accounts, port)
        process.terminate()
        assert process.stdout
        assert process.stdout.read() == ""
    assert {row["cause"] for row in rows.values()} == {"untrusted"}
    assert TOKEN not in json.dumps(rows)


@contextlib.contextmanager
def listener(*steps: str) -> Iterator[tuple[int, subprocess.Popen[str]]]:
    """A listener of the account nobody that runs ``steps`` and then stays until its input has a line."""
    lines = (
        "import socket",
        "listening = socket.socket()",
        "listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)",
        "listening.bind(('127.0.0.1', 0)); listening.listen(); print(listening.getsockname()[1], flush=True)",
        *steps,
        "print('done', flush=True); input()",
    )
    argv = [PYTHON, "-I", "-c", "\n".join(lines)]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(argv, user=NOBODY, cwd="/", **pipes) as process:
        assert process.stdout
        yield int(process.stdout.readline()), process
        process.communicate("\n")


def connection(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port))


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline()


def test_a_connection_that_nobody_has_accepted_is_not_roots() -> None:
    """The kernel shows uid 0 for it, whoever listens."""
    with listener("input()", "accepted = listening.accept()") as (port, process), connection(port) as client:
        with pytest.raises(TimeoutError):
            loopback.require_owner(client, {0}, Deadline(0.2).left)
        assert process.stdin
        process.stdin.write("\n")
        process.stdin.flush()
        assert line(process) == "done\n"
        with pytest.raises(loopback.UntrustedServer):
            loopback.require_owner(client, {0}, Deadline(5).left)
        loopback.require_owner(client, {NOBODY}, Deadline(5).left)


def test_replacing_the_listener_after_the_connection_makes_no_difference() -> None:
    with (
        listener("accepted = listening.accept()", "listening.close()") as (port, process),
        connection(port) as client,
        socket.socket() as roots,
    ):
        assert line(process) == "done\n"
        roots.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        roots.bind(("127.0.0.1", port))
        roots.listen()
        with pytest.raises(loopback.UntrustedServer):
            loopback.require_owner(client, {0}, Deadline(5).left)
