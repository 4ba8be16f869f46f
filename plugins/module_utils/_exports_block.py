# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The managed block in the bytes of a ~/.zshrc; everything outside it stays byte for byte."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ansible_collections.latchkey.workstation.plugins.module_utils import _exports_lines
from ansible_collections.latchkey.workstation.plugins.module_utils._errors import LatchkeyError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

__all__ = ["ATTENTION", "LIBRARY", "overrides", "place", "render", "returns", "show", "strip"]

LIBRARY = "~/.local/share/latchkey/exports.sh"
ATTENTION = "~/.local/state/latchkey/attention"
_BEGIN = b"# >>> latchkey >>>"
_END = b"# <<< latchkey <<<"
_MARKS = re.compile(rb"^(" + re.escape(_BEGIN) + rb"|" + re.escape(_END) + rb").*\n?", re.MULTILINE)
_HEAD = " made by latchkey.workstation: changes between these two lines are lost\n"
_EXPORTS = """if [[ -r {library} ]]; then
  emulate -R sh -o no_aliases -c '. {library}'
  latchkey_export \\
{names}
fi
"""
_HOOK = '[[ -o interactive && -s {attention} ]] && print -ru2 -- "$(<{attention})"\n'
_NAME = re.compile(r"    [A-Za-z_][A-Za-z0-9_]*( \\)?")
_FOREIGN = "(a line that is not ours)"


def render(names: Sequence[str], *, library: str, attention: str = "") -> bytes:
    """The block that exports ``names`` and shows what stands in ``attention``, if that is wanted and there is any.

    Both are paths without anything a shell would act on but ~. Nothing to do makes no block.
    """
    listed = " \\\n".join(f"    {name}" for name in names)
    exports = _EXPORTS.format(library=library, names=listed) if names else ""
    body = exports + (_HOOK.format(attention=attention) if attention else "")
    return _BEGIN + f"{_HEAD}{body}".encode() + _END + b"\n" if body else b""


def place(data: bytes, block: bytes) -> bytes:
    """``data`` with ``block`` where the block was, or at its end."""
    region = _find(data)
    if region:
        return data[: region[0]] + block + data[region[1] :]
    return data + (b"\n" if data and not data.endswith(b"\n") else b"") + block


def strip(data: bytes, *, joined: bool) -> bytes:
    """``data`` without the block; ``joined`` tells that the line before it had no newline of its own."""
    region = _find(data)
    if not region:
        return data
    before, after = data[: region[0]], data[region[1] :]
    return before[:-1] if joined and not after and before.endswith(b"\n") else before + after


def show(data: bytes) -> str:
    """The block as anybody may see it: a line that we would not have written is not shown."""
    region = _find(data)
    if not region:
        return ""
    ours = render(["x"], library=LIBRARY, attention=ATTENTION).decode().splitlines()
    lines = data[region[0] : region[1]].decode(errors="replace").splitlines()
    return "".join(f"{line if line in ours or _NAME.fullmatch(line) else _FOREIGN}\n" for line in lines)


def overrides(data: bytes, names: Collection[str]) -> Iterator[tuple[str, int, bool]]:
    """Name, line and whether it comes after the block, for every line that sets one of ``names`` by itself."""
    _begin, end = _find(data) or (0, len(data))
    last = data.count(b"\n", 0, end)
    for name, number in _exports_lines.setting(data, names):
        yield name, number, number > last


def returns(data: bytes) -> Iterator[int]:
    """The lines after which the block may not be reached."""
    begin, _end = _find(data) or (0, 0)
    return _exports_lines.returns(data[:begin])


def _find(data: bytes) -> tuple[int, int] | None:
    """Where the block begins and ends, None without one; damaged markers are an error that names their lines."""
    marks = list(_MARKS.finditer(data))
    if not marks:
        return None
    if [mark[1] for mark in marks] != [_BEGIN, _END]:
        lines = ", ".join(f"{mark[1].decode()} in line {data.count(10, 0, mark.start()) + 1}" for mark in marks)
        raise LatchkeyError(
            f"the marks of the managed block do not make one pair: {lines}",
            remedy="take out these lines and what is left of the block between them",
        )
    return marks[0].start(), marks[1].end()
