# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a line of somebody's shell profile sets, as far as one line tells; in one pass over it, whatever is in it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

__all__ = ["returns", "setting"]

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
_ASSIGNMENT = re.compile(rb"([A-Za-z_][A-Za-z0-9_]*)\+?=")
_EXPORTS = {b"export", b"typeset", b"declare", b"readonly", b"integer", b"float"}
# An interactive zsh passes these. One bracket takes !=, = and -o for something else.
_GUARD = re.compile(
    rb"""
    (\[\[\s+ (\$-\s+!=\s+\*i\* | !\s+-o\s+interactive) \s+\]\] | \[\[?\s+ -z\s+"?\$PS1"? \s+\]\]?) \s*&&\s* return\b
    | (\[\[\s+ (\$-\s+==?\s+\*i\* | -o\s+interactive) \s+\]\] | \[\[?\s+ -n\s+"?\$PS1"? \s+\]\]?) \s*\|\|\s* return\b
    | case\s+"?\$-"?\s+in\s+ \(?\*i\*\)\s*;; \s*\(?\*\)\s*return(\s+\d+)?\s*;; \s*esac\b
    """,
    re.VERBOSE,
)
_GOES_ON = {b"{", b"if", b"then", b"elif", b"else", b"while", b"until", b"do", b"!"}


def setting(data: bytes, names: Collection[str]) -> Iterator[tuple[str, int]]:
    """Name and number of every line of ``data`` that sets one of ``names``."""
    for number, line in enumerate(data.split(b"\n"), start=1):
        found = set(_variables_set(line)) if any(name.encode() in line for name in names) else set()
        yield from ((name, number) for name in names if name.encode() in found)


def returns(data: bytes) -> Iterator[int]:
    """Numbers of the lines, not indented, that can end ``data`` before its end for an interactive zsh.

    A function's own return does not.
    """
    inside: list[bool] = []
    function = False
    for number, line in enumerate(data.split(b"\n") if b"return" in data else [], start=1):
        command, ends = b"", False
        guard = _GUARD.match(line)
        for token in _TOKEN.finditer(line[:_LONGEST], guard.end() if guard else 0):
            word = token["word"] or b""
            if token["ends"]:
                command, function = b"", token["ends"] == b")"
            elif word == b"{" and (function or not command):
                inside.append(function)
                command, function = b"", False
            elif word == b"}":
                inside[-1:], command = [], b""
            elif word and not command:
                ends = ends or (word == b"return" and not any(inside))
                command, function = (b"" if word in _GOES_ON else word), word == b"function"
        if ends and not line[:1].isspace():
            yield number


def _variables_set(line: bytes) -> Iterator[bytes]:
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
