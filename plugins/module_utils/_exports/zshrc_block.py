# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The managed block in the bytes of a ~/.zshrc; all bytes outside the block are preserved."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .._core.errors import LatchkeyError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["ATTENTION", "LIBRARY", "find", "insert", "remove", "render", "text_for_diff"]

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
_FOREIGN = "(a line that latchkey.workstation did not write)"


def render(names: Sequence[str], *, library: str, attention: str = "") -> bytes:
    """The block that exports ``names`` and prints the file ``attention``; empty if there is neither.

    Both paths may hold nothing that a shell expands but ~.
    """
    listed = " \\\n".join(f"    {name}" for name in names)
    exports = _EXPORTS.format(library=library, names=listed) if names else ""
    body = exports + (_HOOK.format(attention=attention) if attention else "")
    return _BEGIN + f"{_HEAD}{body}".encode() + _END + b"\n" if body else b""


def insert(data: bytes, block: bytes) -> bytes:
    """``data`` with ``block`` in place of the present one, or at the end."""
    region = find(data)
    if region:
        return data[: region[0]] + block + data[region[1] :]
    return data + (b"\n" if data and not data.endswith(b"\n") else b"") + block


def remove(data: bytes, *, joined: bool) -> bytes:
    """``data`` without the block; ``joined``: the newline before the block was added with it."""
    region = find(data)
    if not region:
        return data
    before, after = data[: region[0]], data[region[1] :]
    return before[:-1] if joined and not after and before.endswith(b"\n") else before + after


def text_for_diff(data: bytes) -> str:
    """The block of ``data`` with each line that :func:`render` would not write masked; empty without a block."""
    region = find(data)
    if not region:
        return ""
    known = render(["x"], library=LIBRARY, attention=ATTENTION).decode().splitlines()
    lines = data[region[0] : region[1]].decode(errors="replace").splitlines()
    return "".join(f"{line if line in known or _NAME.fullmatch(line) else _FOREIGN}\n" for line in lines)


def find(data: bytes) -> tuple[int, int] | None:
    """Offsets of the block's begin and end in ``data``, None without a block.

    LatchkeyError, with the lines, if the markers are not one pair.
    """
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
