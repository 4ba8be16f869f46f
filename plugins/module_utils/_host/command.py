# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run a program without shell and terminal, with a deadline for it and the processes it starts."""

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

from .._core.errors import LatchkeyError
from .process_tree import kill_process_tree

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import IO

__all__ = ["CommandMissing", "CommandTimeout", "CommandUnusable", "Finished", "end_all", "find", "run"]


_POLL_SECONDS, _SHORT_POLL_SECONDS, _WAIT_SECONDS = 0.05, 0.002, 0.5
_running: set[subprocess.Popen[bytes]] = set()


class CommandMissing(LatchkeyError):
    """The program is not installed: it is neither at its path nor in a folder of PATH."""


class CommandUnusable(LatchkeyError):
    """The program exists and cannot be started (mode, interpreter), or an argument cannot be passed to it."""


class CommandTimeout(LatchkeyError):
    """The program missed its deadline and was killed with its process tree."""

    cause = "timeout"


@dataclass(frozen=True)
class Finished:
    """Exit status (negative: signal) and output of a program; the output may hold secrets and is never shown."""

    code: int
    out: bytes = field(repr=False)
    err: bytes = field(repr=False)

    @property
    def status(self) -> str:
        """End of the program in words, as in ``ended with 3`` or ``was ended by signal 9``."""
        return f"was ended by signal {-self.code}" if self.code < 0 else f"ended with {self.code}"


def find(program: str) -> str | None:
    """Path of a program found in PATH, None if there is none."""
    return shutil.which(program)


def _exists(program: str) -> bool:
    folders = [""] if "/" in program else os.get_exec_path()
    return any(os.path.lexists(os.path.join(folder, program)) for folder in folders)


def run(  # noqa: PLR0913 - the limits of a program
    argv: Sequence[str],
    *,
    stdin: bytes = b"",
    env: Mapping[str, str] | None = None,
    seconds: float = 10,
    silence: float | None = None,
    limit: int = 1 << 20,
) -> Finished:
    """Run ``argv`` and return its exit status and output.

    ``env`` is added to the environment; ``limit`` is the number of bytes kept of each stream, the rest is dropped. The
    program is killed after ``seconds``, and earlier after ``silence`` seconds without output.
    Processes that are left in the program's session are killed. Raises CommandMissing, CommandUnusable
    and CommandTimeout.
    """
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
        if _exists(argv[0]):
            raise CommandUnusable(f"{argv[0]} cannot be run: the interpreter it names is missing") from None
        raise CommandMissing(f"{argv[0]} is not installed") from None
    except OSError as error:
        if not _exists(argv[0]):  # a folder of PATH that may not be searched
            raise CommandMissing(f"{argv[0]} is not installed") from None
        raise CommandUnusable(f"{argv[0]} cannot be run: {os.strerror(error.errno or 0)}") from None
    except ValueError:
        raise CommandUnusable("an argument holds a NUL or another character that no program can be given") from None
    _running.add(process)
    try:
        out, err = _communicate(process, stdin=stdin, seconds=seconds, silence=silence or seconds, limit=limit)
    except TimeoutError:
        raise CommandTimeout(f"{argv[0]} did not answer within {min(seconds, silence or seconds):g} s") from None
    finally:
        _kill_session(process)
    return Finished(code=process.returncode, out=out, err=err)


@atexit.register
def end_all() -> None:
    """Kill the programs that abandoned threads still run; called at exit."""
    if _running:
        kill_process_tree(*(process.pid for process in _running.copy() if process.returncode is None))


def _communicate(
    process: subprocess.Popen[bytes], *, stdin: bytes, seconds: float, silence: float, limit: int
) -> tuple[bytes, bytes]:
    """Write stdin and read both streams until the program ends, even if another process holds its pipes open."""
    to, *streams = (_set_nonblocking(stream) for stream in (process.stdin, process.stdout, process.stderr))
    pending = memoryview(stdin)
    until = time.monotonic() + seconds
    silent_until = time.monotonic() + silence
    kept = {fd: bytearray() for fd in streams}
    with selectors.DefaultSelector() as selector:
        selector.register(to, selectors.EVENT_WRITE)
        for fd in streams:
            selector.register(fd, selectors.EVENT_READ)
        while not _has_ended(process):
            left = min(until, silent_until) - time.monotonic()
            if left < 0:
                raise TimeoutError
            for key, _events in selector.select(
                min(left, _POLL_SECONDS if selector.get_map() else _SHORT_POLL_SECONDS)
            ):
                if key.fd == to:
                    pending = _write_some(to, pending)
                    done = not pending
                else:
                    done = not _drain(key.fd, kept[key.fd], limit=limit)
                    silent_until = time.monotonic() + silence
                if done:
                    selector.unregister(key.fd)
                if done and key.fd == to:
                    process.stdin.close()  # type: ignore[union-attr]
    for fd in streams:
        with contextlib.suppress(BlockingIOError):
            _drain(fd, kept[fd], limit=limit)
    out, err = kept.values()
    return bytes(out), bytes(err)


def _has_ended(process: subprocess.Popen[bytes]) -> bool:
    """True once the program has ended; it is not waited for yet, so that its pid is not used again before the kill."""
    try:
        return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    except (AttributeError, ChildProcessError):
        # Not in this Python (macOS before 3.13), or SIGCHLD is ignored and the kernel has waited for it.
        return process.poll() is not None


def _set_nonblocking(stream: IO[bytes] | None) -> int:
    fd = stream.fileno()  # type: ignore[union-attr]
    os.set_blocking(fd, False)
    return fd


def _write_some(fd: int, pending: memoryview) -> memoryview:
    """Write what the pipe takes; return the rest, nothing if the reader is gone."""
    try:
        return pending[os.write(fd, pending) if pending else 0 :]
    except BrokenPipeError:
        return pending[:0]


def _drain(fd: int, kept: bytearray, *, limit: int) -> bool:
    """Read what is in the pipe, at most 1 MiB; False at its end."""
    chunk = os.read(fd, 1 << 20)
    kept += chunk[: max(0, limit - len(kept))]
    return bool(chunk)


def _kill_session(process: subprocess.Popen[bytes]) -> None:
    """Kill everything left in the session; give up on a process that cannot be killed."""
    kill_process_tree(process.pid)
    _running.discard(process)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_WAIT_SECONDS)
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.close()
