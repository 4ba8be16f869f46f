# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a line of somebody's shell profile sets, as far as one line tells; in one pass over it, whatever is in it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["variables_set"]

_LONGEST = 4096
# Every piece of a word is known by how it begins, and ends with the line at the latest: nothing is tried twice.
_PIECES = (
    rb'"(?:[^"\\]|\\.)*(?:"|\\?\Z)',
    rb"'[^']*(?:'|\Z)",
    rb"`[^`]*(?:`|\Z)",
    rb"\$\([^()]*(?:\([^()]*\)[^()]*)*\)?",
    rb"\$\{[^}]*(?:\}|\Z)",
    rb"\\(?:.|\Z)",
    rb"\$(?![({])",
    rb"[^\s;&|()\"'`\\$]",
)
_TOKEN = re.compile(rb"#.*|(?P<ends>[;&|()])|(?P<word>(?:" + rb"|".join(_PIECES) + rb")+)", re.DOTALL)
_ASSIGNMENT = re.compile(rb"([A-Za-z_][A-Za-z0-9_]*)=")
_EXPORTS = {b"export", b"typeset", b"declare", b"readonly"}
_GOES_ON = {b"{", b"if", b"then", b"elif", b"else", b"while", b"until", b"do", b"!"}


def variables_set(line: bytes) -> Iterator[bytes]:
    """The variables that the commands of ``line`` set or unset: not those that are set for one command only."""
    command = b""
    assigned: list[bytes] = []
    for token in _TOKEN.finditer(line[:_LONGEST]):
        word, assignment = token["word"] or b"", _ASSIGNMENT.match(token["word"] or b"")
        if token["ends"] or word == b"}":
            yield from assigned
            command, assigned = b"", []
        elif command == b"unset":
            yield word
        elif assignment and (not command or command in _EXPORTS):
            assigned.append(assignment[1])
        elif word and not command and not (word in _GOES_ON and not assigned):
            command, assigned = word, []
    if len(line) <= _LONGEST:
        yield from assigned
