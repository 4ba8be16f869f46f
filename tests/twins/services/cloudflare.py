# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fake of Cloudflare's API v4: the endpoints that checks call."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.twins.services._model import (
    LATER,
    PAST,
    SOON,
    Meaning,
    Reply,
    Request,
    Scenario,
    Service,
    ServiceState,
    When,
    specimen,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ACCOUNT", "CLOUDFLARE"]

ACCOUNT = specimen("cloudflare account", length=32, alphabet="0123456789abcdef")
VERIFY, ACCOUNT_VERIFY = "GET /user/tokens/verify", f"GET /accounts/{ACCOUNT}/tokens/verify"
FORM = r"[A-Za-z0-9_-]{40,}"
PAGE = {"page": 1, "per_page": 1, "count": 1, "total_count": 1, "total_pages": 1}


def _refused(status: int, code: int, message: str, **extra: object) -> Reply:
    error = {"code": code, "message": message, **extra}
    return Reply(status, {"success": False, "errors": [error], "messages": [], "result": None})


def _result(result: object, *, messages: tuple[object, ...] = (), **extra: object) -> Reply:
    return Reply(200, {"result": result, "success": True, "errors": [], "messages": messages, **extra})


def _verified(status: str, **dates: When) -> Reply:
    good = {"code": 10000, "message": "This API Token is valid and active", "type": None}
    result = {"id": specimen("cloudflare token id", length=32, alphabet="0123456789abcdef"), "status": status, **dates}
    return _result(result, messages=(good,) if status == "active" else ())


INVALID = _refused(401, 1000, "Invalid API Token")
MALFORMED = _refused(
    400,
    6003,
    "Invalid request headers",
    error_chain=[{"code": 6111, "message": "Invalid format for Authorization header"}],
)
NO_HEADER = _refused(400, 9106, "Missing X-Auth-Key, X-Auth-Email or Authorization headers")
NOT_ALLOWED = _refused(403, 9109, "Unauthorized to access requested resource")
UNAUTHENTICATED = _refused(403, 10000, "Authentication error")
NO_ROUTE = _refused(400, 7000, "No route for that URI")
# Code 10000 again: the number that means "valid and active" in a message.
THROTTLED = _refused(429, 10000, "More than 1200 requests per 300 seconds reached. Please wait.")
RESET = {"x-ratelimit-limit": 1200, "x-ratelimit-remaining": 0, "x-ratelimit-reset": When(120, "rfc1123")}
ZONES = _result([{"id": specimen("zone", length=32), "name": "example.com"}], result_info=PAGE)
ACCOUNTS = _result([{"id": ACCOUNT, "name": "Example", "type": "standard"}], result_info=PAGE)
USER = _result({"id": specimen("user", length=32), "email": "alice@example.com"})
RESOURCES = {"GET /zones": ZONES, "GET /accounts": ACCOUNTS, "GET /user": USER}


def _scenario(name: str, means: Meaning, says: str, replies: Mapping[str, Reply]) -> Scenario:
    prefix = {"account": "cfat_", "wrangler": "cfoat_"}.get(name.partition("_")[0], "cfut_")
    checksum = specimen(name, length=8, alphabet="0123456789abcdef")
    return Scenario(means, replies, specimen(f"cloudflare {name}", prefix=prefix) + checksum, says=says)


def _refused_everywhere(reply: Reply) -> dict[str, Reply]:
    return {"*": reply}


_STATES: Mapping[str, tuple[Meaning, str, Reply]] = {
    "active": ("valid", "absent expires_on = no expiry", _verified("active")),
    "expires_later": (
        "valid",
        "expires_on, not_before",
        _verified("active", expires_on=When(LATER), not_before=When(PAST)),
    ),
    "expires_soon": ("valid", "the field is expires_on", _verified("active", expires_on=When(SOON))),
    "not_yet": ("invalid", "result.not_before is still to come", _verified("active", not_before=When(SOON))),
    "disabled": ("revoked", "200, success:true, status disabled", _verified("disabled")),
    "expired": ("expired", "200, success:true, status expired", _verified("expired", expires_on=When(PAST))),
}

_USER: dict[str, Scenario] = {
    name: _scenario(name, means, says, {VERIFY: reply, **(RESOURCES if means == "valid" else {"*": NOT_ALLOWED})})
    for name, (means, says, reply) in _STATES.items()
}
_ACCOUNT: dict[str, Scenario] = {
    f"account_{name}": _scenario(
        f"account_{name}",
        means,
        f"section 2: {says}; error 1000 at the user endpoint",
        {VERIFY: INVALID, ACCOUNT_VERIFY: reply, **({"GET /accounts": ACCOUNTS} if means == "valid" else {})},
    )
    for name, (means, says, reply) in _STATES.items()
}
_OTHERS: dict[str, Scenario] = {
    "unknown": _scenario("unknown", "invalid", "401, error code 1000", _refused_everywhere(INVALID)),
    "forbidden": _scenario("forbidden", "invalid", "401/403 = rejected", _refused_everywhere(UNAUTHENTICATED)),
    "account_unknown": _scenario("account_unknown", "invalid", "error 1000 at both", _refused_everywhere(INVALID)),
    "malformed": Scenario(
        "malformed", {"*": MALFORMED}, "{" + specimen("cloudflare malformed") + "}", says="400 with 6003 + 6111"
    ),
    "no_zones": _scenario(
        "no_zones",
        "insufficient-scope",
        "9109 = fine but not allowed for that resource",
        {VERIFY: _verified("active"), "GET /accounts": ACCOUNTS, "*": NOT_ALLOWED},
    ),
    "throttled": _scenario(
        "throttled",
        "rate-limited",
        "429; retry-after, reset is an RFC 1123 date",
        {"*": Reply(429, THROTTLED.body, {"retry-after": 120, **RESET})},
    ),
    "throttled_bare": _scenario(
        "throttled_bare", "rate-limited", "429 with no retry-after", {"*": Reply(429, THROTTLED.body, RESET)}
    ),
    "wrangler_login": _scenario(
        "wrangler_login",
        "valid",
        "section 5: not accepted by verify; use GET /user",
        {VERIFY: INVALID, "GET /user": USER, "GET /accounts": ACCOUNTS},
    ),
    "wrangler_no_details": _scenario(
        "wrangler_no_details",
        "insufficient-scope",
        "section 5: 9109 = no User Details scope",
        {VERIFY: INVALID, "GET /user": NOT_ALLOWED, "GET /accounts": ACCOUNTS},
    ),
}


def _answer(request: Request, desk: ServiceState) -> Reply:
    sent = request.all("Authorization")
    if not sent:
        return NO_HEADER
    token = request.bearer()
    if len(sent) > 1 or not re.fullmatch(FORM, token):
        return MALFORMED
    scenario = desk.find(token)
    if scenario is None:
        return INVALID
    found = scenario.reply(request)
    if found is None and re.fullmatch(r"/accounts/[0-9a-f]{32}/tokens/verify", request.path):
        return INVALID  # somebody else's account, or a user's token at an account's endpoint
    if found is None and re.fullmatch(r"/user/tokens/[0-9a-f]{32}", request.path):
        return NOT_ALLOWED  # a token normally cannot read tokens, itself included
    return found or NO_ROUTE


CLOUDFLARE = Service("cloudflare", {**_USER, **_ACCOUNT, **_OTHERS}, _answer, base="/client/v4", form=FORM)
