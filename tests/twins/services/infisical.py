# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fake of Infisical's universal-auth login.

It is no read-only check and neither is its twin: logins are counted, failures lock the identity, tokens are minted.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import TYPE_CHECKING

from tests.twins.services._model import Meaning, Reply, Request, Scenario, Service, ServiceState, specimen

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["INFISICAL", "LOCKED_AFTER"]

LOCKED_AFTER = 3
LOGIN, DETAILS = "/api/v1/auth/universal-auth/login", "/api/v1/identities/details"
TTL = 7200
SIGNING_KEY = b"the twin's own"
GATE = "<!doctype html><title>Sign in</title><form action='/cdn-cgi/access/login'></form>"


def _refused(status: int, error: str, message: str) -> Reply:
    return Reply(status, {"reqId": "req-1", "statusCode": status, "message": message, "error": error})


INVALID = _refused(401, "Unauthorized", "Invalid credentials")
LOCKED = _refused(401, "Unauthorized", "This identity auth method is temporarily locked, please try again later")
EXPIRED = _refused(401, "Unauthorized", "Access denied due to expired client secret")
USED_UP = _refused(401, "Unauthorized", "Access denied due to client secret usage limit reached")
NOT_FROM_HERE = _refused(403, "Forbidden", "You are not allowed to access this resource from the current IP address")
CONTENTION = _refused(429, "RateLimitExceeded", "Failed to acquire lock: rate limit exceeded")
TOO_MANY = Reply(
    429, _refused(429, "RateLimitExceeded", "Rate limit exceeded. Please try again later").body, {"retry-after": 30}
)
NOT_JSON = _refused(415, "Unsupported Media Type", "Unsupported Media Type")
NOT_VALID = _refused(422, "ValidationFailure", "clientId and clientSecret are required")
NO_TOKEN = _refused(401, "Unauthorized", "Token missing")
NOT_FOUND = _refused(404, "Not Found", "Route not found")
GATE_302 = Reply(
    302, "", {"Location": "https://example.cloudflareaccess.com/cdn-cgi/access/login/infisical.example.com"}
)
GRANTED = Reply(200)  # the body is minted at each login


def _scenario(name: str, means: Meaning, says: str, reply: Reply) -> Scenario:
    identity, secret = specimen(f"infisical id {name}", length=36), specimen(f"infisical {name}", length=64)
    return Scenario(means, {f"POST {LOGIN}": reply}, secret, identity, says=says)


SCENARIOS: Mapping[str, Scenario] = {
    "valid": _scenario("valid", "valid", "200 {accessToken, expiresIn, accessTokenMaxTTL, tokenType}", GRANTED),
    "endless": _scenario("endless", "valid", "no exp if TTL 0", GRANTED),
    "one_use": _scenario("one_use", "valid", "a numUsesLimit secret gets used up", GRANTED),
    "unknown": _scenario("unknown", "invalid", "unknown id: Invalid credentials", INVALID),
    "wrong_secret": _scenario("wrong_secret", "invalid", "wrong secret: Invalid credentials", INVALID),
    "locked": _scenario("locked", "rate-limited", "temporarily locked: do not retry", LOCKED),
    "expired": _scenario("expired", "expired", "expired client secret", EXPIRED),
    "used_up": _scenario("used_up", "revoked", "usage limit reached", USED_UP),
    "not_from_here": _scenario("not_from_here", "indeterminate", "IP: secret not yet judged", NOT_FROM_HERE),
    "contention": _scenario("contention", "rate-limited", "429 lock contention", CONTENTION),
    "too_many": _scenario("too_many", "rate-limited", "429 rate limit", TOO_MANY),
    "gate_302": _scenario("gate_302", "indeterminate", "a gate in front may answer 302", GATE_302),
    "gate_403": _scenario("gate_403", "indeterminate", "a gate in front may answer 403 HTML", Reply(403, GATE)),
}


def _jwt(claims: Mapping[str, object]) -> str:
    parts = [json.dumps(each).encode() for each in ({"alg": "HS256", "typ": "JWT"}, claims)]
    head = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    mac = base64.urlsafe_b64encode(hmac.digest(SIGNING_KEY, head, hashlib.sha256)).rstrip(b"=")
    return f"{head.decode()}.{mac.decode()}"


def _mint(desk: ServiceState, name: str, identity: str, uses: int) -> Reply:
    ttl, now = 0 if name == "endless" else TTL, int(desk.clock())
    ids = {"identityId": specimen(f"identity {identity}", length=36), "clientSecretId": specimen(identity, length=36)}
    claims = {**ids, "identityAccessTokenId": str(uses), "authTokenType": "identityAccessToken", "iat": now}
    token = _jwt({**claims, "exp": now + ttl} if ttl else claims)
    desk.count(f"token {token}")
    return Reply(200, {"accessToken": token, "expiresIn": ttl, "accessTokenMaxTTL": 2592000, "tokenType": "Bearer"})


def _sent(request: Request) -> tuple[str, str] | Reply:
    """Client ID and secret, or why they could not be read."""
    if request.header("Content-Type").partition(";")[0].strip().lower() != "application/json":
        return NOT_JSON
    try:
        body = json.loads(request.body)
        identity, secret = body["clientId"], body["clientSecret"]
    except (ValueError, KeyError, TypeError):
        return NOT_VALID
    return (identity, secret) if isinstance(identity, str) and isinstance(secret, str) else NOT_VALID


def _login(request: Request, desk: ServiceState) -> Reply:
    """In the order of the real one: address, lock, secret, its age, its uses."""
    sent = _sent(request)
    if isinstance(sent, Reply):
        return sent
    identity, secret = sent
    name = desk.name_of(secret, identity)
    reply = (desk.scenarios[name].reply(request) if name else None) or INVALID
    if reply.status not in (200, 401):
        return reply
    failures = f"failures {identity}"
    if desk.tally[failures] >= LOCKED_AFTER:
        return LOCKED
    if reply == INVALID and name != "unknown" and any(identity == each for each, _secret in desk.known):
        desk.count(failures)
    if reply != INVALID:
        desk.tally[failures] = 0
    if reply != GRANTED:
        return reply
    uses = desk.count(f"uses {identity}")
    return USED_UP if name == "one_use" and uses > 1 else _mint(desk, name, identity, uses)


def _answer(request: Request, desk: ServiceState) -> Reply:
    if (request.method, request.path) == ("POST", LOGIN):
        return _login(request, desk)
    if (request.method, request.path) != ("GET", DETAILS):
        return NOT_FOUND
    token = request.bearer()
    if not token:
        return NO_TOKEN
    details = {"identityDetails": {"organization": {"name": "Example", "slug": "example"}}}
    return Reply(200, details) if desk.tally[f"token {token}"] else INVALID


INFISICAL = Service("infisical", SCENARIOS, _answer)
