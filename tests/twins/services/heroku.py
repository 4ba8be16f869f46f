# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fake of Heroku's Platform API: the endpoints that checks call."""

from __future__ import annotations

import json
import string
from typing import TYPE_CHECKING

from tests.twins.services._model import LATER, SOON, Meaning, Reply, Request, Scenario, Service, ServiceState, specimen

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["HEROKU"]

ACCEPT = "application/vnd.heroku+json; version=3"
TOKEN = string.ascii_letters + string.digits + "_-"


def _uuid(seed: str) -> str:
    digits = specimen(seed, length=32, alphabet="0123456789abcdef")
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def _refused(status: int, identifier: str, message: str, *, remaining: int = 4499) -> Reply:
    return Reply(status, {"id": identifier, "message": message}, {"RateLimit-Remaining": remaining})


ACCOUNT = Reply(
    200,
    {
        "id": _uuid("heroku account"),
        "email": "alice@example.com",
        "name": "Alice",
        "suspended_at": None,
        "verified": True,
    },
    {"RateLimit-Remaining": 4499},
)
UNAUTHORIZED = _refused(401, "unauthorized", "Invalid credentials provided.")
# Some expired keys are answered with 403; only the id still tells.
EXPIRED_403 = _refused(403, "unauthorized", "Invalid credentials provided.")
FORBIDDEN = _refused(403, "forbidden", "You do not have access to the requested resource.")
SUSPENDED = _refused(403, "suspended", "Your account is suspended.")
DELINQUENT = _refused(402, "delinquent", "Your account has an outstanding balance.")
RATE_LIMIT = _refused(429, "rate_limit", "Your account reached the API rate limit.", remaining=0)
NOT_ACCEPTABLE = _refused(406, "not_acceptable", "Set the Accept header to a supported version.")
NOT_FOUND = _refused(404, "not_found", "The requested API endpoint was not found.")


def _authorization(token: str, *, expires_in: int | None, scope: str) -> dict[str, object]:
    return {
        "id": _uuid(f"authorization {token}"),
        "description": "workstation",
        "scope": [scope],
        "access_token": {"id": _uuid(f"token {token}"), "token": token, "expires_in": expires_in},
    }


def _good(secret: str, *, expires_in: int | None = None, scope: str = "global") -> dict[str, Reply]:
    """The token's own entry stands among others', one of them already dying."""
    others = [
        _authorization(specimen(f"heroku other {n}", prefix="HRKU-AA", length=58), expires_in=n, scope="read")
        for n in (60, 7)
    ]
    entries = [others[0], _authorization(secret, expires_in=expires_in, scope=scope), others[1]]
    return {"GET /account": ACCOUNT, "GET /oauth/authorizations": Reply(200, entries, ACCOUNT.headers)}


def _token(name: str) -> str:
    return specimen(f"heroku {name}", prefix="HRKU-AA", length=58, alphabet=TOKEN)


def _scenario(name: str, means: Meaning, says: str, reply: Reply) -> Scenario:
    return Scenario(means, {"*": reply}, _token(name), says=says)


SCENARIOS: Mapping[str, Scenario] = {
    "valid": Scenario("valid", _good(_token("valid")), _token("valid"), says="200; expires_in null"),
    "old_key": Scenario("valid", _good(_uuid("old key")), _uuid("old key"), says="old format: UUID"),
    "expires_later": Scenario(
        "valid", _good(_token("later"), expires_in=LATER), _token("later"), says="access_token.expires_in seconds"
    ),
    "expires_soon": Scenario(
        "valid", _good(_token("soon"), expires_in=SOON), _token("soon"), says="access_token.expires_in seconds"
    ),
    "identity_only": Scenario(
        "insufficient-scope",
        {"GET /account": ACCOUNT, "*": FORBIDDEN},
        _token("identity"),
        says="/oauth/authorizations needs global scope",
    ),
    "unauthorized": _scenario("unauthorized", "invalid", "401 id unauthorized (missing/invalid/expired)", UNAUTHORIZED),
    "expired": _scenario("expired", "invalid", "401 id unauthorized, the same for expired", UNAUTHORIZED),
    "expired_403": _scenario("expired_403", "invalid", "403 seen on expired keys too: read id", EXPIRED_403),
    "forbidden": _scenario("forbidden", "insufficient-scope", "403 forbidden (scope)", FORBIDDEN),
    "suspended": _scenario("suspended", "revoked", "403 suspended", SUSPENDED),
    "delinquent": _scenario("delinquent", "indeterminate", "402 delinquent", DELINQUENT),
    "rate_limit": _scenario("rate_limit", "rate-limited", "429 id rate_limit", RATE_LIMIT),
}


def _answer(request: Request, desk: ServiceState) -> Reply:
    wanted = "".join(request.header("Accept").split())
    if ACCEPT.replace(" ", "") not in wanted.split(","):
        return NOT_ACCEPTABLE
    mine = request.bearer()
    scenario = desk.find(mine)
    if scenario is None:
        return UNAUTHORIZED
    found = scenario.reply(request) or NOT_FOUND
    # A token taught later finds itself in the list too.
    body = json.dumps(found.body).replace(scenario.secret, json.dumps(mine)[1:-1])
    return Reply(found.status, json.loads(body), found.headers)


HEROKU = Service("heroku", SCENARIOS, _answer)
