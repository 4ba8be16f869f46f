# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Result of a member's local checks for one credential, and its conversion to and from a report item."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .._core import timestamps
from .._core.text import single_line
from .base import ABSENT, FAIL, PASS, SKIP, UNKNOWN, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = ["Observation", "common_fields", "displayable", "from_wire", "to_wire"]

_STATES = (PASS, FAIL, SKIP, UNKNOWN, ABSENT)
_MAX_LENGTH = 160
_MAX_SCOPES = 40


@dataclass(frozen=True)
class Observation:
    """Result of the member's process for one credential.

    ``pending``: the issuer is still to be asked. ``origin`` is the source or store item that held the value.
    ``exposed`` is the path of its file if other accounts can read it.
    """

    outcome: Outcome
    pending: bool = False
    origin: str = ""
    fingerprint: str = ""
    last_validated: str = ""
    latency_ms: int = 0
    exposed: str = ""


def common_fields(observation: Observation, redact: Callable[[str], str]) -> dict[str, Any]:
    """Fields that a report item and a result row have in common, without secrets."""
    outcome = observation.outcome
    (reason, identity), scopes = displayable([outcome.reason, outcome.identity], outcome.scopes, redact)
    return {
        "outcome": outcome.state,
        "reason": reason,
        "cause": outcome.cause,
        "identity": identity,
        "scopes": scopes,
        "expires_at": timestamps.show(outcome.expires_at),
        "fingerprint": observation.fingerprint,
        "last_validated": observation.last_validated,
        "latency_ms": observation.latency_ms,
    }


def to_wire(observation: Observation, redact: Callable[[str], str]) -> dict[str, Any]:
    """Flat fields of a report item, without secrets."""
    outcome = observation.outcome
    texts = [outcome.remedy, observation.origin, observation.exposed]
    (hint, origin, exposed), _none = displayable(texts, (), redact)
    return {
        **common_fields(observation, redact),
        "hint": hint,
        "origin": origin,
        "blamed_credential": outcome.blamed_credential,
        "pending": observation.pending,
        "exposed": exposed if exposed == observation.exposed else "",
    }


def from_wire(row: Mapping[str, Any] | None) -> Observation:
    """Observation in a report item; every field is untrusted, and one of another type counts as empty."""
    if row is None or row.get("outcome") not in _STATES:
        return Observation(Outcome(UNKNOWN, "no result from the member's process", "unexpected"))

    def text(key: str) -> str:
        return row[key] if isinstance(row.get(key), str) else ""

    scopes = row.get("scopes")
    latency = row.get("latency_ms")
    return Observation(
        Outcome(
            row["outcome"],
            text("reason"),
            text("cause"),
            identity=text("identity"),
            scopes=scopes if isinstance(scopes, list) else (),
            expires_at=timestamps.parse(text("expires_at")),
            remedy=text("hint"),
            blamed_credential=text("blamed_credential"),
        ),
        pending=row.get("pending") is True,
        origin=text("origin"),
        fingerprint=text("fingerprint") if re.fullmatch(r"[0-9a-f]{8}", text("fingerprint")) else "",
        last_validated=timestamps.show(timestamps.parse(text("last_validated"))),
        latency_ms=latency if isinstance(latency, int) else 0,
        exposed=text("exposed"),
    )


def displayable(
    texts: Sequence[str], scopes: Sequence[str], redact: Callable[[str], str]
) -> tuple[list[str], list[str]]:
    """``texts`` and the first ``scopes`` without secrets and control characters, each one line of limited length."""
    raw = [str(text).replace("\0", "") for text in (*texts, *scopes[:_MAX_SCOPES])]
    lines = [single_line(text) for text in redact("\0".join(raw)).split("\0")]
    cut = [line if len(line) <= _MAX_LENGTH else line[: _MAX_LENGTH - 1] + "…" for line in lines]
    return cut[: len(texts)], cut[len(texts) :]
