# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stdout callback: a progress line, diffs, and a summary at the end of the run."""

from __future__ import annotations

DOCUMENTATION = r"""
name: run
type: stdout
short_description: Progress, diffs and one summary
version_added: 0.1.0
description:
  - Of plays of this collection it shows what a person acts on. Progress is shown on standard error, as one line.
  - With C(-v), and for all other plays, everything looks as with P(ansible.builtin.default#callback).
author: latchkey contributors (!UNKNOWN)
extends_documentation_fragment:
  - default_callback
  - result_format_callback
requirements:
  - set as stdout in configuration
"""

import os
from typing import Any

from ansible import context
from ansible.plugins.callback.default import CallbackModule as Default
from ansible_collections.latchkey.workstation.plugins.module_utils._core.text import single_line
from ansible_collections.latchkey.workstation.plugins.plugin_utils import _run
from ansible_collections.latchkey.workstation.plugins.plugin_utils._progress import Progress

_PROMPTING = {"latchkey.workstation.store", "ansible.builtin.pause", "pause"}
_HEADERS = ("before_header", "after_header")


class CallbackModule(Default):  # type: ignore[misc]
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "latchkey.workstation.run"

    def __init__(self) -> None:
        super().__init__()
        self._run = _run.Run()
        self._progress = Progress()
        self._quiet = False
        self._any_verdict = False
        self._any_loud = False

    def v2_playbook_on_start(self, playbook: Any) -> None:
        if self._display.verbosity:
            super().v2_playbook_on_start(playbook)

    def v2_playbook_on_play_start(self, play: Any) -> None:
        self._play = play
        has_verdict = _run.has_verdict(play)
        self._quiet = has_verdict and not self._display.verbosity
        self._any_verdict |= has_verdict
        if has_verdict:
            self._run.start(play)
        if not self._quiet:
            self._any_loud = True
            self._progress.pause()
            super().v2_playbook_on_play_start(play)

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        if not self._quiet:
            super().v2_playbook_on_task_start(task, is_conditional)
        elif task.action in _PROMPTING:
            self._progress.pause()
        else:
            self._progress.show(_run.short_name(task))

    def v2_playbook_on_handler_task_start(self, task: Any) -> None:
        if not self._quiet:
            super().v2_playbook_on_handler_task_start(task)

    def v2_playbook_on_include(self, included_file: Any) -> None:
        if not self._quiet:
            super().v2_playbook_on_include(included_file)

    def v2_runner_on_ok(self, result: Any) -> None:
        self._run.succeeded(result)
        if self._quiet:
            self._warn(result)
        else:
            super().v2_runner_on_ok(result)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        if not ignore_errors:
            self._run.failed(result)
        if self._quiet:
            self._warn(result)
        else:
            super().v2_runner_on_failed(result, ignore_errors)

    def v2_runner_on_unreachable(self, result: Any) -> None:
        self._run.unreachable(result)
        if not self._quiet:
            super().v2_runner_on_unreachable(result)

    def v2_runner_on_skipped(self, result: Any) -> None:
        if not self._quiet:
            super().v2_runner_on_skipped(result)

    def v2_on_file_diff(self, result: Any) -> None:
        if not self._quiet:
            super().v2_on_file_diff(result)
            return
        found = result.result.get("diff")
        rows = found if isinstance(found, list) else [found] if found else []
        rows = [{**row, **{key: single_line(str(row[key])) for key in _HEADERS if key in row}} for row in rows]
        text = self._get_diff(rows) if rows and result.result.get("changed") else ""
        if text:
            self._progress.pause()
            self._display.display(text)

    def v2_playbook_on_no_hosts_matched(self) -> None:
        if not self._quiet:
            super().v2_playbook_on_no_hosts_matched()

    def v2_playbook_on_no_hosts_remaining(self) -> None:
        if not self._quiet:
            super().v2_playbook_on_no_hosts_remaining()

    def v2_playbook_on_stats(self, stats: Any) -> None:
        self._progress.stop()
        if self._any_loud:
            super().v2_playbook_on_stats(stats)
        if not self._any_verdict:
            return
        changed = sum(stats.changed.values())
        inventory = ", ".join(_short(source) for source in context.CLIARGS["inventory"])
        for line, colour in _run.summary(
            self._run, changed=changed, inventory=inventory, page=_run.page(detailed=bool(self._display.verbosity))
        ):
            self._display.display(line, color=colour)

    def _warn(self, result: Any) -> None:
        if result.warnings:
            self._progress.pause()
            self._handle_warnings(result.result)


def _short(path: str) -> str:
    home = os.path.expanduser("~")
    return f"~{path[len(home) :]}" if path.startswith(f"{home}/") else path
