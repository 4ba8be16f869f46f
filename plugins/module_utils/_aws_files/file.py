# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read, plan and write one AWS file while other programs may rewrite it without taking a lock.

``aws configure`` empties the file and fills it again. A file that was written a moment ago is therefore read again
before it is written, and read once more afterwards; an edit that was lost is repeated, for a few seconds.
"""

from __future__ import annotations

import os
import random
import shlex
import stat
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .._core.errors import LatchkeyError
from .._host import atomic_write, files
from .._host.write_access import require_writable, shared_folder
from .masking import holds_no_secret
from .parser import parse
from .plan import plan_file

if TYPE_CHECKING:
    from .._core.report import Report
    from .._host.ownership import OwnershipRecord
    from .._host.state import State
    from .declared import WantedSection
    from .ini import Ini
    from .plan import FilePlan

__all__ = ["AwsFile", "RunContext"]

_PATIENCE = 5
_QUIET = 0.05
_QUIET_WHEN_EMPTY = 2  # the AWS CLI empties a file before it fills it
_OPEN_TO_OTHERS = 0o077


@dataclass(frozen=True)
class RunContext:
    """State, ownership record, report and options that both files of a member share."""

    state: State
    ownership: OwnershipRecord
    report: Report
    exclusive: bool
    check_mode: bool


@dataclass
class AwsFile:
    """A config or credentials file and its declared sections."""

    path: str
    run: RunContext
    credentials: bool = False
    wanted: list[WantedSection] = field(default_factory=list)

    def read(self) -> tuple[files.Snapshot, Ini]:
        """Read and parse the file; LatchkeyError if botocore would refuse it.

        A file that changes while it is read is read again. ``/dev/null`` without declared sections counts as absent.
        """
        if self.path == os.devnull and not self.wanted:
            return files.Snapshot(self.path, None), parse(b"", path=self.path, credentials=self.credentials)
        while True:
            before = files.read(self.path, follow=True)
            try:
                return before, parse(before.data or b"", path=self.path, credentials=self.credentials)
            except LatchkeyError:
                time.sleep(_QUIET)
                if files.read(before.path).data == before.data:
                    raise

    def plan(self) -> tuple[files.Snapshot, FilePlan]:
        before, ini = self.read()
        owned, key = self.run.ownership.data.get(self.path, {}), self.run.state.key()
        return before, plan_file(ini, wanted=self.wanted, owned=owned, exclusive=self.run.exclusive, key=key)

    def converge(self) -> None:
        """Write the file, if it differs from the declaration, and add the results to the report.

        Repeats an edit that another program undoes at the same moment; raises ChangedMeanwhile if it never stays.
        """
        until = time.monotonic() + _PATIENCE
        undone: list[FilePlan] = []
        while True:
            before, plan = self.plan()
            too_open = self.credentials and bool(self.wanted) and bool((before.mode or 0) & _OPEN_TO_OTHERS)
            seconds_left = until - time.monotonic()
            try:
                if self._write(before, plan, too_open=too_open, wait=seconds_left > _PATIENCE / 2):
                    break
                undone.append(plan)
            except atomic_write.ChangedMeanwhile:
                if seconds_left < 0:
                    raise
                time.sleep(random.uniform(0, _QUIET))  # noqa: S311  # two programs must not stay in step
        self._report([*undone, plan][0], too_open=too_open)

    def _write(self, before: files.Snapshot, plan: FilePlan, *, too_open: bool, wait: bool) -> bool:
        """Write the file between the two ownership records; False if another program has overwritten it since.

        Check mode only tests whether that is possible.
        """
        stays = True
        if plan.changed or too_open:
            require_writable(before)
            if wait and not self.run.check_mode and _is_fresh(before):
                raise atomic_write.ChangedMeanwhile(f"{before.path} was written this very moment", remedy="run again")
            self.run.ownership.record_intent({self.path: plan.owned})
            if not self.credentials and holds_no_secret((before.data or b"").decode()):
                self.run.state.keep_previous(before)
            if self.run.check_mode:
                return True
            files.ensure_folder(os.path.dirname(before.path))
            atomic_write.write(before, plan.data, mode=0o600 if self.credentials else None)
            time.sleep(_QUIET / 2)
            stays = files.read(before.path).data == plan.data
        self.run.ownership.record_written({self.path: plan.owned})
        return stays

    def _report(self, plan: FilePlan, *, too_open: bool) -> None:
        report = self.run.report
        for result in plan.results:
            report.add(result.item, result.state, result.what, remedy=result.remedy)
        if too_open:
            report.add(self.path, "changed", "mode 0600: other users could read it")
        if plan.changed:
            report.diff.append({"before": plan.before, "after": plan.after})
        if plan.ini.bom and self.wanted:
            report.add(
                self.path,
                "failed",
                f"{self.path} begins with a byte order mark, which the AWS CLI and boto3 refuse",
                remedy="save it as UTF-8 without one",
            )
        if self.wanted:
            restricted = self.credentials and self._restrict_folder()
            shared = shared_folder(os.path.dirname(self.path) if restricted else self.path)
            if shared:
                report.add(self.path, "unknown", shared.message, remedy=shared.remedy)

    def _restrict_folder(self) -> bool:
        """Set a folder ``.aws`` to 0700, True if it was not; other folders keep their mode."""
        folder = os.path.dirname(self.path)
        if os.path.basename(folder) != ".aws":
            return False
        remedy = shlex.join(["chmod", "700", folder])
        try:
            with files.opened_folder(folder) as fd:
                status = os.fstat(fd)
                if not stat.S_IMODE(status.st_mode) & _OPEN_TO_OTHERS:
                    return False
                if status.st_uid != os.geteuid():
                    message = f"{folder} is open to other users and belongs to another account"
                    raise LatchkeyError(message, remedy=f"as its owner: {remedy}")
                if not self.run.check_mode:
                    os.fchmod(fd, 0o700)
        except FileNotFoundError:
            return False
        except OSError as error:
            reason = os.strerror(error.errno or 0)
            raise LatchkeyError(f"{folder} cannot be restricted to its owner ({reason})", remedy=remedy) from None
        self.run.report.add(folder, "changed", "mode 0700: other users could list it")
        return True


def _is_fresh(before: files.Snapshot) -> bool:
    """True if another program may still be writing the file, or wrote it while it was read."""
    if before.data == b"":
        time.sleep(_QUIET)  # the modification time is set a moment after the file was emptied
        before = files.read(before.path)
    if before.status is None or before.data is None:
        return False
    age = time.time() - before.status.st_mtime
    return before.status.st_size != len(before.data) or 0 <= age < (_QUIET if before.data else _QUIET_WHEN_EMPTY)
