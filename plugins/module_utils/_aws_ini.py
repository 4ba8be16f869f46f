# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files of the AWS CLI as botocore reads them, with every byte kept.

No inline comments, ``=`` or ``:``, keys in any case, a deeper line continues the value above it, and a value that
begins on the next line is a block of its own (``s3 =``). What botocore refuses is refused here, with its line.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from typing import NoReturn, Union

from ansible_collections.latchkey.workstation.plugins.module_utils._errors import LatchkeyError

__all__ = ["Ini", "Option", "Section", "Value", "is_comment", "is_loose", "parse", "refuse_double", "split_line"]

Value = Union[str, dict[str, str]]

_BOM = "\ufeff"
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_HEADER = re.compile(r"\[(.+)\]")
_DELIMITER = re.compile("[=:]")
_KINDS = ("profile", "sso-session", "services")
_INHERITED = "DEFAULT"  # configparser's own section: may stand twice, is nobody's profile


@dataclass
class Option:
    """A key: its first line, the lines that continue it, and the blank lines and comments between them."""

    number: int
    lines: list[str]

    @property
    def key(self) -> str:
        return split_line(self.lines[0])[0].lower()

    @property
    def text(self) -> str:
        """The value as configparser reads it."""
        first, *rest = self.lines
        return "\n".join([split_line(first)[1], *(line.strip() for line in rest if not is_comment(line))]).rstrip()

    @property
    def value(self) -> Value:
        """The value as botocore reads it."""
        if not self.text.startswith("\n"):
            return self.text
        pairs = (line.partition("=") for line in self.text.splitlines() if line.strip())
        return {key.strip(): value.strip() for key, _, value in pairs}


@dataclass
class Section:
    """A header line and what stands below it: options, and blank lines and comments as they are."""

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
        return max([self.number, *(option.number + len(option.lines) - 1 for option in self.options())])


@dataclass
class Ini:
    """A whole file; ``render`` of what was just parsed gives the same bytes."""

    path: str
    credentials: bool
    bom: str = ""
    newline: str = "\n"
    open_end: bool = False
    head: list[Option | str] = field(default_factory=list)
    sections: list[Section] = field(default_factory=list)

    def find(self, kind: str, name: str) -> list[Section]:
        return [section for section in self.sections if section.identity == (kind, name)]

    def values(self) -> list[tuple[str, dict[str, Value]]]:
        return [(section.header, section.values()) for section in self.sections]

    def render(self) -> bytes:
        lines: list[str] = []
        for body in (self.head, *([section.line, *section.body] for section in self.sections)):
            for entry in body:
                lines += entry.lines if isinstance(entry, Option) else [entry]
        if self.open_end and lines:
            lines[-1] = lines[-1].rstrip("\r\n")
        return (self.bom + "".join(lines)).encode()


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


def is_comment(line: str) -> bool:
    return line.lstrip().startswith(("#", ";"))


def is_loose(line: str) -> bool:
    return is_comment(line) or not line.strip()


def split_line(line: str) -> tuple[str, str, int]:
    """Key, value, and where the value begins, of a line that has a delimiter."""
    key, rest = _DELIMITER.split(line.rstrip("\r\n"), maxsplit=1)
    return key.strip(), rest.strip(), len(key) + 1 + len(rest) - len(rest.lstrip())


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
