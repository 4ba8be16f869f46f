# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fake of an application behind Cloudflare Access, by strict and by old rules."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING

from tests.twins.services._model import Meaning, Reply, Request, Scenario, Service, ServiceState, specimen

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["ACCESS", "ACCESS_STRICT", "SESSION"]

SESSION = specimen("access session", length=120)  # what crosses gate 2
TEAM = "https://example.cloudflareaccess.com"
LOGIN = {"Location": f"{TEAM}/cdn-cgi/access/login/app.example.com?kid=0&redirect_url=%2F", "Server": "cloudflare"}
FORBIDDEN_PAGE = "<!doctype html><title>Forbidden</title><h1>Forbidden</h1><p>Cloudflare Access"
APP = {"X-App": "sv"}

TO_LOGIN = Reply(302, "", LOGIN)
FORBIDDEN = Reply(403, FORBIDDEN_PAGE, {"Server": "cloudflare"})
NOT_A_TOKEN = Reply(401, FORBIDDEN_PAGE, {"Server": "cloudflare"})
LOGIN_PAGE = Reply(200, "<!doctype html><title>Sign in ・ Cloudflare Access</title>", {"Server": "cloudflare"})
METADATA = {**LOGIN, "cf-access-metadata": "eyJ0eXAiOiJKV1QifQ.eyJhdWQiOlsiZXhhbXBsZSJdfQ.c2ln"}
COOKIE = {"Set-Cookie": "CF_Authorization=eyJhbGciOiJSUzI1NiJ9.e30.c2ln; Path=/; HttpOnly; Secure", **APP}

_COMMON: Mapping[str, tuple[Meaning, str, Reply]] = {
    "not_service_auth": ("indeterminate", "a good token can still get a 302 to the team's host", TO_LOGIN),
    "login_page": ("indeterminate", "HTML where JSON was expected", LOGIN_PAGE),
}
_STRICT: Mapping[str, tuple[Meaning, str, Reply]] = {
    "valid": ("valid", "strict: no cookie is returned", Reply(200, "", APP)),
    "bad": ("invalid", "strict: 401 = token cannot authenticate", NOT_A_TOKEN),
    "not_authorised": ("insufficient-scope", "strict: 403 = valid but not for this app", FORBIDDEN),
    **_COMMON,
}
_OLD: Mapping[str, tuple[Meaning, str, Reply]] = {
    "valid": ("valid", "non-strict sets a CF_Authorization cookie", Reply(200, "", COOKIE)),
    "bad": ("invalid", "non-strict: 403 from the edge", FORBIDDEN),
    "bad_302": ("invalid", "non-strict: a 302 to the login host is also possible", TO_LOGIN),
    **_COMMON,
}


def _scenarios(rows: Mapping[str, tuple[Meaning, str, Reply]]) -> dict[str, Scenario]:
    return {
        name: Scenario(
            means,
            {"*": reply},
            specimen(f"access {name}", length=64, alphabet="0123456789abcdef"),
            specimen(f"access id {name}", length=32, alphabet="0123456789abcdef") + ".access",
            says=says,
        )
        for name, (means, says, reply) in rows.items()
    }


def _application(request: Request, gate: Reply) -> Reply:
    """Gate 2: the application itself, which marks its answers with a header of its own."""
    token, headers = request.bearer(), {**gate.headers}
    if request.path == "/health":
        return Reply(200, {"status": "ok"}, headers)
    if not request.header("Authorization"):
        return Reply(302, "", {**headers, "Location": "/login"})
    if token != SESSION:
        return Reply(401, {"error": "INVALID_BEARER_TOKEN"}, headers)
    return Reply(200, {"user": {"name": "alice"}}, headers)


def _presented(request: Request) -> tuple[str, str] | None:
    """Identity and secret; none where a header is missing or stands twice."""
    ids, secrets = request.all("CF-Access-Client-Id"), request.all("CF-Access-Client-Secret")
    if ids or secrets:
        return (ids[0], secrets[0]) if len(ids) == len(secrets) == 1 else None
    try:  # the application setting read_service_tokens_from_header
        single = json.loads(request.header("Authorization"))
        return single["cf-access-client-id"], single["cf-access-client-secret"]
    except (ValueError, KeyError, TypeError):
        return None


def _answer(request: Request, desk: ServiceState, *, nobody: Reply, unknown: Reply) -> Reply:
    if request.method == "HEAD" and request.header("cf-access-metadata-request") == "true":
        return Reply(302, "", METADATA)
    presented = _presented(request)
    if presented is None:
        partly = request.header("CF-Access-Client-Id") or request.header("CF-Access-Client-Secret")
        return unknown if partly else nobody
    identity, secret = presented
    scenario = desk.find(secret, identity)
    if scenario is None:
        return unknown
    gate = scenario.reply(request) or unknown
    return _application(request, gate) if gate.headers.get("X-App") else gate


def _service(name: str, rows: Mapping[str, tuple[Meaning, str, Reply]], unknown: Reply) -> Service:
    answer: Callable[[Request, ServiceState], Reply] = partial(_answer, nobody=TO_LOGIN, unknown=unknown)
    return Service(name, _scenarios(rows), answer)


ACCESS = _service("access", _OLD, FORBIDDEN)
ACCESS_STRICT = _service("access_strict", _STRICT, NOT_A_TOKEN)
