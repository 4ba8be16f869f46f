# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files this surface makes or edits: compared, reported, and written in one place."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable

from ansible_collections.latchkey.workstation.plugins.module_utils import _files
from ansible_collections.latchkey.workstation.plugins.module_utils._errors import LatchkeyError
from ansible_collections.latchkey.workstation.plugins.module_utils._writable import require_writable

if TYPE_CHECKING:
    from ansible_collections.latchkey.workstation.plugins.module_utils._files import Snapshot
    from ansible_collections.latchkey.workstation.plugins.module_utils._report import Report
    from ansible_collections.latchkey.workstation.plugins.module_utils._state import State

__all__ = ["Managed", "Wanted"]

_NOTE = "exports"


@dataclass(frozen=True)
class Wanted:
    """A file as it is to be; ``data`` None: not to be. ``shown`` is what a diff shows of it before and after.

    ``keep``: it holds no secret of ours, so the version that is replaced is kept.
    """

    item: str
    data: bytes | None
    mode: int
    shown: tuple[str, str]
    keep: bool = False


class Managed:
    """A member's files and the note of what we made; the caller holds the member's lock."""

    def __init__(self, report: Report, state: State, *, home: str, check_mode: bool) -> None:
        self.report = report
        self.home = home
        self.note = _load(state)
        self._state = state
        self._check_mode = check_mode

    def attempt(self, item: str, step: Callable[[], None], *, again: int = 2) -> None:
        """Do ``step``; once more from its reading on where somebody else wrote meanwhile."""
        try:
            step()
        except _files.ChangedMeanwhile as error:
            if again:
                self.attempt(item, step, again=again - 1)
            else:
                self._fail(item, error)
        except LatchkeyError as error:
            self._fail(item, error)

    def put(self, wanted: Wanted, before: Snapshot) -> None:
        """Make the file as it is wanted, unless it is."""
        data = wanted.data
        if before.data == data and (data is None or before.mode == wanted.mode):
            if data is not None:
                self.report.add(wanted.item, "ok")
            return
        require_writable(before)
        if not self._check_mode:
            self._write(wanted, before)
        shown = zip((before.data, data), wanted.shown)
        old, new = ("" if part is None else f"{wanted.item}\n{text}".rstrip() + "\n" for part, text in shown)
        self.report.diff.append({"before": old, "after": new})
        what = "made" if before.data is None else "removed" if data is None else "changed"
        self.report.add(wanted.item, "changed", what)

    def remember(self, **notes: Any) -> None:
        """Note what we are about to make, or have removed."""
        self.note = {name: note for name, note in {**self.note, **notes}.items() if note}
        self._state.save(_NOTE, self.note)

    def _write(self, wanted: Wanted, before: Snapshot) -> None:
        folder = os.path.dirname(before.path)
        _files.ensure_folder(folder)
        _files.sweep(folder)
        if wanted.keep:
            self._state.keep_previous(before)
        if wanted.data is None:
            _files.remove(before)
        else:
            _files.write(before, wanted.data, mode=wanted.mode)

    def _fail(self, item: str, error: LatchkeyError) -> None:
        """What is wanted could not be made: a failure, and in check mode, where nothing was tried, no verdict."""
        if self._check_mode:
            self.report.add(item, "unknown", error.message, remedy=error.remedy)
            return
        self.report.add(item, "failed", error.message, remedy=error.remedy)
        self.report.failed = True
        self.report.msg = "; ".join(filter(None, [self.report.msg, str(error)]))


def _load(state: State) -> dict[str, Any]:
    note = state.load(_NOTE)
    env_files, zshrc = note.get("env_files", []), note.get("zshrc", {})
    fits = isinstance(env_files, list) and all(isinstance(path, str) and "\0" not in path for path in env_files)
    if not fits or not isinstance(zshrc, dict) or not all(isinstance(fact, bool) for fact in zshrc.values()):
        path = state.path(f"{_NOTE}.json")
        raise LatchkeyError(f"{path} is damaged", remedy="remove it: what we made counts as your own then")
    return note
