# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The folder in which zsh reads .zshrc: what the environment and ~/.zshenv make of ZDOTDIR."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from .._core.errors import LatchkeyError
from .._host import command, files
from .startup_lines import effects

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["find_folder"]

_MARK = b"latchkey:"
_QUESTION = f'print -rn -- "{_MARK.decode()}${{ZDOTDIR-$HOME}}"'
_SECONDS = 10


def find_folder(home: str, environ: Mapping[str, str], *, zsh: str = "zsh") -> str:
    """Absolute path of the folder. zsh itself is asked, since ~/.zshenv may compute it.

    LatchkeyError if zsh gives no answer, or if it is not installed and ~/.zshenv sets ZDOTDIR.
    """
    try:
        finished = command.run([zsh, "-c", _QUESTION], env={"HOME": home}, seconds=_SECONDS)
    except command.CommandMissing:
        return _without_zsh(home, environ)
    _head, mark, answer = finished.out.rpartition(_MARK)
    folder = answer.decode(errors="replace")
    if finished.code or not mark or not os.path.isabs(folder) or not folder.isprintable():
        what = finished.status if finished.code else "gave no answer"
        raise LatchkeyError(
            f"zsh {what} when it was asked where it reads .zshrc", remedy="see what ends it: zsh -c 'echo $ZDOTDIR'"
        )
    return os.path.normpath(folder)


def _without_zsh(home: str, environ: Mapping[str, str]) -> str:
    zshenv = files.read(os.path.realpath(os.path.join(home, ".zshenv"))).data or b""
    lines = [effect.line for effect in effects(zshenv) if effect.kind == "sets" and effect.name == b"ZDOTDIR"]
    if lines:
        raise LatchkeyError(
            f"line {lines[0]} of ~/.zshenv sets ZDOTDIR, and there is no zsh to ask for it", remedy="install zsh"
        )
    return os.path.normpath(os.path.join(home, environ.get("ZDOTDIR") or home))
