# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Edits of a parsed AWS file: no line changes but those of the key that is named, and no comment is ever removed."""

from __future__ import annotations

import re
import shlex

from ansible_collections.latchkey.workstation.plugins.module_utils._aws_ini import (
    Ini,
    Option,
    Section,
    Value,
    is_comment,
    is_loose,
    split_line,
)
from ansible_collections.latchkey.workstation.plugins.module_utils._aws_parse import parse
from ansible_collections.latchkey.workstation.plugins.module_utils._errors import LatchkeyError

__all__ = ["add_section", "drop_value", "finish", "get_value", "header_of", "remove_section", "set_value"]

_BLOCK_INDENT = "    "
_QUOTED = re.compile(r"""[\s"'\\]""")


def header_of(kind: str, name: str) -> str:
    """The header the AWS CLI would write."""
    if kind == "credentials" or (kind, name) == ("profile", "default"):
        return name
    return f"{kind} {shlex.quote(name) if _QUOTED.search(name) else name}"


def add_section(ini: Ini, kind: str, name: str) -> Section:
    """A new section at the end, with a blank line before it."""
    if ini.head or ini.sections:
        _body_before(ini, len(ini.sections)).append(ini.newline)
    header = header_of(kind, name)
    section = Section(0, header, f"[{header}]{ini.newline}", (kind, name))
    ini.sections.append(section)
    return section


def remove_section(ini: Ini, section: Section) -> None:
    """Take ``section`` out, with one blank line before it or, at the very top, behind it."""
    place = ini.sections.index(section)
    before = _body_before(ini, place)
    inside, behind = section.body[: _end_of_options(section)], section.body[_end_of_options(section) :]
    if before and _is_blank(before[-1]):
        before.pop()
    elif not before and not place and behind and _is_blank(behind[0]):
        behind.pop(0)
    for entry in inside:
        if isinstance(entry, Option):
            before += _taken_out(ini, entry)
        elif not _is_blank(entry):
            before.append(entry)
    before += behind
    del ini.sections[place]


def get_value(section: Section, key: str, below: str | None = None) -> Value | None:
    option = section.option(key)
    if option is None:
        return None
    value = option.value
    if below is None:
        return value
    return value.get(below) if isinstance(value, dict) else None


def set_value(ini: Ini, section: Section, key: str, value: str, *, below: str | None = None) -> None:
    """Put ``value`` under ``key`` (and ``below``): where it stands, else behind the section's last key."""
    option = section.option(key)
    if option is None:
        place = _end_of_options(section)
        last = section.body[place - 1] if place else None
        indent = _indent(last.lines[0]) if isinstance(last, Option) else _indent_of_next(ini, section)
        option = Option(0, [f"{indent}{key} ={ini.newline}"])
        section.body.insert(place, option)
    if below is None:
        _set_whole(ini, option, value)
    else:
        _set_below(ini, option, below, value)


def drop_value(ini: Ini, section: Section, key: str, below: str | None = None) -> None:
    """Remove ``key``, or what stands ``below`` it; a block with nothing left goes too."""
    option = section.option(key)
    if option is None:
        return
    if below is not None:
        first, *rest = option.lines
        option.lines = [first, *(line for line in rest if is_loose(line) or _block_key(line) != below)]
    if below is None or not option.value:
        place = section.body.index(option)
        section.body[place : place + 1] = _taken_out(ini, option)


def finish(ini: Ini) -> bytes:
    """The edited file, once it is certain that AWS reads in it what was meant."""
    data = ini.render()
    try:
        certain = parse(data, path=ini.path, credentials=ini.credentials).values() == ini.values()
    except LatchkeyError:
        certain = False
    if not certain:
        raise LatchkeyError(
            f"{ini.path} is indented so that an edit would change what AWS reads in other sections",
            remedy="let every [section] line begin in the first column",
        )
    return data


def _set_whole(ini: Ini, option: Option, value: str) -> None:
    _refuse_to_lose(ini, option)
    option.lines[0] = _with_value(option.lines[0], value)


def _set_below(ini: Ini, option: Option, below: str, value: str) -> None:
    if not isinstance(option.value, dict):
        _set_whole(ini, option, "")
    places = [place for place, line in enumerate(option.lines) if place and not is_loose(line)]
    same = [place for place in places if _block_key(option.lines[place]) == below]
    if same:
        line = option.lines[same[-1]]
        option.lines[same[-1]] = _with_value(line, value)
    else:
        indent = _indent(option.lines[places[-1]]) if places else _indent(option.lines[0]) + _BLOCK_INDENT
        option.lines.insert(places[-1] + 1 if places else 1, f"{indent}{below} = {value}{ini.newline}")


def _with_value(line: str, value: str) -> str:
    """``line`` with another value, spelling and spacing around it kept."""
    _key, old, start = split_line(line)
    before = line[:start] if value else line[:start].rstrip()
    gap = " " if value and not old and before[-1] in "=:" else ""
    return before + gap + value + line[start + len(old) :]


def _block_key(line: str) -> str:
    return line.partition("=")[0].strip()


def _refuse_to_lose(ini: Ini, option: Option) -> None:
    """What stands deeper than a key may be something of its own that nobody wants to lose, a [section] even."""
    for number, line in enumerate(option.lines[1:], option.number + 1):
        if not is_loose(line):
            raise LatchkeyError(
                f"{ini.path} line {number} is deeper than {option.key} above it, so it is part of that value "
                "and would be lost with it",
                remedy=f"let it begin in the column of {option.key}, or delete it",
            )


def _taken_out(ini: Ini, option: Option) -> list[str]:
    """The comments that stay of a key that goes; with it goes its block, for that is its value."""
    if isinstance(option.value, str):
        _refuse_to_lose(ini, option)
    return [line for line in option.lines[1:] if is_comment(line)]


def _is_blank(entry: Option | str) -> bool:
    return isinstance(entry, str) and not entry.strip()


def _body_before(ini: Ini, place: int) -> list[Option | str]:
    return ini.sections[place - 1].body if place else ini.head


def _end_of_options(section: Section) -> int:
    return max((place + 1 for place, entry in enumerate(section.body) if isinstance(entry, Option)), default=0)


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def _indent_of_next(ini: Ini, section: Section) -> str:
    """A header deeper than the key above it would be taken for more of that key's value."""
    following = ini.sections[ini.sections.index(section) + 1 :]
    return _indent(following[0].line) if following else ""
