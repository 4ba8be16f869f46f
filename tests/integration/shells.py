# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fixtures for tests with real shells: a home with exports, odd values, and ways to run shells in it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._exports import render, zshrc_block
from ansible_collections.latchkey.workstation.plugins.module_utils._exports.render import Exported

from tests.builders import programs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["SHELLS", "VALUES", "Shells", "needs"]

LIBRARY = "~/.local/share/latchkey/exports.sh"
SHELLS = {
    "dash": ["dash"],
    "bash": ["bash"],
    "bash as sh": ["bash", "--posix"],
    "zsh as sh": ["zsh", "--emulate", "sh"],
}
VALUES = {
    "plain": b"ghp_0123456789",
    "spaces": b"  two  words  ",
    "quotes": b'it\'s "quoted" `here`',
    "dollars": b"$HOME ${HOME} $(id) $$ !! %s \\n",
    "newline": b"one\ntwo\n\nthree",
    "newlines at the end": b"one\n\n\n",
    "only newlines": b"\n\n\n\n\n\n",
    "carriage returns": b"one\r\ntwo\r\n",
    "unicode": "grüße 日本 🔑".encode(),
    "no UTF-8": b"\xff\xfe\xc3(\x80\xe2\x82",
    "controls": b"\x01\x02\x1b[31m\x7f",
    "hex": b"0xDEADBEEF",
    "hex without its mark": b"6465616462656566",
    "a word of the tool": b'password: "x"',
    "backslashes": b"\\\\ \\1 \\x41 \\",
    "octal": b"\\101\\012",
    "option": b"-n -e --",
    "glob": b"* ? [a-z] ~root {a,b}",
    "8 KiB": ("'\"$\n" + "ü" * 60).encode() * 64,
}


def needs(program: str) -> None:
    if not shutil.which(program):
        pytest.skip(f"there is no {program}")


class Shells:
    """A home as the module leaves it, for exports that a test chooses."""

    def __init__(self, home: Path, **tools: str) -> None:
        self.home = home
        self.environment = {"HOME": str(home), "PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "TERM": "dumb"}
        self._tools = tools

    def keep(self, name: str, value: bytes) -> tuple[str, str]:
        """Write a stored value to a file; return its place (reader and path) for exports.sh."""
        path = self.home / "kept it's [here]" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(value)
        return ("kept", str(path))

    def export(self, places: Mapping[str, Sequence[Sequence[str]]], *, before: str = "") -> None:
        """One variable and one credential (its name in lower case) for each of ``places``."""
        rows = [Exported(name.lower(), [name], [name], found) for name, found in places.items()]
        library = Path(LIBRARY.replace("~", str(self.home)))
        library.parent.mkdir(parents=True, exist_ok=True)
        library.write_text(render.render_library(programs().library, rows, tools=self._tools))
        (self.home / "latchkey-run").write_text(render.render_run(programs().run, str(library)))
        block = zshrc_block.render(list(places), library=LIBRARY)
        (self.home / ".zshrc").write_bytes(zshrc_block.insert(before.encode(), block))

    def zsh(self, script: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
        """An interactive zsh."""
        return self._run(["zsh", "-o", "no_global_rcs", "-ic", script], environment)

    def run(self, *argv: str, shell: Sequence[str] = ("sh",), **environment: str) -> subprocess.CompletedProcess[bytes]:
        """latchkey-run."""
        return self._run([*shell, str(self.home / "latchkey-run"), *argv], environment)

    def _run(self, argv: list[str], environment: Mapping[str, str]) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            argv,
            env={**self.environment, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=240,
            start_new_session=True,
        )


def variables(out: bytes) -> dict[str, bytes]:
    """The variables that ``env -0`` printed."""
    return {name.decode(): value for name, _, value in (line.partition(b"=") for line in out.split(b"\0")[:-1])}
