# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Test whether a file can be created or replaced, without trying it; each cause has its own remedy."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pwd
import shlex
import stat
import struct
import sys
from typing import TYPE_CHECKING

from .._core.errors import LatchkeyError

if TYPE_CHECKING:
    from .files import Snapshot

__all__ = ["account_name", "require_writable", "shared_folder"]

_FS_IOC_GETFLAGS = 0x80086601 if struct.calcsize("l") == 8 else 0x80046601
_UNMAPPED = 65534  # owner of everything that a user namespace does not map
_FS_FLAGS = 0x10 | 0x20  # immutable, append-only


def require_writable(before: Snapshot) -> None:
    """Raise LatchkeyError if the file that ``before`` was read from cannot be replaced, or not be created.

    A rename would ignore the mode of the file itself; a file whose owner made it read-only is refused all the same.
    """
    folder = os.path.dirname(before.path)
    while not os.path.lexists(folder):
        folder = os.path.dirname(folder)
    try:
        problem = _folder_problem(folder) or _file_problem(before)
    except OSError as error:
        problem = f"{folder} does not answer ({os.strerror(error.errno or 0)})", ""
    if problem:
        raise LatchkeyError(f"{before.path} cannot be written: {problem[0]}", remedy=problem[1])


def shared_folder(path: str) -> LatchkeyError | None:
    """Warning for a file at ``path`` if others can write its folder or one above it, and so replace the file.

    Sticky folders such as /tmp, folders of root and those of the user's own group are fine.
    """
    folder = os.path.dirname(os.path.realpath(path))
    while True:
        with contextlib.suppress(FileNotFoundError):
            status = os.stat(folder)
            if _is_shared(status):
                own = status.st_uid == os.geteuid()
                remedy = f"chmod go-w {shlex.quote(folder)}" if own else "use another folder"
                return LatchkeyError(f"others can write {folder} and replace what is below it", remedy=remedy)
        if folder == os.path.dirname(folder):
            return None
        folder = os.path.dirname(folder)


def _is_shared(status: os.stat_result) -> bool:
    if status.st_uid not in {0, _UNMAPPED, os.geteuid()}:
        return True
    by_others = stat.S_IWOTH | (stat.S_IWGRP if status.st_gid not in {0, os.getegid()} else 0)
    return bool(status.st_mode & by_others) and not status.st_mode & stat.S_ISVTX


def _folder_problem(folder: str) -> tuple[str, str] | None:
    """Reason and remedy if no file can be created in ``folder``."""
    if not os.path.isdir(folder):
        return f"{folder} is not a folder", f"move it away: mv {shlex.quote(folder)} {shlex.quote(folder + '.old')}"
    system = os.statvfs(folder)
    if system.f_flag & os.ST_RDONLY:
        return f"the file system of {folder} is read-only", "mount it writable, or free its disk of errors"
    if _is_immutable(folder):
        return f"{folder} is immutable", _unflag(folder)
    if not os.access(folder, os.W_OK | os.X_OK):
        return _access_problem(folder, os.stat(folder))
    if system.f_bavail == 0 or (system.f_files and system.f_favail == 0):
        return f"the file system of {folder} is full", "free some space on it"
    return None


def _file_problem(before: Snapshot) -> tuple[str, str] | None:
    """Reason and remedy if the existing file must not be replaced."""
    path, status = before.path, before.status
    if status is None:
        return None
    if status.st_uid != os.geteuid():
        return _access_problem(path, status)
    if not status.st_mode & stat.S_IWUSR:
        return f"{path} is read-only", f"chmod u+w {shlex.quote(path)}"
    if _is_immutable(path):
        return f"{path} is immutable", _unflag(path)
    return None


def _access_problem(path: str, status: os.stat_result) -> tuple[str, str]:
    """Reason and remedy for a file or folder that the current user may not write."""
    uid, quoted = os.geteuid(), shlex.quote(path)
    if status.st_uid == uid:
        missing = stat.S_IWUSR | (stat.S_IXUSR if stat.S_ISDIR(status.st_mode) else 0)
        if status.st_mode & missing != missing:
            return f"{path} is not writable", f"chmod u+{'wx' if missing & stat.S_IXUSR else 'w'} {quoted}"
        return f"{path} is not writable although its mode allows it", f"see which policy protects it: ls -ldZ {quoted}"
    reason = f"{path} belongs to {account_name(status.st_uid)}"
    home, real = os.path.realpath(os.environ.get("HOME", "/")), os.path.realpath(path)
    if real == home:
        return reason, f"sudo chown {account_name(uid)} {quoted}"
    if real.startswith(f"{home}/"):
        return reason, f"sudo chown -R {account_name(uid)} {shlex.quote(real)}"
    # Never a command that takes something outside the home, also where a link in the home leads there.
    return reason, "use a place of your own"


def account_name(uid: int) -> str:
    """Name of an account, its number if it has no entry in the user database."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _is_immutable(path: str) -> bool:
    with contextlib.suppress(OSError):
        if sys.platform == "darwin":
            return bool(
                os.lstat(path).st_flags & (stat.UF_IMMUTABLE | stat.SF_IMMUTABLE | stat.UF_APPEND | stat.SF_APPEND)
            )
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            return bool(
                struct.unpack("l", fcntl.ioctl(fd, _FS_IOC_GETFLAGS, bytes(struct.calcsize("l"))))[0] & _FS_FLAGS
            )
        finally:
            os.close(fd)
    return False


def _unflag(path: str) -> str:
    if sys.platform == "darwin":
        return f"sudo chflags nouchg,noschg,nouappnd,nosappnd {shlex.quote(path)}"
    return f"sudo chattr -i -a {shlex.quote(path)}"
