# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One running call: its name, its two outputs, its standard input, and the parts every command works with."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from . import control, status
from .gate import Gate
from .journal import Journal
from .prompt import Lines
from .store import Store

__all__ = ["Tool"]


class Tool:
    def __init__(self, argv: list[str]) -> None:
        self.name = Path(argv[0]).name
        self.home = control.home()
        self.controls = control.load(self.home)
        self.journal = Journal(self.home, argv)
        self.store = Store(self.home, self.reach)
        self.gate = Gate(self.store, self.controls)
        self.lines = Lines(self.journal.stdin)
        self.verbose = False
        self.quiet = False
        self._command = ""

    def start(self, command: str) -> None:
        self._command = command
        self.journal.command(command)
        self.reach("called")

    def reach(self, point: str) -> None:
        control.reach(self.home, self.controls, point, self._command)

    def say(self, text: str | bytes) -> None:
        sys.stdout.buffer.write(text if isinstance(text, bytes) else os.fsencode(text))

    def warn(self, text: str | bytes) -> None:
        sys.stderr.buffer.write(text if isinstance(text, bytes) else os.fsencode(text))
        sys.stderr.buffer.flush()

    def error(self, message: str) -> None:
        self.warn(f"{self.name}: {message}\n")

    def failed(self, api: str, code: int) -> int:
        """An API's own line (`security: <Api>: <text>`), and the handler's result."""
        self.error(f"{api}: {status.text(code)}")
        return code

    def opened(self, name: str) -> str | None:
        """The path a keychain argument stands for; None, said on stderr, when the name itself cannot be opened."""
        if 0 < len(os.fsencode(name)) <= LONGEST_PATH:
            return self.store.resolve(name)
        self.failed(f"SecKeychainOpen {name}", status.PARAMETER)
        return None


LONGEST_PATH = 1023
