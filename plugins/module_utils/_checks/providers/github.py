# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Providers of GitHub tokens and of the GitHub CLI's login."""

from __future__ import annotations

import re
import shlex
from dataclasses import replace
from typing import TYPE_CHECKING

from ..._core.secrets import Secret
from ..._host.command import CommandMissing
from ..base import ABSENT, FAIL, PASS, UNKNOWN, Option, Outcome, Provider
from ..http_rules import Facts, Rule, bearer, getter, judge, probe

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..base import Check, Fetch, LocalContext

__all__ = ["PROVIDERS"]

_BASE = "https://api.github.com"
_LIMITED = (403, 429)
_LACKS_PERMISSION = "the token works, but lacks a permission"
_AUTHORISE = "authorise the token for the organisation: Configure SSO, beside it in GitHub's token settings"
_COMMON_RULES = (
    Rule(UNKNOWN, "too many requests", "rate_limited", _LIMITED, {"header:x-ratelimit-remaining": "0"}),
    Rule(UNKNOWN, "too many requests", "rate_limited", _LIMITED, {"header:retry-after": ...}),
    Rule(
        UNKNOWN,
        "locked for a while after too many bad tokens from here: do not try again soon",
        "rate_limited",
        [403],
        {"/message": re.compile("login attempts exceeded", re.IGNORECASE)},
    ),
    Rule(
        FAIL,
        "the token works, but is not authorised for an organisation's single sign-on",
        "scope",
        [403],
        {"header:x-github-sso": ...},
        remedy=_AUTHORISE,
    ),
)
_RULES = (
    *_COMMON_RULES,
    Rule(
        PASS, "valid, an app's installation token", "", [403], {"/message": re.compile("not accessible by integration")}
    ),
    Rule(FAIL, _LACKS_PERMISSION, "scope", [403], {"header:x-accepted-github-permissions": ...}),
    Rule(
        FAIL,
        _LACKS_PERMISSION,
        "scope",
        [403],
        {"/message": re.compile("by personal access token")},
    ),
    Rule(FAIL, "a missing permission hides the account", "scope", [404]),
    Rule(FAIL, "invalid, expired or revoked", "rejected", [401]),
    Rule(PASS, "valid", statuses=[200], where={"/login": ...}),
)
_FACTS = Facts(
    identity=["/login"], scopes=["header:x-oauth-scopes"], expires=["header:github-authentication-token-expiration"]
)
_NOT_LOGGED_IN = re.compile(rb"no oauth token", re.IGNORECASE)
_TOKEN = re.compile(rb"[\x21-\x7e]{20,255}")
_RUN_GH = "run gh auth status and see what it says"
_INCLUDED = {
    "repo": {"repo:status", "repo_deployment", "public_repo", "repo:invite", "security_events"},
    "user": {"read:user", "user:email", "user:follow"},
    "project": {"read:project"},
}


def _remote(check: Check, ask: Fetch) -> Outcome:
    base = check.options.get("base_url") or _BASE
    headers = bearer(check.text(), Accept="application/vnd.github+json", **{"X-GitHub-Api-Version": "2022-11-28"})
    get = getter(base, headers, ask)
    outcome = judge(get("user"), _RULES, _FACTS)
    missing = set(check.options.get("scopes") or ()) - _granted(outcome.scopes)
    if outcome.state == PASS and missing and outcome.scopes:
        outcome = replace(outcome, state=FAIL, cause="scope", reason=_lacking(missing))
    elif outcome.state == PASS and missing:
        outcome = replace(outcome, reason="valid; tokens of this kind do not tell their scopes, a probe would")
    return probe(outcome, get, check.options.get("probe") or (), _COMMON_RULES)


def _lacking(scopes: set[str]) -> str:
    """Reason of a token without ``scopes``."""
    return f"the token works, but lacks the scope{'s' if len(scopes) > 1 else ''} {', '.join(sorted(scopes))}"


def _granted(scopes: Sequence[str]) -> set[str]:
    """``scopes`` with the scopes that they include."""
    granted = set(scopes)
    for scope in scopes:
        level, _colon, of = scope.partition(":")
        granted |= _INCLUDED.get(scope, set())
        granted |= {f"{lower}:{of}" for lower in {"admin": ("write", "read"), "write": ("read",)}.get(level, ())}
    return granted


def _gh(check: Check, here: LocalContext) -> Outcome:
    """The token that gh uses, for GitHub to judge: ``gh auth status`` reports an outage as a bad token."""
    host = check.options.get("hostname") or "github.com"
    login = f"gh auth login --hostname {shlex.quote(host)}"
    try:
        finished = here.run(["gh", "auth", "token", "--hostname", host])
    except CommandMissing:
        return Outcome(ABSENT, "gh CLI not installed", "absent", remedy="install it from https://cli.github.com")
    if finished.code == 1 and _NOT_LOGGED_IN.search(finished.err):
        return Outcome(ABSENT, f"gh is not logged in to {host}", "absent", remedy=login)
    if finished.code and b"unknown command" in finished.err:
        return Outcome(UNKNOWN, "this gh is too old to be asked (2.17 is needed)", "prerequisite", remedy="update gh")
    if finished.code:
        return Outcome(UNKNOWN, f"gh auth token {finished.status}", "unexpected", remedy=_RUN_GH)
    token = finished.out.strip()
    if not _TOKEN.fullmatch(token):
        return Outcome(UNKNOWN, "gh auth token printed something else than a token", "unexpected", remedy=_RUN_GH)
    return Outcome(PASS, token_for_remote=Secret(token), remedy=login)


_OPTIONS = {"base_url": Option("url"), "probe": Option("words"), "scopes": Option("words")}
PROVIDERS = {
    "github": Provider(_OPTIONS, remote=_remote),
    "gh": Provider({**_OPTIONS, "hostname": Option()}, local=_gh, remote=_remote, takes_value=False),
}
