# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Infisical: a machine identity's universal auth, and an access token that is at hand already."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from ansible_collections.latchkey.workstation.plugins.module_utils._checks_base import (
    FAIL,
    PASS,
    UNKNOWN,
    Option,
    Outcome,
    Provider,
)
from ansible_collections.latchkey.workstation.plugins.module_utils._checks_web import Facts, Rule, bearer, join, judge
from ansible_collections.latchkey.workstation.plugins.module_utils._http import Request

if TYPE_CHECKING:
    from ansible_collections.latchkey.workstation.plugins.module_utils._checks_base import Ask, Check

__all__ = ["PROVIDERS"]

_BASE = "https://app.infisical.com"
_SAYS = "/message"
_LOGIN = (
    Rule(PASS, "valid", statuses=[200], where={"/accessToken": ...}),
    Rule(
        UNKNOWN,
        "locked for a while after failed logins: do not try again soon",
        "rate_limited",
        [401, 403],
        {_SAYS: re.compile("temporarily locked", re.IGNORECASE)},
    ),
    Rule(
        FAIL,
        "the client secret has expired",
        "expired",
        [401, 403],
        {_SAYS: re.compile("expired client secret", re.IGNORECASE)},
    ),
    Rule(
        FAIL,
        "the client secret has been used as often as it may",
        "used_up",
        [401, 403],
        {_SAYS: re.compile("usage limit", re.IGNORECASE)},
    ),
    Rule(
        UNKNOWN,
        "not allowed from this address, so nothing was judged",
        "address",
        [401, 403],
        {_SAYS: re.compile("IP address", re.IGNORECASE)},
    ),
    Rule(FAIL, "credentials rejected", "rejected", [401]),
)
_DETAILS = (
    Rule(PASS, "valid", statuses=range(200, 300), where={"/identityDetails": ...}),
    Rule(FAIL, "access token rejected", "rejected", (401, 403)),
)


def _login(check: Check, ask: Ask) -> Outcome:
    """A login: it counts as a use of the client secret, and mints an access token nobody keeps."""
    body = {"clientId": check.fill(check.options["client_id"]), "clientSecret": check.text()}
    request = Request(
        join(check.options.get("base_url") or _BASE, "api/v1/auth/universal-auth/login"),
        method="POST",
        headers={"Content-Type": "application/json", "Accept": "application/json"},
        body=json.dumps(body).encode(),
    )
    return judge(ask(request), _LOGIN)


def _token(check: Check, ask: Ask) -> Outcome:
    url = join(check.options.get("base_url") or _BASE, "api/v1/identities/details")
    facts = Facts(identity=["/identityDetails/organization/name"])
    return judge(ask(Request(url, headers=bearer(check.text()))), _DETAILS, facts)


PROVIDERS = {
    "infisical": Provider(
        {"base_url": Option("url"), "client_id": Option(required=True), "project_id": Option()}, remote=_login
    ),
    "infisical_token": Provider({"base_url": Option("url")}, remote=_token),
}
