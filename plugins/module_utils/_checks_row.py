# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A check as a row of a report: on its way from a member's process, and finished for people."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ansible_collections.latchkey.workstation.plugins.module_utils import _checks_time
from ansible_collections.latchkey.workstation.plugins.module_utils._checks_base import (
    ABSENT,
    FAIL,
    PASS,
    SKIP,
    UNKNOWN,
    Outcome,
)
from ansible_collections.latchkey.workstation.plugins.module_utils._report import clean

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

__all__ = ["Seen", "attention", "finish", "read", "sketch"]

_STATES = (PASS, FAIL, SKIP, UNKNOWN, ABSENT)
_LONGEST = 160
_MOST = 40
_SECONDS_A_DAY = 86400
_SHOWN = re.compile(r"^latchkey: FAIL (\S+): .*\n  .*\n", re.MULTILINE)


@dataclass(frozen=True)
class Seen:
    """What a member's process saw; ``pending`` waits for the issuer's word, ``origin`` is where the value was found."""

    outcome: Outcome
    pending: bool = False
    origin: str = ""
    fingerprint: str = ""
    last_validated: str = ""
    latency_ms: int = 0


def sketch(seen: Seen, without: Callable[[str], str]) -> dict[str, Any]:
    """``seen`` as flat fields that cross a pipe, ``without`` what is secret."""
    outcome = seen.outcome
    told = [outcome.reason, outcome.identity, outcome.remedy, seen.origin]
    texts, scopes = _shown(told, outcome.scopes, without)
    return {
        "outcome": outcome.state,
        "reason": texts[0],
        "cause": outcome.cause,
        "identity": texts[1],
        "scopes": scopes,
        "expires_at": _checks_time.show(outcome.expires_at),
        "hint": texts[2],
        "origin": texts[3],
        "blame": outcome.blame,
        "pending": seen.pending,
        "fingerprint": seen.fingerprint,
        "last_validated": seen.last_validated,
        "latency_ms": seen.latency_ms,
    }


def read(row: Mapping[str, Any] | None) -> Seen:
    """What a row says, every field of it taken as a stranger's word."""
    if row is None or row.get("outcome") not in _STATES:
        return Seen(Outcome(UNKNOWN, "the member's process said nothing of it", "unexpected"))

    def text(key: str) -> str:
        return row[key] if isinstance(row.get(key), str) else ""

    scopes = row.get("scopes")
    latency = row.get("latency_ms")
    return Seen(
        Outcome(
            row["outcome"],
            text("reason"),
            text("cause"),
            identity=text("identity"),
            scopes=scopes if isinstance(scopes, list) else (),
            expires_at=_checks_time.parse(text("expires_at")),
            remedy=text("hint"),
            blame=text("blame"),
        ),
        pending=row.get("pending") is True,
        origin=text("origin"),
        fingerprint=text("fingerprint") if re.fullmatch(r"[0-9a-f]{8}", text("fingerprint")) else "",
        last_validated=_checks_time.show(_checks_time.parse(text("last_validated"))),
        latency_ms=latency if isinstance(latency, int) else 0,
    )


def finish(
    credential: Mapping[str, Any], seen: Seen, without: Callable[[str], str], *, fail_on: Collection[str]
) -> dict[str, Any]:
    """The fields that people, the verdict and the report read, of what is settled."""
    outcome = seen.outcome
    left = (outcome.expires_at - _checks_time.now()).total_seconds() if outcome.expires_at else None
    (reason, identity, remedy), scopes = _shown(
        [outcome.reason, outcome.identity, outcome.remedy], outcome.scopes, without
    )
    return {
        "item": credential["name"],
        "state": _state(outcome.state, fail_on),
        "what": reason,
        "remedy": "" if outcome.state in (PASS, SKIP) else remedy,
        "name": credential["name"],
        "provider": (credential["check"] or {}).get("provider", ""),
        "outcome": outcome.state,
        "reason": reason,
        "cause": outcome.cause,
        "identity": identity,
        "scopes": scopes,
        "expires_at": _checks_time.show(outcome.expires_at),
        "expires_in_days": None if left is None else int(left // _SECONDS_A_DAY),
        "warn": outcome.state == PASS and left is not None and left < credential["warn_before"],
        "fingerprint": seen.fingerprint,
        "latency_ms": seen.latency_ms,
        "last_validated": seen.last_validated,
        "rotate": credential["rotate"],
    }


def attention(rows: Sequence[Mapping[str, Any]], *, before: str = "") -> str:
    """What a new shell shows of the last check: a line for each failure and its way out, nothing when all is well.

    Of ``before``, what was shown until now, stays what ``rows`` do not speak of.
    """
    judged = {row.get("name") for row in rows}
    kept = [block[0] for block in _SHOWN.finditer(before) if block[1] not in judged]
    failures = [row for row in rows if row.get("outcome") == FAIL]
    told = [f"latchkey: FAIL {row['name']}: {row['reason']}\n  {row['remedy'] or row['rotate']}\n" for row in failures]
    return "".join(kept + told)


def _state(outcome: str, fail_on: Collection[str]) -> str:
    if outcome in fail_on:
        return "failed"
    return {PASS: "ok", SKIP: "skipped"}.get(outcome, "unknown")


def _shown(texts: Sequence[str], scopes: Sequence[str], without: Callable[[str], str]) -> tuple[list[str], list[str]]:
    """Texts as they may be seen: nothing secret, nothing a terminal acts on, one line each, not too long."""
    raw = [str(text).replace("\0", "") for text in (*texts, *scopes[:_MOST])]
    shown = [" ".join(clean(text).split()) for text in without("\0".join(raw)).split("\0")]
    cut = [text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…" for text in shown]
    return cut[: len(texts)], cut[len(texts) :]
