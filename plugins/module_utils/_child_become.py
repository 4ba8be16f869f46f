# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a child of root's becomes a member for good: everything of root's is left behind, and that is proven."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import resource
import sys
from dataclasses import dataclass

from ansible_collections.latchkey.workstation.plugins.module_utils._errors import LatchkeyError

__all__ = ["Member", "become"]

_PATH = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"
_PR_SET_DUMPABLE = 4
_JOIN_SESSION_KEYRING, _READ, _SESSION_KEYRING = 1, 11, -3
# keyctl has no function in libc, and another number on each architecture.
_KEYCTL = (
    {"x86_64": 250, "aarch64": 219, "riscv64": 219, "ppc64le": 271, "s390x": 280}
    if sys.maxsize > 1 << 32
    else {"x86_64": 288, "i686": 288, "aarch64": 311, "armv7l": 311}
)
_NOBODY_MAY_ASK = {-errno.ENOSYS, -errno.EPERM}


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


def become(member: Member, *, keep: tuple[int, int]) -> None:
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


def _leave_keyring() -> None:
    """A session keyring of its own, and empty: whoever holds root's may read the keys in it, whatever their uid."""
    joined = _keyctl(_JOIN_SESSION_KEYRING, None)
    held = _keyctl(_READ, _SESSION_KEYRING, None, 0)
    if (joined > 0 and held == 0) or (joined in _NOBODY_MAY_ASK and held in _NOBODY_MAY_ASK):
        return
    why = os.strerror(-joined) if joined < 0 else "its own is not empty"
    raise LatchkeyError(f"its process could not leave root's keyring behind ({why})", remedy="run it as the member")


def _keyctl(operation: int, *arguments: int | None) -> int:
    """What the kernel answers; an error as a negative number."""
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
