# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Child process for one member.

It drops root privileges, runs the work, and returns a result that the parent treats as untrusted.
"""

from __future__ import annotations

import base64
import json
import os
import time
from typing import TYPE_CHECKING, Any, Callable, NoReturn

from .._core.errors import LatchkeyError
from .._core.report import MAX_BYTES, MemberResult, Report, to_member_result
from .._core.secrets import Secret
from .._host import command
from .._host.process_tree import kill_process_tree
from .become import become

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from .._core.member import Member

__all__ = ["Child", "reap"]

_LIMITS = (MAX_BYTES, 8 << 20)
_WAIT_SECONDS = 0.5
_NO_VALUES = b"00000000"


class Child:
    """Parent's side of a member's process.

    A frame is eight hex digits and a body. The process writes one frame to each of two pipes, ``streams``: its report
    and its values. For a follow-up, ``input_fd`` carries one frame to the process, which answers by a second report.
    """

    def __init__(  # noqa: PLR0913 - a process and its pipes
        self,
        member: Member,
        pid: int,
        streams: tuple[int, int],
        input_fd: int,
        *,
        seconds: float,
        value_names: Collection[str] = (),
    ) -> None:
        self.member = member
        self._value_names = frozenset(value_names)
        self.streams = streams
        self.input_fd = input_fd
        self.pid = pid
        self._until = time.monotonic() + seconds
        self._seconds = seconds
        self._received = {fd: bytearray() for fd in streams}
        self._open = set(streams)
        self._pending = b""

    @classmethod
    def start(
        cls,
        member: Member,
        work: Callable[[], MemberResult],
        follow_up: Callable[[Any], Report] | None = None,
        *,
        seconds: float,
        value_names: Collection[str] = (),
    ) -> Child:
        """Fork a child that runs ``work`` as ``member``; LatchkeyError if the machine refuses a process.

        ``value_names``: the only names under which values are accepted from the child.
        """
        pipes: list[int] = []
        try:
            pipes += (*os.pipe(), *os.pipe(), *os.pipe())
            pid = os.fork()
        except OSError as error:
            for fd in pipes:
                os.close(fd)
            message = f"no process could be started for it ({os.strerror(error.errno or 0)})"
            raise LatchkeyError(message, remedy="see what runs on this machine, and run it again") from None
        report_out, report_in, values_out, values_in, input_out, input_in = pipes
        if pid == 0:
            _run_child(member, work, follow_up, (report_in, values_in, input_out))
        for fd in (report_in, values_in, input_out):
            os.close(fd)
        os.set_blocking(input_in, False)
        return cls(member, pid, (report_out, values_out), input_in, seconds=seconds, value_names=value_names)

    def left(self) -> float:
        """Seconds until the deadline of the child, 0 once it has passed."""
        return max(0.0, self._until - time.monotonic())

    @property
    def finished(self) -> bool:
        """True once both frames are complete or both pipes are closed."""
        return not self._open

    def receive(self, fd: int) -> bool:
        """Read from one pipe; False once its frame is complete, too long or closed."""
        received = self._received[fd]
        chunk = os.read(fd, 65536)
        received += chunk
        limit = _LIMITS[self.streams.index(fd)]
        if not chunk or len(received) > limit or (len(received) >= 8 and len(received) >= 8 + _length(received)):
            self._open.discard(fd)
        return fd in self._open

    def follow_up(self, value: Any, *, seconds: float) -> None:
        """Prepare to send ``value`` down and to receive a second report within ``seconds``."""
        body = json.dumps(value).encode()
        self._pending = b"%08x" % len(body) + body
        self._until, self._seconds = time.monotonic() + seconds, seconds
        report_fd, values_fd = self.streams
        self._received = {report_fd: bytearray(), values_fd: bytearray(_NO_VALUES)}
        self._open = {report_fd}

    def send(self) -> bool:
        """Write what the pipe takes; False once everything is written or the reader is gone."""
        try:
            self._pending = self._pending[os.write(self.input_fd, self._pending) :]
        except BlockingIOError:
            return True
        except BrokenPipeError:
            return False
        return bool(self._pending)

    def finish(self) -> MemberResult:
        """Wait for the killed process and return its result, a failed report if it was not done in time."""
        ended = self._wait()
        for fd in (*self.streams, self.input_fd):
            os.close(fd)
        if self.finished:
            return self.result()
        if ended:
            error = LatchkeyError(f"its process was not done within {self._seconds:g} s and was ended")
        else:
            remedy = f"unmount what does not answer in {self.member.home}"
            error = LatchkeyError("its process cannot be ended", remedy=remedy)
        return MemberResult(report=Report.failure(error))

    def _wait(self) -> bool:
        """False if the process does not end: one that waits for a dead file system cannot be killed."""
        until = time.monotonic() + _WAIT_SECONDS
        while os.waitpid(self.pid, os.WNOHANG) == (0, 0):
            if time.monotonic() > until:
                return False
            time.sleep(0.001)
        return True

    def result(self) -> MemberResult:
        """Decode the frames received so far; invalid ones become a failed report."""
        try:
            frames = [_body(self._received[fd], limit) for fd, limit in zip(self.streams, _LIMITS)]
            return MemberResult(report=Report.decode(frames[0]), values=_decode_values(frames[1], self._value_names))
        except LatchkeyError as error:
            return MemberResult(report=Report.failure(error))


def reap(children: Collection[Child]) -> dict[str, MemberResult]:
    """Kill children with their process trees; results by member name."""
    if children:
        kill_process_tree(*(child.pid for child in children))
    return {child.member.name: child.finish() for child in children}


def _run_child(
    member: Member,
    work: Callable[[], MemberResult],
    follow_up: Callable[[Any], Report] | None,
    fds: tuple[int, int, int],
) -> NoReturn:
    """Become the member, work, send the result, and exit without returning into the parent's code."""
    report_fd, values_fd, input_fd = fds
    code = 1
    try:

        def work_as_member() -> MemberResult:
            become(member, keep=fds)
            return work()

        result = to_member_result(work_as_member)
        _send(values_fd, _encode_values(result.values))
        _send(report_fd, result.report.encode(result.values.values()))
        value = _receive(input_fd) if follow_up and not result.report.failed else None
        if follow_up and value is not None:
            second = to_member_result(lambda: MemberResult(follow_up(value)))
            _send(report_fd, second.report.encode(result.values.values()))
        code = 0
    finally:
        command.end_all()
        os._exit(code)


def _send(fd: int, body: bytes) -> None:
    view = memoryview(b"%08x" % len(body) + body)
    while view:
        view = view[os.write(fd, view) :]


def _receive(fd: int) -> Any:
    """Read the parent's frame; None if the parent closes the pipe without one."""
    received = bytearray()
    while len(received) < 8 or len(received) < 8 + _length(received):
        chunk = os.read(fd, 65536)
        if not chunk:
            return None
        received += chunk
    return json.loads(received[8:])


def _length(received: bytearray) -> int:
    try:
        return int(received[:8], 16)
    except ValueError:
        return 0


def _body(received: bytearray, limit: int) -> bytes:
    if len(received) > limit:
        raise LatchkeyError(f"its process answered with more than {limit >> 20} MiB")
    if len(received) < 8 or len(received) < 8 + _length(received):
        raise LatchkeyError("its process ended without an answer")
    return bytes(received[8 : 8 + _length(received)])


def _encode_values(values: Mapping[str, Secret]) -> bytes:
    """One line per value: its name, a tab and its base64."""
    return b"".join(b"%s\t%s\n" % (name.encode(), base64.b64encode(one.reveal())) for name, one in values.items())


def _decode_values(body: bytes, names: frozenset[str]) -> dict[str, Secret]:
    """Decode untrusted values; LatchkeyError for a name that is not one of ``names`` and for more lines than those."""
    if body.count(b"\n") > len(names):
        raise LatchkeyError("its process sent more values than are declared")
    values = {}
    for line in body.split(b"\n")[:-1]:
        raw_name, _tab, value = line.partition(b"\t")
        name = raw_name.decode(errors="replace")
        if name not in names:
            raise LatchkeyError("its process sent a value that is not declared")
        try:
            values[name] = Secret(base64.b64decode(value, validate=True))
        except ValueError:
            raise LatchkeyError("its process sent something that is no value") from None
    return values
