# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Outcome file of the callback, exit status of a run, and the report of a run that ended with an error."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import tempfile
import uuid
from dataclasses import dataclass
from typing import Any

from .stop import USAGE

__all__ = ["FAILED", "OutcomeFile", "status", "write_report"]

FAILED = 2
UNREACHABLE = 4
_PLAIN = {0: 0, FAILED: FAILED, UNREACHABLE: UNREACHABLE}


@dataclass
class OutcomeFile:
    """The file to which the callback ``latchkey.workstation.outcome`` writes how the plays ended."""

    path: str

    @classmethod
    def prepare(cls) -> OutcomeFile:
        """A path in a private folder of its own, handed on in $LATCHKEY_OUTCOME."""
        outcome = cls(os.path.join(tempfile.mkdtemp(prefix="latchkey-outcome-"), "outcome.json"))
        os.environ["LATCHKEY_OUTCOME"] = outcome.path
        return outcome

    def read(self) -> dict[str, Any] | None:
        """Outcome that the callback wrote; None if Ansible ended before the plays did."""
        try:
            with open(self.path, encoding="utf-8") as file:
                found = json.load(file)
        except (OSError, ValueError):
            return None
        return found if isinstance(found, dict) else None

    def remove(self) -> None:
        with contextlib.suppress(OSError):
            os.unlink(self.path)
        with contextlib.suppress(OSError):
            os.rmdir(os.path.dirname(self.path))


def status(code: int, outcome: dict[str, Any] | None) -> int:
    """Documented exit status for Ansible's ``code``: an error in the declaration or in the arguments is no failure."""
    if outcome and outcome.get("refused"):
        return USAGE
    return _PLAIN.get(code, FAILED)


def write_report(errors: list[str], code: int, *, started: dt.datetime, check_mode: bool, playbook: str) -> str:
    """Write $LATCHKEY_REPORT for a run that ended with ``errors``; returns the reason if it cannot be written."""
    wanted = os.environ.get("LATCHKEY_REPORT")
    if not wanted:
        return ""
    report = {
        "schema": 1,
        "verdict": "error",
        "exit_code": code,
        "run": {
            "id": str(uuid.uuid4()),
            "started": started.isoformat(timespec="seconds"),
            "finished": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
            "playbook": os.path.splitext(os.path.basename(playbook))[0],
            "check_mode": check_mode,
        },
        "machine": "",
        "items": [],
        "checks": [],
        "errors": errors,
    }
    path = os.path.abspath(os.path.expanduser(wanted))
    temporary = f"{path}.{os.getpid()}"
    try:
        with open(temporary, "w", encoding="utf-8", opener=_private) as file:
            file.write(json.dumps(report, indent=1) + "\n")
        os.replace(temporary, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        return f"the report {path} cannot be written ({error.strerror})"
    return ""


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_EXCL, 0o600)
