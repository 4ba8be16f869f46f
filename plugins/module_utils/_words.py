# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Words of a declaration: how a wrong one is shown, the valid one nearest to it, lists of them, and durations."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["is_duration", "is_words", "nearest", "seconds", "shown"]

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_DURATION = re.compile(r"([0-9]{1,6})([smhdw])")
_HARMLESS = re.compile(r"(?=.{0,24}\Z)[A-Za-z_.-]*([0-9][A-Za-z_.-]*){0,2}")


def shown(word: object, words: Iterable[str] = ()) -> str:
    """``word`` as an error may repeat it: short and of letters, or like one of ``words``.

    Any other could be a secret that was put in the wrong place.
    """
    text = str(word)
    return text if _HARMLESS.fullmatch(text) or _close(text, words, 0.8) else "(what is written there)"


def nearest(word: object, words: Iterable[str]) -> str:
    """A hint at the valid word somebody probably meant."""
    known = sorted(words)
    close = _close(str(word), known, 0.5)
    return f'did you mean "{close[0]}"?' if close else f"known: {', '.join(known)}" if known else "none is declared"


def _close(text: str, words: Iterable[str], cutoff: float) -> list[str]:
    return difflib.get_close_matches(text, words, n=1, cutoff=cutoff)


def seconds(duration: str) -> int:
    """``10s``, ``6h``, ``32d`` in seconds; ValueError for anything else."""
    match = _DURATION.fullmatch(str(duration))
    if not match:
        raise ValueError(duration)
    return int(match[1]) * _UNITS[match[2]]


def is_duration(value: object) -> bool:
    return bool(_DURATION.fullmatch(str(value)))


def is_words(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(word, str) for word in value)
