# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rendering of exports.sh and latchkey-run: the shell programs with the declared names and places filled in."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .._core.errors import LatchkeyError
from .env_file import require_variable_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["MADE_BY", "Exported", "Programs", "render_library", "render_run"]

MADE_BY = "# Made by latchkey.workstation: changes are lost."
_TOOLS = {"security": "/usr/bin/security", "secret_tool": "secret-tool", "dbus_send": "dbus-send"}
_READERS = {"kept", "file", "dotenv", "keychain", "secret_service"}
_MARK = re.compile(r"(?: *# )?@(\w+)@")
_SHELLCHECK_DIRECTIVE = re.compile(r"^ *# shellcheck .*\n", re.MULTILINE)


@dataclass(frozen=True)
class Programs:
    """Texts of the shell programs, as they are in roles/shell_exports/files."""

    library: str
    run: str


@dataclass(frozen=True)
class Exported:
    """An exported credential: its variables, those of them that every shell gets, and the places of its value.

    A place is the name of a reader in exports.sh and its arguments; the first place that has a value is used. A
    credential that is not ``required`` may have no value.
    """

    credential: str
    variables: Sequence[str]
    in_shells: Sequence[str]
    places: Sequence[Sequence[str]]
    required: bool = True


def render_library(text: str, exported: Sequence[Exported], *, tools: Mapping[str, str] | None = None) -> str:
    """Fill the program ``text`` of exports.sh; ``tools`` are paths of the programs that read the stores.

    LatchkeyError for a name that no variable can have and for a place that no reader reads.
    """
    for row in exported:
        _check(row)
    return _fill(
        text,
        {
            "shells": " ".join(name for row in exported for name in row.in_shells),
            "optional": " ".join(name for row in exported if not row.required for name in row.in_shells),
            "all": " ".join(name for row in exported for name in row.variables),
            "names": "\n".join([*map(_by_credential, exported), *_by_variable(exported)]),
            "places": "\n".join(map(_place, exported)),
            **{tool: shlex.quote(path) for tool, path in {**_TOOLS, **(tools or {})}.items()},
        },
    )


def render_run(text: str, library: str) -> str:
    """Fill the program ``text`` of latchkey-run, which reads the library at the path ``library``."""
    return _fill(text, {"library": shlex.quote(library)})


def _fill(text: str, values: Mapping[str, str]) -> str:
    """Replace each ``@name@``, with the comment sign before one that stands for lines."""
    return _MARK.sub(lambda mark: values[mark[1]], _SHELLCHECK_DIRECTIVE.sub("", text))


def _check(row: Exported) -> None:
    for name in row.variables:
        require_variable_name(name)
    for reader, *_arguments in row.places:
        if reader not in _READERS:
            raise LatchkeyError(f"{row.credential}: shells cannot read it from {reader}")


def _by_credential(row: Exported) -> str:
    return f"    {shlex.quote(row.credential)}) {_call(row.credential, row.variables)} ;;"


def _by_variable(exported: Sequence[Exported]) -> list[str]:
    """A branch for each variable; one that several credentials have is that of the first, shells' variables first."""
    rows = [(name, row) for row in exported for name in row.in_shells]
    rows += [(name, row) for row in exported for name in row.variables]
    first = dict(reversed(rows))
    return [f"    {name}) {_call(first[name].credential, [name])} ;;" for name in dict(rows)]


def _call(credential: str, variables: Sequence[str]) -> str:
    return f'_latchkey_credential={shlex.quote(credential)}; "$@" {" ".join(variables)}'


def _place(row: Exported) -> str:
    reads = (" ".join([f"_latchkey_{place[0]}", *map(shlex.quote, place[1:])]) for place in row.places)
    return f"    {shlex.quote(row.credential)}) {' && return; [ $? -lt 2 ] || return 2; '.join(reads)} ;;"
