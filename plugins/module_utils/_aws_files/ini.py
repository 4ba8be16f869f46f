# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""In-memory model of ``~/.aws/config`` and ``~/.aws/credentials`` that keeps every byte.

A parsed file (``Ini``) holds sections, a section holds options (keys with their lines), comments and blank lines.
Values are interpreted as botocore does: no inline comments, ``=`` or ``:`` as delimiter, keys in any case, a line
indented deeper than the key above it continues that key's value, and a value that begins on the next line is a block
of keys (``s3 =``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Union

__all__ = ["Ini", "Option", "Section", "Value", "is_blank_or_comment", "is_comment", "split_line"]

Value = Union[str, dict[str, str]]

_DELIMITER = re.compile("[=:]")


@dataclass
class Option:
    """A key: its first line, its continuation lines, and the blank lines and comments between them."""

    number: int
    lines: list[str]

    @property
    def key(self) -> str:
        return split_line(self.lines[0])[0].lower()

    @property
    def text(self) -> str:
        """The value as configparser reads it, lines joined by a newline."""
        first, *rest = self.lines
        return "\n".join([split_line(first)[1], *(line.strip() for line in rest if not is_comment(line))]).rstrip()

    @property
    def value(self) -> Value:
        """The value as botocore reads it: text, or a dict for a block."""
        if not self.text.startswith("\n"):
            return self.text
        pairs = (line.partition("=") for line in self.text.splitlines() if line.strip())
        return {key.strip(): value.strip() for key, _sign, value in pairs}


@dataclass
class Section:
    """A header line and the entries below it: options, and blank lines and comments as text.

    ``identity`` is the kind (profile, sso-session, services, credentials) and the name; None for other headers.
    """

    number: int
    header: str
    line: str
    identity: tuple[str, str] | None
    body: list[Option | str] = field(default_factory=list)

    def options(self) -> list[Option]:
        return [entry for entry in self.body if isinstance(entry, Option)]

    def option(self, key: str) -> Option | None:
        return next((option for option in self.options() if option.key == key.lower()), None)

    def values(self) -> dict[str, Value]:
        return {option.key: option.value for option in self.options()}

    def last_line(self) -> int:
        """The number of the last line that belongs to the header or an option."""
        return max([self.number, *(option.number + len(option.lines) - 1 for option in self.options())])


@dataclass
class Ini:
    """A whole file; ``render`` of an unedited one gives the bytes that were parsed.

    ``preamble`` holds the lines before the first section. ``newline`` is the line ending of new lines.
    """

    path: str
    credentials: bool
    bom: str = ""
    newline: str = "\n"
    ends_without_newline: bool = False
    preamble: list[Option | str] = field(default_factory=list)
    sections: list[Section] = field(default_factory=list)

    def find(self, kind: str, name: str) -> list[Section]:
        return [section for section in self.sections if section.identity == (kind, name)]

    def values(self) -> list[tuple[str, dict[str, Value]]]:
        return [(section.header, section.values()) for section in self.sections]

    def render(self) -> bytes:
        lines: list[str] = []
        for body in (self.preamble, *([section.line, *section.body] for section in self.sections)):
            for entry in body:
                lines += entry.lines if isinstance(entry, Option) else [entry]
        if self.ends_without_newline and lines:
            lines[-1] = lines[-1].rstrip("\r\n")
        return (self.bom + "".join(lines)).encode()


def is_comment(line: str) -> bool:
    return line.lstrip().startswith(("#", ";"))


def is_blank_or_comment(line: str) -> bool:
    return is_comment(line) or not line.strip()


def split_line(line: str) -> tuple[str, str, int]:
    """Split a line with a delimiter into its key, its value and the index at which the value begins."""
    key, rest = _DELIMITER.split(line.rstrip("\r\n"), maxsplit=1)
    return key.strip(), rest.strip(), len(key) + 1 + len(rest) - len(rest.lstrip())
