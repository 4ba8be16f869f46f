# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One grammar of dotenv files: the reader of exports.sh gives what the reader of the modules gives, byte for byte."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._exports import render
from ansible_collections.latchkey.workstation.plugins.module_utils._exports.render import Exported
from ansible_collections.latchkey.workstation.plugins.module_utils._sources import dotenv

from tests.builders import programs
from tests.integration.shells import SHELLS, Shells, needs
from tests.unit.plugins.module_utils._sources.test_dotenv import READ, UNREADABLE

if TYPE_CHECKING:
    from pathlib import Path

PIECES = [
    *(b"KEY=", b"KEY=", b"KEY =", b"export KEY=", b"OTHER=", b"export ", b"export", b"=", b"\xef\xbb\xbf"),
    *(b"\n", b"\n", b"\r\n", b"\r", b" ", b"\t", b"#", b" #", b"\nKEY='", b'\nKEY="', b"'", b'"', b"'", b'"'),
    *(b"\\", b"\\n", b"\\r", b'\\"', b"\\\\", b"$x", b"`", b"value", b"x0", b"%s", b"\x01", b"\0"),
    *("ü".encode(), "€".encode(), "🔑".encode(), b"\xff", b"\xc3", b"\x82", b"\xe2", b"\xf0\x9f"),
]
ENDS = [b"", b"\n", b"\r", b"\r\n", b"\r\r\n", b"\n\r", b"'", b'"', b"'\r", b'"\r\n', b" # why\r", b"\\"]
MANDATORY = [row[0] for row in (*READ.values(), *UNREADABLE.values())]


def generated_files() -> list[bytes]:
    """The rows of both tables, and 250 random files that always are the same."""
    choose = random.Random(20260701)
    pieces = [piece for piece in PIECES if piece != b"\0"]
    files = list(MANDATORY)
    for number in range(250):
        size = choose.randrange(1, 14)
        body = choose.choices(PIECES if number % 10 == 0 else pieces, k=size)
        files.append(b"".join([b"KEY=" if number % 2 else b"", *body, choose.choice(ENDS)]))
    return files


def by_module(data: bytes) -> tuple[str, bytes]:
    try:
        value = dotenv.value(data, "KEY")
    except dotenv.DotenvError:
        return "error", b""
    return ("found", value) if value else ("absent", b"")


# The status of a reader: 0 found, 1 absent, more: an error.
SCRIPT = """
for name in {names}; do
  unset V
  _latchkey_refused= code=0
  _latchkey_find "$name" _latchkey_take || code=$?
  printf '%s\\0%s\\0' "$code" "${{V-}}"
done
"""


@pytest.mark.parametrize("shell", ["zsh", *SHELLS])
def test_every_shell_reads_generated_files_as_the_modules_do(tmp_path: Path, shell: str) -> None:
    needs("zsh" if shell == "zsh" else SHELLS[shell][0])
    (tmp_path / "home").mkdir()
    shells = Shells(tmp_path / "home")
    files = generated_files()
    rows = [
        Exported(f"c{number}", ["V"], [], [("dotenv", shells.keep(str(number), data)[1], "KEY")])
        for number, data in enumerate(files)
    ]
    library = tmp_path / "exports.sh"
    library.write_text(render.render_library(programs().library, rows))
    read = f"emulate -R sh -o no_aliases -c '. {library}'" if shell == "zsh" else f". '{library}'"
    script = read + SCRIPT.format(names=" ".join(row.credential for row in rows))
    argv = ["zsh", "-f", "-c"] if shell == "zsh" else [*SHELLS[shell], "-c"]
    done = shells._run([*argv, script], {})
    assert (done.stderr, done.returncode) == (b"", 0)
    answers = done.stdout.split(b"\0")[:-1]
    states = {b"0": "found", b"1": "absent"}
    by_shell = [(states.get(code, "error"), value) for code, value in zip(answers[::2], answers[1::2])]
    differing = {
        number: (data, found, by_module(data))
        for number, (data, found) in enumerate(zip(files, by_shell, strict=True))
        if found != by_module(data)
    }
    assert not differing


def test_generated_files_cover_every_answer() -> None:
    answers = [by_module(data)[0] for data in generated_files()]
    assert min(answers.count(state) for state in ("found", "absent", "error")) > 20
