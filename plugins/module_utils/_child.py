# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One member's process: it drops everything of root's, does its work as the member, and is read as a stranger."""

from __future__ import annotations

import base64
import contextlib
import ctypes
import json
import os
import resource
import time
from dataclasses import dataclass
from typing import Callable, NoReturn

from ansible_collections.latchkey.workstation.plugins.module_utils import _command
from ansible_collections.latchkey.workstation.plugins.module_utils._errors import LatchkeyError
from ansible_collections.latchkey.workstation.plugins.module_utils._family import end_family
from ansible_collections.latchkey.workstation.plugins.module_utils._report import Report, Served, attempt
from ansible_collections.latchkey.workstation.plugins.module_utils._secrets import Secret

__all__ = ["Child", "Member"]

_PR_SET_DUMPABLE = 4
_LIMITS = (1 << 20, 8 << 20)
_PATH = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"


@dataclass(frozen=True)
class Member:
    """Someone of the roster as the machine knows them."""

    name: str
    account: str
    home: str
    uid: int
    gid: int
    shell: str
    oneself: bool


class Child:
    """The parent's side of one member's process; each of two pipes carries one frame: eight digits and a body."""

    def __init__(self, member: Member, pid: int, streams: tuple[int, int], *, seconds: float) -> None:
        self.member = member
        self.streams = streams
        self._pid = pid
        self._until = time.monotonic() + seconds
        self._seconds = seconds
        self._heard = {fd: bytearray() for fd in streams}
        self._open = set(streams)

    @classmethod
    def start(cls, member: Member, work: Callable[[], Served], *, seconds: float) -> Child:
        report_out, report_in = os.pipe()
        values_out, values_in = os.pipe()
        pid = os.fork()
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

    def end(self) -> Served:
        """End the whole session, and read what it left as a stranger's words."""
        late = not self.finished
        end_family(self._pid)
        os.waitpid(self._pid, 0)
        for fd in self.streams:
            os.close(fd)
        if late:
            slow = LatchkeyError(f"its process was not done within {self._seconds:g} s and was ended")
            return Served(report=Report.failure(slow))
        try:
            frames = [_body(self._heard[fd], limit) for fd, limit in zip(self.streams, _LIMITS)]
            return Served(report=Report.decode(frames[0]), values=_decode_values(frames[1]))
        except LatchkeyError as error:
            return Served(report=Report.failure(error))


def _be(member: Member, work: Callable[[], Served], report_fd: int, values_fd: int) -> NoReturn:
    """The child: become the member, work, send, and never return into the parent's code."""
    code = 1
    try:

        def work_as_member() -> Served:
            _become(member, keep=(report_fd, values_fd))
            return work()

        served = attempt(work_as_member)
        _send(values_fd, json.dumps({k: _text(v) for k, v in served.values.items()}).encode())
        _send(report_fd, served.report.encode(served.values.values()))
        code = 0
    finally:
        _command.end_all()
        os._exit(code)


def _become(member: Member, *, keep: tuple[int, int]) -> None:
    """Leave everything of root's behind, prove it, and only then go home."""
    os.setsid()
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    low, high = sorted(keep)
    for start, stop in ((3, low), (low + 1, high), (high + 1, resource.getrlimit(resource.RLIMIT_NOFILE)[1])):
        os.closerange(start, stop)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.initgroups(member.account, member.gid)
    os.setgid(member.gid)
    os.setuid(member.uid)
    ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    _prove_dropped(member)
    os.umask(0o077)
    environment = _environment(member)
    os.environ.clear()
    os.environ.update(environment)
    try:
        os.chdir(member.home)
        owner = os.stat(".").st_uid
    except OSError as error:
        raise LatchkeyError(f"its home {member.home} cannot be entered ({os.strerror(error.errno or 0)})") from None
    if owner != member.uid:
        raise LatchkeyError(f"its home {member.home} belongs to somebody else", remedy=f"chown it to {member.account}")


def _prove_dropped(member: Member) -> None:
    if 0 in os.getgroups():
        raise LatchkeyError(f"{member.account} is in the group root", remedy="take it out of that group")
    same = set(os.getresuid()) == {member.uid} and set(os.getresgid()) == {member.gid}
    try:
        os.setuid(0)
    except PermissionError:
        if same:
            return
    raise LatchkeyError("its process could not leave root behind")


def _environment(member: Member) -> dict[str, str]:
    environment = {name: os.environ[name] for name in ("LANG", "TZ") if name in os.environ}
    environment.update(HOME=member.home, USER=member.account, LOGNAME=member.account, SHELL=member.shell)
    environment["PATH"] = f"{member.home}/.local/bin:{_PATH}"
    runtime = f"/run/user/{member.uid}"
    with contextlib.suppress(OSError):
        if os.lstat(runtime).st_uid == member.uid:
            environment["XDG_RUNTIME_DIR"] = runtime
            if os.lstat(f"{runtime}/bus").st_uid == member.uid:
                environment["DBUS_SESSION_BUS_ADDRESS"] = f"unix:path={runtime}/bus"
    return environment


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
