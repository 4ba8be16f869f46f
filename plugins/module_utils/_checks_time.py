# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Moments as issuers write them: RFC 3339, with a zone's name or offset, seconds and milliseconds since 1970."""

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
    return datetime.now(timezone.utc)


def parse(value: Any) -> datetime | None:
    """The moment ``value`` stands for, in UTC; None where it stands for none (local time without a zone too)."""
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
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment else ""
