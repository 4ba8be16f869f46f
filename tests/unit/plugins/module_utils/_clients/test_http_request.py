# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One exchange against a service that fails in every way a network can."""

from __future__ import annotations

import resource
import socket
import stat
import time
from typing import TYPE_CHECKING

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._clients import http_connection
from ansible_collections.latchkey.workstation.plugins.module_utils._clients import http_request as http
from ansible_collections.latchkey.workstation.plugins.module_utils._core.deadline import Deadline, at_once
from ansible_collections.latchkey.workstation.plugins.module_utils._core.errors import LatchkeyError

from tests.twins.services import SCENARIOS, Twins, serve, stale_socket

if TYPE_CHECKING:
    from pathlib import Path

TOKEN = SCENARIOS["github"]["classic"].secret
SECONDS = 0.4
SLACK = 0.6  # two busy cores; a deadline that is not kept is late by many seconds


def get(twins: Twins, path: str = "/user", *, seconds: float = 5, **headers: str) -> http.Answer:
    request = http.Request(twins.url("github") + path, headers={"Authorization": f"Bearer {TOKEN}", **headers})
    return http.fetch(request, Deadline(seconds))


def test_an_answer_is_its_status_headers_and_body(twins: Twins) -> None:
    answer = get(twins)
    assert (answer.status, answer.json()["login"]) == (200, "alice")
    assert answer.headers["x-oauth-scopes"] == "repo, read:org"
    (seen,) = twins.seen("github")
    assert seen.header("User-Agent") == "latchkey.workstation"
    assert seen.all("Authorization") == [f"Bearer {TOKEN}"]
    assert seen.header("Host") == f"127.0.0.1:{twins.port}"


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500, 503])
def test_status_401_is_returned_as_an_answer(twins: Twins, status: int) -> None:
    twins.break_("github", "status", status=status, retry_after=7)
    answer = get(twins)
    assert (answer.status, answer.headers["retry-after"], answer.is_html) == (status, "7", True)


def test_a_body_goes_out_as_it_is(twins: Twins) -> None:
    body = '{"clientId": "ä", "clientSecret": "b"}'.encode()
    http.fetch(http.Request(twins.url("infisical") + "/x", "POST", {}, body), Deadline(5))
    (seen,) = twins.seen("infisical")
    assert (seen.method, seen.body) == ("POST", body)


@pytest.mark.parametrize(
    ("fault", "options", "cause"),
    [
        ("stall", {}, "timeout"),
        ("stall", {"after": "headers"}, "timeout"),
        ("stall", {"after": "body"}, "timeout"),
        ("trickle", {"seconds": 0.05}, "timeout"),
        ("trickle", {"seconds": 0.05, "part": "body"}, "timeout"),
        ("endless_continue", {}, "timeout"),
        ("endless_headers", {}, "garbage"),
        ("huge_header", {}, "garbage"),
        ("many_headers", {}, "garbage"),
        ("garbage", {}, "garbage"),
        ("broken_chunks", {}, "reset"),
        ("content_length", {}, "reset"),
        ("reset", {}, "reset"),
        ("reset", {"after": "headers"}, "reset"),
        ("reset", {"after": "body"}, "reset"),
        ("close", {}, "reset"),
    ],
)
def test_missing_answer_has_a_cause_before_the_deadline(
    twins: Twins, fault: str, options: dict[str, object], cause: str
) -> None:
    twins.break_("github", fault, **options)
    started = time.monotonic()
    with pytest.raises(http.Unreachable) as raised:
        get(twins, seconds=SECONDS)
    assert raised.value.cause == cause
    assert time.monotonic() - started < SECONDS + SLACK
    assert TOKEN not in str(raised.value)


@pytest.mark.parametrize("fault", ["endless", "gzip_bomb"])
def test_gigabytes_are_read_as_one_mebibyte(twins: Twins, fault: str) -> None:
    get(twins)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    twins.break_("github", fault)
    answer = get(twins)
    assert len(answer.body) <= 1 << 20
    assert answer.json() is None
    grown_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown_kib < 64 << 10 or fault == "gzip_bomb"  # the twin itself packs the bomb in this process


@pytest.mark.parametrize("fault", ["invalid_json", "not_utf8", "deep"])
def test_what_is_no_json_is_none(twins: Twins, fault: str) -> None:
    twins.break_("github", fault)
    assert get(twins).json() is None


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(twins: Twins, status: int) -> None:
    twins.break_("github", "redirect", status=status)
    assert get(twins).status == status
    assert twins.seen("github", elsewhere=True) == []


def test_netrc_and_proxies_are_ignored(twins: Twins, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine 127.0.0.1 login mallory password other\ndefault login mallory password other\n")
    netrc.chmod(stat.S_IRUSR | stat.S_IWUSR)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    assert get(twins).status == 200
    assert twins.seen("github")[0].all("Authorization") == [f"Bearer {TOKEN}"]


@pytest.mark.parametrize(
    ("url", "cause"),
    [
        ("http://127.0.0.1:9/", "refused"),
        ("https://nowhere.invalid/", "dns"),
        ("https://" + "a" * 70 + ".invalid/", "dns"),
    ],
)
def test_connection_failure_has_its_cause(url: str, cause: str) -> None:
    with pytest.raises(http.Unreachable) as raised:
        http.fetch(http.Request(url), Deadline(5))
    assert raised.value.cause == cause


@pytest.mark.parametrize(
    "url",
    [
        "http://api.example.com/",
        "http://127.0.0.1.example.com/",
        "http://127.0.0.1@example.com/",
        "https://alice:hunter22@example.com/",
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "https:///x",
        "https://example.com:http/",
        "https://[::1/",
        "",
    ],
)
def test_only_https_and_this_machine(url: str) -> None:
    with pytest.raises(LatchkeyError) as raised:
        http.fetch(http.Request(url), Deadline(0.01))
    assert not isinstance(raised.value, http.Unreachable)
    assert "hunter22" not in str(raised.value)


@pytest.mark.parametrize("value", ["abc\ndef", "abc\r\nX-Evil: 1", "abc\0", "héllo ✓", "a\x7fb"])
def test_a_value_that_no_header_carries_is_not_sent_and_not_shown(twins: Twins, value: str) -> None:
    with pytest.raises(http.Unsendable) as raised:
        get(twins, **{"X-Key": value})
    assert value not in str(raised.value)
    assert twins.requests == []


@pytest.mark.parametrize("path", ["/user name", "/user\r\nX-Evil: 1", "/ü"])
def test_an_address_is_not_sent_with_what_it_cannot_hold(twins: Twins, path: str) -> None:
    with pytest.raises(http.Unsendable):
        get(twins, path)
    assert twins.requests == []


@pytest.mark.parametrize(("tls", "cause"), [("expired", "tls"), ("wrong_host", "tls"), ("mute", "timeout")])
def test_tls_is_verified_within_the_deadline(monkeypatch: pytest.MonkeyPatch, tls: str, cause: str) -> None:
    with serve(tls=tls) as twins:
        _trust(monkeypatch, twins)
        with pytest.raises(http.Unreachable) as raised:
            get(twins, seconds=SECONDS)
    assert raised.value.cause == cause


def test_a_certificate_nobody_vouches_for_is_no_answer() -> None:
    with serve(tls="good") as twins, pytest.raises(http.Unreachable) as raised:
        get(twins)
    assert raised.value.cause == "tls"


def test_tls_with_a_trusted_certificate(monkeypatch: pytest.MonkeyPatch) -> None:
    with serve(tls="good") as twins:
        _trust(monkeypatch, twins)
        assert get(twins).status == 200
        twins.break_("github", "reset", after="body")
        with pytest.raises(http.Unreachable) as raised:
            get(twins)
    assert raised.value.cause == "reset"


def _trust(monkeypatch: pytest.MonkeyPatch, twins: Twins) -> None:
    if twins.trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(twins.trusted))
    http_connection._context.cache_clear()
    monkeypatch.setattr(http_connection, "_context", http_connection._context.__wrapped__)


def test_a_unix_socket(tmp_path: Path) -> None:
    path = str(tmp_path / "docker.sock")
    with serve(unix=path):
        answer = http.fetch(http.Request("http://localhost/_ping", unix_socket=path), Deadline(5))
    assert (answer.status, answer.body, answer.headers["api-version"]) == (200, b"OK", "1.43")


def test_unix_sockets_that_lead_nowhere(tmp_path: Path) -> None:
    stale_socket(str(tmp_path / "stale"))
    for name in ("stale", "none"):
        with pytest.raises(http.Unreachable) as raised:
            http.fetch(http.Request("http://x/", unix_socket=str(tmp_path / name)), Deadline(5))
        assert raised.value.cause == "refused"


def test_a_silent_address_leaves_time_for_the_next(twins: Twins, monkeypatch: pytest.MonkeyPatch) -> None:
    """A backlog that is full drops what comes, as a network without IPv6 behind it does."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, socket.socket() as filler:
        filler.connect(full.getsockname())
        address = lambda port: (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))  # noqa: E731
        both = [address(full.getsockname()[1]), address(twins.port)]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_more: both)
        assert get(twins, seconds=1).status == 200


def test_many_at_once_take_as_long_as_one(twins: Twins) -> None:
    twins.break_("github", "delay", ms=200)
    deadline = Deadline(5)
    started = time.monotonic()
    answers = at_once({str(n): lambda: get(twins) for n in range(30)}, deadline)
    assert {answer.status for answer in answers.values() if answer} == {200}
    assert None not in answers.values()
    assert time.monotonic() - started < 30 * 0.2


def test_nothing_secret_is_in_what_python_shows_of_a_request() -> None:
    request = http.Request("https://example.com/", headers={"Authorization": TOKEN}, body=TOKEN.encode())
    assert TOKEN not in repr(request) + repr(http.Answer(200, {"x": TOKEN}, TOKEN.encode()))
