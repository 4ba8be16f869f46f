# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A program of one's own: its exit status is the verdict, its output is never shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.latchkey.workstation.plugins.module_utils import _files
from ansible_collections.latchkey.workstation.plugins.module_utils._checks_base import (
    FAIL,
    PASS,
    SKIP,
    UNKNOWN,
    Option,
    Outcome,
    Provider,
)
from ansible_collections.latchkey.workstation.plugins.module_utils._command import CommandMissing

if TYPE_CHECKING:
    from ansible_collections.latchkey.workstation.plugins.module_utils._checks_base import Check, Here

__all__ = ["PROVIDERS"]


def _local(check: Check, here: Here) -> Outcome:
    argv = list(check.options["argv"])
    if argv[0].startswith("~/"):
        argv[0] = _files.expand(argv[0], here.home)
    try:
        finished = here.run(argv, stdin=check.fill(check.options.get("stdin") or "").encode())
    except CommandMissing as error:
        return Outcome(SKIP, error.message, "prerequisite")
    if finished.code < 0:
        return Outcome(UNKNOWN, f"{argv[0]} was ended by signal {-finished.code}", "unexpected")
    ended = f"{argv[0]} ended with {finished.code}"
    if finished.code in (check.options.get("rc") or [0]):
        return Outcome(PASS, ended)
    if finished.code in (check.options.get("unknown_rc") or []):
        return Outcome(UNKNOWN, ended, "unexpected")
    look = "" if check.value else f"run {argv[0]} yourself and see what it says"
    return Outcome(FAIL, ended, "rejected", remedy=look)


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
