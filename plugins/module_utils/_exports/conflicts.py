# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lines of a person's own shell profiles that override the managed block or keep zsh from reaching it."""

from __future__ import annotations

import contextlib
import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .._host import files
from . import zshrc_block
from .startup_lines import effects

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from .startup_lines import Effect

__all__ = ["Profiles", "conflicts"]

_MOST_FILES = 40
_HOME = re.compile(r"(?:~|\$HOME|\$\{HOME\})(?=/|\Z)")
_ZDOTDIR = re.compile(r"\$(?:ZDOTDIR|\{ZDOTDIR(?::?-[^}]*)?\})(?=/|\Z)")
_UNREADABLE = re.compile(r"[$`*?\[\]{}\\]")
_QUOTES = re.compile(r"[\"']")


@dataclass(frozen=True)
class Profiles:
    """Paths of the profiles that an interactive zsh reads: .zprofile, .zshrc and .zlogin are in ``folder``."""

    home: str
    folder: str

    def before(self) -> list[str]:
        """Profiles that are read before .zshrc."""
        zshenv = dict.fromkeys(os.path.join(folder, ".zshenv") for folder in (self.home, self.folder))
        return [*zshenv, os.path.join(self.folder, ".zprofile")]

    def after(self) -> list[str]:
        """Profiles that are read after .zshrc."""
        return [os.path.join(self.folder, ".zlogin")]

    def shown(self, path: str) -> str:
        """``path`` with ~ for the home."""
        return "~" + path[len(self.home) :] if path.startswith(self.home + os.sep) else path


def conflicts(zshrc: bytes, names: Collection[str], profiles: Profiles) -> Iterator[dict[str, str]]:
    """Report rows (item, what, remedy) for the lines that conflict with exporting ``names``.

    ``zshrc`` is the content of .zshrc with the block. Files that a profile reads by a plain path are read too.
    """
    begin, end = zshrc_block.find(zshrc) or (len(zshrc), len(zshrc))
    zshrc_path = os.path.join(profiles.folder, ".zshrc")
    above = _ProfileReader(profiles).effects(zshrc_path, zshrc[:begin])
    below = _ProfileReader(profiles).effects(zshrc_path, zshrc[end:], first=zshrc.count(b"\n", 0, end))
    before = [effect for path in profiles.before() for effect in _ProfileReader(profiles).effects(path)]
    after = [effect for path in profiles.after() for effect in _ProfileReader(profiles).effects(path)]
    for place, effect in above:
        if effect.kind in {"returns", "ends"} and (effect.kind == "ends" or place.is_zshrc):
            what = "it can return there" if effect.kind == "returns" else "it can end the shell there"
            yield {
                "item": f"{profiles.shown(place.path)}, line {effect.line}",
                "what": f"{what}, and the block below is not reached",
                "remedy": "move the block above it: where you put it, it stays",
            }
    remedy = "take that line out, or the export out of the declaration"
    for found, kinds, how in (
        ([*above, *before], {"sets", "declares"}, "is there first, and what is set already is not read"),
        ([*below, *after], {"sets", "unsets"}, "wins"),
    ):
        for place, effect in found:
            name = effect.name.decode(errors="replace")
            if effect.kind in kinds and name in names:
                where = f"line {effect.line} of {place.described(profiles)}"
                yield {"item": name, "what": f"{where} sets it too and {how}", "remedy": remedy}


@dataclass(frozen=True)
class _Place:
    """The file of an effect; ``read_by`` is the line that reads it, empty for a profile."""

    path: str
    read_by: str = ""
    is_zshrc: bool = False

    def described(self, profiles: Profiles) -> str:
        return profiles.shown(self.path) + (f" (read by {self.read_by})" if self.read_by else "")


class _ProfileReader:
    """Reads one profile and the files that it reads."""

    def __init__(self, profiles: Profiles) -> None:
        self._profiles = profiles
        self._read: set[str] = set()

    def effects(self, path: str, data: bytes | None = None, *, first: int = 0) -> list[tuple[_Place, Effect]]:
        """Effects of the file at ``path``; ``data`` is its part from line ``first`` + 1 on."""
        place = _Place(path, is_zshrc=data is not None)
        return list(self._effects(place, self._content(path) if data is None else data, first))

    def _effects(self, place: _Place, data: bytes, first: int) -> Iterator[tuple[_Place, Effect]]:
        for effect in effects(data, first=first):
            yield place, effect
            path = self._target(effect) if effect.kind == "reads" else ""
            if path and len(self._read) < _MOST_FILES:
                line = f"line {effect.line} of {self._profiles.shown(place.path)}"
                yield from self._effects(_Place(path, read_by=line), self._content(path), 0)

    def _target(self, effect: Effect) -> str:
        """Absolute path of the file that is read, empty if only a shell could tell it or if it was read before."""
        word = _QUOTES.sub("", effect.name.decode(errors="replace"))
        path = _ZDOTDIR.sub(lambda _match: self._profiles.folder, _HOME.sub(lambda _match: self._profiles.home, word))
        known = os.path.isabs(path) and not _UNREADABLE.search(path) and path.isprintable() and path not in self._read
        return path if known and path != files.expand(zshrc_block.LIBRARY, self._profiles.home) else ""

    def _content(self, path: str) -> bytes:
        """Content of a file, which is never written, so a link may lead anywhere; empty where it cannot be read."""
        self._read.add(path)
        with contextlib.suppress(files.FilesError):
            return files.read(os.path.realpath(path)).data or b""
        return b""
