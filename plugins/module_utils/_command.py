# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run one program: an argument list, no shell, no terminal, a deadline for it and all it started."""

from __future__ import annotations

import atexit
import contextlib
import os
import selectors
import shutil
import subprocess
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ansible_collections.latchkey.workstation.plugins.module_utils._errors import LatchkeyError
from ansible_collections.latchkey.workstation.plugins.module_utils._family import end_family

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import IO

__all__ = ["CommandMissing", "CommandTimeout", "Finished", "end_all", "find", "run"]


_PAUSE, _MOMENT, _PATIENCE = 0.05, 0.002, 0.5
_running: set[subprocess.Popen[bytes]] = set()


class CommandMissing(LatchkeyError):
    """The program is not on this machine."""


class CommandTimeout(LatchkeyError):
    """The program did not end in time and was killed with its session."""


@dataclass(frozen=True)
class Finished:
    """How a program ended; ``out`` and ``err`` may hold secrets and are never shown."""

    code: int
    out: bytes = field(repr=False)
    err: bytes = field(repr=False)


def find(program: str) -> str | None:
    """The program's path as the caller's PATH finds it."""
    return shutil.which(program)


def run(
    argv: Sequence[str],
    *,
    stdin: bytes = b"",
    env: Mapping[str, str] | None = None,
    seconds: float = 10,
    limit: int = 1 << 20,
) -> Finished:
    """Run ``argv`` with ``env`` added to the environment and at most ``limit`` bytes kept of each stream."""
    environment = {**os.environ, "LC_ALL": "C", **(env or {})}
    try:
        process = subprocess.Popen(
            list(argv),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            start_new_session=True,
        )
    except FileNotFoundError:
        raise CommandMissing(f"{argv[0]} is not installed") from None
    except OSError as error:
        raise CommandMissing(f"{argv[0]} cannot be run: {os.strerror(error.errno or 0)}") from None
    except ValueError:
        raise CommandMissing("an argument holds a NUL or another character that no program can be given") from None
    _running.add(process)
    try:
        out, err = _converse(process, stdin=stdin, until=time.monotonic() + seconds, limit=limit)
    except TimeoutError:
        raise CommandTimeout(f"{argv[0]} did not answer within {seconds:g} s") from None
    finally:
        _end(process)
    return Finished(code=process.returncode, out=out, err=err)


@atexit.register
def end_all() -> None:
    """The programs of threads that nobody waits for any more end before this process does."""
    if _running:
        end_family(*(process.pid for process in _running.copy()))


def _converse(process: subprocess.Popen[bytes], *, stdin: bytes, until: float, limit: int) -> tuple[bytes, bytes]:
    """Feed and read until the program has ended, whoever else still holds its pipes."""
    to, *streams = (_unblocked(stream) for stream in (process.stdin, process.stdout, process.stderr))
    pending = memoryview(stdin)
    kept = {fd: bytearray() for fd in streams}
    with selectors.DefaultSelector() as selector:
        selector.register(to, selectors.EVENT_WRITE)
        for fd in streams:
            selector.register(fd, selectors.EVENT_READ)
        while process.poll() is None:
            left = until - time.monotonic()
            if left < 0:
                raise TimeoutError
            for key, _events in selector.select(min(left, _PAUSE if selector.get_map() else _MOMENT)):
                if key.fd == to:
                    pending = _feed(to, pending)
                    done = not pending
                else:
                    done = not _keep(key.fd, kept[key.fd], limit=limit)
                if done:
                    selector.unregister(key.fd)
                if done and key.fd == to:
                    process.stdin.close()  # type: ignore[union-attr]
    for fd in streams:
        with contextlib.suppress(BlockingIOError):
            _keep(fd, kept[fd], limit=limit)
    out, err = kept.values()
    return bytes(out), bytes(err)


def _unblocked(stream: IO[bytes] | None) -> int:
    fd = stream.fileno()  # type: ignore[union-attr]
    os.set_blocking(fd, False)
    return fd


def _feed(fd: int, pending: memoryview) -> memoryview:
    """What is still to be sent; nothing where nobody reads any more."""
    try:
        return pending[os.write(fd, pending) if pending else 0 :]
    except BrokenPipeError:
        return pending[:0]


def _keep(fd: int, kept: bytearray, *, limit: int) -> bool:
    """Read all that is in the pipe, which never holds more than a mebibyte."""
    chunk = os.read(fd, 1 << 20)
    kept += chunk[: max(0, limit - len(kept))]
    return bool(chunk)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Whatever is left of the program's session ends with it; one that nothing ends is left behind."""
    end_family(process.pid)
    _running.discard(process)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_PATIENCE)
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.close()
