# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Turn a child process of root into a member's process, and verify that no privilege of root is left."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import resource
import sys
from typing import TYPE_CHECKING

from .._core.errors import LatchkeyError
from .context import reset_context

if TYPE_CHECKING:
    from collections.abc import Collection

    from .._core.member import Member

__all__ = ["become"]

_PATH = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"
_PR_SET_DUMPABLE = 4
_JOIN_SESSION_KEYRING, _READ, _SESSION_KEYRING = 1, 11, -3
# keyctl has no wrapper in libc; its system call number depends on the architecture.
_KEYCTL = (
    {"x86_64": 250, "aarch64": 219, "riscv64": 219, "ppc64le": 271, "s390x": 280}
    if sys.maxsize > 1 << 32
    else {"x86_64": 288, "i686": 288, "aarch64": 311, "armv7l": 311}
)
_KEYRINGS_UNAVAILABLE = {-errno.ENOSYS, -errno.EPERM}


def become(member: Member, *, keep: Collection[int]) -> None:
    """Drop the privileges and the context of root, verify it, and only then enter the home.

    ``keep``: the descriptors that stay open. LatchkeyError if anything of root's would be left or the home cannot
    be entered.
    """
    os.setsid()
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    start = 3
    for fd in (*sorted(keep), resource.getrlimit(resource.RLIMIT_NOFILE)[1]):
        os.closerange(start, fd)
        start = fd + 1
    reset_context(member.uid)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.initgroups(member.account, member.gid)
    os.setgid(member.gid)
    os.setuid(member.uid)
    ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    _verify_dropped(member)
    _leave_keyring()
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
        raise LatchkeyError(
            f"its home {member.home} belongs to somebody else",
            remedy=f"correct its owner, or the home of the account {member.account}",
        )


def _verify_dropped(member: Member) -> None:
    if 0 in os.getgroups():
        raise LatchkeyError(f"{member.account} is in the group root", remedy="take it out of that group")
    same = set(os.getresuid()) == {member.uid} and set(os.getresgid()) == {member.gid}
    try:
        os.setuid(0)
    except PermissionError:
        if same:
            return
    raise LatchkeyError("its process could not leave root behind")


def _leave_keyring() -> None:
    """Join a new, empty session keyring: a process with root's session keyring could read its keys with any uid."""
    joined = _keyctl(_JOIN_SESSION_KEYRING, None)
    held = _keyctl(_READ, _SESSION_KEYRING, None, 0)
    if (joined > 0 and held == 0) or (joined in _KEYRINGS_UNAVAILABLE and held in _KEYRINGS_UNAVAILABLE):
        return
    why = os.strerror(-joined) if joined < 0 else "its own is not empty"
    raise LatchkeyError(f"its process could not leave root's keyring behind ({why})", remedy="run it as the member")


def _keyctl(operation: int, *arguments: int | None) -> int:
    """Result of the keyctl system call, a negative errno on failure."""
    machine = os.uname().machine
    if machine not in _KEYCTL:
        raise LatchkeyError(f"how to leave root's keyring is not known on {machine}", remedy="run it as the member")
    words = [None if word is None else ctypes.c_long(word) for word in (_KEYCTL[machine], operation, *arguments)]
    answer = int(ctypes.CDLL(None, use_errno=True).syscall(*words))
    return answer if answer >= 0 else -ctypes.get_errno()


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
