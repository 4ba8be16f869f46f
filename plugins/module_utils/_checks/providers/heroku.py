# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Provider of Heroku API keys and OAuth authorizations."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..._clients.http_request import Unreachable
from ..._core import timestamps
from ..base import FAIL, PASS, UNKNOWN, Option, Outcome, Provider
from ..http_rules import Facts, Rule, bearer, getter, judge, parse_scopes, probe, select

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..._clients.http_request import Answer
    from ..base import Check, Fetch

__all__ = ["PROVIDERS"]

_BASE = "https://api.heroku.com"
_REFUSED = (401, 402, 403)
_SUSPENDED = "ask Heroku's support what the account is suspended for"
_RULES = (
    Rule(PASS, "valid", statuses=[200], where={"/email": ...}),
    Rule(FAIL, "wrong, expired or revoked", "rejected", _REFUSED, {"/id": "unauthorized"}),
    Rule(FAIL, "the account is suspended", "disabled", _REFUSED, {"/id": "suspended"}, remedy=_SUSPENDED),
    Rule(FAIL, "the key works, but its scope does not include the account", "scope", _REFUSED, {"/id": "forbidden"}),
    Rule(UNKNOWN, "the account has not been paid for, so nothing was judged", "account", [402]),
    Rule(FAIL, "wrong, expired or revoked", "rejected", [401]),
)


def _remote(check: Check, ask: Fetch) -> Outcome:
    base = check.options.get("base_url") or _BASE
    headers = bearer(check.text(), Accept="application/vnd.heroku+json; version=3")
    get = getter(base, headers, ask)
    outcome = judge(get("account"), _RULES, Facts(identity=["/email"]))
    if outcome.state != PASS:
        return outcome
    return probe(_with_expiry(outcome, check.text(), get), get, check.options.get("probe") or ())


def _with_expiry(outcome: Outcome, token: str, get: Callable[[str], Answer]) -> Outcome:
    """``outcome`` with scope and expiry of the token's own authorization, which only a global scope may read."""
    try:
        answer = get("oauth/authorizations")
    except Unreachable:
        return outcome
    for entry in select(answer, "/*") if answer.status == 200 else ():
        access: Any = entry.get("access_token") if isinstance(entry, dict) else None
        if isinstance(access, dict) and access.get("token") == token:
            left: Any = access.get("expires_in")
            number = isinstance(left, (int, float)) and not isinstance(left, bool)
            end = timestamps.parse(timestamps.now().timestamp() + float(left)) if number else None
            return replace(outcome, scopes=parse_scopes(entry.get("scope") or []), expires_at=end)
    return outcome


PROVIDERS = {"heroku": Provider({"base_url": Option("url"), "probe": Option("words")}, remote=_remote)}
