# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Comparison, report and write of the files that the module shell_exports manages, and their ownership record."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable

from .._core.errors import LatchkeyError
from .._core.text import single_line
from .._host import atomic_write, files
from .._host.ownership import OwnershipRecord
from .._host.write_access import require_writable, shared_folder

if TYPE_CHECKING:
    from .._core.report import Report
    from .._host.files import Snapshot
    from .._host.state import State

__all__ = ["ZSHRC", "ManagedFiles", "WantedFile"]

ZSHRC = "~/.zshrc"
_RECORD = "exports"


@dataclass(frozen=True)
class WantedFile:
    """Wanted content of a file; ``data`` None: the file is to be removed.

    ``shown`` are the texts that stand for the content before and after in a diff. ``keep``: the content holds no
    value of a credential, so the replaced version is kept.
    """

    item: str
    data: bytes | None
    mode: int
    shown: tuple[str, str]
    keep: bool = False


class ManagedFiles:
    """A member's managed files and the record of those the collection owns; the caller holds the member's lock.

    Entries of ``record``: ``env_files`` and ``programs`` are lists of paths; ``zshrc`` has ``made``, true if the file
    was created, and ``joined``, true if a newline was added before the block; ``zdotdir`` has the same for the paths of
    .zshrc files elsewhere.
    """

    def __init__(self, report: Report, state: State, *, home: str, check_mode: bool) -> None:
        self.report = report
        self.home = home
        self.record = OwnershipRecord(state, _RECORD, fits=_fits)
        self._state = state
        self._check_mode = check_mode

    def attempt(self, item: str, step: Callable[[], None], *, again: int = 2) -> None:
        """Run ``step`` and report its error; repeat it if another program changed the file meanwhile."""
        try:
            step()
        except atomic_write.ChangedMeanwhile as error:
            if again:
                self.attempt(item, step, again=again - 1)
            else:
                self.report.add_error(item, error)
        except LatchkeyError as error:
            self.report.add_error(item, error)

    def put(self, wanted: WantedFile, before: Snapshot) -> None:
        """Write or remove the file unless it is as wanted, and report it."""
        data = wanted.data
        shared = shared_folder(before.path) if data is not None else None
        if shared:
            self.report.add(wanted.item, "unknown", shared.message, remedy=shared.remedy)
        if before.data == data and (data is None or before.mode == wanted.mode):
            if data is not None:
                self.report.add(wanted.item, "ok")
            return
        require_writable(before)
        if wanted.keep:
            self._state.keep_previous(before)
        if not self._check_mode:
            self._write(wanted, before)
        shown = zip((before.data, data), wanted.shown)
        old, new = (
            "" if part is None else f"{single_line(wanted.item)}\n{text}".rstrip() + "\n" for part, text in shown
        )
        self.report.diff.append({"before": old, "after": new})
        what = "made" if before.data is None else "removed" if data is None else "changed"
        self.report.add(wanted.item, "changed", what)

    def owned(self, kind: str) -> list[str]:
        """Paths of the recorded files of ``kind``: env_files or programs."""
        listed: list[str] = self.record.data.get(kind, [])
        return listed

    def blocks(self) -> dict[str, dict[str, bool]]:
        """Recorded .zshrc files with the block: ``made``, ``joined`` by path."""
        zshrc = self.record.data.get("zshrc")
        return {**({ZSHRC: zshrc} if zshrc else {}), **self.record.data.get("zdotdir", {})}

    def own_block(self, item: str, *, made: bool, joined: bool) -> None:
        """Record the block of a .zshrc file before it is written."""
        facts = {"made": made, "joined": joined}
        self.record.record_intent({"zshrc": facts} if item == ZSHRC else {"zdotdir": {item: facts}})

    def disown_block(self, item: str) -> None:
        """Remove a .zshrc file from the record after its block was removed."""
        others = {path: facts for path, facts in self.record.data.get("zdotdir", {}).items() if path != item}
        self.record.record_written({"zshrc": {}} if item == ZSHRC else {"zdotdir": others})

    def own(self, kind: str, item: str) -> None:
        """Record a file of ``kind`` before it is written."""
        self.record.record_intent({kind: [item]})

    def disown(self, kind: str, item: str) -> None:
        """Remove a file of ``kind`` from the record after it was removed."""
        self.record.record_written({kind: [each for each in self.owned(kind) if each != item]})

    def _write(self, wanted: WantedFile, before: Snapshot) -> None:
        folder = os.path.dirname(before.path)
        files.ensure_folder(folder)
        atomic_write.remove_leftovers(folder)
        if wanted.data is None:
            atomic_write.remove(before)
        else:
            atomic_write.write(before, wanted.data, mode=wanted.mode)


def _fits(record: dict[str, Any]) -> bool:
    zdotdir = record.get("zdotdir", {})
    lists = [record.get("env_files", []), record.get("programs", []), list(zdotdir)]
    return (
        all(isinstance(listed, list) for listed in lists)
        and all(isinstance(path, str) and path.isprintable() for listed in lists for path in listed)
        and all(
            isinstance(fact, bool) for facts in [record.get("zshrc", {}), *zdotdir.values()] for fact in facts.values()
        )
    )
