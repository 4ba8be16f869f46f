# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Provider that checks the times in a JSON Web Token's claims. The signature is not verified."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from ..._core import timestamps
from ..base import FAIL, PASS, UNKNOWN, Option, Outcome, Provider
from ..http_rules import parse_scopes

if TYPE_CHECKING:
    from datetime import datetime

    from ..base import Check, LocalContext

__all__ = ["PROVIDERS"]

_SKEW = timedelta(seconds=60)
_PARTS, _ENCRYPTED_PARTS = 3, 5


def _local(check: Check, _here: LocalContext) -> Outcome:
    token = check.text().strip()
    if token.count(".") == _ENCRYPTED_PARTS - 1:
        return Outcome(UNKNOWN, "an encrypted token (JWE), which only its issuer can read", "encrypted")
    claims = _claims(token)
    if claims is None:
        return Outcome(FAIL, "not a JSON Web Token", "malformed")
    expires, not_before = (timestamps.parse(_number(claims.get(name))) for name in ("exp", "nbf"))
    if "exp" in claims and expires is None:
        return Outcome(FAIL, "its exp is no point in time", "malformed")
    known = Outcome(
        PASS,
        identity=_identity(claims, check.options.get("identity")),
        scopes=parse_scopes(claims.get("scope") or claims.get("scp") or claims.get("permissions") or []),
        expires_at=expires,
    )
    return _by_clock(expires, not_before, refreshable=bool(check.options.get("refresh"))).merged_over(known)


def _claims(token: str) -> dict[str, Any] | None:
    """Payload of a compact token of three parts; None for anything else."""
    parts = token.split(".")
    if len(parts) != _PARTS:
        return None
    try:
        head, payload = (json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))) for part in parts[:2])
    except (ValueError, RecursionError):
        return None
    return payload if isinstance(head, dict) and isinstance(payload, dict) else None


def _by_clock(expires: datetime | None, not_before: datetime | None, *, refreshable: bool) -> Outcome:
    now = timestamps.now()
    if expires and expires + _SKEW <= now:
        if refreshable:
            return Outcome(UNKNOWN, "ended; a refresh token is at hand, only its use would tell", "refreshable")
        return Outcome(FAIL, f"ended {timestamps.show(expires)}", "expired")
    if not_before and not_before - _SKEW > now:
        return Outcome(FAIL, f"not valid before {timestamps.show(not_before)}", "not_yet")
    return Outcome(PASS, "not ended; signature not verified" if expires else "it names no end; signature not verified")


def _number(value: Any) -> Any:
    return value if isinstance(value, (int, float)) else None


def _identity(claims: dict[str, Any], wanted: str | None) -> str:
    names = [wanted] if wanted else ["email", "sub"]
    return next((str(claims[name]) for name in names if isinstance(claims.get(name), (str, int))), "")


PROVIDERS = {"jwt": Provider({"identity": Option(), "refresh": Option()}, local=_local)}
