# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""State that the service twins keep, and requests that they refuse."""

from __future__ import annotations

import json
import re
import socket
import time
from typing import TYPE_CHECKING

import pytest

from tests.twins.services import DAY, SCENARIOS, Twins, serve
from tests.twins.services.client import Got, ask, claims, credentials, login

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW = 1_795_000_000.0
VERIFY, AUTHORIZATIONS, ACCOUNTS = "/user/tokens/verify", "/oauth/authorizations", "/assignment/accounts"
EXPIRATION = "github-authentication-token-expiration"


@pytest.fixture
def twins() -> Iterator[Twins]:
    with serve(clock=lambda: NOW) as running:
        yield running


def _show(twins: Twins, service: str, scenario: str, path: str) -> Got:
    return ask(twins, service, path, headers=credentials(service, SCENARIOS[service][scenario]))


def test_dates_are_counted_from_the_twins_clock(twins: Twins) -> None:
    """Section 0, time formats."""
    assert _show(twins, "cloudflare", "expires_soon", VERIFY).at("/result/expires_on") == time.strftime(
        "%Y-%m-%dT%H:%M:%SZ", time.gmtime(NOW + 5 * DAY)
    )
    forms = [_show(twins, "github", name, "/user").headers[EXPIRATION] for name in ("expires_later", "expires_offset")]
    utc = time.strptime(forms[0], "%Y-%m-%d %H:%M:%S UTC")
    there = time.strptime(forms[1], "%Y-%m-%d %H:%M:%S +0900")
    assert time.mktime(there) - time.mktime(utc) == 9 * 3600


@pytest.mark.parametrize("header", [{}, {"Authorization": "Basic YTpi"}, {"Authorization": "Bearer 'quoted'"}])
def test_cloudflare_refuses_what_it_cannot_read(twins: Twins, header: dict[str, str]) -> None:
    """Section 1: stray braces, newline, quotes = 400."""
    assert ask(twins, "cloudflare", VERIFY, headers=header).status == 400


def test_cloudflare_refuses_two_of_the_same_header(twins: Twins) -> None:
    header = f"Authorization: Bearer {SCENARIOS['cloudflare']['active'].secret}\r\n"
    with socket.create_connection(("127.0.0.1", twins.port), timeout=5) as sock:
        sock.sendall(f"GET /cloudflare/client/v4{VERIFY} HTTP/1.1\r\nHost: x\r\n{header * 2}\r\n".encode())
        assert sock.recv(64).startswith(b"HTTP/1.1 400")


def test_cloudflare_keeps_to_its_paths(twins: Twins) -> None:
    token = credentials("cloudflare", SCENARIOS["cloudflare"]["active"])
    assert ask(twins, "cloudflare", "/nowhere", headers=token).status == 400
    assert ask(twins, "cloudflare", VERIFY, headers=token, method="PUT").status == 400
    assert ask(twins, "heroku", "/../cloudflare/user/tokens/verify", headers=token).status != 200
    with pytest.raises(ValueError, match="could not even read"):
        twins.know("cloudflare", "active", "short")


def test_heroku_wants_its_version(twins: Twins) -> None:
    """Section 8: Accept application/vnd.heroku+json; version=3."""
    token = {"Authorization": f"Bearer {SCENARIOS['heroku']['valid'].secret}"}
    assert ask(twins, "heroku", "/account", headers=token).status == 406
    assert ask(twins, "heroku", "/account", headers={**token, "Accept": "application/json"}).status == 406


def test_heroku_lists_a_token_taught_later(twins: Twins) -> None:
    """Section 8: match own token."""
    twins.know("heroku", "expires_soon", 'HRKU-"mine')
    headers = {**credentials("heroku", SCENARIOS["heroku"]["valid"]), "Authorization": 'Bearer HRKU-"mine'}
    assert ask(twins, "heroku", AUTHORIZATIONS, headers=headers).at("/1/access_token/token") == 'HRKU-"mine'


def test_github_wants_to_know_the_agent(twins: Twins) -> None:
    """Section 9: User-Agent required."""
    token = {"Authorization": f"Bearer {SCENARIOS['github']['classic'].secret}"}
    got = ask(twins, "github", "/user", headers=token)
    assert got.status == 403
    assert got.body.startswith(b"Request forbidden by administrative rules")


def test_github_answers_some_paths_to_nobody(twins: Twins) -> None:
    """Section 9: a 200 of the root proves nothing without a token."""
    agent = {"User-Agent": "twins-test"}
    assert [ask(twins, "github", path, headers=agent).status for path in ("/", "/rate_limit", "/user")] == [
        200,
        200,
        401,
    ]


def test_github_takes_both_schemes(twins: Twins) -> None:
    """Section 9: Bearer|token."""
    secret = SCENARIOS["github"]["classic"].secret
    for scheme, status in (("token", 200), ("Bearer", 200), ("Basic", 401)):
        headers = {"User-Agent": "twins-test", "Authorization": f"{scheme} {secret}"}
        assert ask(twins, "github", "/user", headers=headers).status == status


def test_github_locks_everybody_out_after_bad_tries(twins: Twins) -> None:
    """Section 9: after several bad tries 403 to all logins, so never loop on a bad token."""
    assert {_show(twins, "github", "bad", "/user").status for _ in range(5)} == {401}
    assert _show(twins, "github", "classic", "/user").status == 403


INFISICAL = [
    ("unknown", 401, "Invalid credentials"),
    ("wrong_secret", 401, "Invalid credentials"),
    ("locked", 401, "This identity auth method is temporarily locked, please try again later"),
    ("expired", 401, "Access denied due to expired client secret"),
    ("used_up", 401, "Access denied due to client secret usage limit reached"),
    ("not_from_here", 403, "You are not allowed .* from the current IP.*"),
    ("contention", 429, "Failed to acquire lock.*"),
    ("too_many", 429, "Rate limit exceeded.*"),
]


def _login(twins: Twins, name: str, secret: str = "") -> Got:
    scenario = SCENARIOS["infisical"][name]
    return login(twins, scenario.identity, secret or scenario.secret)


@pytest.mark.parametrize(("name", "status", "message"), INFISICAL, ids=[f"17 {row[0]}" for row in INFISICAL])
def test_infisical_refuses_in_its_words(twins: Twins, name: str, status: int, message: str) -> None:
    got = _login(twins, name)
    assert (got.status, got.at("/statusCode")) == (status, status)
    assert re.fullmatch(message, str(got.at("/message")))


def test_infisical_mints_a_token_that_works(twins: Twins) -> None:
    """Section 17: {accessToken, expiresIn, accessTokenMaxTTL, tokenType}; a JWT with exp, none if TTL 0."""
    got = _login(twins, "valid")
    token = str(got.at("/accessToken"))
    assert (got.status, got.at("/expiresIn"), got.at("/tokenType")) == (200, 7200, "Bearer")
    assert {"identityId", "clientSecretId"} < claims(token).keys()
    assert claims(token)["exp"] == int(NOW) + 7200
    assert "exp" not in claims(str(_login(twins, "endless").at("/accessToken")))
    details = "/api/v1/identities/details"
    assert ask(twins, "infisical", details, headers={"Authorization": f"Bearer {token}"}).status == 200
    assert ask(twins, "infisical", details, headers={"Authorization": f"Bearer {token}x"}).status == 401


def test_infisical_counts_uses(twins: Twins) -> None:
    """Section 17: a numUsesLimit secret gets used up."""
    assert [_login(twins, "one_use").status for _ in range(2)] == [200, 401]
    assert _login(twins, "one_use").at("/message") == "Access denied due to client secret usage limit reached"


def test_infisical_locks_an_identity(twins: Twins) -> None:
    """Section 17: lockout after N failures, of the right secret too, and of this identity alone."""
    assert {str(_login(twins, "valid", "wrong").at("/message")) for _ in range(3)} == {"Invalid credentials"}
    assert "temporarily locked" in str(_login(twins, "valid").at("/message"))
    assert _login(twins, "endless").status == 200


@pytest.mark.parametrize(("name", "status"), [("gate_302", 302), ("gate_403", 403)])
def test_infisical_may_stand_behind_a_gate(twins: Twins, name: str, status: int) -> None:
    """Section 17: a gate in front may answer 302/403 HTML."""
    assert _login(twins, name).status == status


def test_infisical_wants_json(twins: Twins) -> None:
    path, kind = "/api/v1/auth/universal-auth/login", {"Content-Type": "application/json"}
    assert ask(twins, "infisical", path, method="POST", body=b"{}").status == 415
    assert ask(twins, "infisical", path, method="POST", body=b"[]", headers=kind).status == 422
    assert ask(twins, "infisical", path).status == 404


def test_access_takes_both_headers_once(twins: Twins) -> None:
    """Section 3: duplicate/incomplete headers refused; the single-header variant."""
    scenario = SCENARIOS["access_strict"]["valid"]
    half = {"CF-Access-Client-Id": scenario.identity}
    single = json.dumps({"cf-access-client-id": scenario.identity, "cf-access-client-secret": scenario.secret})
    assert ask(twins, "access_strict", "/health", headers=half).status == 401
    assert ask(twins, "access_strict", "/health").status == 302
    assert ask(twins, "access_strict", "/health", headers={"Authorization": single}).status == 200


def test_access_tells_that_it_stands_there(twins: Twins) -> None:
    """Section 3: HEAD with cf-access-metadata-request."""
    got = ask(twins, "access", "/", method="HEAD", headers={"cf-access-metadata-request": "true"})
    assert got.headers["cf-access-metadata"].count(".") == 2


def test_access_gate_two_is_the_applications(twins: Twins) -> None:
    """Section 7: 401 = expired bearer."""
    headers = {**credentials("access", SCENARIOS["access"]["valid"]), "Authorization": "Bearer old"}
    got = ask(twins, "access", "/", headers=headers)
    assert (got.status, got.headers["X-App"]) == (401, "sv")


def test_aws_portal_ends_a_session_when_asked(twins: Twins) -> None:
    """Section 19: POST /logout ends it, so a check that calls it is found out."""
    headers = credentials("aws_sso", SCENARIOS["aws_sso"]["live"])
    assert ask(twins, "aws_sso", ACCOUNTS, headers={"Authorization": "Bearer x"}).status == 400
    assert ask(twins, "aws_sso", "/logout", method="POST", headers=headers).status == 200
    assert ask(twins, "aws_sso", ACCOUNTS, headers=headers).status == 401


@pytest.mark.parametrize("missing", ["X-Api-Key", "X-Tenant", "X-Api-Version"])
def test_widgets_want_every_header(twins: Twins, missing: str) -> None:
    """Section 27: HTTP with several headers."""
    headers = credentials("widgets", SCENARIOS["widgets"]["valid"])
    del headers[missing]
    assert ask(twins, "widgets", "/v1/me", headers=headers).status == 400
