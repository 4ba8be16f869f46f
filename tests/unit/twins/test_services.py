# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documented answers of the services, one row for each, held against the service twins."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from tests.twins.services import LATER, SCENARIOS, SERVICES, SOON, Twins, serve
from tests.twins.services.client import Got, ask, credentials
from tests.twins.services.cloudflare import ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

NOW = 1_795_000_000.0
HEX = re.compile(r"[0-9a-f]{32}")


@pytest.fixture(scope="module")
def running() -> Iterator[Twins]:
    with serve(clock=lambda: NOW) as twins:
        yield twins


@pytest.fixture
def twins(running: Twins) -> Twins:
    running.reset()
    return running


@dataclass(frozen=True)
class Row:
    """`holds`: JSON pointer to value (a pattern must match). `headers`: name to value, None where it must be absent."""

    case: str
    scenario: str
    path: str
    status: int
    holds: Mapping[str, object] = field(default_factory=dict)
    headers: Mapping[str, object] = field(default_factory=dict)


V, A = "/user/tokens/verify", f"/accounts/{ACCOUNT}/tokens/verify"
GOOD_MESSAGE = {"/messages/0/code": 10000, "/messages/0/message": "This API Token is valid and active"}
INVALID = {"/success": False, "/errors/0/code": 1000, "/errors/0/message": "Invalid API Token"}
MALFORMED = {
    "/errors/0/code": 6003,
    "/errors/0/error_chain/0/code": 6111,
    "/errors/0/error_chain/0/message": "Invalid format for Authorization header",
}
NO_DATES = {"/result/expires_on": None, "/result/not_before": None}
RFC1123 = re.compile(r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT")
ZULU = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
NINE = "reset is an RFC 1123 date"
CLOUDFLARE = [
    Row("status active", "active", V, 200, {"/success": True, "/result/status": "active", **GOOD_MESSAGE, **NO_DATES}),
    Row("result.id", "active", V, 200, {"/result/id": HEX}),
    Row("expires_on not expires_at", "expires_soon", V, 200, {"/result/expires_on": ZULU, "/result/expires_at": None}),
    Row("not_before", "expires_later", V, 200, {"/result/not_before": ZULU}),
    Row("not_before to come", "not_yet", V, 200, {"/result/status": "active", "/result/not_before": ZULU}),
    Row("status disabled", "disabled", V, 200, {"/success": True, "/result/status": "disabled", "/messages": []}),
    Row("status expired", "expired", V, 200, {"/success": True, "/result/status": "expired"}),
    Row("error 1000", "unknown", V, 401, INVALID),
    Row("403 = rejected", "forbidden", V, 403, {"/success": False}),
    Row("6003 + 6111", "malformed", V, 400, MALFORMED),
    Row("9109", "no_zones", "/zones?per_page=1", 403, {"/errors/0/code": 9109}),
    Row("9109 token fine", "no_zones", V, 200, {"/result/status": "active"}),
    Row("scopes not by verify", "active", "/zones?per_page=1", 200, {"/success": True}),
    Row("a token cannot read itself", "active", f"/user/tokens/{ACCOUNT}", 403, {"/errors/0/code": 9109}),
    Row("429", "throttled", V, 429, {}, {"retry-after": "120", "x-ratelimit-reset": RFC1123}),
    Row("429", "throttled_bare", V, 429, {}, {"retry-after": None, "x-ratelimit-remaining": "0"}),
    Row("at the user endpoint", "account_active", V, 401, INVALID),
    Row("at its own", "account_active", A, 200, {"/result/status": "active", **GOOD_MESSAGE}),
    Row("same result shape", "account_expired", A, 200, {"/success": True, "/result/status": "expired"}),
    Row("same result shape", "account_disabled", A, 200, {"/result/status": "disabled"}),
    Row("same result shape", "account_expires_later", A, 200, {"/result/expires_on": ZULU, "/result/not_before": ZULU}),
    Row("same result shape", "account_expires_soon", A, 200, {"/result/expires_on": ZULU}),
    Row("same result shape", "account_not_yet", A, 200, {"/result/not_before": ZULU}),
    Row("error 1000 at both", "account_unknown", A, 401, INVALID),
    Row("an id by /accounts", "account_active", "/accounts", 200, {"/result/0/id": ACCOUNT}),
    Row("another account", "account_active", f"/accounts/{'0' * 32}/tokens/verify", 401, INVALID),
    Row("not accepted by verify", "wrangler_login", V, 401, INVALID),
    Row("GET /user", "wrangler_login", "/user", 200, {"/result/email": "alice@example.com"}),
    Row("9109", "wrangler_no_details", "/user", 403, {"/errors/0/code": 9109}),
]
OAUTH = "/oauth/authorizations"
HEROKU = [
    Row("valid", "valid", "/account", 200, {"/email": "alice@example.com"}, {"RateLimit-Remaining": "4499"}),
    Row("expires_in null", "valid", OAUTH, 200, {"/1/access_token/expires_in": None, "/1/scope": ["global"]}),
    Row("expires_in seconds", "expires_later", OAUTH, 200, {"/1/access_token/expires_in": LATER}),
    Row("expires_in seconds", "expires_soon", OAUTH, 200, {"/1/access_token/expires_in": SOON}),
    Row("old format", "old_key", OAUTH, 200, {"/1/access_token/token": re.compile("[0-9a-f-]{36}")}),
    Row("needs global scope", "identity_only", OAUTH, 403, {"/id": "forbidden"}),
    Row("needs global scope", "identity_only", "/account", 200),
    Row("401", "unauthorized", "/account", 401, {"/id": "unauthorized"}),
    Row("401 expired", "expired", "/account", 401, {"/id": "unauthorized"}),
    Row("403 on expired keys", "expired_403", "/account", 403, {"/id": "unauthorized"}),
    Row("403 scope", "forbidden", "/account", 403, {"/id": "forbidden"}),
    Row("403", "suspended", "/account", 403, {"/id": "suspended"}),
    Row("402", "delinquent", "/account", 402, {"/id": "delinquent"}),
    Row("429", "rate_limit", "/account", 429, {"/id": "rate_limit"}, {"RateLimit-Remaining": "0", "Retry-After": None}),
]
EXPIRATION = "github-authentication-token-expiration"
LEFT, EPOCH = "x-ratelimit-remaining", re.compile(r"\d{10}")
GITHUB = [
    Row("login, id, type", "classic", "/user", 200, {"/login": "alice", "/id": 1, "/type": "User"}),
    Row("scopes", "classic", "/user", 200, {}, {"X-OAuth-Scopes": "repo, read:org", EXPIRATION: None}),
    Row("form UTC", "expires_later", "/user", 200, {}, {EXPIRATION: re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC")}),
    Row("form +0900", "expires_offset", "/user", 200, {}, {EXPIRATION: re.compile(r"\d{4}-\d\d-\d\d [\d:]{8} \+0900")}),
    Row("expiry", "expires_soon", "/user", 200, {}, {EXPIRATION: re.compile(".* UTC")}),
    Row("gh's own minimum", "few_scopes", "/user", 200, {}, {"X-OAuth-Scopes": "gist"}),
    Row("gh OAuth", "gh_login", "/user", 200, {}, {"X-OAuth-Scopes": re.compile(".*repo.*")}),
    Row("root works for all", "installation", "/", 200),
    Row("fine-grained absent", "fine_grained", "/user", 200, {}, {"X-OAuth-Scopes": None}),
    Row("fine-grained empty", "fine_grained_empty", "/user", 200, {}, {"X-OAuth-Scopes": ""}),
    Row("Bad credentials", "bad", "/user", 401, {"/message": "Bad credentials"}),
    Row("expired", "expired", "/user", 401, {"/message": "Bad credentials"}),
    Row("revoked", "revoked", "/", 401, {"/message": "Bad credentials"}),
    Row("403 to all logins", "locked", "/user", 403, {"/message": re.compile("Maximum number of login attempts.*")}),
    Row("403 remaining 0", "limit_403", "/user", 403, {}, {LEFT: "0", "x-ratelimit-reset": EPOCH, "retry-after": None}),
    Row("429 remaining 0", "limit_429", "/user", 429, {}, {LEFT: "0"}),
    Row("403 retry-after", "retry_403", "/user", 403, {}, {"retry-after": "60", LEFT: None}),
    Row("429 retry-after", "retry_429", "/user", 429, {}, {"retry-after": "60"}),
    Row("SSO", "sso", "/user", 403, {}, {"X-GitHub-SSO": re.compile("required; url=https://github.com/orgs/.*")}),
    Row("404 hides", "hidden", "/repos/example/widgets", 404, {"/message": "Not Found"}),
    Row("permission", "wrong_permission", "/repos/a/b", 403, {}, {"X-Accepted-GitHub-Permissions": "contents=read"}),
    Row("ghs_ on /user", "installation", "/user", 403, {"/message": "Resource not accessible by integration"}),
    Row("ghs_ on /rate_limit", "installation", "/rate_limit", 200, {"/rate/remaining": 4999}),
    Row("ghs_ repositories", "installation", "/installation/repositories", 200),
]
ACCOUNTS, ROLE = "/assignment/accounts?max_result=1", "/federation/credentials?role_name=Admin&account_id=111122223333"
AWS = [
    Row("accountList", "live", ACCOUNTS, 200, {"/accountList/0/accountId": "111122223333"}),
    Row("role proof", "live", ROLE, 200, {"/roleCredentials/accessKeyId": re.compile("ASIA[A-Z]{16}")}),
    Row("epoch ms", "live", ROLE, 200, {"/roleCredentials/expiration": int(NOW + 3600) * 1000}),
    Row("401", "dead", ACCOUNTS, 401, {"/__type": re.compile(".*#UnauthorizedException")}),
    Row("429", "throttled", ACCOUNTS, 429, {}, {"x-amzn-ErrorType": "TooManyRequestsException"}),
    Row("404", "not_found", ACCOUNTS, 404),
    Row("no such assignment", "no_role_403", ROLE, 403, {"/message": "No access"}),
    Row("no such assignment", "no_role_404", ROLE, 404),
    Row("no such assignment", "live", ROLE.replace("Admin", "Other"), 403),
    Row("session still good", "no_role_403", ACCOUNTS, 200),
]
TEAM = re.compile(r"https://\w+\.cloudflareaccess\.com/.*")
ACCESS_STRICT = [
    Row("strict 401", "bad", "/", 401, {}, {"X-App": None}),
    Row("strict 403", "not_authorised", "/", 403, {}, {"X-App": None}),
    Row("strict no cookie", "valid", "/health", 200, {"/status": "ok"}, {"X-App": "sv", "Set-Cookie": None}),
    Row("HTML 200", "login_page", "/", 200, {}, {"X-App": None}),
    Row("not Service Auth", "not_service_auth", "/", 302, {}, {"Location": TEAM}),
]
ACCESS = [
    Row("non-strict 403", "bad", "/", 403, {}, {"X-App": None, "Content-Type": re.compile("text/html.*")}),
    Row("non-strict 302", "bad_302", "/", 302, {}, {"Location": TEAM, "X-App": None}),
    Row("non-strict cookie", "valid", "/health", 200, {}, {"Set-Cookie": re.compile("CF_Authorization=.*")}),
    Row("HTML 200", "login_page", "/", 200, {}, {"Content-Type": re.compile("text/html.*"), "X-App": None}),
    Row("not Service Auth", "not_service_auth", "/", 302, {}, {"Location": TEAM}),
    Row("no session", "valid", "/", 302, {}, {"Location": "/login", "X-App": "sv"}),
]
WIDGETS = [
    Row("JSON path, header", "valid", "/v1/me", 200, {"/ok": True, "/user/team/id": 7}, {"X-App": "widgets"}),
    Row("200 not always good", "not_ok", "/v1/me", 200, {"/ok": False}),
    Row("INVALID_BEARER_TOKEN", "unauthorized", "/v1/me", 401, {"/error": "INVALID_BEARER_TOKEN"}),
    Row("a set of statuses", "no_content", "/v1/me", 204, {}, {"X-App": "widgets"}),
    Row("403 not always bad", "forbidden", "/v1/me", 403, {"/error": "scope_missing"}),
    Row("unexpected 4xx", "gone", "/v1/me", 410),
    Row("429 with Retry-After", "retry_429", "/v1/me", 429, {}, {"Retry-After": "30"}),
    Row("429", "bare_429", "/v1/me", 429, {}, {"Retry-After": None}),
    Row("503 with Retry-After", "retry_503", "/v1/me", 503, {}, {"Retry-After": "30"}),
    Row("429", "retry_date", "/v1/me", 429, {}, {"Retry-After": RFC1123}),
    Row("HTML", "html", "/v1/me", 200, {}, {"Content-Type": re.compile("text/html.*")}),
    Row("no redirects", "redirect", "/v1/me", 307, {}, {"Location": "/widgets/login"}),
]
TABLE = {
    "cloudflare": CLOUDFLARE,
    "heroku": HEROKU,
    "github": GITHUB,
    "aws_sso": AWS,
    "access_strict": ACCESS_STRICT,
    "access": ACCESS,
    "widgets": WIDGETS,
}


def _fits(expected: object, found: object) -> bool:
    if isinstance(expected, re.Pattern):
        return isinstance(found, str) and expected.fullmatch(found) is not None
    return found == expected and type(found) is type(expected)


def _show(twins: Twins, service: str, scenario: str, path: str) -> Got:
    return ask(twins, service, path, headers=credentials(service, SCENARIOS[service][scenario]))


@pytest.mark.parametrize(
    ("service", "row"),
    [pytest.param(s, r, id=f"{s}-{r.case}-{r.scenario}") for s, rows in TABLE.items() for r in rows],
)
def test_answer_is_the_documented_one(twins: Twins, service: str, row: Row) -> None:
    got = _show(twins, service, row.scenario, row.path)
    assert got.status == row.status
    assert {p: got.at(p) for p, wanted in row.holds.items() if not _fits(wanted, got.at(p))} == {}
    assert {n: got.headers[n] for n, wanted in row.headers.items() if not _fits(wanted, got.headers[n])} == {}


def test_every_scenario_has_a_row() -> None:
    missing = {name: set(SCENARIOS[name]) - {row.scenario for row in rows} for name, rows in TABLE.items()}
    assert {name: each for name, each in missing.items() if each} == {}


def test_every_scenario_has_its_own_readable_credential() -> None:
    for name, service in SERVICES.items():
        known = [(each.identity, each.secret) for each in service.scenarios.values()]
        assert len(set(known)) == len(known) or name == "docker"
        assert all(
            re.fullmatch(service.form, s.secret) for n, s in service.scenarios.items() if s.secret and n != "malformed"
        )
