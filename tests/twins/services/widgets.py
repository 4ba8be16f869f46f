# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An invented JSON API that requires several headers, for the generic check."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.twins.services._model import LATER, Meaning, Reply, Request, Scenario, Service, ServiceState, When, specimen

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["WIDGETS"]

APP = {"X-App": "widgets"}
WANTED = {"X-Api-Key": "missing_key", "X-Tenant": "missing_tenant", "X-Api-Version": "missing_version"}
ME = Reply(
    200,
    {
        "ok": True,
        "user": {"name": "alice", "team": {"id": 7}},
        "scopes": ["read", "write"],
        "key": {"expires_at": When(LATER)},
    },
    APP,
)


def _refused(status: int, code: str, headers: Mapping[str, object] = APP) -> Reply:
    return Reply(status, {"ok": False, "error": code}, {**APP, **headers})


NOT_MINE = _refused(401, "INVALID_BEARER_TOKEN")
NOT_FOUND = _refused(404, "not_found")
_ROWS: Mapping[str, tuple[Meaning, str, Reply]] = {
    "valid": ("valid", "status in a set, JSON path equality, header presence", ME),
    "no_content": ("valid", "status in a set", Reply(204, b"", APP)),
    "not_ok": (
        "invalid",
        "200 is not always good: JSON path equality",
        Reply(200, {"ok": False, "error": "revoked"}, APP),
    ),
    "unauthorized": ("invalid", "INVALID_BEARER_TOKEN", NOT_MINE),
    "forbidden": ("insufficient-scope", "403 is not always a bad key", _refused(403, "scope_missing")),
    "gone": ("indeterminate", "unexpected 4xx", _refused(410, "gone")),
    "retry_429": ("rate-limited", "429 with Retry-After", _refused(429, "slow_down", {"Retry-After": 30})),
    "retry_date": ("rate-limited", "429 with a date", _refused(429, "slow_down", {"Retry-After": When(30, "rfc1123")})),
    "bare_429": ("rate-limited", "429", _refused(429, "slow_down")),
    "retry_503": ("rate-limited", "503 with Retry-After", _refused(503, "maintenance", {"Retry-After": 30})),
    "html": ("indeterminate", "HTML where JSON was expected", Reply(200, "<!doctype html><title>Welcome</title>")),
    "redirect": ("indeterminate", "no redirects", Reply(307, "", {"Location": "/widgets/login"})),
}
SCENARIOS = {
    name: Scenario(means, {"GET /v1/me": reply}, specimen(f"widgets {name}", prefix="wdg_test_", length=64), says=says)
    for name, (means, says, reply) in _ROWS.items()
}


def _answer(request: Request, desk: ServiceState) -> Reply:
    for header, code in WANTED.items():
        if len(request.all(header)) != 1:
            return _refused(400, code)
    scenario = desk.find(request.header("X-Api-Key"))
    if scenario is None:
        return NOT_MINE
    return scenario.reply(request) or NOT_FOUND


WIDGETS = Service("widgets", SCENARIOS, _answer)
