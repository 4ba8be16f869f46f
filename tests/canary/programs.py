# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Arguments and environments of every program a run starts, read from strace's log of execve."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

__all__ = ["ProgramStart", "read_log", "strace_argv"]

# -xx writes strings as hex, so that no character of one can end it; -v writes whole environments.
_STRACE = ["strace", "--seccomp-bpf", "-f", "-v", "-xx", "-s", "1000000", "-qqq", "-e", "signal=none"]
_CALLS = ["-e", "trace=execve,?execveat"]
_STRING = re.compile(rb'"((?:\\x[0-9a-f]{2})*)"(\.\.\.)?')
_CALL = re.compile(rb"^\d+ +execve(?:at)?\((?P<given>.*)$")
_ITEMS = rb"\[([^\]]*)\]"
_GIVEN = re.compile(rb'(?:AT_FDCWD, |\d+, )?("[^"]*"), ' + _ITEMS + rb", " + _ITEMS + rb"(?:[,) ]|$)")


@dataclass(frozen=True)
class ProgramStart:
    """One execve, successful or not."""

    program: str
    argv: tuple[bytes, ...]
    environment: tuple[bytes, ...]


def strace_argv(argv: Sequence[str], log: str) -> list[str]:
    """Return the command that runs ``argv`` under strace and writes the log to ``log``."""
    return [*_STRACE, *_CALLS, "-o", log, *argv]


def read_log(log: Iterable[bytes]) -> Iterator[ProgramStart]:
    """Yield every program of the log; raise ValueError for a line that strace truncated."""
    for line in log:
        call = _CALL.match(line)
        if call is None:
            continue
        given = _GIVEN.match(call["given"])
        if given is None:
            raise ValueError(f"a call that cannot be read: {line[:200]!r}")
        program, argv, environment = map(_strings, given.groups())
        yield ProgramStart(program[0].decode(errors="replace"), argv, environment)


def _strings(text: bytes) -> tuple[bytes, ...]:
    found = list(_STRING.finditer(text))
    if any(string[2] for string in found) or _STRING.sub(b"", text).strip(b", "):
        raise ValueError(f"a string that is not whole: {text[:200]!r}")
    return tuple(bytes.fromhex(string[1].replace(b"\\x", b"").decode()) for string in found)
