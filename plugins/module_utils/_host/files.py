# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Safe reads of files in a home (links only on request, no special files, bounded size), and helpers for paths."""

from __future__ import annotations

import contextlib
import errno
import os
import shlex
import stat
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .._core.errors import LatchkeyError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "MAX_BYTES",
    "FilesError",
    "Snapshot",
    "describe_error",
    "ensure_folder",
    "expand",
    "opened_folder",
    "read",
    "with_tilde",
]

MAX_BYTES = 1 << 20


class FilesError(LatchkeyError):
    """A file that cannot be read, written or trusted; it was not changed."""


@dataclass(frozen=True)
class Snapshot:
    """A file as it was read; ``data`` and ``status`` are None if there is no file."""

    path: str
    data: bytes | None = field(repr=False)
    status: os.stat_result | None = None

    @property
    def mode(self) -> int | None:
        return None if self.status is None else stat.S_IMODE(self.status.st_mode)


def expand(path: str, home: str) -> str:
    """Absolute form of ``path``: ``~`` is ``home``, a relative path is below ``home``."""
    if path == "~" or path.startswith("~/"):
        path = home + path[1:]
    return os.path.normpath(os.path.join(home, path))


def with_tilde(path: str, home: str) -> str:
    """``path`` in the spelling of reports and records: absolute, with ~ for ``home``."""
    path = expand(path, home)
    return "~" + path[len(home) :] if path.startswith(home + os.sep) else path


def read(path: str, *, follow: bool = False, folder: int | None = None, named: bool = False) -> Snapshot:
    """Read the regular file at ``path``, at most 1 MiB; ``data`` is None if there is no file.

    FilesError for a link (unless ``follow``), a special file, a larger file and one that cannot be read. ``follow``:
    follow a symbolic link whose target belongs to the current user. ``folder``: open descriptor of the folder that
    holds the file, which is then not looked up by its path again. ``named``: the path is one that the user chose, so
    that the remedy is to choose another one; without it, the remedy moves away what is at the path.
    """
    linked = follow and os.path.islink(path)
    if linked:
        path = _own_target(path)
    name = path if folder is None else os.path.basename(path)
    try:
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
        fd = os.open(name, flags, dir_fd=folder)
    except (FileNotFoundError, NotADirectoryError):
        return Snapshot(path=path, data=None)
    except OSError as error:
        raise FilesError(f"{path} {describe_error(error)}", remedy=_remedy(path, error)) from None
    try:
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode):
            move = f"move it away: {shlex.join(['mv', path, f'{path}.old'])}"
            remedy = "name another file" if named else move
            raise FilesError(f"{path} is not a regular file", remedy=remedy)
        if linked:
            _require_own(status, path)
        with open(fd, "rb", closefd=False) as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise FilesError(f"{path} {describe_error(error)}") from None
    finally:
        os.close(fd)
    if len(data) > MAX_BYTES:
        raise FilesError(f"{path} is larger than {MAX_BYTES >> 10} KiB", remedy="name or make a smaller file")
    return Snapshot(path=path, data=data, status=status)


@contextlib.contextmanager
def opened_folder(path: str) -> Iterator[int]:
    """Descriptor of the folder at ``path``, for operations that must not look the path up again."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield fd
    finally:
        os.close(fd)


def ensure_folder(path: str, *, mode: int = 0o700) -> None:
    """Create ``path`` and its missing parents; existing folders keep their mode."""
    try:
        if not os.path.isdir(path):
            ensure_folder(os.path.dirname(path), mode=mode)
            with contextlib.suppress(FileExistsError):
                os.mkdir(path, mode)
        if not os.path.isdir(path):
            raise FilesError(f"{path} is not a folder")
    except OSError as error:
        raise FilesError(f"{path} cannot be made: {describe_error(error)}") from None


def describe_error(error: OSError) -> str:
    """Reason of an OSError as the end of a sentence about a path."""
    if error.errno == errno.ELOOP:
        return "is a symbolic link, which is not followed here"
    return f"({os.strerror(error.errno or 0)})"


def _remedy(path: str, error: OSError) -> str:
    """Remedy for a file that cannot be opened."""
    if error.errno == errno.ELOOP:
        return "replace the link by a file, or name the file that it points to"
    if error.errno != errno.EACCES:
        return ""
    with contextlib.suppress(OSError):
        if os.lstat(path).st_uid == os.geteuid():
            return shlex.join(["chmod", "u+rw", path])
    return f"see who may read it: {shlex.join(['ls', '-ld', path])}"


def _own_target(path: str) -> str:
    target = os.path.realpath(path)
    try:
        _require_own(os.stat(target), path)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise FilesError(f"{path} {describe_error(error)}") from None
    return target


def _require_own(status: os.stat_result, path: str) -> None:
    if status.st_uid != os.geteuid():
        raise FilesError(
            f"{path} is a link to a file of somebody else", remedy="replace the link by a file of your own"
        )
