# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Provider that runs a declared program; its exit status is the outcome and its output is never shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..._host import files
from ..._host.command import CommandMissing
from ..base import FAIL, PASS, SKIP, UNKNOWN, Option, Outcome, Provider

if TYPE_CHECKING:
    from ..base import Check, LocalContext

__all__ = ["PROVIDERS"]


_NOT_STARTED = (126, 127)  # of shells, env and version managers: the program could not be started


def _local(check: Check, here: LocalContext) -> Outcome:
    argv = list(check.options["argv"])
    if argv[0].startswith("~/"):
        argv[0] = files.expand(argv[0], here.home)
    try:
        finished = here.run(argv, stdin=check.fill(check.options.get("stdin") or "").encode())
    except CommandMissing as error:
        return Outcome(SKIP, error.message, "prerequisite")
    ended = f"{argv[0]} {finished.status}"
    if finished.code in (check.options.get("rc") or [0]):
        return Outcome(PASS, ended)
    if finished.code < 0 or finished.code in {*(check.options.get("unknown_rc") or ()), *_NOT_STARTED}:
        return Outcome(UNKNOWN, ended, "unexpected")
    remedy = "" if check.value else f"run {argv[0]} yourself and see what it says"
    return Outcome(FAIL, ended, "rejected", remedy=remedy)


PROVIDERS = {
    "command": Provider(
        {
            "argv": Option("words", required=True),
            "stdin": Option(),
            "rc": Option("numbers"),
            "unknown_rc": Option("numbers"),
        },
        local=_local,
        takes_value=False,
    )
}
