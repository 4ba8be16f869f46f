# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Validation of declared words, durations and URLs, and how an error shows a wrong word."""

from __future__ import annotations

import datetime as dt
import difflib
import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from .errors import LatchkeyError

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "is_duration",
    "is_loopback",
    "is_words",
    "parse_duration",
    "require_safe",
    "safe_to_echo",
    "suggest",
    "unquoted_hint",
]

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_DURATION = re.compile(r"([0-9]{1,6})([smhdw])")
_HARMLESS = re.compile(r"(?=.{0,24}\Z)[A-Za-z_.-]*([0-9][A-Za-z_.-]*){0,2}")


def safe_to_echo(word: object, words: Iterable[str] = ()) -> str:
    """Return ``word`` if an error may repeat it: short and of letters, or similar to one of ``words``.

    Any other word could be a secret in the wrong place and is replaced by a placeholder.
    """
    text = str(word)
    return text if _HARMLESS.fullmatch(text) or _close(text, words, 0.8) else "(what is written there)"


def suggest(word: object, words: Iterable[str]) -> str:
    """Hint with the most similar valid word, else with all of them."""
    known = sorted(words)
    close = _close(str(word), known, 0.5)
    return f'did you mean "{close[0]}"?' if close else f"known: {', '.join(known)}" if known else "none is declared"


def _close(text: str, words: Iterable[str], cutoff: float) -> list[str]:
    return difflib.get_close_matches(text, words, n=1, cutoff=cutoff)


def unquoted_hint(value: object) -> str:
    """Hint for a value, or the first item of a list, that YAML does not read as text without quotes; else empty.

    Begins with a comma, to follow "must be text". Never repeats the value, which may be a secret.
    """
    if isinstance(value, (list, tuple)):
        return next((hint for hint in map(unquoted_hint, value) if hint), "")
    if isinstance(value, bool):
        kind = "true or false (as it does yes, no, on and off)"
    elif isinstance(value, (int, float)):
        kind = "a number"
    elif isinstance(value, (dt.date, dt.datetime)):
        kind = "a date"
    elif value is None:
        kind = "nothing (null)"
    else:
        return ""
    return f", but YAML reads what is written there as {kind}: quote it"


def parse_duration(duration: str) -> int:
    """Convert ``10s``, ``6h`` or ``32d`` to seconds; ValueError for anything else."""
    match = _DURATION.fullmatch(str(duration))
    if not match:
        raise ValueError(duration)
    return int(match[1]) * _UNITS[match[2]]


def is_duration(value: object) -> bool:
    """True for a value that :func:`parse_duration` accepts."""
    return bool(_DURATION.fullmatch(str(value)))


def is_words(value: object) -> bool:
    """True for a list of strings."""
    return isinstance(value, list) and all(isinstance(word, str) for word in value)


def is_loopback(url: str) -> bool:
    """True if the host of ``url`` is a loopback address or localhost."""
    try:
        return urlsplit(url).hostname in {"localhost", "127.0.0.1", "::1"}
    except ValueError:
        return False


def require_safe(url: str) -> str:
    """Return ``url`` if it is https, or http to loopback; raise LatchkeyError otherwise."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - the property validates the port
    except ValueError:
        raise LatchkeyError("an address is no URL", remedy="declare an https address") from None
    if parts.username or parts.password:
        raise LatchkeyError("a URL must not carry a user name or password", remedy="declare them as headers")
    if not parts.hostname or not (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(url))):
        raise LatchkeyError(f"{parts.scheme}://{parts.hostname or ''} is not used", remedy="declare an https address")
    return url
