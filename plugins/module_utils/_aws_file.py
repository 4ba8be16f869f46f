# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One AWS file of a member: read, planned and written beside programs that rewrite it and take no lock."""

from __future__ import annotations

import os
import random
import stat
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ansible_collections.latchkey.workstation.plugins.module_utils import _files
from ansible_collections.latchkey.workstation.plugins.module_utils._aws_config import plan
from ansible_collections.latchkey.workstation.plugins.module_utils._aws_note import Note
from ansible_collections.latchkey.workstation.plugins.module_utils._aws_parse import parse
from ansible_collections.latchkey.workstation.plugins.module_utils._aws_shown import holds_no_secret
from ansible_collections.latchkey.workstation.plugins.module_utils._errors import LatchkeyError
from ansible_collections.latchkey.workstation.plugins.module_utils._writable import require_writable

if TYPE_CHECKING:
    from ansible_collections.latchkey.workstation.plugins.module_utils._aws_config import Plan
    from ansible_collections.latchkey.workstation.plugins.module_utils._aws_declared import Wanted
    from ansible_collections.latchkey.workstation.plugins.module_utils._aws_ini import Ini
    from ansible_collections.latchkey.workstation.plugins.module_utils._report import Report
    from ansible_collections.latchkey.workstation.plugins.module_utils._state import State

__all__ = ["AwsFile", "Run"]

_PATIENCE = 5
_QUIET = 0.05
_QUIET_WHEN_EMPTY = 2  # the AWS CLI empties a file before it fills it
_OTHERS = 0o077


@dataclass(frozen=True)
class Run:
    """What both files of a member have in common."""

    state: State
    report: Report
    exclusive: bool
    check_mode: bool

    @property
    def note(self) -> Note:
        return Note(self.state)


@dataclass
class AwsFile:
    """A file and the sections that are wanted in it."""

    path: str
    run: Run
    credentials: bool = False
    wanted: list[Wanted] = field(default_factory=list)

    def read(self) -> tuple[_files.Snapshot, Ini]:
        """The file, parsed; what cannot be parsed is looked at again, for it may be half written.

        The null device is how people say that they have no such file.
        """
        if self.path == os.devnull and not self.wanted:
            return _files.Snapshot(self.path, None), parse(b"", path=self.path, credentials=self.credentials)
        while True:
            before = _files.read(self.path, follow=True)
            try:
                return before, parse(before.data or b"", path=self.path, credentials=self.credentials)
            except LatchkeyError:
                time.sleep(_QUIET)
                if _files.read(before.path).data == before.data:
                    raise

    def plan(self) -> tuple[_files.Snapshot, Plan]:
        before, ini = self.read()
        made, key = self.run.note.made(self.path), self.run.state.key()
        return before, plan(ini, wanted=self.wanted, made=made, exclusive=self.run.exclusive, key=key)

    def converge(self) -> None:
        """Until it stays as declared: what another program undoes at the same moment is done again."""
        until = time.monotonic() + _PATIENCE
        undone: list[Plan] = []
        while True:
            before, draft = self.plan()
            loose = self.credentials and bool(self.wanted) and bool((before.mode or 0) & _OTHERS)
            if draft.changed or loose:
                require_writable(before)
            left = until - time.monotonic()
            try:
                if self.run.check_mode or self._write(before, draft, loose=loose, wait=left > _PATIENCE / 2):
                    break
                undone.append(draft)
            except _files.ChangedMeanwhile:
                if left < 0:
                    raise
                time.sleep(random.uniform(0, _QUIET))  # noqa: S311  # two programs must not keep step
        self._tell([*undone, draft][0], loose=loose)

    def _write(self, before: _files.Snapshot, draft: Plan, *, loose: bool, wait: bool) -> bool:
        """Note what may become ours, write, note what has; False where it is no more what was written."""
        stays = True
        if draft.changed or loose:
            if wait and _is_fresh(before):
                raise _files.ChangedMeanwhile(f"{before.path} was written this very moment", remedy="run again")
            self.run.note.announce(self.path, draft.made)
            _files.ensure_folder(os.path.dirname(before.path))
            if not self.credentials and holds_no_secret((before.data or b"").decode()):
                self.run.state.keep_previous(before)
            _files.write(before, draft.data, mode=0o600 if self.credentials else None)
            time.sleep(_QUIET / 2)
            stays = _files.read(before.path).data == draft.data
        self.run.note.remember(self.path, draft.made)
        return stays

    def _tell(self, draft: Plan, *, loose: bool) -> None:
        for row in draft.rows:
            self.run.report.add(row.item, row.state, row.what, remedy=row.remedy)
        if loose:
            self.run.report.add(self.path, "changed", "others could read it: 0600")
        self._close_folder()
        if draft.changed:
            self.run.report.diff.append({"before": draft.before, "after": draft.after})
        if draft.ini.bom and self.wanted:
            self.run.report.add(
                self.path,
                "failed",
                f"{self.path} begins with a byte order mark, which the AWS CLI and boto3 refuse",
                remedy="save it as UTF-8 without one",
            )

    def _close_folder(self) -> None:
        """The folder of declared credentials is for its owner only, where it is AWS's own."""
        folder = os.path.dirname(self.path)
        if not (self.credentials and self.wanted) or os.path.basename(folder) != ".aws" or not os.path.isdir(folder):
            return
        if stat.S_IMODE(os.stat(folder).st_mode) & _OTHERS:
            try:
                if not self.run.check_mode:
                    os.chmod(folder, 0o700)
            except OSError:
                raise LatchkeyError(f"{folder} is open to others", remedy=f"chmod 700 {folder}") from None
            self.run.report.add(folder, "changed", "others could look into it: 0700")


def _is_fresh(seen: _files.Snapshot) -> bool:
    """Whether whoever wrote last may not be done yet, or wrote while it was read."""
    if seen.data == b"":
        time.sleep(_QUIET)  # a file is emptied a moment before its time says so
        seen = _files.read(seen.path)
    if seen.status is None or seen.data is None:
        return False
    age = time.time() - seen.status.st_mtime
    return seen.status.st_size != len(seen.data) or 0 <= age < (_QUIET if seen.data else _QUIET_WHEN_EMPTY)
