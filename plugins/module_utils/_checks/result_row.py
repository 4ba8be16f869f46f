# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Result rows of checks: whether absence fails, the remedy of a failure, and the notice that a new shell shows."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .._core import timestamps
from .._core.credential import store_command
from .base import ABSENT, FAIL, PASS, SKIP, references
from .observation import common_fields, displayable

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from .observation import Observation

    Credential = Mapping[str, Any]

__all__ = ["ANYWHERE", "login_notice", "resolve", "to_result_row"]

ANYWHERE = "get a valid one from its issuer, and declare under rotate how"
_BY_ANOTHER_VALUE = {"absent", "rejected", "expired", "malformed", "disabled", "used_up", "scope", "not_yet"}
_NOTICE = re.compile(r"^latchkey: FAIL (\S+): .*\n  .*\n", re.MULTILINE)
_SECONDS_A_DAY = 86400


def resolve(
    credential: Credential, observation: Observation, declared: Mapping[str, Credential], user: str
) -> Observation:
    """Replace ABSENT by FAIL or SKIP and give a FAIL its remedy.

    ``declared`` holds the member's credentials by name. ``user`` is the roster name that remedies have to name, empty
    where one member is served.
    """
    outcome = observation.outcome
    if outcome.state == ABSENT:
        outcome = replace(outcome, state=FAIL if credential["required"] else SKIP)
    if outcome.state == FAIL and not outcome.remedy:
        blamed = declared.get(outcome.blamed_credential or _checked_instead(credential), credential)
        origin = observation.origin if blamed is credential else ""
        remedy = _replace_value(blamed, origin, user) if outcome.cause in _BY_ANOTHER_VALUE else ""
        outcome = replace(outcome, remedy=remedy or ("" if credential["rotate"] else ANYWHERE))
    return replace(observation, outcome=outcome)


def to_result_row(
    credential: Credential, observation: Observation, redact: Callable[[str], str], *, fail_on: Collection[str]
) -> dict[str, Any]:
    """Row of the module's result for a resolved observation; the fields are those of the module's RETURN."""
    outcome = observation.outcome
    left = (outcome.expires_at - timestamps.now()).total_seconds() if outcome.expires_at else None
    common = common_fields(observation, redact)
    (remedy,), _none = displayable([outcome.remedy], (), redact)
    return {
        **common,
        "item": credential["name"],
        "state": _report_state(outcome.state, fail_on),
        "what": common["reason"],
        "remedy": "" if outcome.state in (PASS, SKIP) else remedy,
        "name": credential["name"],
        "provider": (credential["check"] or {}).get("provider", ""),
        "expires_in_days": None if left is None else int(left // _SECONDS_A_DAY),
        "warn": outcome.state == PASS and left is not None and left < credential["warn_before"],
        "rotate": credential["rotate"],
    }


def login_notice(rows: Sequence[Mapping[str, Any]], *, before: str = "") -> str:
    """Text that a new shell shows: two lines for each failed row, reason and remedy; empty without failures.

    ``before`` is the notice until now. Its lines about credentials that are not in ``rows`` are kept.
    """
    checked = {row.get("name") for row in rows}
    kept = [block[0] for block in _NOTICE.finditer(before) if block[1] not in checked]
    failures = [row for row in rows if row.get("outcome") == FAIL]
    added = [f"latchkey: FAIL {row['name']}: {row['reason']}\n  {row['remedy'] or row['rotate']}\n" for row in failures]
    return "".join(kept + added)


def _checked_instead(credential: Credential) -> str:
    """The credential whose value is checked where ``credential`` has none of its own."""
    has_its_own = credential["keychain"] or credential["sources"]
    return "" if has_its_own else next(iter(references(credential["check"] or {})), "")


def _replace_value(credential: Credential, origin: str, user: str) -> str:
    """Remedy that puts in a valid value: in the authority at ``origin``, in the store, or in the first source."""
    item, source = credential["keychain"], next(iter(credential["sources"]), None)
    if item and (origin in ("", f"keychain {item['service']}") or origin.partition(" ")[0] == "env"):
        return store_command(credential["name"], user)
    if source and not origin:
        words = (source[key] for key in ("kind", "path", "key", "pointer", "name", "service") if source.get(key))
        origin = " ".join(map(str, words))
    return _at_source(origin) if origin else ""


def _at_source(origin: str) -> str:
    """Remedy that puts a valid value into the source ``origin``, given as kind and place."""
    kind, _blank, place = origin.partition(" ")
    path, _blank, key = place.rpartition(" ")
    return {
        "env": f"set the variable {place} to a valid value",
        "file": f"write a valid value to the file {place}",
        "dotenv": f"write a valid value to {path} as {key}",
        "json": f"write a valid value to {path} at {key}",
        "command": f"let {place} print a valid value",
        "keychain": f"put a valid value into the keychain item {place}",
        "ssm": f"put a valid value into the parameter {place}",
    }.get(kind, f"put a valid value into {origin}")


def _report_state(outcome: str, fail_on: Collection[str]) -> str:
    if outcome in fail_on:
        return "failed"
    return {PASS: "ok", SKIP: "skipped"}.get(outcome, "unknown")
