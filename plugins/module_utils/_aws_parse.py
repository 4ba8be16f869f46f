# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Parse an AWS file; what botocore refuses is refused here, with its line and how to mend it."""

from __future__ import annotations

import re
import shlex
from typing import NoReturn

from ansible_collections.latchkey.workstation.plugins.module_utils._aws_ini import (
    Ini,
    Option,
    Section,
    is_loose,
    split_line,
)
from ansible_collections.latchkey.workstation.plugins.module_utils._errors import LatchkeyError

__all__ = ["parse", "refuse_double"]

_BOM = "\ufeff"
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_HEADER = re.compile(r"\[(.+)\]")
_DELIMITER = re.compile("[=:]")
_KINDS = ("profile", "sso-session", "services")
_INHERITED = "DEFAULT"  # configparser's own section: may stand twice, is nobody's profile


def parse(data: bytes, *, path: str, credentials: bool) -> Ini:
    """Read ``data``; in a credentials file a header is the profile's name and nothing else."""
    ini, lines = _start(data, path=path, credentials=credentials)
    body: list[Option | str] = ini.head
    loose: list[str] = []
    option: Option | None = None
    depth = 0
    for number, line in enumerate(lines, 1):
        if is_loose(line):
            loose.append(line)
            continue
        indent = len(line) - len(line.lstrip())
        if option is not None and indent > depth:
            option.lines += [*loose, line]
            loose = []
            continue
        body += loose
        loose, depth, option = [], indent, None
        header = _HEADER.match(line.strip())
        if header:
            section = Section(number, header[1], line, _identity(header[1], credentials=credentials))
            ini.sections.append(section)
            body = section.body
        else:
            _refuse_line(line, place=f"{path} line {number}", homeless=not ini.sections)
            option = Option(number, [line])
            body.append(option)
    body += loose
    _refuse_double_keys(ini)
    _refuse_broken_blocks(ini)
    return ini


def refuse_double(ini: Ini, first: Section, second: Section) -> NoReturn:
    """A section that stands twice has no value anybody could rely on."""
    differing = sorted(
        key
        for key in first.values().keys() | second.values().keys()
        if first.values().get(key) != second.values().get(key)
    )
    raise LatchkeyError(
        f"{ini.path} has [{second.header}] twice, in line {first.number} and in line {second.number}",
        remedy=f"they differ in {', '.join(differing)}: keep the right one and delete the other"
        if differing
        else f"they say the same: delete lines {second.number} to {second.last_line()}",
    )


def _start(data: bytes, *, path: str, credentials: bool) -> tuple[Ini, list[str]]:
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise LatchkeyError(f"{path} line {line} is not UTF-8", remedy="save the file as UTF-8") from None
    bom = _BOM if text.startswith(_BOM) else ""
    lines = _LINE.findall(text[len(bom) :])
    ends = [line[len(line.rstrip("\r\n")) :] for line in lines]
    newline = ends[0] if ends and ends[0] else "\n"
    open_end = bool(ends) and not ends[-1]
    if open_end:
        lines[-1] += newline
    return Ini(path, credentials, bom=bom, newline=newline, open_end=open_end), lines


def _identity(header: str, *, credentials: bool) -> tuple[str, str] | None:
    """What a header stands for: its kind and its name."""
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


def _refuse_line(line: str, *, place: str, homeless: bool) -> None:
    if homeless:
        raise LatchkeyError(f"{place} stands before the first [section]", remedy="move it into one or delete it")
    if not _DELIMITER.search(line) or not split_line(line)[0]:
        raise LatchkeyError(f"{place} is neither a [section] nor a key with a value", remedy="correct or delete it")


def _refuse_double_keys(ini: Ini) -> None:
    sections: dict[str, Section] = {}
    options: dict[tuple[str, str], Option] = {}
    for section in ini.sections:
        first = sections.setdefault(section.header, section)
        if first is not section and section.header != _INHERITED:
            refuse_double(ini, first, section)
        for option in section.options():
            twin = options.setdefault((section.header, option.key), option)
            if twin is not option:
                raise LatchkeyError(
                    f"{ini.path} has {option.key} twice in [{section.header}], lines {twin.number} and {option.number}",
                    remedy="delete one of them",
                )


def _refuse_broken_blocks(ini: Ini) -> None:
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
