# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How arguments are read: BSD getopt, the tokeniser of `-i`, four-character codes, hexadecimal."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .tool import Tool

__all__ = ["Ends", "Usage", "attributes", "options", "split", "unhex"]

MOST_WORDS = 32
FIELDS = {
    "a": "account",
    "c": "creator",
    "C": "type",
    "D": "kind",
    "G": "generic",
    "j": "comment",
    "l": "label",
    "s": "service",
}
SPACE = b" \t\n\v\f\r"


class Ends(Exception):
    """Stops a command with exit status ``result``; its error message was printed before."""

    result = 1


class Usage(Ends):
    result = 2


def options(
    tool: Tool, argv: list[str], spec: str, *, bare: str = ""
) -> tuple[list[tuple[str, str | None]], list[str]]:
    """BSD getopt on argv[1:]: stops at the first word that is no option. `bare` letters may end the line."""
    found: list[tuple[str, str | None]] = []
    rest = argv[1:]
    while rest and rest[0].startswith("-") and rest[0] != "-":
        word = rest.pop(0)[1:]
        if word == "-":
            break
        while word:
            letter, word = word[0], word[1:]
            at = -1 if letter == ":" else spec.find(letter)
            if at < 0:
                tool.error(f"illegal option -- {letter}")
                raise Usage
            if spec[at + 1 : at + 2] != ":":
                found.append((letter, None))
                continue
            if not word and not rest and letter not in bare:
                tool.error(f"option requires an argument -- {letter}")
                raise Usage
            found.append((letter, word or (rest.pop(0) if rest else None)))
            word = ""
    return found, rest


def split(line: bytes) -> list[str]:
    """Split a line into words as the tool's interactive mode does."""
    words: list[bytearray] = []
    quote: int | None = None
    inside = escaped = False
    for byte in line:
        if not inside:
            if byte in SPACE:
                continue
            if len(words) == MOST_WORDS:
                break
            words.append(bytearray())
            inside = True
            quote = byte if byte in b"\"'" else None
            if quote is not None:
                continue
        if escaped:
            words[-1].append(byte)
            escaped = False
        elif byte == ord("\\"):
            escaped = True
        elif byte == quote or (quote is None and byte in SPACE):
            inside = False
        else:
            words[-1].append(byte)
    return [os.fsdecode(bytes(word)) for word in words]


def attributes(tool: Tool, found: list[tuple[str, str | None]]) -> dict[str, str]:
    """The item's attributes that the options name."""
    for letter, value in found:
        if letter in "cC" and len(os.fsencode(value or "")) != 4:
            tool.warn("Error: four-character types must be exactly 4 characters long.\n")
            raise Ends
    return {FIELDS[letter]: value or "" for letter, value in found if letter in FIELDS}


def unhex(digits: str) -> bytes | None:
    """None for anything but digits. An odd count decodes wrongly: the first digit alone, the pairs from the start."""
    if any(digit not in "0123456789abcdefABCDEF" for digit in digits):
        return None
    if len(digits) % 2 == 0:
        return bytes.fromhex(digits)
    return bytes([int(digits[0], 16)]) + bytes.fromhex(digits[:-1])
