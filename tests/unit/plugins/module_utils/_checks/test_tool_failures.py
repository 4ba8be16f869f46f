# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A failure of a local tool is UNKNOWN; only the answers that the tool documents mean absent or invalid."""

from __future__ import annotations

import json
import socket
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._checks.base import Check, LocalContext
from ansible_collections.latchkey.workstation.plugins.module_utils._checks.registry import PROVIDERS
from ansible_collections.latchkey.workstation.plugins.module_utils._core.deadline import Deadline

from tests.twins.services import serve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ansible_collections.latchkey.workstation.plugins.module_utils._checks.base import Outcome

    from tests.unit.plugins.module_utils._checks.bench import Bench

FINGERPRINT = f"SHA256:{'a' * 43}"
# Provider: its program, its options, and the statuses that the program documents for "absent".
TOOLS: dict[str, tuple[str, dict[str, Any], set[int]]] = {
    "gh": ("gh", {}, set()),
    "tailscale": ("tailscale", {}, set()),
    "ssh_agent": ("ssh-add", {"socket": "/nonexistent", "fingerprint": FINGERPRINT}, {2}),
}
# What a failing program may print: nothing, a version manager's words, a kernel's or a crash's, another tool's help.
OUTPUTS = {
    "nothing": "",
    "a shim": "No version is set for command; consider adding one of the following versions in your config file",
    "denied": "permission denied",
    "a crash": "panic: runtime error: invalid memory address\ngoroutine 1 [running]:",
    "help": "usage: see --help",
    "HTML": "<html><body>502 Bad Gateway</body></html>",
    "bytes": "\xff\xfe",
    "long": "x" * 5000,
}

each_tool = pytest.mark.parametrize("provider", TOOLS)


@pytest.fixture
def outcome(bench: Bench) -> Any:
    """Run a provider with a program that runs ``script``."""

    def run(provider: str, script: str, *, seconds: float = 60) -> Outcome:
        program, options, _absent = TOOLS[provider]
        bench.program(program, script)
        local = PROVIDERS[provider].local
        assert local
        return local(Check(options), LocalContext(str(bench.home), Deadline(seconds)))

    return run


@each_tool
def test_every_undocumented_status_is_unknown(bench: Bench, outcome: Any, provider: str) -> None:
    absent = TOOLS[provider][2]
    bench.put("status", "")
    found = {}
    for status in range(1, 256):
        bench.put("status", str(status))
        found[status] = outcome(provider, f"exit $(cat {bench.home}/status)").state
    assert {status for status, state in found.items() if state != "UNKNOWN"} == absent


@each_tool
@pytest.mark.parametrize("end", ["exit 0", "exit 1", "exit 126", "exit 255"])
@pytest.mark.parametrize("output", OUTPUTS)
def test_odd_output_is_unknown(bench: Bench, outcome: Any, provider: str, end: str, output: str) -> None:
    bench.put("output", OUTPUTS[output].encode("latin-1"))
    for stream in (1, 2):
        found = outcome(provider, f"cat {bench.home}/output >&{stream}; {end}")
        assert found.state == "UNKNOWN", found


@each_tool
@pytest.mark.parametrize("signal", ["KILL", "TERM", "SEGV", "PIPE"])
def test_a_killed_tool_is_unknown(outcome: Any, provider: str, signal: str) -> None:
    found = outcome(provider, f"kill -{signal} $$")
    assert found.state == "UNKNOWN"
    assert "ended with -" not in found.reason


@each_tool
def test_a_tool_that_does_not_answer_in_time_is_unknown_with_cause_timeout(bench: Bench, provider: str) -> None:
    program, options, _absent = TOOLS[provider]
    bench.program(program, "exec sleep 60")
    row = bench.check(provider, **options, plan={"request_timeout": 0.3})
    assert (row["outcome"], row["cause"]) == ("UNKNOWN", "timeout")


@each_tool
@pytest.mark.parametrize("damage", ["no interpreter", "a folder"])
def test_a_tool_that_cannot_be_started_is_unknown(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, provider: str, damage: str
) -> None:
    program, options, _absent = TOOLS[provider]
    file = bench.put(f"bin/{program}", "#!/nonexistent/interpreter\n", 0o700)
    monkeypatch.setenv("PATH", str(file.parent))
    if damage == "a folder":
        file.unlink()
        file.mkdir()
    assert bench.check(provider, **options)["outcome"] == "UNKNOWN"


@pytest.mark.parametrize(
    ("provider", "script", "cause"),
    [
        ("gh", "echo 'no oauth token found for github.com' >&2; exit 1", "absent"),
        ("gh", "echo 'no oauth token' >&2; exit 1", "absent"),
        (
            "tailscale",
            'echo "failed to connect to local tailscaled; it doesn\'t appear to be running" >&2; exit 1',
            "stopped",
        ),
        ("tailscale", "echo 'tailscaled is not running' >&2; exit 1", "stopped"),
        ("tailscale", """echo '{"BackendState": "NeedsLogin"}'""", "absent"),
        ("ssh_agent", "echo 'The agent has no identities.'; exit 1", "absent"),
        ("ssh_agent", "echo 'Could not open a connection to your authentication agent.' >&2; exit 2", "unreachable"),
        ("ssh_agent", "echo 'Error connecting to agent: Connection refused' >&2; exit 2", "unreachable"),
        ("ssh_agent", "echo '256 SHA256:other me@host (ED25519)'", "absent"),
    ],
)
def test_documented_answers_mean_absent(outcome: Any, provider: str, script: str, cause: str) -> None:
    found = outcome(provider, script)
    assert (found.state, found.cause) == ("ABSENT", cause)


@pytest.mark.parametrize(
    ("provider", "script"),
    [
        ("gh", "echo 'no oauth token found' >&2; exit 126"),
        ("tailscale", "echo 'tailscaled is not running: permission denied' >&2; exit 1"),
        ("tailscale", """echo '{"BackendState": "NeedsLogin"}'; exit 3"""),
        ("ssh_agent", "echo 'Error connecting to agent: Permission denied' >&2; exit 2"),
        ("ssh_agent", "echo 'error fetching identities: communication with agent failed' >&2; exit 1"),
        ("ssh_agent", "echo 'warning: old agent'; echo '256 SHA256:other me@host (ED25519)'"),
    ],
)
def test_documented_words_of_another_failure_are_unknown(outcome: Any, provider: str, script: str) -> None:
    assert outcome(provider, script).state == "UNKNOWN"


def test_text_around_a_token_of_gh_is_never_sent(outcome: Any) -> None:
    found = outcome("gh", "echo 'warning: update gh'; echo ghp_0123456789012345678901234567890123")
    assert (found.state, found.token_for_remote) == ("UNKNOWN", None)


@pytest.mark.parametrize("status", [126, 127])
def test_a_program_that_its_shim_could_not_start_is_unknown(bench: Bench, status: int) -> None:
    bench.program("probe", f"exit {status}")
    assert bench.check("command", argv=["~/bin/probe"])["outcome"] == "UNKNOWN"
    assert bench.check("command", argv=["~/bin/probe"], unknown_rc=[75])["outcome"] == "UNKNOWN"
    assert bench.check("command", argv=["~/bin/probe"], rc=[status])["outcome"] == "PASS"


# --- docker and wrangler, which are files and a socket ----------------------------------------------------------


@pytest.fixture
def default_socket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A healthy daemon where the default context has it."""
    from ansible_collections.latchkey.workstation.plugins.module_utils._checks.providers import docker  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as folder, serve(unix=f"{folder}/d.sock"):
        monkeypatch.setattr(docker, "_DEFAULT_SOCKET", f"{folder}/d.sock")
        yield f"{folder}/d.sock"


def context(name: str, host: object) -> dict[str, str]:
    import hashlib  # noqa: PLC0415

    path = f"contexts/meta/{hashlib.sha256(name.encode()).hexdigest()}/meta.json"
    return {path: json.dumps({"Name": name, "Endpoints": {"docker": {"Host": host}}})}


CURRENT = {"config.json": '{"currentContext": "desktop-linux"}'}
DOCKER = {
    "no config": ({}, {}, ("PASS", "")),
    "empty config": ({"config.json": ""}, {}, ("PASS", "")),
    "config without a context": ({"config.json": '{"auths": {}}'}, {}, ("PASS", "")),
    "default": ({"config.json": '{"currentContext": "default"}'}, {}, ("PASS", "")),
    "no such context": (CURRENT, {}, ("FAIL", "absent")),
    "no such DOCKER_CONTEXT": ({}, {"DOCKER_CONTEXT": "gone"}, ("FAIL", "absent")),
    "DOCKER_CONTEXT before config": (CURRENT, {"DOCKER_CONTEXT": "default"}, ("PASS", "")),
    "DOCKER_HOST before all": (CURRENT, {"DOCKER_HOST": "unix://", "DOCKER_CONTEXT": "gone"}, ("PASS", "")),
    "context without a host": ({**CURRENT, **context("desktop-linux", None)}, {}, ("UNKNOWN", "unreadable")),
    "remote context": ({**CURRENT, **context("desktop-linux", "ssh://host")}, {}, ("SKIP", "prerequisite")),
    "context of a daemon that is down": (
        {**CURRENT, **context("desktop-linux", "unix:///gone")},
        {},
        ("FAIL", "stopped"),
    ),
    "broken config": ({"config.json": "{"}, {}, ("UNKNOWN", "unreadable")),
    "config of another shape": ({"config.json": "[]"}, {}, ("UNKNOWN", "unreadable")),
    "context of another type": ({"config.json": '{"currentContext": 7}'}, {}, ("UNKNOWN", "unreadable")),
}


@pytest.mark.parametrize("case", DOCKER)
@pytest.mark.parametrize("folder", [".docker", "elsewhere"])
def test_docker_uses_the_context_of_the_docker_cli(
    bench: Bench, default_socket: str, monkeypatch: pytest.MonkeyPatch, case: str, folder: str
) -> None:
    files, environ, expected = DOCKER[case]
    if folder != ".docker":
        monkeypatch.setenv("DOCKER_CONFIG", str(bench.home / folder))
        bench.put(".docker/config.json", '{"currentContext": "of another folder"}')
    for name, content in files.items():
        bench.put(f"{folder}/{name}", content)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    row = bench.check("docker")
    assert (row["outcome"], row["cause"]) == expected, row["reason"]


@pytest.mark.parametrize(
    "answer", [b"", b"hello\n", b"HTTP/1.1 500 x\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n", b"\xff" * 100]
)
def test_what_is_no_docker_daemon_is_unknown(bench: Bench, answer: bytes) -> None:
    import threading  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as server:
        server.bind(f"{folder}/d.sock")
        server.listen()

        def serve_once() -> None:
            connection, _address = server.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(answer)

        thread = threading.Thread(target=serve_once)
        thread.start()
        assert bench.check("docker", socket=f"{folder}/d.sock")["outcome"] == "UNKNOWN"
        thread.join()


WRANGLER = ".config/.wrangler/config/default.toml"


@pytest.mark.parametrize("content", ["not = toml at all [", "<html>", '{"oauth_token": "x"}', b"\xff\xfe", "\0" * 9])
def test_a_login_file_that_wrangler_did_not_write_is_unknown(bench: Bench, content: str | bytes) -> None:
    bench.put(WRANGLER, content)
    assert bench.check("wrangler")["outcome"] == "UNKNOWN"


@pytest.mark.parametrize("content", ["", "# none\n", 'api_token = "abcdefgh"\n', "scopes = [ ]\n"])
def test_a_login_file_without_a_login_is_absent(bench: Bench, content: str) -> None:
    bench.put(WRANGLER, content)
    row = bench.check("wrangler")
    assert (row["outcome"], row["cause"]) == ("FAIL", "absent")


def test_a_login_file_that_may_not_be_read_is_unknown(bench: Bench) -> None:
    (bench.home / Path(WRANGLER)).mkdir(parents=True)
    assert bench.check("wrangler")["outcome"] == "UNKNOWN"
