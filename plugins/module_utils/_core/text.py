# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Untrusted text made safe to show on a terminal."""

from __future__ import annotations

import unicodedata

__all__ = ["has_control_character", "printable", "single_line"]

_MAX_TEXT = 200_000
# Letters, symbols and marks without any ink; Unicode counts none of them as white space.
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0\U00016fe4\U0001d159")


def has_control_character(text: str) -> bool:
    """True for text with an ASCII control character, such as a newline."""
    return any(ord(character) < 0x20 or ord(character) == 0x7F for character in text)


def single_line(text: str) -> str:
    """Replace every run of white space, control and invisible characters by one blank; none at the ends.

    Invisible are format characters (bidirectional controls, zero-width ones), unassigned ones and blank letters. The
    text is cut at 200,000 characters.
    """
    text = text[:_MAX_TEXT]
    if not (text.isascii() and text.isprintable()):
        text = "".join(" " if unicodedata.category(c)[0] in "CZ" or c in _BLANK else c for c in text)
    return " ".join(text.split())


def printable(text: str) -> str:
    """Remove control and format characters except newline and tab, for text of several lines.

    Unicode's line and paragraph separators become a blank; the text is cut at 200,000 characters.
    """
    kept = (" " if unicodedata.category(c) in {"Zl", "Zp"} else c for c in text[:_MAX_TEXT])
    return "".join(c for c in kept if c in "\n\t" or unicodedata.category(c)[0] != "C")
