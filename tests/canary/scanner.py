# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Canary values and the search for them in bytes and files, in every usual encoding.

A canary repeats a random mark followed by its name, so that any 64 bytes of it contain a whole mark. The mark is new in
every run, so remains of an earlier run are not found. It consists of letters and digits, which the quoting of JSON,
Python, shells, HTML and URLs leaves unchanged; hex, base64 and UTF-16 are searched for separately.
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

__all__ = ["Canary", "Leak", "find_canaries", "leaks_in_files", "make_canary"]

_ALPHABET = string.ascii_letters + string.digits
# K is 4b in hex; the letter keeps lower-case and upper-case hex apart.
_MARK = "K" + "".join(secrets.choice(_ALPHABET) for _ in range(9))
_MADE: set[str] = set()
# Short enough that any 64 bytes contain a whole mark and the beginning of a name.
_SPECIAL = (
    " '\"$HOME`id`\\",
    " grüße 漢字 🗝\n",
    " {{ 7*7 }}\"; '",
    " <b>&amp;%41\t",
    "\n# export A=b\r\n",
    " %s \\n $(id) ",
)


@dataclass(frozen=True)
class Canary:
    """A secret of a test, recognisable wherever it appears."""

    name: str
    value: str

    @property
    def raw(self) -> bytes:
        return self.value.encode()


@dataclass(frozen=True)
class Leak:
    """A place where a canary was found, and its encoding there; never the value."""

    place: str
    name: str
    encoding: str


def make_canary(name: str, *, size: int = 8192, odd: bool = True) -> Canary:
    """Return a canary of ``size`` bytes; ``odd`` puts quotes, newlines and unicode between its marks."""
    mark, text = _MARK + name, ""
    for special in itertools.cycle(_SPECIAL if odd else "-._"):
        if len((text + mark).encode()) > size:
            break
        text += mark + special
    text = text.encode()[:size].decode(errors="ignore")
    _MADE.add(name)
    return Canary(name, text + "x" * (size - len(text.encode())))


def find_canaries(data: bytes) -> Iterator[tuple[str, str]]:
    """Yield name and encoding of each canary in ``data``."""
    for encoding, needle in _encodings(_MARK).items():
        start = data.find(needle)
        while start >= 0:
            yield _name_at(data[start : start + 100], encoding), encoding
            start = data.find(needle, start + 1)


def leaks_in_files(folders: Collection[Path], *, excluded: Collection[Path] = (), since: float = 0) -> Iterator[Leak]:
    """Yield the canaries in names and contents of files below ``folders`` changed after ``since``."""
    for path in {path: None for folder in folders for path in _below(folder, excluded)}:
        # A file that disappears during the search holds nothing any more.
        with contextlib.suppress(FileNotFoundError):
            if path.lstat().st_ctime >= since:
                found = {*find_canaries(os.fsencode(path.name)), *find_canaries(_content(path))}
                yield from (Leak(str(path), *hit) for hit in sorted(found))


def _below(folder: Path, excluded: Collection[Path]) -> Iterator[Path]:
    for parent, below, files in os.walk(folder):
        below[:] = [name for name in below if Path(parent, name) not in excluded]
        paths = (Path(parent, name) for name in (*below, *files))
        yield from (path for path in paths if path not in excluded)


def _content(path: Path) -> bytes:
    try:
        if path.is_symlink():
            return os.fsencode(os.readlink(path))
        return path.read_bytes() if path.is_file() else b""
    except OSError:
        return b""


def _name_at(found: bytes, encoding: str) -> str:
    """Return the name after the mark, "?" if the bytes end before it."""
    longest = sorted(_MADE, key=len, reverse=True)
    return next((name for name in longest if found.startswith(_encodings(_MARK + name)[encoding])), "?")


@functools.cache
def _encodings(text: str) -> dict[str, bytes]:
    raw = text.encode()
    # In base64 of a longer text the encoding depends on the offset modulo 3.
    wholes = [(ahead, base64.b64encode(bytes(ahead) + raw)) for ahead in range(3)]
    cores = {f"base64 at {n}": whole[-(-8 * n // 6) : 8 * (n + len(raw)) // 6] for n, whole in wholes}
    return {
        "plain": raw,
        "hex": raw.hex().encode(),
        "HEX": raw.hex().upper().encode(),
        "UTF-16": text.encode("utf-16-le"),
        **cores,
    }
