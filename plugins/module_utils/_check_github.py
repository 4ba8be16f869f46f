# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""GitHub tokens of every kind, and what the GitHub CLI is logged in with."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from ansible_collections.latchkey.workstation.plugins.module_utils._checks_base import (
    ABSENT,
    FAIL,
    PASS,
    UNKNOWN,
    Option,
    Outcome,
    Provider,
)
from ansible_collections.latchkey.workstation.plugins.module_utils._checks_web import (
    Facts,
    Rule,
    bearer,
    below,
    judge,
    probe,
)
from ansible_collections.latchkey.workstation.plugins.module_utils._command import CommandMissing
from ansible_collections.latchkey.workstation.plugins.module_utils._errors import LatchkeyError
from ansible_collections.latchkey.workstation.plugins.module_utils._secrets import Secret

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ansible_collections.latchkey.workstation.plugins.module_utils._checks_base import Ask, Check, Here

__all__ = ["PROVIDERS"]

_BASE = "https://api.github.com"
_LIMITED = (403, 429)
_AUTHORISE = "authorise the token for the organisation: Configure SSO, beside it in GitHub's token settings"
_ANYWHERE = (
    Rule(UNKNOWN, "asked too often", "rate_limited", _LIMITED, {"header:x-ratelimit-remaining": "0"}),
    Rule(UNKNOWN, "asked too often", "rate_limited", _LIMITED, {"header:retry-after": ...}),
    Rule(
        UNKNOWN,
        "locked for a while after too many bad tokens from here: do not try again soon",
        "rate_limited",
        [403],
        {"/message": re.compile("login attempts exceeded", re.IGNORECASE)},
    ),
    Rule(
        FAIL,
        "valid, but not authorised for an organisation's single sign-on",
        "scope",
        [403],
        {"header:x-github-sso": ...},
        remedy=_AUTHORISE,
    ),
)
_RULES = (
    *_ANYWHERE,
    Rule(
        PASS, "valid, an app's installation token", "", [403], {"/message": re.compile("not accessible by integration")}
    ),
    Rule(FAIL, "valid, but a permission is missing", "scope", [403], {"header:x-accepted-github-permissions": ...}),
    Rule(
        FAIL, "valid, but a permission is missing", "scope", [403], {"/message": re.compile("by personal access token")}
    ),
    Rule(FAIL, "a missing permission hides the account", "scope", [404]),
    Rule(FAIL, "invalid, expired or revoked", "rejected", [401]),
    Rule(PASS, "valid", statuses=[200], where={"/login": ...}),
)
_FACTS = Facts(
    identity=["/login"], scopes=["header:x-oauth-scopes"], expires=["header:github-authentication-token-expiration"]
)
_INCLUDED = {
    "repo": {"repo:status", "repo_deployment", "public_repo", "repo:invite", "security_events"},
    "user": {"read:user", "user:email", "user:follow"},
    "project": {"read:project"},
}


def _remote(check: Check, ask: Ask) -> Outcome:
    base = check.options.get("base_url") or _BASE
    headers = bearer(check.text(), Accept="application/vnd.github+json", **{"X-GitHub-Api-Version": "2022-11-28"})
    get = below(base, headers, ask)
    outcome = judge(get("user"), _RULES, _FACTS)
    missing = set(check.options.get("scopes") or ()) - _granted(outcome.scopes)
    if outcome.state == PASS and missing and outcome.scopes:
        outcome = replace(outcome, state=FAIL, cause="scope", reason=f"valid, but without {', '.join(sorted(missing))}")
    elif outcome.state == PASS and missing:
        outcome = replace(outcome, reason="valid; tokens of this kind do not tell their scopes, a probe would")
    return probe(outcome, get, check.options.get("probe") or (), _ANYWHERE)


def _granted(scopes: Sequence[str]) -> set[str]:
    """Scopes with those that they include."""
    granted = set(scopes)
    for scope in scopes:
        level, _colon, of = scope.partition(":")
        granted |= _INCLUDED.get(scope, set())
        granted |= {f"{lower}:{of}" for lower in {"admin": ("write", "read"), "write": ("read",)}.get(level, ())}
    return granted


def _gh(check: Check, here: Here) -> Outcome:
    """The token ``gh`` would use; what it is worth is asked of GitHub, not of gh, which calls an outage a bad token."""
    host = check.options.get("hostname") or "github.com"
    login = f"gh auth login --hostname {host}"
    try:
        finished = here.run(["gh", "auth", "token", "--hostname", host])
    except CommandMissing:
        return Outcome(ABSENT, "gh CLI not installed", "absent", remedy="install it from https://cli.github.com")
    if b"unknown command" in finished.err:
        return Outcome(UNKNOWN, "this gh is too old to be asked (2.17 is needed)", "prerequisite", remedy="update gh")
    if finished.code or not finished.out.strip():
        return Outcome(ABSENT, f"gh is not logged in to {host}", "absent", remedy=login)
    try:
        return Outcome(PASS, onward=Secret(finished.out.strip()), remedy=login)
    except LatchkeyError:
        return Outcome(FAIL, "gh holds something that is no token", "malformed", remedy=login)


_OPTIONS = {"base_url": Option("url"), "probe": Option("words"), "scopes": Option("words")}
PROVIDERS = {
    "github": Provider(_OPTIONS, remote=_remote),
    "gh": Provider({**_OPTIONS, "hostname": Option()}, local=_gh, remote=_remote, takes_value=False),
}
