# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Twin of the AWS access portal (IAM Identity Center), as far as checks use it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from tests.twins.services._model import Meaning, Reply, Request, Scenario, Service, ServiceState, When, specimen

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ACCOUNT", "AWS_SSO", "ROLE"]

ACCOUNT, ROLE = "111122223333", "Admin"
BEARER = "x-amz-sso_bearer_token"
ACCOUNTS, CREDENTIALS = "/assignment/accounts", "/federation/credentials"


def _refused(status: int, kind: str, message: str) -> Reply:
    full = f"com.amazonaws.switchboard.portal#{kind}"
    return Reply(status, {"message": message, "__type": full}, {"x-amzn-ErrorType": kind})


DEAD = _refused(401, "UnauthorizedException", "Session token not found or invalid")
NO_ACCESS = _refused(403, "ForbiddenException", "No access")
NO_ASSIGNMENT = _refused(404, "ResourceNotFoundException", "The specified resource doesn't exist.")
THROTTLED = _refused(429, "TooManyRequestsException", "Too many requests")
NO_TOKEN = _refused(400, "InvalidRequestException", "1 validation error detected: accessToken must not be null")
NO_PARAMETER = _refused(400, "InvalidRequestException", "role_name and account_id must not be null")
NOT_FOUND = _refused(404, "ResourceNotFoundException", "No such resource")

LISTED = Reply(
    200,
    {
        "nextToken": None,
        "accountList": [{"accountId": ACCOUNT, "accountName": "Example", "emailAddress": "aws@example.com"}],
    },
)
GRANTED = Reply(
    200,
    {
        "roleCredentials": {
            "accessKeyId": specimen("role key", prefix="ASIA", length=16).upper(),
            "secretAccessKey": specimen("role secret"),
            "sessionToken": specimen("role session", length=120),
            "expiration": When(3600, "epoch_ms"),
        }
    },
)
LIVE = {f"GET {ACCOUNTS}": LISTED}
_ROWS: Mapping[str, tuple[Meaning, str, Mapping[str, Reply]]] = {
    "live": ("valid", "200 accountList[]", {**LIVE, f"GET {CREDENTIALS}": GRANTED}),
    "dead": ("invalid", "401 UnauthorizedException = session dead", {"*": DEAD}),
    "throttled": ("rate-limited", "429 TooManyRequests", {"*": THROTTLED}),
    "not_found": ("indeterminate", "404", {"*": NOT_FOUND}),
    "no_role_403": ("insufficient-scope", "403 = no such assignment", {**LIVE, f"GET {CREDENTIALS}": NO_ACCESS}),
    "no_role_404": ("insufficient-scope", "404 = no such assignment", {**LIVE, f"GET {CREDENTIALS}": NO_ASSIGNMENT}),
}
SCENARIOS = {
    name: Scenario(means, replies, specimen(f"aws sso {name}", length=400), says=says)
    for name, (means, says, replies) in _ROWS.items()
}


def _answer(request: Request, desk: ServiceState) -> Reply:
    token = request.header(BEARER)
    if not token:
        return NO_TOKEN
    scenario = desk.find(token)
    if scenario is None or desk.tally[f"logout {token}"]:
        return DEAD
    if (request.method, request.path) == ("POST", "/logout"):
        desk.count(f"logout {token}")  # ends it, for everyone who holds it
        return Reply(200)
    found = scenario.reply(request) or NOT_FOUND
    if request.path == CREDENTIALS:
        asked = parse_qs(request.query)
        if not asked.get("role_name") or not asked.get("account_id"):
            return NO_PARAMETER
        if found is GRANTED and (asked["role_name"][0], asked["account_id"][0]) != (ROLE, ACCOUNT):
            return NO_ACCESS
    return found


AWS_SSO = Service("aws_sso", SCENARIOS, _answer)
