# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The two files that shells run, with what is declared filled in: where each credential is kept."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ansible_collections.latchkey.workstation.plugins.module_utils._errors import LatchkeyError
from ansible_collections.latchkey.workstation.plugins.module_utils._exports_env import prove_name
from ansible_collections.latchkey.workstation.plugins.module_utils._exports_library import COMMANDS, RUN
from ansible_collections.latchkey.workstation.plugins.module_utils._exports_readers import READERS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["MADE_BY", "Exported", "render_library", "render_run"]

MADE_BY = "# Made by latchkey.workstation: changes are lost."
_TOOLS = {"security": "/usr/bin/security", "secret_tool": "secret-tool", "dbus_send": "dbus-send"}
_READERS = {"kept", "file", "dotenv", "keychain", "secret_service"}


@dataclass(frozen=True)
class Exported:
    """A credential as shells see it: its variables, those of them that every shell gets, and where it is read.

    A place is a reader of the library below and its arguments; the first that has a value counts. What is not
    ``required`` may have none.
    """

    credential: str
    variables: Sequence[str]
    in_shells: Sequence[str]
    places: Sequence[Sequence[str]]
    required: bool = True


def render_library(exported: Sequence[Exported], *, tools: Mapping[str, str] | None = None) -> str:
    """The text of exports.sh: these credentials, and what reads them."""
    for row in exported:
        _check(row)
    table = {
        "shells": " ".join(name for row in exported for name in row.in_shells),
        "optional": " ".join(name for row in exported if not row.required for name in row.in_shells),
        "all": " ".join(name for row in exported for name in row.variables),
        "names": "\n".join([*map(_by_credential, exported), *_by_variable(exported)]),
        "places": "\n".join(map(_place, exported)),
        **{tool: shlex.quote(path) for tool, path in {**_TOOLS, **(tools or {})}.items()},
    }
    return _fill(COMMANDS + READERS, table)


def render_run(library: str) -> str:
    """The text of latchkey-run, which reads the ``library`` at this path."""
    return _fill(RUN, {"library": shlex.quote(library)})


def _fill(text: str, table: Mapping[str, str]) -> str:
    return re.sub(r"@(\w+)@", lambda mark: {"made_by": MADE_BY, **table}[mark[1]], text)


def _check(row: Exported) -> None:
    for name in row.variables:
        prove_name(name)
    for reader, *_arguments in row.places:
        if reader not in _READERS:
            raise LatchkeyError(f"{row.credential}: shells cannot read it from {reader}")


def _by_credential(row: Exported) -> str:
    return f"    {shlex.quote(row.credential)}) {_found(row.credential, row.variables)} ;;"


def _by_variable(exported: Sequence[Exported]) -> list[str]:
    """Those of shells first: a variable that several env files have is the first one's."""
    rows = [(name, row) for row in exported for name in row.in_shells]
    rows += [(name, row) for row in exported for name in row.variables]
    first = dict(reversed(rows))
    return [f"    {name}) {_found(first[name].credential, [name])} ;;" for name in dict(rows)]


def _found(credential: str, variables: Sequence[str]) -> str:
    return f'_latchkey_credential={shlex.quote(credential)}; "$@" {" ".join(variables)}'


def _place(row: Exported) -> str:
    reads = (" ".join([f"_latchkey_{place[0]}", *map(shlex.quote, place[1:])]) for place in row.places)
    return f"    {shlex.quote(row.credential)}) {' && return; [ $? -lt 2 ] || return 2; '.join(reads)} ;;"
