# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every answer that an issuer is known to give comes to: one row each, the misleading ones included."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._checks.base import Check
from ansible_collections.latchkey.workstation.plugins.module_utils._checks.registry import PROVIDERS
from ansible_collections.latchkey.workstation.plugins.module_utils._clients.http_request import Answer
from ansible_collections.latchkey.workstation.plugins.module_utils._core.secrets import Secret

from tests.twins.services import SCENARIOS
from tests.twins.services.cloudflare import ACCOUNT, INVALID
from tests.unit.plugins.module_utils._checks.bench import credential

if TYPE_CHECKING:
    from tests.twins.services import Twins
    from tests.unit.plugins.module_utils._checks.bench import Bench

OK, SCOPE, REJECTED = ("PASS", ""), ("FAIL", "scope"), ("FAIL", "rejected")
LIMITED, GATE, UNEXPECTED = ("UNKNOWN", "rate_limited"), ("UNKNOWN", "gate"), ("UNKNOWN", "unexpected")
EXPIRED, DISABLED, NOT_YET = ("FAIL", "expired"), ("FAIL", "disabled"), ("FAIL", "not_yet")
LATER, SOON = 199, 4  # whole days left of the twins' 200 and 5

GITHUB: dict[str, tuple[tuple[str, str], int | None]] = {
    "classic": (OK, None),
    "expires_later": (OK, LATER),
    "expires_soon": (OK, SOON),
    "expires_offset": (OK, LATER),
    "few_scopes": (OK, None),
    "fine_grained": (OK, LATER),
    "fine_grained_empty": (OK, None),
    "gh_login": (OK, None),
    "bad": (REJECTED, None),
    "expired": (REJECTED, None),
    "revoked": (REJECTED, None),
    "locked": (LIMITED, None),
    "limit_403": (LIMITED, None),
    "limit_429": (LIMITED, None),
    "retry_403": (LIMITED, None),
    "retry_429": (LIMITED, None),
    "sso": (SCOPE, None),
    "hidden": (OK, None),  # a probe finds it, below
    "wrong_permission": (OK, None),
    "installation": (OK, None),
}
HEROKU: dict[str, tuple[tuple[str, str], int | None]] = {
    "valid": (OK, None),
    "old_key": (OK, None),
    "expires_later": (OK, LATER),
    "expires_soon": (OK, SOON),
    "identity_only": (OK, None),
    "unauthorized": (REJECTED, None),
    "expired": (REJECTED, None),
    "expired_403": (REJECTED, None),
    "forbidden": (SCOPE, None),
    "suspended": (DISABLED, None),
    "delinquent": (("UNKNOWN", "account"), None),
    "rate_limit": (LIMITED, None),
}
_STATES: dict[str, tuple[tuple[str, str], int | None]] = {
    "active": (OK, None),
    "expires_later": (OK, LATER),
    "expires_soon": (OK, SOON),
    "not_yet": (NOT_YET, None),
    "disabled": (DISABLED, None),
    "expired": (EXPIRED, None),
}
_USER = {**_STATES, "no_zones": (OK, None)}
_NEITHER = {
    "unknown": (REJECTED, None),
    "forbidden": (REJECTED, None),
    "account_unknown": (REJECTED, None),
    "malformed": (("FAIL", "malformed"), None),
    "throttled": (LIMITED, None),
    "throttled_bare": (LIMITED, None),
    "wrangler_login": (REJECTED, None),
    "wrangler_no_details": (REJECTED, None),
}
_ACCOUNT = {f"account_{name}": row for name, row in _STATES.items()}
CLOUDFLARE = {**_USER, **_NEITHER, **dict.fromkeys(_ACCOUNT, (REJECTED, None))}
WITH_ACCOUNT = {**_USER, **_NEITHER, **_ACCOUNT}
ACCOUNT_ONLY = {
    **_NEITHER,
    **_ACCOUNT,
    **dict.fromkeys(("active", "expires_later", "expires_soon"), (REJECTED, None)),
    **dict.fromkeys(("not_yet", "disabled", "expired", "no_zones"), (SCOPE, None)),
}
INFISICAL: dict[str, tuple[tuple[str, str], int | None]] = {
    "valid": (OK, None),
    "endless": (OK, None),
    "one_use": (OK, None),
    "unknown": (REJECTED, None),
    "wrong_secret": (REJECTED, None),
    "locked": (LIMITED, None),
    "expired": (EXPIRED, None),
    "used_up": (("FAIL", "used_up"), None),
    "not_from_here": (("UNKNOWN", "address"), None),
    "contention": (LIMITED, None),
    "too_many": (LIMITED, None),
    "gate_302": (GATE, None),
    "gate_403": (GATE, None),
}
WIDGETS: dict[str, tuple[tuple[str, str], int | None]] = {
    "valid": (OK, LATER),
    "no_content": (UNEXPECTED, None),
    "not_ok": (REJECTED, None),
    "unauthorized": (REJECTED, None),
    "forbidden": (UNEXPECTED, None),
    "gone": (UNEXPECTED, None),
    "retry_429": (LIMITED, None),
    "retry_date": (LIMITED, None),
    "bare_429": (LIMITED, None),
    "retry_503": (("UNKNOWN", "server"), None),
    "html": (GATE, None),
    "redirect": (GATE, None),
}


def rows(table: dict[str, Any]) -> Any:
    return pytest.mark.parametrize(("scenario", "expected"), table.items(), ids=table)


def outcome(row: dict[str, Any]) -> tuple[tuple[str, str], int | None]:
    return (row["outcome"], row["cause"]), row["expires_in_days"]


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("github", GITHUB),
        ("heroku", HEROKU),
        ("cloudflare", CLOUDFLARE),
        ("cloudflare", WITH_ACCOUNT),
        ("cloudflare", ACCOUNT_ONLY),
        ("infisical", INFISICAL),
        ("widgets", WIDGETS),
    ],
)
def test_no_answer_is_forgotten(name: str, table: dict[str, Any]) -> None:
    assert set(table) == set(SCENARIOS[name])


@rows(GITHUB)
def test_github(twins: Twins, bench: Bench, scenario: str, expected: Any) -> None:
    row = bench.check("github", SCENARIOS["github"][scenario].secret, base_url=twins.url("github"))
    assert outcome(row) == expected
    assert len(twins.seen("github")) == 1
    assert row["identity"] == ("alice" if row["outcome"] == "PASS" and scenario != "installation" else "")


def test_github_scopes(twins: Twins, bench: Bench) -> None:
    def asked(scenario: str, *scopes: str) -> dict[str, Any]:
        secret = SCENARIOS["github"][scenario].secret
        return bench.check("github", secret, base_url=twins.url("github"), scopes=list(scopes))

    row = asked("classic", "repo", "read:org", "public_repo")
    assert (row["outcome"], row["scopes"]) == ("PASS", ["repo", "read:org"])
    row = asked("few_scopes", "repo", "gist", "read:org")
    assert (outcome(row)[0], row["reason"]) == (SCOPE, "the token works, but lacks the scopes read:org, repo")
    row = asked("fine_grained", "repo")
    assert row["outcome"] == "PASS"
    assert "do not tell their scopes" in row["reason"]


AUTHORISE = "authorise the token for the organisation: Configure SSO, beside it in GitHub's token settings"


def test_github_says_how_single_sign_on_is_mended(twins: Twins, bench: Bench) -> None:
    source = [{"kind": "file", "path": "~/pat"}]
    bench.has("mine", SCENARIOS["github"]["sso"].secret)
    check = {"provider": "github", "base_url": twins.url("github")}
    row = bench.run([credential("mine", check, sources=source)])["mine"]
    assert (outcome(row)[0], row["remedy"]) == (SCOPE, AUTHORISE)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"x-github-sso": "required; url=https://example.com"}, ("FAIL", AUTHORISE)),
        ({"x-ratelimit-remaining": "0"}, ("UNKNOWN", "")),
        ({"retry-after": "60"}, ("UNKNOWN", "")),
        ({}, ("FAIL", "")),
    ],
)
def test_a_probe_of_github_is_told_apart_as_the_first_answer_is(headers: Any, expected: tuple[str, str]) -> None:
    answers = {"user": Answer(200, {}, b'{"login": "alice"}'), "orgs/example": Answer(403, headers, b"{}")}
    check = Check({"probe": ["/orgs/example"]}, Secret("ghp_made_up"))
    remote = PROVIDERS["github"].remote
    assert remote
    found = remote(check, lambda request: answers[request.url.removeprefix("https://api.github.com/")])
    assert (found.state, found.remedy) == expected


def test_heroku_does_not_ask_for_another_key_where_the_account_is_suspended(twins: Twins, bench: Bench) -> None:
    row = bench.check("heroku", SCENARIOS["heroku"]["suspended"].secret, base_url=twins.url("heroku"))
    assert row["remedy"] == "ask Heroku's support what the account is suspended for"


@rows(HEROKU)
def test_heroku(twins: Twins, bench: Bench, scenario: str, expected: Any) -> None:
    row = bench.check("heroku", SCENARIOS["heroku"][scenario].secret, base_url=twins.url("heroku"))
    assert outcome(row) == expected
    assert row["identity"] == ("alice@example.com" if row["outcome"] == "PASS" else "")
    assert row["scopes"] == (["global"] if row["outcome"] == "PASS" and scenario != "identity_only" else [])


def test_herokus_end_is_only_a_bonus(twins: Twins, bench: Bench) -> None:
    """A key that is valid stays so when the list of authorizations cannot be had."""
    for fault in ("reset", "invalid_json", "html", "deep"):
        twins.break_("heroku", fault, path="/oauth/authorizations")
        row = bench.check("heroku", SCENARIOS["heroku"]["expires_soon"].secret, base_url=twins.url("heroku"))
        assert outcome(row) == (OK, None)


@rows(CLOUDFLARE)
def test_cloudflare_user(twins: Twins, bench: Bench, scenario: str, expected: Any) -> None:
    row = bench.check(
        "cloudflare_user_token", SCENARIOS["cloudflare"][scenario].secret, base_url=twins.url("cloudflare")
    )
    assert outcome(row) == expected
    answer = SCENARIOS["cloudflare"][scenario].reply(twins.seen("cloudflare")[0])
    assert ("declare its account_id" in row["reason"]) == (answer is INVALID)


@pytest.mark.parametrize("account", [ACCOUNT, "find"])
@rows(WITH_ACCOUNT)
def test_cloudflare_user_with_an_account(
    twins: Twins, bench: Bench, scenario: str, expected: Any, account: str
) -> None:
    """A token may only be found by its account while it may read accounts at all."""
    secret = SCENARIOS["cloudflare"][scenario].secret
    row = bench.check("cloudflare_user_token", secret, base_url=twins.url("cloudflare"), account_id=account)
    blind = scenario.startswith("account_") and "GET /accounts" not in SCENARIOS["cloudflare"][scenario].replies
    assert outcome(row) == ((REJECTED, None) if account == "find" and blind else expected)


@rows(ACCOUNT_ONLY)
def test_cloudflare_account(twins: Twins, bench: Bench, scenario: str, expected: Any) -> None:
    row = bench.check(
        "cloudflare_account_token",
        SCENARIOS["cloudflare"][scenario].secret,
        base_url=twins.url("cloudflare"),
        account_id=ACCOUNT,
    )
    assert outcome(row) == expected


def test_a_throttled_search_for_the_account_is_no_verdict(twins: Twins, bench: Bench) -> None:
    twins.break_("cloudflare", "status", path="/accounts", status=429)
    secret = SCENARIOS["cloudflare"]["account_active"].secret
    row = bench.check("cloudflare_user_token", secret, base_url=twins.url("cloudflare"), account_id="find")
    assert outcome(row)[0] == LIMITED


@pytest.mark.parametrize(
    ("provider", "scenario", "path", "expected"),
    [
        ("cloudflare_user_token", "active", "/zones?per_page=1", OK),
        ("cloudflare_user_token", "no_zones", "/zones?per_page=1", SCOPE),
        ("github", "classic", "/rate_limit", OK),
        ("github", "classic", "/orgs/example", SCOPE),
        ("github", "hidden", "/repos/example/private", SCOPE),
        ("github", "wrong_permission", "/repos/example/private", SCOPE),
        ("heroku", "identity_only", "/apps", SCOPE),
    ],
)
def test_a_probe_tells_what_no_scope_does(  # noqa: PLR0917 - a row of the table
    twins: Twins, bench: Bench, provider: str, scenario: str, path: str, expected: Any
) -> None:
    name = provider.partition("_")[0]
    row = bench.check(provider, SCENARIOS[name][scenario].secret, base_url=twins.url(name), probe=[path])
    assert outcome(row)[0] == expected
    assert ("may not read" in row["reason"]) == (expected == SCOPE)


@rows(INFISICAL)
def test_infisical(twins: Twins, bench: Bench, scenario: str, expected: Any) -> None:
    declared = SCENARIOS["infisical"][scenario]
    bench.has("id", declared.identity)
    bench.has("project", "project-1")
    row = bench.check(
        "infisical",
        declared.secret,
        base_url=twins.url("infisical"),
        client_id="{credential.id}",
        project_id="{credential.project}",
    )
    assert outcome(row) == expected
    assert len(twins.seen("infisical")) == 1


def test_infisical_is_asked_once_and_never_again_when_locked(twins: Twins, bench: Bench) -> None:
    """Each login counts, and failed ones lock everybody out: the same question of ten members is one login."""
    declared = SCENARIOS["infisical"]["one_use"]
    bench.has("id", declared.identity)
    bench.has("mine", declared.secret)
    check = {"provider": "infisical", "base_url": twins.url("infisical"), "client_id": "{credential.id}"}
    entries = [credential("mine", check), credential("id", category="unused")]
    rows = bench.run_members({f"m{n}": entries for n in range(10)})
    assert {row["mine"]["outcome"] for row in rows.values()} == {"PASS"}
    assert len(twins.seen("infisical")) == 1


@pytest.mark.parametrize("held", [True, False])
def test_infisical_token(twins: Twins, bench: Bench, held: bool) -> None:
    token = "eyJhbGciOiJIUzI1NiJ9.e30.c2ln"
    if held:
        twins.desks["infisical"].count(f"token {token}")
    row = bench.check("infisical_token", token, base_url=twins.url("infisical"))
    assert outcome(row)[0] == (OK if held else REJECTED)
    assert row["identity"] == ("Example" if held else "")
    assert [seen.method for seen in twins.seen("infisical")] == ["GET"]


def generic(twins: Twins, **more: Any) -> dict[str, Any]:
    headers = {"X-Api-Key": "{value}", "X-Tenant": "{credential.tenant}", "X-Api-Version": 1}
    return {"url": twins.url("widgets") + "/v1/me", "headers": headers, **more}


@rows(WIDGETS)
def test_http(twins: Twins, bench: Bench, scenario: str, expected: Any) -> None:
    bench.has("tenant", "tenant-acme")
    row = bench.check(
        "http",
        SCENARIOS["widgets"][scenario].secret,
        **generic(twins, json={"/ok": True, "/user/name": "alice", "/user/team/id": 7}, expires="/key/expires_at"),
        status=[200, 204],
        answer_headers={"X-App": "widgets"},
        identity="/user/name",
        scopes="/scopes",
    )
    assert outcome(row) == expected
    if scenario == "valid":
        assert (row["identity"], row["scopes"]) == ("alice", ["read", "write"])
        (seen,) = twins.seen("widgets")
        assert (seen.header("X-Tenant"), seen.header("X-Api-Version")) == ("tenant-acme", "1")


@pytest.mark.parametrize(
    ("scenario", "options", "expected"),
    [
        ("no_content", {"status": [204]}, OK),
        ("valid", {"status": [204]}, UNEXPECTED),
        ("valid", {"json": {"/user/team/id": "7"}}, REJECTED),
        ("valid", {"json": {"/ok": 1}}, REJECTED),
        ("valid", {"json": {"/user": None}}, OK),
        ("valid", {"json": {"/nothing": None}}, UNEXPECTED),
        ("valid", {"json": {"/scopes/*": "write"}}, OK),
        ("valid", {"answer_headers": {"X-App": None}}, OK),
        ("valid", {"answer_headers": {"X-App": "other"}}, UNEXPECTED),
        ("valid", {"method": "HEAD"}, OK),
        ("forbidden", {"rejected": [401, 403]}, REJECTED),
        ("unauthorized", {"rejected": [403]}, UNEXPECTED),
        ("gone", {"status": [410]}, OK),
        ("html", {"html": True}, OK),
        ("html", {"html": True, "json": {"/ok": True}}, UNEXPECTED),
    ],
)
def test_http_expectations(twins: Twins, bench: Bench, scenario: str, options: dict[str, Any], expected: Any) -> None:
    bench.has("tenant", "tenant-acme")
    row = bench.check("http", SCENARIOS["widgets"][scenario].secret, **generic(twins, **options))
    assert outcome(row)[0] == expected


def test_a_value_in_an_address_is_escaped(twins: Twins, bench: Bench) -> None:
    row = bench.check("http", "a/../b?c#d é", url=twins.url("widgets") + "/bot{value}/me")
    assert row["outcome"] == "UNKNOWN" or row["outcome"] == "FAIL"
    assert [seen.path for seen in twins.seen("widgets")] == ["/bota%2F..%2Fb%3Fc%23d%20%C3%A9/me"]
