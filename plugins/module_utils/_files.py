# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files in a home: read without surprises, written whole or not at all, everything else about them kept."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import re
import secrets
import stat
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ansible_collections.latchkey.workstation.plugins.module_utils._errors import LatchkeyError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["ChangedMeanwhile", "FilesError", "Snapshot", "ensure_folder", "expand", "read", "remove", "sweep", "write"]

_LIMIT = 1 << 20
_TEMPORARY = ".latchkey-%s"
_LEFTOVER = re.compile(r"\.latchkey-[0-9a-f]+")
_COPYFILE_ACL_XATTR = 1 << 0 | 1 << 2


class FilesError(LatchkeyError):
    """A file that is not what it has to be; it stays as it was."""


class ChangedMeanwhile(FilesError):
    """Somebody wrote the file between our reading and our writing: read again and decide anew."""


@dataclass(frozen=True)
class Snapshot:
    """A file as it was read; ``data`` and ``status`` are None where there is none."""

    path: str
    data: bytes | None = field(repr=False)
    status: os.stat_result | None = None

    @property
    def mode(self) -> int | None:
        return None if self.status is None else stat.S_IMODE(self.status.st_mode)


def expand(path: str, home: str) -> str:
    """``path`` with a leading ``~`` as ``home``; a relative path is below it."""
    if path == "~" or path.startswith("~/"):
        path = home + path[1:]
    return os.path.normpath(os.path.join(home, path))


def read(path: str, *, follow: bool = False) -> Snapshot:
    """The file at ``path``; with ``follow`` a link is followed where its target is the caller's own."""
    if follow and os.path.islink(path):
        path = _own_target(path)
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    except FileNotFoundError:
        return Snapshot(path=path, data=None)
    except OSError as error:
        raise FilesError(f"{path} {_why(error)}") from None
    try:
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode):
            raise FilesError(f"{path} is not a regular file")
        with open(fd, "rb", closefd=False) as stream:
            data = stream.read(_LIMIT + 1)
    except OSError as error:
        raise FilesError(f"{path} {_why(error)}") from None
    finally:
        os.close(fd)
    if len(data) > _LIMIT:
        raise FilesError(f"{path} is larger than {_LIMIT >> 10} KiB")
    return Snapshot(path=path, data=data, status=status)


def write(before: Snapshot, data: bytes, *, mode: int | None = None) -> None:
    """Put ``data`` where ``before`` was read, unless that has changed; mode, group and attributes stay.

    ``mode`` overrides; a new file gets 0600. Against a program that takes no lock, what it writes in the few
    microseconds between ``_compare`` and the rename is lost; nothing that a file system offers closes that window.
    """
    if before.status is not None and before.status.st_uid != os.geteuid():
        raise FilesError(f"{before.path} belongs to somebody else", remedy="chown it, or move it out of the way")
    folder = os.path.dirname(before.path)
    temporary = os.path.join(folder, _TEMPORARY % secrets.token_hex(8))
    wanted = mode if mode is not None else before.mode if before.mode is not None else 0o600
    try:
        _fill(temporary, data)
        _dress(temporary, before, mode=wanted)
        _prove(temporary, data)
        _compare(before)
        os.rename(temporary, before.path)
        _settle(folder)
    except OSError as error:
        raise FilesError(f"{before.path} cannot be written: {_why(error)}") from None
    finally:
        with contextlib.suppress(OSError):
            os.unlink(temporary)


def remove(before: Snapshot) -> None:
    """Remove the file that was read, unless it has changed."""
    _compare(before)
    try:
        os.unlink(before.path)
        _settle(os.path.dirname(before.path))
    except FileNotFoundError:
        return
    except OSError as error:
        raise FilesError(f"{before.path} cannot be removed: {_why(error)}") from None


def ensure_folder(path: str, *, mode: int = 0o700) -> None:
    """Make ``path`` and what is missing above it; what exists stays as it is."""
    try:
        if not os.path.isdir(path):
            ensure_folder(os.path.dirname(path), mode=mode)
            with contextlib.suppress(FileExistsError):
                os.mkdir(path, mode)
        if not os.path.isdir(path):
            raise FilesError(f"{path} is not a folder")
    except OSError as error:
        raise FilesError(f"{path} cannot be made: {_why(error)}") from None


def sweep(folder: str) -> None:
    """Remove what a killed run of ours left in ``folder``; the caller holds the member's lock."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if _LEFTOVER.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
                with contextlib.suppress(OSError):
                    os.unlink(entry.path)


def _fill(temporary: str, data: bytes) -> None:
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(fd, view) :]
        os.fsync(fd)
    finally:
        os.close(fd)


def _dress(temporary: str, before: Snapshot, *, mode: int) -> None:
    """Give the new file what the old one had: group, extended attributes (ACLs among them), mode."""
    if before.status is not None:
        try:
            os.chown(temporary, -1, before.status.st_gid)
        except PermissionError:
            # Not a group of ours any more: the one it gets instead may do what anybody may, and nothing else.
            mode &= ~0o070 | (mode & 0o007) << 3
        if sys.platform == "darwin":
            ctypes.CDLL(None).copyfile(before.path.encode(), temporary.encode(), None, _COPYFILE_ACL_XATTR)
        else:
            _copy_attributes(before.path, temporary)
    os.chmod(temporary, mode)


def _copy_attributes(source: str, target: str) -> None:
    """Each attribute that can be kept; a file system without any, or one that only root may set, is no error."""
    names: list[str] = []
    with _tolerant():
        names = os.listxattr(source, follow_symlinks=False)
    for name in names:
        with _tolerant():
            os.setxattr(target, name, os.getxattr(source, name, follow_symlinks=False), follow_symlinks=False)


@contextlib.contextmanager
def _tolerant() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in {errno.ENOTSUP, errno.EPERM, errno.EACCES, errno.ENODATA, errno.ENOENT}:
            raise


def _prove(temporary: str, data: bytes) -> None:
    if read(temporary).data != data:
        raise FilesError(f"{os.path.dirname(temporary)} does not give back what was written to it")


def _compare(before: Snapshot) -> None:
    if read(before.path).data != before.data:
        raise ChangedMeanwhile(f"{before.path} was changed by another program at the same moment", remedy="run again")


def _settle(folder: str) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _own_target(path: str) -> str:
    target = os.path.realpath(path)
    try:
        owner = os.stat(target).st_uid
    except FileNotFoundError:
        owner = os.geteuid()
    except OSError as error:
        raise FilesError(f"{path} {_why(error)}") from None
    if owner != os.geteuid():
        raise FilesError(
            f"{path} is a link to a file of somebody else", remedy="replace the link by a file of your own"
        )
    return target


def _why(error: OSError) -> str:
    if error.errno == errno.ELOOP:
        return "is a symbolic link, which is not followed here"
    return f"({os.strerror(error.errno or 0)})"
