# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Parse the timestamps of issuers (RFC 3339, HTTP dates, Unix seconds and milliseconds) and format them."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any

__all__ = ["now", "parse", "show"]

_WRITTEN = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:\.\d+)?\s*(?:Z|UTC|GMT|([+-]\d\d):?(\d\d))", re.IGNORECASE
)
_MILLISECONDS = 100_000_000_000  # as seconds that would be the year 5138


def now() -> datetime:
    """Current time in UTC."""
    return datetime.now(timezone.utc)


def parse(value: Any) -> datetime | None:
    """Parse a timestamp to UTC; None if it is not one or has no time zone."""
    try:
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return datetime.fromtimestamp(value / 1000 if value > _MILLISECONDS else value, timezone.utc)
        written = _WRITTEN.fullmatch(str(value).strip())
        if written is None:
            return parsedate_to_datetime(value).astimezone(timezone.utc) if str(value).endswith(" GMT") else None
        return datetime.fromisoformat(
            "{}-{}-{}T{}:{}:{}".format(*written.groups()[:6])
            + (f"{written[7]}:{written[8]}" if written[7] else "+00:00")
        ).astimezone(timezone.utc)
    except (ValueError, OverflowError, OSError, TypeError, IndexError):
        return None


def show(moment: datetime | None) -> str:
    """Format as ``2026-01-31T12:00:00Z``, None as an empty string."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment else ""
