# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Paths that a run wrote to, read from strace's log of every system call that changes a file."""

from __future__ import annotations

import os.path
import re
import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["traced", "written"]

FORKS = ("fork", "vfork", "clone", "clone3")
XATTRS = ("setxattr", "lsetxattr", "fsetxattr", "removexattr", "lremovexattr", "fremovexattr")
CALLS = (
    *("open", "openat", "openat2", "creat", "bind", "chdir", "fchdir"),
    *("mkdir", "mkdirat", "mknod", "mknodat", "rmdir", "unlink", "unlinkat", "rename", "renameat", "renameat2"),
    *("link", "linkat", "symlink", "symlinkat", "truncate", "ftruncate", "fallocate"),
    *("chmod", "fchmod", "fchmodat", "fchmodat2", "chown", "lchown", "fchown", "fchownat"),
    *("utime", "utimes", "futimesat", "utimensat", *XATTRS, *FORKS),
)

CALL = re.compile(r"(?P<name>\w+)\((?P<arguments>.*)\) += (?P<code>\d+)(?:<(?P<opened>.*)>)?(?: \(.*\))?$")
# A descriptor with its path, or a string.
ARGUMENT = re.compile(r'(?:AT_FDCWD|\b\d+)<(?P<folder>[^>]*)>|"(?P<text>(?:[^"\\]|\\.)*)"')
TO_WRITE = re.compile(r"O_(WRONLY|RDWR|CREAT|TRUNC)")


def traced(script: str, log: str) -> str:
    """Return the command that runs ``script`` under strace; `?` skips calls unknown to this strace."""
    calls = ",".join(f"?{name}" for name in CALLS)
    strace = ["strace", "--seccomp-bpf", "-f", "-y", "-qqq", "-e", "signal=none", "-e", f"trace={calls}", "-o", log]
    return shlex.join([*strace, "sh", "-c", script])


def written(log: Iterable[str]) -> set[str]:
    """Return absolute paths created, opened for writing, renamed, removed or given other attributes."""
    calls = [(pid, call) for pid, line in _whole_lines(log) if (call := CALL.match(line))]
    parents = {call["code"]: pid for pid, call in calls if call["name"] in FORKS}
    folders: dict[str, str] = {}
    found: set[str] = set()
    for pid, call in calls:
        name, arguments = call["name"], call["arguments"]
        # A child's first call can precede the return of its parent's fork; the parent's folder is still the same then.
        folder = folders.setdefault(pid, folders.get(parents.get(pid, ""), "/?"))
        if name in FORKS:
            folders.setdefault(call["code"], folder)
            continue
        if at := re.search(r"AT_FDCWD<([^>]*)>", arguments):
            folder = folders[pid] = at[1]
        paths = _paths(name, arguments, folder)
        if name in ("chdir", "fchdir"):
            folders[pid] = paths[0]
        elif name.startswith("open"):
            found |= {call["opened"] or paths[-1]} if TO_WRITE.search(arguments) else set()
        else:
            found.update(paths)
    return found


def _whole_lines(log: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield pid and call; a call that another process interrupted is joined from its two lines."""
    begun: dict[str, str] = {}
    for line in log:
        pid, _, text = line.strip().partition(" ")
        text = text.lstrip()
        if text.endswith("<unfinished ...>"):
            begun[pid] = text.removesuffix("<unfinished ...>").rstrip()
        elif resumed := re.match(r"<\.\.\. \w+ resumed>(.*)", text):
            yield pid, begun.pop(pid) + resumed[1]
        else:
            yield pid, text


def _paths(name: str, arguments: str, folder: str) -> list[str]:
    if name == "bind":
        return re.findall(r'AF_UNIX, sun_path="(/[^"]*)"', arguments)
    named, at = [], folder
    for argument in ARGUMENT.finditer(arguments):
        if argument["folder"] is not None:
            at = argument["folder"]
        else:
            named.append(os.path.normpath(os.path.join(at, argument["text"])))
    if name.startswith("f") and not name.endswith(("at", "at2")):
        return [at]
    if name.startswith("symlink"):
        return named[1:]
    if name in XATTRS:
        return named[:1]
    return named or [at]
