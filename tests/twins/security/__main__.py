# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Global options and the interactive mode."""

from __future__ import annotations

import os
import sys

from .table import execute, help_, usage
from .tool import Tool
from .words import Usage, options, split

__all__ = ["main"]


def main(argv: list[str]) -> int:
    tool = Tool(argv)
    result = _run(tool, argv) & 0xFF
    sys.stdout.buffer.flush()
    tool.reach("answered")
    tool.journal.end(result)
    return result


def _run(tool: Tool, argv: list[str]) -> int:
    try:
        found, rest = options(tool, argv, "hilp:qv")
    except Usage:
        return usage(tool)
    given = dict(found)
    tool.quiet = "q" in given
    tool.verbose = "v" in given
    if "h" in given:
        return help_(tool, ["help", *rest])
    if rest:
        return execute(tool, rest)
    if not given.keys() & {"i", "p"}:
        return usage(tool)
    return _interactive(tool, given.get("p") or "security> ")


def _interactive(tool: Tool, prompt: str) -> int:
    """The status is the last line's, an empty one's too; a handler's -1 ends it all with 0."""
    result = 0
    while True:
        if os.isatty(0):
            tool.warn(prompt)
        line = next(tool.lines, None)
        if line is None:
            return result
        words = split(line)
        result = execute(tool, words)
        sys.stdout.buffer.flush()
        if result == -1:
            return 0
        if result and not tool.quiet:
            tool.warn(f"{words[0]}: returned {result}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv))
