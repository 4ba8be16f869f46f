# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Secrets that sing: values that any 64 bytes of give away, in whatever spelling they turn up.

The mark is new in every run, so what an earlier one left is not taken for a leak of this one. It is letters and digits:
quotes of JSON, of Python, of a shell, of HTML and of a URL leave it as it is. What is left are hex, base64 and UTF-16.
"""

from __future__ import annotations

import base64
import contextlib
import functools
import itertools
import os
import secrets
import string
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

__all__ = ["Canary", "Leak", "files_with", "hatch", "songs"]

_ALPHABET = string.ascii_letters + string.digits
# K is 4b in hex: without a letter there, one spelling would pass for two.
_MARK = "K" + "".join(secrets.choice(_ALPHABET) for _ in range(9))
_HATCHED: set[str] = set()
# Short enough that any 64 bytes hold a whole mark and the beginning of a name.
_ODD = (
    " '\"$HOME`id`\\",
    " grüße 漢字 🗝\n",
    " {{ 7*7 }}\"; '",
    " <b>&amp;%41\t",
    "\n# export A=b\r\n",
    " %s \\n $(id) ",
)


@dataclass(frozen=True)
class Canary:
    """A value that is to stand in ``places`` (of whatever a test means by a place) and nowhere else."""

    name: str
    value: str

    @property
    def raw(self) -> bytes:
        return self.value.encode()


@dataclass(frozen=True)
class Leak:
    """Where a canary sang, and how it was spelled; never what it says."""

    place: str
    name: str
    spelling: str


def hatch(name: str, *, size: int = 8192, odd: bool = True) -> Canary:
    """A canary of ``size`` bytes, of quotes, newlines and unicode between its marks where the place allows that."""
    mark, text = _MARK + name, ""
    for odds in itertools.cycle(_ODD if odd else "-._"):
        if len((text + mark).encode()) > size:
            break
        text += mark + odds
    text = text.encode()[:size].decode(errors="ignore")
    _HATCHED.add(name)
    return Canary(name, text + "x" * (size - len(text.encode())))


def songs(data: bytes) -> Iterator[tuple[str, str]]:
    """Name and spelling of each canary that sings in ``data``."""
    for spelling, needle in _spelled(_MARK).items():
        start = data.find(needle)
        while start >= 0:
            yield _whose(data[start : start + 100], spelling), spelling
            start = data.find(needle, start + 1)


def files_with(folders: Collection[Path], *, spared: Collection[Path] = (), since: float = 0) -> Iterator[Leak]:
    """The canaries in names and contents of all files and links below ``folders`` that were touched ``since``."""
    for path in {path: None for folder in folders for path in _below(folder, spared)}:
        # Whatever goes away meanwhile was somebody else's, or is gone.
        with contextlib.suppress(FileNotFoundError):
            if path.lstat().st_ctime >= since:
                found = {*songs(os.fsencode(path.name)), *songs(_content(path))}
                yield from (Leak(str(path), *song) for song in sorted(found))


def _below(folder: Path, spared: Collection[Path]) -> Iterator[Path]:
    for parent, below, files in os.walk(folder):
        below[:] = [name for name in below if Path(parent, name) not in spared]
        paths = (Path(parent, name) for name in (*below, *files))
        yield from (path for path in paths if path not in spared)


def _content(path: Path) -> bytes:
    try:
        if path.is_symlink():
            return os.fsencode(os.readlink(path))
        return path.read_bytes() if path.is_file() else b""
    except OSError:
        return b""


def _whose(song: bytes, spelling: str) -> str:
    """The name behind the mark, "?" where the song breaks off before it."""
    longest = sorted(_HATCHED, key=len, reverse=True)
    return next((name for name in longest if song.startswith(_spelled(_MARK + name)[spelling])), "?")


@functools.cache
def _spelled(text: str) -> dict[str, bytes]:
    raw = text.encode()
    # What base64 makes of it wherever it stands in something longer.
    wholes = [(ahead, base64.b64encode(bytes(ahead) + raw)) for ahead in range(3)]
    cores = {f"base64 at {n}": whole[-(-8 * n // 6) : 8 * (n + len(raw)) // 6] for n, whole in wholes}
    return {
        "plain": raw,
        "hex": raw.hex().encode(),
        "HEX": raw.hex().upper().encode(),
        "UTF-16": text.encode("utf-16-le"),
        **cores,
    }
