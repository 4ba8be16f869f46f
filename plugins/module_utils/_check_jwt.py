# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A JSON Web Token by its own claims: begun, not ended. Its signature is not verified."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from ansible_collections.latchkey.workstation.plugins.module_utils import _checks_time, _jwt
from ansible_collections.latchkey.workstation.plugins.module_utils._checks_base import (
    FAIL,
    PASS,
    UNKNOWN,
    Option,
    Outcome,
    Provider,
)
from ansible_collections.latchkey.workstation.plugins.module_utils._checks_web import words

if TYPE_CHECKING:
    from datetime import datetime

    from ansible_collections.latchkey.workstation.plugins.module_utils._checks_base import Check, Here

__all__ = ["PROVIDERS"]

_SKEW = timedelta(seconds=60)
_ENCRYPTED_PARTS = 5


def _local(check: Check, _here: Here) -> Outcome:
    token = check.text().strip()
    if token.count(".") == _ENCRYPTED_PARTS - 1:
        return Outcome(UNKNOWN, "an encrypted token (JWE), which only its issuer can read", "encrypted")
    claims = _jwt.claims(token)
    if claims is None:
        return Outcome(FAIL, "not a JSON Web Token", "malformed")
    ends, begins = (_checks_time.parse(_number(claims.get(name))) for name in ("exp", "nbf"))
    if "exp" in claims and ends is None:
        return Outcome(FAIL, "its exp is no point in time", "malformed")
    known = Outcome(
        PASS,
        identity=_identity(claims, check.options.get("identity")),
        scopes=words(claims.get("scope") or claims.get("scp") or claims.get("permissions") or []),
        expires_at=ends,
    )
    return _by_clock(ends, begins, refreshable=bool(check.options.get("refresh"))).over(known)


def _by_clock(ends: datetime | None, begins: datetime | None, *, refreshable: bool) -> Outcome:
    now = _checks_time.now()
    if ends and ends + _SKEW <= now:
        if refreshable:
            return Outcome(UNKNOWN, "ended; a refresh token is at hand, only its use would tell", "refreshable")
        return Outcome(FAIL, f"ended {_checks_time.show(ends)}", "expired")
    if begins and begins - _SKEW > now:
        return Outcome(FAIL, f"not valid before {_checks_time.show(begins)}", "not_yet")
    return Outcome(PASS, "not ended; signature not verified" if ends else "it names no end; signature not verified")


def _number(value: Any) -> Any:
    return value if isinstance(value, (int, float)) else None


def _identity(claims: dict[str, Any], wanted: str | None) -> str:
    names = [wanted] if wanted else ["email", "sub"]
    return next((str(claims[name]) for name in names if isinstance(claims.get(name), (str, int))), "")


PROVIDERS = {"jwt": Provider({"identity": Option(), "refresh": Option()}, local=_local)}
