# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Well-formed answers of the service twins that are not what was asked for."""

from __future__ import annotations

import gzip
import http.client
import json

import pytest

from tests.twins.services import SCENARIOS, Twins
from tests.twins.services.client import Got, ask, credentials

HEADERS = credentials("github", SCENARIOS["github"]["classic"])
TRUE = {"login": "alice", "id": 1, "type": "User", "name": "Alice", "email": None}


def _ask(twins: Twins) -> Got:
    return ask(twins, "github", "/user", headers=HEADERS)


def test_a_redirect_leads_to_a_host_that_tells_who_came(twins: Twins) -> None:
    twins.break_("github", "redirect", path="/user", status=307)
    got = _ask(twins)
    assert (got.status, got.headers["Location"]) == (307, f"http://localhost:{twins.elsewhere_port}/github/user")
    assert twins.seen("github", elsewhere=True) == []
    follower = http.client.HTTPConnection("127.0.0.1", twins.elsewhere_port, timeout=5)
    follower.request("GET", "/github/user", headers=HEADERS)
    assert follower.getresponse().status == 200, "who follows is let in, so that it shows"
    follower.close()
    assert twins.seen("github", elsewhere=True)[0].header("authorization") == HEADERS["Authorization"]


@pytest.mark.parametrize("after", [None, 30, "Wed, 21 Oct 2026 07:28:00 GMT"])
@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_status(twins: Twins, status: int, after: object) -> None:
    twins.break_("github", "status", status=status, retry_after=after)
    got = _ask(twins)
    assert (got.status, got.headers["Retry-After"]) == (status, after and str(after))
    assert got.body.startswith(b"<html>")


def test_html_answers_200(twins: Twins) -> None:
    twins.break_("github", "html")
    got = _ask(twins)
    assert (got.status, got.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert got.body.startswith(b"<!doctype html>")


@pytest.mark.parametrize(
    ("fault", "error"), [("invalid_json", ValueError), ("not_utf8", ValueError), ("deep", RecursionError)]
)
def test_json_cannot_be_read(twins: Twins, fault: str, error: type[Exception]) -> None:
    twins.break_("github", fault)
    with pytest.raises(error):
        json.loads(_ask(twins).body)


@pytest.mark.parametrize("value", [None, [], 7, "text", True, {"login": {"nested": 1}}])
def test_json_of_another_kind(twins: Twins, value: object) -> None:
    twins.break_("github", "json", value=value)
    assert json.loads(_ask(twins).body) == value


def test_a_login_can_carry_escapes(twins: Twins) -> None:
    twins.break_("github", "escapes")
    login = json.loads(_ask(twins).body)["login"]
    assert login.endswith("alice")
    assert {"\x1b", "\x07", "\r", "\n", "\x00", "\x9b", "\u202e"} < set(login)


def test_unicode_goes_to_its_limits(twins: Twins) -> None:
    twins.break_("github", "unicode")
    with pytest.raises(UnicodeEncodeError):
        json.loads(_ask(twins).body)["login"].encode()


def test_headers_can_be_too_much(twins: Twins) -> None:
    twins.break_("github", "huge_header")
    with pytest.raises(http.client.LineTooLong):
        _ask(twins)
    twins.break_("github", "many_headers")
    with pytest.raises(http.client.HTTPException, match="headers"):
        _ask(twins)


def test_a_gzip_bomb_holds_the_true_answer(twins: Twins) -> None:
    twins.break_("github", "gzip_bomb", size=32 << 20)
    got = _ask(twins)
    assert got.headers["Content-Encoding"] == "gzip"
    assert len(got.body) < 64 << 10
    whole = gzip.decompress(got.body)
    assert len(whole) > 32 << 20
    assert json.loads(whole) == TRUE
