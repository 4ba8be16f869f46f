# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check that root alone can change a file or folder, and everything on the way to it, before root reads it.

Where the check passes nobody but root can replace what was checked, so what is opened later is what was checked:
each folder on the way is root's and closed to others, or sticky and holds an entry of root's, which others cannot
rename. The folder that directly holds a named file must be closed even if it is sticky: Ansible and Python read more
from it (``group_vars`` beside an inventory, modules beside a script) than what is named.
"""

from __future__ import annotations

import os
import stat

__all__ = ["Changeable", "Trust"]

_MOST_LINKS = 40
_MODULES = (".py", ".pyc", ".so")


class Changeable(Exception):
    """Others than root can change ``path``; ``absent``: there is no such path, so it could not be checked."""

    def __init__(self, path: str, *, absent: bool = False) -> None:
        super().__init__(path)
        self.path = path
        self.absent = absent


class Trust:
    """Raise :class:`Changeable` for paths that another account could change; remember what was checked."""

    def __init__(self) -> None:
        self._trees: set[str] = set()

    def skip(self, folder: str) -> None:
        """Take ``folder`` as checked: its parts are checked one by one."""
        self._trees.add(folder)

    def require(self, path: str) -> None:
        """Raise :class:`Changeable` unless root alone can change ``path``, all below it and the way to it."""
        top = _resolve(path)
        _look(top, closed=True)
        if top in self._trees:
            return
        self._trees.add(top)
        if stat.S_ISREG(os.stat(top).st_mode) and os.access(top, os.X_OK):
            self._require_modules(os.path.dirname(os.path.abspath(path)))
            self._require_modules(os.path.dirname(top))
        for folder, folders, files in os.walk(top):
            for name in folders + files:
                self._require_entry(os.path.join(folder, name))

    def require_if_there(self, path: str) -> None:
        """As :meth:`require`; of what is absent, nobody else may be able to put something there."""
        if os.path.lexists(path):
            self.require(path)
            return
        parent = os.path.dirname(os.path.abspath(path))
        while not os.path.lexists(parent):
            parent = os.path.dirname(parent)
        _look(_resolve(parent), closed=True)

    def _require_entry(self, path: str) -> None:
        try:
            if _look(path, closed=True):
                self.require(path)
        except FileNotFoundError:  # a dangling link, or gone since
            return

    def _require_modules(self, folder: str) -> None:
        """Check the modules beside a Python script, which Python imports first."""
        for name in os.listdir(folder):
            path = os.path.join(folder, name)
            if name.endswith(_MODULES) or os.path.isfile(os.path.join(path, "__init__.py")):
                self.require(path)


def _look(path: str, *, closed: bool) -> bool:
    """Raise :class:`Changeable` where others can change ``path``; True for a link.

    Without ``closed`` a sticky folder, like /tmp, is accepted.
    """
    found = os.lstat(path)
    link = stat.S_ISLNK(found.st_mode)
    sticky = stat.S_ISDIR(found.st_mode) and found.st_mode & stat.S_ISVTX
    if found.st_uid or (found.st_mode & 0o022 and not link and (closed or not sticky)):
        raise Changeable(path)
    return link


def _resolve(path: str) -> str:
    """Resolve ``path`` link by link, and check every folder and link on the way."""
    at, ahead, links = "/", os.path.abspath(path).split("/"), 0
    if not os.path.exists(path):
        raise Changeable(path, absent=True)
    while ahead:
        name = ahead.pop(0)
        if name == "..":
            at = os.path.dirname(at)
        elif name not in ("", "."):
            folder, at = at, os.path.join(at, name)
            try:
                link = _look(at, closed=False)
            except FileNotFoundError:
                raise Changeable(path, absent=True) from None
            last = not any(part not in ("", ".") for part in ahead)
            if last and (link or not os.path.isdir(at)):
                _look(folder, closed=True)
            if link:
                links += 1
                if links > _MOST_LINKS:
                    raise Changeable(path, absent=True)
                target = os.readlink(at)
                at = "/" if target.startswith("/") else folder
                ahead = [*target.split("/"), *ahead]
    return at
