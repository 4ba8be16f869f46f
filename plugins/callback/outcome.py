# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Callback that writes the reports of machines without a verdict, and tells the starter how the plays ended."""

from __future__ import annotations

DOCUMENTATION = r"""
name: outcome
type: aggregate
short_description: Write the reports of machines without a verdict, and record how the plays ended
version_added: 0.1.0
description:
  - Writes the report (E(LATCHKEY_REPORT)) of machines that could not be reached or whose run ended early.
  - Where the environment holds E(LATCHKEY_OUTCOME), a JSON object with C(ended) and C(refused) is written
    there, from which the exit status 64 follows.
author: latchkey contributors (!UNKNOWN)
requirements:
  - enable in configuration
"""

import json
import os
from typing import Any

from ansible.plugins.callback import CallbackBase
from ansible_collections.latchkey.workstation.plugins.module_utils._core.errors import LatchkeyError
from ansible_collections.latchkey.workstation.plugins.module_utils._host import atomic_write, files
from ansible_collections.latchkey.workstation.plugins.plugin_utils import _run
from ansible_collections.latchkey.workstation.plugins.plugin_utils._verdict import report_path


class CallbackModule(CallbackBase):  # type: ignore[misc]
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "latchkey.workstation.outcome"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        self._run = _run.Run()
        self._has_verdict = False

    def v2_playbook_on_play_start(self, play: Any) -> None:
        self._has_verdict = _run.has_verdict(play)
        self._run.start(play)
        self._leave(ended=False)

    def v2_runner_on_ok(self, result: Any) -> None:
        self._run.succeeded(result)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        if not ignore_errors:
            self._run.failed(result)

    def v2_runner_on_unreachable(self, result: Any) -> None:
        self._run.unreachable(result)

    def v2_playbook_on_stats(self, _stats: Any) -> None:
        wanted = os.environ.get("LATCHKEY_REPORT")
        if wanted and self._has_verdict:
            several = len(self._run.machines) > 1
            for name, report in self._run.missing_reports():
                self._write(report_path(wanted, name, several=several), report)
        self._leave(ended=True)

    def _write(self, path: str, report: dict[str, Any]) -> None:
        try:
            atomic_write.write(files.read(path, named=True), (json.dumps(report, indent=1) + "\n").encode())
        except LatchkeyError as error:
            self._display.error(f"LATCHKEY_REPORT: {error}", wrap_text=False)

    def _leave(self, *, ended: bool) -> None:
        path = os.environ.get("LATCHKEY_OUTCOME")
        if not path:
            return
        refused = any(machine.is_refused for machine in self._run.machines.values())
        try:
            with open(path, "w", encoding="utf-8") as file:
                json.dump({"ended": ended, "refused": refused}, file)
        except OSError as error:
            self._display.error(f"{path}: {error.strerror}", wrap_text=False)
