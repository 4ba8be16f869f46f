# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lines of a person's own, in any profile that an interactive zsh reads, that count for more than the block."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from ansible_collections.latchkey.workstation.plugins.module_utils import _exports_block, _exports_lines, _files

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

__all__ = ["ZSHRC", "remarks"]

ZSHRC = "~/.zshrc"
_BEFORE = ("~/.zshenv", "~/.zprofile")
_AFTER = ("~/.zlogin",)


def remarks(zshrc: bytes, names: Collection[str], home: str) -> Iterator[dict[str, str]]:
    """What to report of each such line: item, what and remedy; ``zshrc`` is ~/.zshrc with the block in it."""
    for line in _exports_block.returns(zshrc):
        what = "it can return there, and the block below is not reached"
        remedy = "move the block above it: where you put it, it stays"
        yield {"item": f"{ZSHRC}, line {line}", "what": what, "remedy": remedy}
    for name, place, later in _overrides(zshrc, names, home):
        what = "wins" if later else "is there first, and what is set already is not read"
        remedy = "take that line out, or the export out of the declaration"
        yield {"item": name, "what": f"{place} sets it too and {what}", "remedy": remedy}


def _overrides(zshrc: bytes, names: Collection[str], home: str) -> Iterator[tuple[str, str, bool]]:
    for name, line, later in _exports_block.overrides(zshrc, names):
        yield name, f"line {line} of {ZSHRC}", later
    for path in (*_BEFORE, *_AFTER) if names else ():
        for name, line in _exports_lines.setting(_read(path, home), names):
            yield name, f"line {line} of {path}", path in _AFTER


def _read(path: str, home: str) -> bytes:
    """Never written, so a link may lead anywhere; what cannot be read here sets nothing for zsh either."""
    with contextlib.suppress(_files.FilesError):
        return _files.read(os.path.realpath(_files.expand(path, home))).data or b""
    return b""
