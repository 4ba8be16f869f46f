# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fake of GitHub's REST API: the endpoints that checks call."""

from __future__ import annotations

import string
from typing import TYPE_CHECKING

from tests.twins.services._model import (
    LATER,
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

__all__ = ["GITHUB", "LOCKED_AFTER"]

LOCKED_AFTER = 5  # the documentation names no number
EXPIRATION = "github-authentication-token-expiration"
OPEN_TO_ALL = ("/", "/rate_limit")  # answered to nobody in particular too: a 200 there proves nothing

NO_AGENT = Reply(
    403,
    "Request forbidden by administrative rules. Please make sure your request has a User-Agent header.",
    {"Content-Type": "text/html"},
)
NOT_FOUND = Reply(404, {"message": "Not Found", "status": "404"})
BAD = Reply(401, {"message": "Bad credentials", "status": "401"})
NOBODY = Reply(401, {"message": "Requires authentication", "status": "401"})
LOCKED = Reply(403, {"message": "Maximum number of login attempts exceeded. Please try again later."})
INSTALLATION = Reply(403, {"message": "Resource not accessible by integration", "status": "403"})
USER = {"login": "alice", "id": 1, "type": "User", "name": "Alice", "email": None}
ROOT = {"current_user_url": "https://api.github.com/user", "rate_limit_url": "https://api.github.com/rate_limit"}


def _limits(remaining: int) -> dict[str, object]:
    core = {"limit": 5000, "used": 5000 - remaining, "remaining": remaining, "reset": When(1800, "epoch")}
    return {"resources": {"core": core}, "rate": core}


def _good(headers: Mapping[str, object]) -> dict[str, Reply]:
    left = {
        "x-ratelimit-limit": 5000,
        "x-ratelimit-remaining": 4999,
        "x-ratelimit-reset": When(1800, "epoch"),
        **headers,
    }
    return {
        "GET /": Reply(200, ROOT, left),
        "GET /user": Reply(200, USER, left),
        "GET /rate_limit": Reply(200, _limits(4999), left),
    }


def _throttled(status: int, headers: Mapping[str, object], message: str) -> dict[str, Reply]:
    limits = Reply(200, _limits(0), headers)  # asking for the limit costs nothing and still answers
    return {"GET /rate_limit": limits, "*": Reply(status, {"message": message}, headers)}


def _token(name: str, prefix: str = "ghp_") -> str:
    return specimen(f"github {name}", prefix=prefix, length=36, alphabet=string.ascii_letters + string.digits)


CLASSIC = {"X-OAuth-Scopes": "repo, read:org", "X-Accepted-OAuth-Scopes": ""}
USED_UP = {"x-ratelimit-remaining": 0, "x-ratelimit-reset": When(1800, "epoch")}
PRIMARY, SECONDARY = "API rate limit exceeded for user ID 1.", "You have exceeded a secondary rate limit."
SSO = {"X-GitHub-SSO": "required; url=https://github.com/orgs/example/sso?authorization_request=AAAA", **CLASSIC}
WRONG_PERMISSION = Reply(
    403,
    {"message": "Resource not accessible by personal access token", "status": "403"},
    {"X-Accepted-GitHub-Permissions": "contents=read"},
)
SSO_NEEDED = Reply(403, {"message": "Resource protected by organization SAML enforcement."}, SSO)
FINE = "github_pat_"

_ROWS: Mapping[str, tuple[Meaning, str, str, Mapping[str, Reply]]] = {
    "classic": ("valid", "ghp_", "X-OAuth-Scopes comma list; no expiry header", _good(CLASSIC)),
    "expires_later": ("valid", "ghp_", "header form '… UTC'", _good({**CLASSIC, EXPIRATION: When(LATER, "zone_name")})),
    "expires_soon": ("valid", "ghp_", "header form '… UTC'", _good({**CLASSIC, EXPIRATION: When(SOON, "zone_name")})),
    "expires_offset": (
        "valid",
        "ghp_",
        "header form '… +0900'",
        _good({**CLASSIC, EXPIRATION: When(LATER, "zone_offset")}),
    ),
    "few_scopes": (
        "valid",
        "ghp_",
        "gh's own minimum: repo and read:org",
        _good({**CLASSIC, "X-OAuth-Scopes": "gist"}),
    ),
    "fine_grained": ("valid", FINE, "scopes header absent", _good({EXPIRATION: When(LATER, "zone_name")})),
    "fine_grained_empty": ("valid", FINE, "scopes header empty", _good({"X-OAuth-Scopes": ""})),
    "gh_login": ("valid", "gho_", "gh OAuth", _good({**CLASSIC, "X-OAuth-Scopes": "gist, read:org, repo, workflow"})),
    "bad": ("invalid", "ghp_", '401 "Bad credentials"', {"*": BAD}),
    "expired": ("invalid", "ghp_", '401 "Bad credentials", the same for expired', {"*": BAD}),
    "revoked": ("invalid", "ghp_", '401 "Bad credentials", the same for revoked', {"*": BAD}),
    "locked": ("rate-limited", "ghp_", "403 to all logins for a while", {"*": LOCKED}),
    "limit_403": ("rate-limited", "ghp_", "403, remaining 0, reset epoch s", _throttled(403, USED_UP, PRIMARY)),
    "limit_429": ("rate-limited", "ghp_", "429, remaining 0, reset epoch s", _throttled(429, USED_UP, PRIMARY)),
    "retry_403": ("rate-limited", "ghp_", "403 with retry-after", _throttled(403, {"retry-after": 60}, SECONDARY)),
    "retry_429": ("rate-limited", "ghp_", "429 with retry-after", _throttled(429, {"retry-after": 60}, SECONDARY)),
    "sso": ("insufficient-scope", "ghp_", "403 + X-GitHub-SSO", {"GET /": Reply(200, ROOT, CLASSIC), "*": SSO_NEEDED}),
    "hidden": ("insufficient-scope", FINE, "404 = missing permission hides it", {**_good({}), "*": NOT_FOUND}),
    "wrong_permission": (
        "insufficient-scope",
        FINE,
        "403 + X-Accepted-GitHub-Permissions",
        {**_good({}), "*": WRONG_PERMISSION},
    ),
    "installation": (
        "valid",
        "ghs_",
        "ghs_ cannot read /user: 403",
        {
            **_good({}),
            "GET /user": INSTALLATION,
            "GET /installation/repositories": Reply(200, {"total_count": 0, "repositories": []}),
            "*": INSTALLATION,
        },
    ),
}
SCENARIOS = {
    name: Scenario(means, replies, _token(name, prefix), says=says)
    for name, (means, prefix, says, replies) in _ROWS.items()
}


def _answer(request: Request, desk: ServiceState) -> Reply:
    if not request.header("User-Agent").strip():
        return NO_AGENT
    if not request.header("Authorization"):
        return (_good({})[f"GET {request.path}"]) if request.path in OPEN_TO_ALL else NOBODY
    if desk.tally["bad"] >= LOCKED_AFTER:
        return LOCKED
    scenario = desk.find(request.bearer("bearer", "token"))
    found = BAD if scenario is None else scenario.reply(request) or NOT_FOUND
    if found is BAD:
        desk.count("bad")
    return found


GITHUB = Service("github", SCENARIOS, _answer)
