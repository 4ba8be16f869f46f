# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The log of every call: argv, whether standard input was read, commands by name, exit. Never what was read."""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .control import folder

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Call", "Journal", "calls"]


class Journal:
    def __init__(self, home: Path, argv: list[str]) -> None:
        self._path = folder(home) / "calls.jsonl"
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._id = f"{os.getpid()}-{time.time_ns()}"
        self._stdin = False
        self._write(argv=argv, pid=os.getpid(), parent=os.getppid())

    def command(self, name: str) -> None:
        self._write(command=name)

    def stdin(self) -> None:
        if not self._stdin:
            self._stdin = True
            self._write(stdin=True)

    def end(self, code: int) -> None:
        self._write(exit=code)

    def _write(self, **event: Any) -> None:
        line = json.dumps({"id": self._id, **event}) + "\n"
        file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(file, line.encode())
        finally:
            os.close(file)


@dataclass
class Call:
    argv: list[str]
    pid: int
    parent: int
    stdin: bool = False
    commands: list[str] = field(default_factory=list)
    exit: int | None = None
    """None: still running, or killed."""


def calls(home: Path) -> list[Call]:
    found: dict[str, Call] = {}
    path = folder(home) / "calls.jsonl"
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else []:
        event = json.loads(line)
        key = event.pop("id")
        if "argv" in event:
            found[key] = Call(**event)
        elif "command" in event:
            found[key].commands.append(event["command"])
        else:
            vars(found[key]).update(event)
    return list(found.values())
