# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Result types for looking up a credential's value."""

from __future__ import annotations

from dataclasses import dataclass

from .errors import LatchkeyError, MalformedValue, Prerequisite
from .secrets import Secret

__all__ = ["LookupResult", "strip_trailing_newline"]

_CAUSES = ("malformed", "timeout")


@dataclass(frozen=True)
class LookupResult:
    """Result of looking a value up; ``state`` is found (has ``secret``), absent or blocked.

    ``blocked``: the value is unknown (locked, denied, unreachable or damaged), so nothing may be written because of it.
    ``cause``: malformed or timeout where that is why it is blocked. ``prerequisite_missing``: blocked because a tool or
    library for the lookup is missing on this machine. ``exposed``: path of the file if other accounts can read it.
    ``origin`` names the place that was looked at; ``reason`` and ``remedy`` may be shown.
    """

    state: str
    origin: str = ""
    secret: Secret | None = None
    reason: str = ""
    remedy: str = ""
    prerequisite_missing: bool = False
    cause: str = ""
    exposed: str = ""

    @classmethod
    def of(cls, data: bytes, origin: str) -> LookupResult:
        """Result for ``data`` read from ``origin``: absent if empty, blocked if it cannot be a secret, else found."""
        if not data:
            return cls("absent", origin, reason=f"{origin} is empty")
        if b"\0" in data:
            return cls.blocked(MalformedValue(f"{origin} holds a NUL byte, which no secret has"), origin)
        try:
            return cls("found", origin, secret=Secret(data))
        except LatchkeyError as error:
            return cls.blocked(error, origin, prefix=f"{origin}: ")

    @classmethod
    def blocked(cls, error: LatchkeyError, origin: str, *, prefix: str = "") -> LookupResult:
        """Result for a lookup that failed with ``error``; ``prefix`` starts the reason."""
        prerequisite_missing = isinstance(error, Prerequisite)
        return cls(
            "blocked",
            origin,
            reason=prefix + error.message,
            remedy=error.remedy,
            prerequisite_missing=prerequisite_missing,
            cause=error.cause if error.cause in _CAUSES else "",
        )

    @property
    def report_state(self) -> str:
        """Report state for an item that was not written because its value is missing."""
        return "skipped" if self.state == "absent" or self.prerequisite_missing else "unknown"


def strip_trailing_newline(data: bytes) -> bytes:
    """Remove one trailing newline (LF or CRLF), which text tools add to a value."""
    return data[: -2 if data.endswith(b"\r\n") else -1] if data.endswith(b"\n") else data
