# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One member's process: it drops everything of root's, does its work as the member, and is read as a stranger."""

from __future__ import annotations

import base64
import json
import os
import time
from typing import TYPE_CHECKING, Callable, NoReturn

from ansible_collections.latchkey.workstation.plugins.module_utils import _command
from ansible_collections.latchkey.workstation.plugins.module_utils._child_become import Member, become
from ansible_collections.latchkey.workstation.plugins.module_utils._errors import LatchkeyError
from ansible_collections.latchkey.workstation.plugins.module_utils._family import end_family
from ansible_collections.latchkey.workstation.plugins.module_utils._report import LONGEST, Report, Served, attempt
from ansible_collections.latchkey.workstation.plugins.module_utils._secrets import Secret

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["Child", "Member", "end"]

_LIMITS = (LONGEST, 8 << 20)
_MOMENT = 0.5


class Child:
    """The parent's side of one member's process; each of two pipes carries one frame: eight digits and a body."""

    def __init__(self, member: Member, pid: int, streams: tuple[int, int], *, seconds: float) -> None:
        self.member = member
        self.streams = streams
        self.pid = pid
        self._until = time.monotonic() + seconds
        self._seconds = seconds
        self._heard = {fd: bytearray() for fd in streams}
        self._open = set(streams)

    @classmethod
    def start(cls, member: Member, work: Callable[[], Served], *, seconds: float) -> Child:
        """A process may be refused to root too, where others use up what the machine has: that is an error."""
        pipes: list[int] = []
        try:
            pipes += os.pipe()
            pipes += os.pipe()
            pid = os.fork()
        except OSError as error:
            for fd in pipes:
                os.close(fd)
            message = f"no process could be started for it ({os.strerror(error.errno or 0)})"
            raise LatchkeyError(message, remedy="see what runs on this machine, and run it again") from None
        report_out, report_in, values_out, values_in = pipes
        if pid == 0:
            _be(member, work, report_in, values_in)
        os.close(report_in)
        os.close(values_in)
        return cls(member, pid, (report_out, values_out), seconds=seconds)

    def left(self) -> float:
        return max(0.0, self._until - time.monotonic())

    @property
    def finished(self) -> bool:
        return not self._open

    def listen(self, fd: int) -> bool:
        """Take what has come; False when this stream has said all it may."""
        heard = self._heard[fd]
        chunk = os.read(fd, 65536)
        heard += chunk
        limit = _LIMITS[self.streams.index(fd)]
        if not chunk or len(heard) > limit or (len(heard) >= 8 and len(heard) >= 8 + _length(heard)):
            self._open.discard(fd)
        return fd in self._open

    def answer(self) -> Served:
        """What it left, once its family is ended, read as a stranger's words."""
        reaped = self._reap()
        for fd in self.streams:
            os.close(fd)
        if self.finished:
            return self._read()
        if reaped:
            error = LatchkeyError(f"its process was not done within {self._seconds:g} s and was ended")
        else:
            remedy = f"unmount what does not answer in {self.member.home}"
            error = LatchkeyError("its process cannot be ended", remedy=remedy)
        return Served(report=Report.failure(error))

    def _reap(self) -> bool:
        """Whether it is gone. One that waits for a dead file system ends with that, whatever is sent to it."""
        until = time.monotonic() + _MOMENT
        while os.waitpid(self.pid, os.WNOHANG) == (0, 0):
            if time.monotonic() > until:
                return False
            time.sleep(0.001)
        return True

    def _read(self) -> Served:
        try:
            frames = [_body(self._heard[fd], limit) for fd, limit in zip(self.streams, _LIMITS)]
            return Served(report=Report.decode(frames[0]), values=_decode_values(frames[1]))
        except LatchkeyError as error:
            return Served(report=Report.failure(error))


def end(children: Collection[Child]) -> dict[str, Served]:
    """End children with all they started; what each of them answered, by the member's name."""
    if children:
        end_family(*(child.pid for child in children))
    return {child.member.name: child.answer() for child in children}


def _be(member: Member, work: Callable[[], Served], report_fd: int, values_fd: int) -> NoReturn:
    """The child: become the member, work, send, and never return into the parent's code."""
    code = 1
    try:

        def work_as_member() -> Served:
            become(member, keep=(report_fd, values_fd))
            return work()

        served = attempt(work_as_member)
        _send(values_fd, json.dumps({k: _text(v) for k, v in served.values.items()}).encode())
        _send(report_fd, served.report.encode(served.values.values()))
        code = 0
    finally:
        _command.end_all()
        os._exit(code)


def _send(fd: int, body: bytes) -> None:
    view = memoryview(b"%08x" % len(body) + body)
    while view:
        view = view[os.write(fd, view) :]


def _length(heard: bytearray) -> int:
    try:
        return int(heard[:8], 16)
    except ValueError:
        return 0


def _body(heard: bytearray, limit: int) -> bytes:
    if len(heard) > limit:
        raise LatchkeyError(f"its process answered with more than {limit >> 20} MiB")
    if len(heard) < 8 or len(heard) < 8 + _length(heard):
        raise LatchkeyError("its process ended without an answer")
    return bytes(heard[8 : 8 + _length(heard)])


def _text(secret: Secret) -> str:
    return base64.b64encode(secret.reveal()).decode()


def _decode_values(body: bytes) -> dict[str, Secret]:
    try:
        return {str(name): Secret(base64.b64decode(value)) for name, value in json.loads(body).items()}
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise LatchkeyError("its process handed up something that is no value") from None
