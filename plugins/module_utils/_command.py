# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run one program: an argument list, no shell, no terminal, a deadline for it and all it started."""

from __future__ import annotations

import contextlib
import os
import selectors
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ansible_collections.latchkey.workstation.plugins.module_utils._errors import LatchkeyError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["CommandMissing", "CommandTimeout", "Finished", "find", "run"]


class CommandMissing(LatchkeyError):
    """The program is not on this machine."""


class CommandTimeout(LatchkeyError):
    """The program did not end in time and was killed with its whole session."""


@dataclass(frozen=True)
class Finished:
    """How a program ended; ``out`` and ``err`` may hold secrets and are never shown."""

    code: int
    out: bytes
    err: bytes


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
    try:
        out, err = _converse(process, stdin=stdin, until=time.monotonic() + seconds, limit=limit)
    except TimeoutError:
        raise CommandTimeout(f"{argv[0]} did not answer within {seconds:g} s") from None
    finally:
        _end(process)
    return Finished(code=process.returncode, out=out, err=err)


def _converse(process: subprocess.Popen[bytes], *, stdin: bytes, until: float, limit: int) -> tuple[bytes, bytes]:
    """Feed and read until the program has ended, whoever else still holds its pipes."""
    kept = {process.stdout: bytearray(), process.stderr: bytearray()}
    with selectors.DefaultSelector() as selector:
        for stream in (process.stdin, process.stdout, process.stderr):
            os.set_blocking(stream.fileno(), False)  # type: ignore[union-attr]
        pending = memoryview(stdin)
        selector.register(process.stdin, selectors.EVENT_WRITE)  # type: ignore[arg-type]
        for stream in kept:
            selector.register(stream, selectors.EVENT_READ)  # type: ignore[arg-type]
        while selector.get_map():
            if time.monotonic() > until:
                raise TimeoutError
            ended = process.poll() is not None
            ready = selector.select(0 if ended else min(0.05, max(0.0, until - time.monotonic())))
            if ended and not ready:
                break
            for key, _events in ready:
                if key.fileobj is process.stdin:
                    pending = _feed(selector, process, pending)
                elif not _keep(key.fd, kept[key.fileobj], limit=limit):  # type: ignore[index]
                    selector.unregister(key.fileobj)
    while process.poll() is None:
        if time.monotonic() > until:
            raise TimeoutError
        time.sleep(0.002)
    return bytes(kept[process.stdout]), bytes(kept[process.stderr])


def _feed(selector: selectors.BaseSelector, process: subprocess.Popen[bytes], pending: memoryview) -> memoryview:
    sent = len(pending)
    with contextlib.suppress(BrokenPipeError):
        sent = os.write(process.stdin.fileno(), pending[:65536]) if pending else 0  # type: ignore[union-attr]
    if sent >= len(pending):
        selector.unregister(process.stdin)  # type: ignore[arg-type]
        process.stdin.close()  # type: ignore[union-attr]
    return pending[sent:]


def _keep(fd: int, kept: bytearray, *, limit: int) -> bool:
    chunk = os.read(fd, 65536)
    kept += chunk[: max(0, limit - len(kept))]
    return bool(chunk)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Whatever is left of the program's session ends with it."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.close()
