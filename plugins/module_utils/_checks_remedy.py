# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an outcome means for the credential that was checked: whether absence fails, and the way out of a failure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ansible_collections.latchkey.workstation.plugins.module_utils._checks_base import ABSENT, FAIL, SKIP, references
from ansible_collections.latchkey.workstation.plugins.module_utils._credential import way_to_store

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ansible_collections.latchkey.workstation.plugins.module_utils._checks_row import Seen

    Credential = Mapping[str, Any]

__all__ = ["ANYWHERE", "settle"]

ANYWHERE = "get a valid one from whoever issues it, and declare rotate for the way there"
_BY_ANOTHER_VALUE = {"absent", "rejected", "expired", "malformed", "disabled", "used_up", "scope", "not_yet"}


def settle(credential: Credential, seen: Seen, known: Mapping[str, Credential], user: str) -> Seen:
    """``seen`` as it counts; ``known`` are the member's credentials, ``user`` the name that remedies need, if any."""
    outcome = seen.outcome
    if outcome.state == ABSENT:
        outcome = replace(outcome, state=FAIL if credential["required"] else SKIP)
    if outcome.state == FAIL and not outcome.remedy:
        blamed = known.get(outcome.blame or _borrowed(credential), credential)
        origin = seen.origin if blamed is credential else ""
        way = _way_in(blamed, origin, user) if outcome.cause in _BY_ANOTHER_VALUE else ""
        outcome = replace(outcome, remedy=way or ("" if credential["rotate"] else ANYWHERE))
    return replace(seen, outcome=outcome)


def _borrowed(credential: Credential) -> str:
    """Whose value is checked where this one has none of its own."""
    has_its_own = credential["keychain"] or credential["sources"]
    return "" if has_its_own else next(iter(references(credential["check"] or {})), "")


def _way_in(credential: Credential, origin: str, user: str) -> str:
    """Where a valid value is put in: at the authority that has it now, where we keep it, or at its first source."""
    item, source = credential["keychain"], next(iter(credential["sources"]), None)
    if item and (origin in ("", f"keychain {item['service']}") or origin.partition(" ")[0] == "env"):
        return way_to_store(credential["name"], user)
    if source and not origin:
        words = (source[key] for key in ("kind", "path", "key", "pointer", "name", "service") if source.get(key))
        origin = " ".join(map(str, words))
    return f"put a valid value where it comes from: {origin}" if origin else ""
