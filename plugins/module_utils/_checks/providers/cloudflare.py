# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Providers of Cloudflare API tokens, owned by a user or by an account."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote

from ..base import FAIL, PASS, UNKNOWN, Option, Outcome, Provider
from ..http_rules import Facts, Rule, bearer, getter, judge, probe, select

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..._clients.http_request import Answer
    from ..base import Check, Fetch

__all__ = ["PROVIDERS"]

_BASE = "https://api.cloudflare.com/client/v4"
_STATUS, _CODE = "/result/status", "/errors/*/code"
_REFUSED = (400, 401, 403)
_RULES = (
    Rule(PASS, "valid", statuses=[200], where={"/success": True, _STATUS: "active"}),
    Rule(FAIL, "the token is disabled", "disabled", [200], {_STATUS: "disabled"}),
    Rule(FAIL, "the token has expired", "expired", [200], {_STATUS: "expired"}),
    Rule(FAIL, "not a token: look for stray quotes, braces or newlines", "malformed", _REFUSED, {_CODE: 6003}),
    Rule(FAIL, "not a token", "malformed", _REFUSED, {"/errors/*/error_chain/*/code": 6111}),
    Rule(FAIL, "the token may not do this, or is not one of this account", "scope", _REFUSED, {_CODE: 9109}),
    Rule(FAIL, "revoked, rolled or unknown to Cloudflare", "rejected", _REFUSED, {_CODE: 1000}),
    Rule(FAIL, "revoked, rolled or unknown to Cloudflare", "rejected", (401, 403), {"/success": False}),
)
_FACTS = Facts(identity=["/result/id"], expires=["/result/expires_on"], not_before=["/result/not_before"])
_UNKNOWN_TO_USERS = Rule("", "", statuses=_REFUSED, where={_CODE: 1000})
_LISTED = (Rule(FAIL, "no account to be seen", "rejected", (200, *_REFUSED)),)
_HINT = "; a token that an account owns gets the same answer: declare its account_id"


def _user_token(check: Check, ask: Fetch) -> Outcome:
    get = _getter(check, ask)
    answer = get("user/tokens/verify")
    outcome = judge(answer, _RULES, _FACTS)
    account = check.options.get("account_id")
    if _UNKNOWN_TO_USERS.fits(answer):
        if not account:
            return Outcome(FAIL, outcome.reason + _HINT, outcome.cause)
        if account == "find":
            listed = get("accounts?per_page=1")
            account = next((entry for entry in select(listed, "/result/0/id") if isinstance(entry, str)), None)
            if account is None:
                searched = judge(listed, _LISTED)
                return searched if searched.state == UNKNOWN else outcome
        return _account_token(check, ask, account=account)
    return probe(outcome, get, check.options.get("probe") or ())


def _account_token(check: Check, ask: Fetch, *, account: str = "") -> Outcome:
    get = _getter(check, ask)
    account = account or check.options["account_id"]
    if not re.fullmatch(r"[0-9a-f]{32}", account):
        return Outcome(UNKNOWN, "account_id is not one: 32 hex digits", "declaration")
    outcome = judge(get(f"accounts/{quote(account, safe='')}/tokens/verify"), _RULES, _FACTS)
    return probe(outcome, get, check.options.get("probe") or ())


def _getter(check: Check, ask: Fetch) -> Callable[[str], Answer]:
    return getter(check.options.get("base_url") or _BASE, bearer(check.text()), ask)


_OPTIONS = {"base_url": Option("url"), "probe": Option("words")}
PROVIDERS = {
    "cloudflare_user_token": Provider({**_OPTIONS, "account_id": Option()}, remote=_user_token),
    "cloudflare_account_token": Provider({**_OPTIONS, "account_id": Option(required=True)}, remote=_account_token),
}
