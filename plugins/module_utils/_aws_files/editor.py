# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Edit a parsed AWS file in place: add and remove sections, set and remove values.

Only the lines of the named key change, and comments are never removed. ``render_verified`` checks that AWS will read
the edited file as intended.
"""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

from .._core.errors import LatchkeyError
from .ini import Ini, Option, Section, Value, is_blank_or_comment, is_comment, split_line
from .parser import parse

if TYPE_CHECKING:
    from .declared import KeyPath

__all__ = ["add_section", "get_value", "header_of", "remove_section", "remove_value", "render_verified", "set_value"]

_BLOCK_INDENT = "    "
_QUOTED = re.compile(r"""[\s"'\\]""")


def header_of(kind: str, name: str) -> str:
    """The header that the AWS CLI writes for this section."""
    if kind == "credentials" or (kind, name) == ("profile", "default"):
        return name
    return f"{kind} {shlex.quote(name) if _QUOTED.search(name) else name}"


def add_section(ini: Ini, kind: str, name: str) -> Section:
    """Append a section to the file, with a blank line before it."""
    if ini.preamble or ini.sections:
        _body_before(ini, len(ini.sections)).append(ini.newline)
    header = header_of(kind, name)
    section = Section(0, header, f"[{header}]{ini.newline}", (kind, name))
    ini.sections.append(section)
    return section


def remove_section(ini: Ini, section: Section) -> None:
    """Remove ``section`` and one blank line: the one before it or, for the first section, the one after it."""
    index = ini.sections.index(section)
    before = _body_before(ini, index)
    inside, after = section.body[: _end_of_options(section)], section.body[_end_of_options(section) :]
    if before and _is_blank(before[-1]):
        before.pop()
    elif not before and not index and after and _is_blank(after[0]):
        after.pop(0)
    for entry in inside:
        if isinstance(entry, Option):
            before += _comments_of_removed(ini, entry)
        elif not _is_blank(entry):
            before.append(entry)
    before += after
    del ini.sections[index]


def get_value(section: Section, path: KeyPath) -> Value | None:
    option = section.option(path.key)
    if option is None:
        return None
    value = option.value
    if path.nested is None:
        return value
    return value.get(path.nested) if isinstance(value, dict) else None


def set_value(ini: Ini, section: Section, path: KeyPath, value: str) -> None:
    """Set a key, on its line if it exists, else after the section's last key."""
    option = section.option(path.key)
    if option is None:
        index = _end_of_options(section)
        last = section.body[index - 1] if index else None
        indent = _indent(last.lines[0]) if isinstance(last, Option) else _indent_of_next(ini, section)
        option = Option(0, [f"{indent}{path.key} ={ini.newline}"])
        section.body.insert(index, option)
    if path.nested is None:
        _set_whole(ini, option, value)
    else:
        _set_nested(ini, option, path.nested, value)


def remove_value(ini: Ini, section: Section, path: KeyPath) -> None:
    """Remove a key; a block that becomes empty is removed as well."""
    option = section.option(path.key)
    if option is None:
        return
    if path.nested is not None:
        first, *rest = option.lines
        option.lines = [first, *(line for line in rest if is_blank_or_comment(line) or _block_key(line) != path.nested)]
    if path.nested is None or not option.value:
        index = section.body.index(option)
        section.body[index : index + 1] = _comments_of_removed(ini, option)


def render_verified(ini: Ini) -> bytes:
    """The bytes of the edited file; LatchkeyError if parsing them does not give the values of ``ini``."""
    data = ini.render()
    try:
        verified = parse(data, path=ini.path, credentials=ini.credentials).values() == ini.values()
    except LatchkeyError:
        verified = False
    if not verified:
        raise LatchkeyError(
            f"{ini.path} is indented so that an edit would change what AWS reads in other sections",
            remedy="start every [section] line in the first column",
        )
    return data


def _set_whole(ini: Ini, option: Option, value: str) -> None:
    _reject_lost_lines(ini, option)
    option.lines[0] = _with_value(option.lines[0], value)


def _set_nested(ini: Ini, option: Option, nested: str, value: str) -> None:
    if not isinstance(option.value, dict):
        _set_whole(ini, option, "")
    lines = [index for index, line in enumerate(option.lines) if index and not is_blank_or_comment(line)]
    same = [index for index in lines if _block_key(option.lines[index]) == nested]
    if same:
        line = option.lines[same[-1]]
        option.lines[same[-1]] = _with_value(line, value)
    else:
        indent = _indent(option.lines[lines[-1]]) if lines else _indent(option.lines[0]) + _BLOCK_INDENT
        option.lines.insert(lines[-1] + 1 if lines else 1, f"{indent}{nested} = {value}{ini.newline}")


def _with_value(line: str, value: str) -> str:
    """Replace the value in ``line``, keeping the spelling of the key and the spacing."""
    _key, old, start = split_line(line)
    before = line[:start] if value else line[:start].rstrip()
    gap = " " if value and not old and before[-1] in "=:" else ""
    return before + gap + value + line[start + len(old) :]


def _block_key(line: str) -> str:
    return line.partition("=")[0].strip()


def _reject_lost_lines(ini: Ini, option: Option) -> None:
    """Raise if the value has continuation lines: they may be a section or key that was indented by mistake."""
    for number, line in enumerate(option.lines[1:], option.number + 1):
        if not is_blank_or_comment(line):
            raise LatchkeyError(
                f"{ini.path} line {number} is indented deeper than {option.key} above it, so AWS reads it as part of "
                "that value, and this edit would remove it",
                remedy=f"start it in the column of {option.key}, or delete it",
            )


def _comments_of_removed(ini: Ini, option: Option) -> list[str]:
    """The comment lines to keep when ``option`` is removed together with its block."""
    if isinstance(option.value, str):
        _reject_lost_lines(ini, option)
    return [line for line in option.lines[1:] if is_comment(line)]


def _is_blank(entry: Option | str) -> bool:
    return isinstance(entry, str) and not entry.strip()


def _body_before(ini: Ini, index: int) -> list[Option | str]:
    return ini.sections[index - 1].body if index else ini.preamble


def _end_of_options(section: Section) -> int:
    return max((index + 1 for index, entry in enumerate(section.body) if isinstance(entry, Option)), default=0)


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def _indent_of_next(ini: Ini, section: Section) -> str:
    """The indent of the next header: it would be read as a continuation of a key that is indented less."""
    following = ini.sections[ini.sections.index(section) + 1 :]
    return _indent(following[0].line) if following else ""
