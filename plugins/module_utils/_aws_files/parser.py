# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Parse ``~/.aws/config`` or ``~/.aws/credentials`` into an ``Ini``.

A file that botocore refuses raises a LatchkeyError with the line number and the correction: duplicate sections and
keys, lines without a delimiter, keys before the first section, broken blocks, bytes that are not UTF-8.
"""

from __future__ import annotations

import re
import shlex
from typing import NoReturn

from .._core.errors import LatchkeyError
from .ini import Ini, Option, Section, is_blank_or_comment, split_line

__all__ = ["parse", "raise_duplicate_section"]

_BOM = "\ufeff"
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_HEADER = re.compile(r"\[(.+)\]")
_DELIMITER = re.compile("[=:]")
_KINDS = ("profile", "sso-session", "services")
_INHERITED = "DEFAULT"  # configparser's defaults for all sections: may occur twice, is not a profile


def parse(data: bytes, *, path: str, credentials: bool) -> Ini:
    """Parse ``data``; ``path`` is used in errors. In a ``credentials`` file a header is a bare profile name."""
    ini, lines = _split_into_lines(data, path=path, credentials=credentials)
    body: list[Option | str] = ini.preamble
    pending: list[str] = []
    option: Option | None = None
    depth = 0
    for number, line in enumerate(lines, 1):
        if is_blank_or_comment(line):
            pending.append(line)
            continue
        indent = len(line) - len(line.lstrip())
        if option is not None and indent > depth:
            option.lines += [*pending, line]
            pending = []
            continue
        body += pending
        pending, depth, option = [], indent, None
        header = _HEADER.match(line.strip())
        if header:
            section = Section(number, header[1], line, _identity(header[1], credentials=credentials))
            ini.sections.append(section)
            body = section.body
        else:
            _reject_line(line, location=f"{path} line {number}", before_sections=not ini.sections)
            option = Option(number, [line])
            body.append(option)
    body += pending
    _reject_duplicates(ini)
    _reject_broken_blocks(ini)
    return ini


def raise_duplicate_section(ini: Ini, first: Section, second: Section) -> NoReturn:
    """Raise a LatchkeyError that names both lines of a duplicate section and how they differ."""
    differing = sorted(
        key
        for key in first.values().keys() | second.values().keys()
        if first.values().get(key) != second.values().get(key)
    )
    raise LatchkeyError(
        f"{ini.path} has [{second.header}] twice, in line {first.number} and in line {second.number}",
        remedy=f"they differ in {', '.join(differing)}: keep the right one and delete the other"
        if differing
        else f"they are equal: delete lines {second.number} to {second.last_line()}",
    )


def _split_into_lines(data: bytes, *, path: str, credentials: bool) -> tuple[Ini, list[str]]:
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise LatchkeyError(f"{path} line {line} is not UTF-8", remedy="save the file as UTF-8") from None
    bom = _BOM if text.startswith(_BOM) else ""
    lines = _LINE.findall(text[len(bom) :])
    ends = [line[len(line.rstrip("\r\n")) :] for line in lines]
    newline = ends[0] if ends and ends[0] else "\n"
    ends_without_newline = bool(ends) and not ends[-1]
    if ends_without_newline:
        lines[-1] += newline
    return Ini(path, credentials, bom=bom, newline=newline, ends_without_newline=ends_without_newline), lines


def _identity(header: str, *, credentials: bool) -> tuple[str, str] | None:
    """The kind and name of the section that ``header`` begins; None if botocore gives it no meaning."""
    if credentials:
        return ("credentials", header)
    if header == "default":
        return ("profile", header)
    for kind in _KINDS:
        if header.startswith(kind):
            try:
                words = shlex.split(header)
            except ValueError:
                return None
            return (kind, words[1]) if len(words) == 2 else None
    return None


def _reject_line(line: str, *, location: str, before_sections: bool) -> None:
    if before_sections:
        raise LatchkeyError(f"{location} is before the first [section]", remedy="move it into a section or delete it")
    if not _DELIMITER.search(line) or not split_line(line)[0]:
        raise LatchkeyError(f"{location} is neither a [section] nor a key with a value", remedy="correct or delete it")


def _reject_duplicates(ini: Ini) -> None:
    sections: dict[str, Section] = {}
    options: dict[tuple[str, str], Option] = {}
    for section in ini.sections:
        first = sections.setdefault(section.header, section)
        if first is not section and section.header != _INHERITED:
            raise_duplicate_section(ini, first, section)
        for option in section.options():
            other = options.setdefault((section.header, option.key), option)
            if other is not option:
                lines = f"lines {other.number} and {option.number}"
                raise LatchkeyError(
                    f"{ini.path} has {option.key} twice in [{section.header}], {lines}",
                    remedy="delete one of them",
                )


def _reject_broken_blocks(ini: Ini) -> None:
    inherited = {
        option.key: option for section in ini.sections if section.header == _INHERITED for option in section.options()
    }
    for section in ini.sections:
        own = {option.key: option for option in section.options()}
        for option in {**inherited, **own}.values() if section.header != _INHERITED else ():
            text = option.text
            if text.startswith("\n") and any("=" not in line for line in text.splitlines() if line.strip()):
                raise LatchkeyError(
                    f"{ini.path} line {option.number}: a line of the block {option.key} has no =",
                    remedy="correct or delete it",
                )
