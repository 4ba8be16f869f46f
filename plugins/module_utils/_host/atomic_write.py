# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Atomic writes of files in a home; mode, group and extended attributes are preserved."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import re
import secrets
import shlex
import stat
import sys
from typing import TYPE_CHECKING

from . import files
from .files import FilesError, describe_error
from .write_access import account_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .files import Snapshot

__all__ = ["ChangedMeanwhile", "remove", "remove_leftovers", "write"]

_TEMPORARY = ".latchkey-%s"
_LEFTOVER = re.compile(r"\.latchkey-[0-9a-f]+")
_COPYFILE_ACL_XATTR = 1 << 0 | 1 << 2


class ChangedMeanwhile(FilesError):
    """Another program changed the file after it was read; the caller reads and decides again."""


def write(before: Snapshot, data: bytes, *, mode: int | None = None) -> None:
    """Replace the file that ``before`` was read from; group and extended attributes are preserved.

    ``mode`` defaults to that of the file, for a new file to 0600. ChangedMeanwhile if the file has changed since it
    was read, FilesError if it cannot be written. The temporary file is never accessed by its path, which others may
    replace in a folder they can write. A write of another program in the few microseconds between
    ``_check_unchanged`` and the rename is lost; no file system offers a way to close that window.
    """
    if before.status is not None and before.status.st_uid != os.geteuid():
        remedy = f"sudo chown {account_name(os.geteuid())} {shlex.quote(before.path)}"
        raise FilesError(f"{before.path} belongs to {account_name(before.status.st_uid)}", remedy=remedy)
    if len(data) > files.MAX_BYTES:
        raise FilesError(f"{before.path} would be larger than {files.MAX_BYTES >> 10} KiB")
    name, temporary = os.path.basename(before.path), _TEMPORARY % secrets.token_hex(8)
    wanted = mode if mode is not None else before.mode if before.mode is not None else 0o600
    try:
        with files.opened_folder(os.path.dirname(before.path)) as folder, _created(temporary, folder) as fd:
            _write_all(fd, data)
            _copy_metadata(before, fd, folder, mode=wanted)
            os.fsync(fd)
            _verify(fd, data, before.path)
            _check_unchanged(before, folder)
            if not _is_named(temporary, fd, folder):
                message = f"{before.path} was not written: another process replaced its temporary file"
                raise FilesError(message, remedy=f"see who can write {shlex.quote(os.path.dirname(before.path))}")
            os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
            if not _is_named(name, fd, folder):
                raise _changed(before)
            os.fsync(folder)
    except OSError as error:
        raise FilesError(f"{before.path} cannot be written: {describe_error(error)}") from None


def remove(before: Snapshot) -> None:
    """Remove the file that ``before`` was read from; ChangedMeanwhile if it has changed since."""
    try:
        with files.opened_folder(os.path.dirname(before.path)) as folder:
            _check_unchanged(before, folder)
            os.unlink(os.path.basename(before.path), dir_fd=folder)
            os.fsync(folder)
    except FileNotFoundError:
        return
    except OSError as error:
        raise FilesError(f"{before.path} cannot be removed: {describe_error(error)}") from None


def remove_leftovers(folder: str) -> None:
    """Remove the current user's temporary files of killed runs from ``folder``; the caller holds the member's lock."""
    with contextlib.suppress(OSError), files.opened_folder(folder) as fd, os.scandir(fd) as entries:
        for entry in entries:
            if _LEFTOVER.fullmatch(entry.name):
                with contextlib.suppress(OSError):
                    _remove_leftover(entry.name, fd)


def _remove_leftover(name: str, folder: int) -> None:
    status = os.stat(name, dir_fd=folder, follow_symlinks=False)
    if stat.S_ISREG(status.st_mode) and status.st_uid == os.geteuid():
        os.unlink(name, dir_fd=folder)


@contextlib.contextmanager
def _created(name: str, folder: int) -> Iterator[int]:
    """Create a file of mode 0600, open for reading and writing; removed at the end if it still has that name."""
    fd = os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=folder)
    try:
        yield fd
    finally:
        os.close(fd)
        with contextlib.suppress(OSError):
            os.unlink(name, dir_fd=folder)


def _write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def _copy_metadata(before: Snapshot, fd: int, folder: int, *, mode: int) -> None:
    """Copy group, extended attributes (ACLs among them) and mode of the old file to the new one."""
    if before.status is not None:
        try:
            os.fchown(fd, -1, before.status.st_gid)
        except PermissionError:
            # The user has left the file's group: the group it gets instead has the rights of others only.
            mode &= ~0o070 | (mode & 0o007) << 3
        _copy_attributes(before, fd, folder)
    os.fchmod(fd, mode)


def _copy_attributes(before: Snapshot, fd: int, folder: int) -> None:
    """Copy extended attributes; those that are not supported or that only root may set are skipped."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        old = os.open(os.path.basename(before.path), flags, dir_fd=folder)
    except FileNotFoundError:
        raise _changed(before) from None
    try:
        if not _is_same_file(before.status, os.fstat(old)):
            raise _changed(before)
        if sys.platform == "darwin":
            ctypes.CDLL(None).fcopyfile(old, fd, None, _COPYFILE_ACL_XATTR)
            return
        names: list[str] = []
        with _ignore_unsupported():
            names = os.listxattr(old)
        for name in names:
            with _ignore_unsupported():
                os.setxattr(fd, name, os.getxattr(old, name))
    finally:
        os.close(old)


@contextlib.contextmanager
def _ignore_unsupported() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in {errno.ENOTSUP, errno.EPERM, errno.EACCES, errno.ENODATA, errno.ENOENT}:
            raise


def _verify(fd: int, data: bytes, path: str) -> None:
    """Read the new file again; FilesError if it does not hold ``data``."""
    os.lseek(fd, 0, os.SEEK_SET)
    with open(fd, "rb", closefd=False) as stream:
        if stream.read(len(data) + 1) != data:
            raise FilesError(f"{os.path.dirname(path)} does not give back what was written to it")


def _check_unchanged(before: Snapshot, folder: int) -> None:
    if files.read(before.path, folder=folder).data != before.data:
        raise _changed(before)


def _changed(before: Snapshot) -> ChangedMeanwhile:
    return ChangedMeanwhile(f"{before.path} was changed by another program at the same moment", remedy="run again")


def _is_named(name: str, fd: int, folder: int) -> bool:
    """True if the open file still has this name; others may rename files in a folder they can write."""
    try:
        return _is_same_file(os.stat(name, dir_fd=folder, follow_symlinks=False), os.fstat(fd))
    except FileNotFoundError:
        return False


def _is_same_file(one: os.stat_result | None, other: os.stat_result) -> bool:
    return one is not None and (one.st_dev, one.st_ino) == (other.st_dev, other.st_ino)
