# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Providers of Infisical: universal auth of a machine identity, and access tokens."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from ..._clients.http_request import Request
from ..base import FAIL, PASS, UNKNOWN, Option, Outcome, Provider
from ..http_rules import Facts, Rule, bearer, join, judge

if TYPE_CHECKING:
    from ..base import Check, Fetch

__all__ = ["PROVIDERS"]

_BASE = "https://app.infisical.com"
_MESSAGE = "/message"
_LOGIN = (
    Rule(PASS, "valid", statuses=[200], where={"/accessToken": ...}),
    Rule(
        UNKNOWN,
        "locked for a while after failed logins: do not try again soon",
        "rate_limited",
        [401, 403],
        {_MESSAGE: re.compile("temporarily locked", re.IGNORECASE)},
    ),
    Rule(
        FAIL,
        "the client secret has expired",
        "expired",
        [401, 403],
        {_MESSAGE: re.compile("expired client secret", re.IGNORECASE)},
    ),
    Rule(
        FAIL,
        "the client secret has been used as often as it may",
        "used_up",
        [401, 403],
        {_MESSAGE: re.compile("usage limit", re.IGNORECASE)},
    ),
    Rule(
        UNKNOWN,
        "not allowed from this address, so nothing was judged",
        "address",
        [401, 403],
        {_MESSAGE: re.compile("IP address", re.IGNORECASE)},
    ),
    Rule(FAIL, "credentials rejected", "rejected", [401]),
)
_DETAILS = (
    Rule(PASS, "valid", statuses=range(200, 300), where={"/identityDetails": ...}),
    Rule(FAIL, "access token rejected", "rejected", (401, 403)),
)


def _login(check: Check, ask: Fetch) -> Outcome:
    """Log in: this counts as a use of the client secret and issues an access token, which is dropped."""
    body = {"clientId": check.fill(check.options["client_id"]), "clientSecret": check.text()}
    request = Request(
        join(check.options.get("base_url") or _BASE, "api/v1/auth/universal-auth/login"),
        method="POST",
        headers={"Content-Type": "application/json", "Accept": "application/json"},
        body=json.dumps(body).encode(),
    )
    return judge(ask(request), _LOGIN)


def _token(check: Check, ask: Fetch) -> Outcome:
    url = join(check.options.get("base_url") or _BASE, "api/v1/identities/details")
    facts = Facts(identity=["/identityDetails/organization/name"])
    return judge(ask(Request(url, headers=bearer(check.text()))), _DETAILS, facts)


PROVIDERS = {
    "infisical": Provider(
        {"base_url": Option("url"), "client_id": Option(required=True), "project_id": Option()}, remote=_login
    ),
    "infisical_token": Provider({"base_url": Option("url")}, remote=_token),
}
