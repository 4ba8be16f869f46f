# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fault of the network or of a gate is never a bad credential, at any provider; and nothing of it leaks."""

from __future__ import annotations

import hashlib
import json
import time
from typing import TYPE_CHECKING, Any, Callable

import pytest

from tests.twins.services import SCENARIOS
from tests.twins.services.cloudflare import ACCOUNT

if TYPE_CHECKING:
    from tests.twins.services import Twins
    from tests.unit.plugins.module_utils._checks.bench import Bench

    Provider = Callable[[Twins, Bench], dict[str, Any]]

SECONDS = 0.8
SLACK = 0.8
LATER = "2099-01-01T00:00:00Z"


def _simple(provider: str, service: str, scenario: str, **more: Any) -> Provider:
    def prepare(twins: Twins, bench: Bench) -> dict[str, Any]:
        bench.has("mine", SCENARIOS[service][scenario].secret)
        return {"provider": provider, "base_url": twins.url(service), **more}

    return prepare


def _infisical(twins: Twins, bench: Bench) -> dict[str, Any]:
    bench.has("mine", SCENARIOS["infisical"]["valid"].secret)
    bench.has("id", SCENARIOS["infisical"]["valid"].identity)
    return {"provider": "infisical", "base_url": twins.url("infisical"), "client_id": "{credential.id}"}


def _infisical_token(twins: Twins, bench: Bench) -> dict[str, Any]:
    bench.has("mine", "eyJhbGciOiJIUzI1NiJ9.e30.c2ln")
    twins.desks["infisical"].count("token eyJhbGciOiJIUzI1NiJ9.e30.c2ln")
    return {"provider": "infisical_token", "base_url": twins.url("infisical")}


def _http(twins: Twins, bench: Bench) -> dict[str, Any]:
    bench.has("mine", SCENARIOS["widgets"]["valid"].secret)
    headers = {"X-Api-Key": "{value}", "X-Tenant": "acme", "X-Api-Version": "1"}
    url = twins.url("widgets") + "/v1/me"
    return {"provider": "http", "url": url, "headers": headers, "json": {"/user/name": None}, "identity": "/user/name"}


def _aws_sso(twins: Twins, bench: Bench) -> dict[str, Any]:
    name = hashlib.sha1(b"my-sso").hexdigest()
    token = SCENARIOS["aws_sso"]["live"].secret
    bench.put(f".aws/sso/cache/{name}.json", {"accessToken": token, "expiresAt": LATER})
    return {"provider": "aws_sso_session", "session": "my-sso", "online": True, "base_url": twins.url("aws_sso")}


def _wrangler(twins: Twins, bench: Bench) -> dict[str, Any]:
    token = SCENARIOS["cloudflare"]["wrangler_login"].secret
    bench.put(".config/.wrangler/config/default.toml", f'oauth_token = "{token}"\nexpiration_time = "{LATER}"\n')
    return {"provider": "wrangler", "online": True, "base_url": twins.url("cloudflare")}


def _gh(twins: Twins, bench: Bench) -> dict[str, Any]:
    bench.program("gh", f"echo {SCENARIOS['github']['gh_login'].secret}")
    return {"provider": "gh", "base_url": twins.url("github")}


PROVIDERS: dict[str, tuple[str, Provider]] = {
    "github": ("github", _simple("github", "github", "classic")),
    "heroku": ("heroku", _simple("heroku", "heroku", "valid")),
    "user_token": ("cloudflare", _simple("cloudflare_user_token", "cloudflare", "active", account_id="find")),
    "account_token": (
        "cloudflare",
        _simple("cloudflare_account_token", "cloudflare", "account_active", account_id=ACCOUNT),
    ),
    "infisical": ("infisical", _infisical),
    "infisical_token": ("infisical", _infisical_token),
    "http": ("widgets", _http),
    "aws_sso_session": ("aws_sso", _aws_sso),
    "wrangler": ("cloudflare", _wrangler),
    "gh": ("github", _gh),
}
FAULTS: dict[str, tuple[str, dict[str, Any], str]] = {
    "stall": ("stall", {}, "timeout"),
    "stall in the body": ("stall", {"after": "body"}, "timeout"),
    "trickle": ("trickle", {"seconds": 0.05}, "timeout"),
    "reset": ("reset", {}, "network"),
    "reset in the body": ("reset", {"after": "body"}, "network"),
    "close": ("close", {}, "network"),
    "cut short": ("content_length", {}, "network"),
    "garbage": ("garbage", {}, "gate"),
    "endless headers": ("endless_headers", {}, "gate"),
    "redirect": ("redirect", {}, "gate"),
    "redirect with 308": ("redirect", {"status": 308}, "gate"),
    "page": ("html", {}, "gate"),
    "page with 401": ("html", {"status": 401}, "gate"),
    "page with 403": ("html", {"status": 403}, "gate"),
    "429": ("status", {"status": 429, "retry_after": 30}, "rate_limited"),
    "500": ("status", {"status": 500}, "server"),
    "503": ("status", {"status": 503, "retry_after": 30}, "server"),
    "520": ("status", {"status": 520}, "server"),
    "418": ("json", {"status": 418, "value": {}}, "unexpected"),
    "half": ("invalid_json", {}, "unexpected"),
    "not text": ("not_utf8", {}, "unexpected"),
    "deep": ("deep", {}, "unexpected"),
    "null": ("json", {"value": None}, "unexpected"),
    "list": ("json", {"value": [1, [2]]}, "unexpected"),
    "text": ("json", {"value": "ok"}, "unexpected"),
    "gigabytes": ("endless", {}, "unexpected"),
}


@pytest.fixture
def ready(twins: Twins, bench: Bench, request: pytest.FixtureRequest) -> tuple[str, dict[str, Any]]:
    name, prepare = PROVIDERS[request.param]
    return name, prepare(twins, bench)


each_provider = pytest.mark.parametrize("ready", PROVIDERS, indirect=True)


def secrets_of(bench: Bench) -> list[str]:
    known = [scenario.secret for service in SCENARIOS.values() for scenario in service.values()]
    return [*known, *(found.secret.text() for found in bench.values.values() if found.secret)]


def shown(bench: Bench) -> str:
    """Everything that leaves the engine."""
    return json.dumps([[report.items, report.msg, report.diff] for report in bench.reports.values()])


@each_provider
def test_without_a_fault_it_passes(bench: Bench, ready: tuple[str, dict[str, Any]]) -> None:
    _name, declared = ready
    assert bench.check(**declared)["outcome"] == "PASS"


@pytest.mark.parametrize("fault", FAULTS)
@each_provider
def test_no_fault_is_a_verdict(twins: Twins, bench: Bench, ready: tuple[str, dict[str, Any]], fault: str) -> None:
    name, declared = ready
    kind, options, cause = FAULTS[fault]
    twins.break_(name, kind, **options)
    started = time.monotonic()
    row = bench.check(**declared, plan={"request_timeout": SECONDS})
    assert (row["outcome"], row["cause"]) == ("UNKNOWN", cause), row["reason"]
    assert time.monotonic() - started < 2 * SECONDS + SLACK
    assert row["state"] == "unknown"
    assert bench.reports["alice"].failed is False
    assert not [secret for secret in secrets_of(bench) if secret and secret in shown(bench)]


@each_provider
def test_redirect_target_gets_no_request(twins: Twins, bench: Bench, ready: tuple[str, dict[str, Any]]) -> None:
    name, declared = ready
    twins.break_(name, "redirect", status=307)
    row = bench.check(**declared)
    assert [seen for seen in twins.requests if seen.elsewhere] == []
    assert "localhost" in row["reason"]
    assert "a login page or proxy is in the way" in row["reason"]


@each_provider
def test_no_escape_sequence_reaches_a_terminal(twins: Twins, bench: Bench, ready: tuple[str, dict[str, Any]]) -> None:
    name, declared = ready
    twins.break_(name, "escapes")
    row = bench.check(**declared)
    text = row["identity"] + row["reason"] + "".join(row["scopes"])
    assert [char for char in text if not char.isprintable()] == []
    assert "[2J" not in text or "\x1b" not in text


@each_provider
def test_an_answer_may_be_in_any_script(twins: Twins, bench: Bench, ready: tuple[str, dict[str, Any]]) -> None:
    name, declared = ready
    twins.break_(name, "unicode")
    row = bench.check(**declared)
    json.dumps(row).encode("utf-8")
    row["identity"].encode("utf-8")
    assert row["outcome"] in {"PASS", "FAIL", "UNKNOWN"}


def test_an_issuer_that_echoes_the_secret_is_not_quoted(twins: Twins, bench: Bench) -> None:
    secret = SCENARIOS["github"]["classic"].secret
    twins.break_("github", "json", value={"login": f"it was {secret}, ha", "id": 1})
    row = bench.check("github", secret, base_url=twins.url("github"))
    assert (row["outcome"], row["identity"]) == ("PASS", "it was <secret>, ha")
    twins.break_("github", "redirect", to=f"https://{secret}.example.com/")
    row = bench.check("github", secret, base_url=twins.url("github"))
    assert secret.lower() not in shown(bench).lower()


def test_long_answers_are_cut(twins: Twins, bench: Bench) -> None:
    twins.break_("github", "json", value={"login": "x" * 500_000})
    row = bench.check("github", SCENARIOS["github"]["classic"].secret, base_url=twins.url("github"))
    assert (row["outcome"], len(row["identity"])) == ("PASS", 160)


def test_proxy_variables_are_ignored(twins: Twins, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("GITHUB_API_URL", "http://127.0.0.1:9")
    bench.put(".netrc", "default login mallory password mallory\n")
    secret = SCENARIOS["github"]["classic"].secret
    assert bench.check("github", secret, base_url=twins.url("github"))["outcome"] == "PASS"
    assert twins.seen("github")[0].all("Authorization") == [f"Bearer {secret}"]
