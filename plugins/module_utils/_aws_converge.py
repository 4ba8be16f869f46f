# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A member's AWS files brought to what is declared, both or neither."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Any

from ansible_collections.latchkey.workstation.plugins.module_utils import _files
from ansible_collections.latchkey.workstation.plugins.module_utils._aws_declared import declare
from ansible_collections.latchkey.workstation.plugins.module_utils._aws_file import AwsFile, Run
from ansible_collections.latchkey.workstation.plugins.module_utils._aws_note import Note
from ansible_collections.latchkey.workstation.plugins.module_utils._aws_overrides import overrides
from ansible_collections.latchkey.workstation.plugins.module_utils._aws_references import broken_references
from ansible_collections.latchkey.workstation.plugins.module_utils._aws_static import static_section
from ansible_collections.latchkey.workstation.plugins.module_utils._errors import LatchkeyError
from ansible_collections.latchkey.workstation.plugins.module_utils._report import Report
from ansible_collections.latchkey.workstation.plugins.module_utils._state import State

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ansible_collections.latchkey.workstation.plugins.module_utils._aws_ini import Ini
    from ansible_collections.latchkey.workstation.plugins.module_utils._aws_static import Look

__all__ = ["converge"]

_KINDS = {"sso_sessions": "sso-session", "profiles": "profile"}
_PROGRAMS = ("~/bin", "~/.local/bin", "~/go/bin", "/usr/local/bin", "/opt/homebrew/bin", "/snap/bin")


def converge(  # noqa: PLR0913 - the options of the module
    home: str,
    declared: Mapping[str, Any],
    *,
    paths: tuple[str, str],
    look: Look,
    exclusive: bool,
    check_mode: bool,
) -> Report:
    """Bring the config and credentials file at ``paths`` to ``declared``; ``look`` finds the value of a source.

    With ``exclusive`` what was made before and is not declared any more is removed.
    """
    state, report = State(home, check_mode=check_mode), Report()
    if not any(declared[kind] for kind in (*_KINDS, "static")) and Note(state).is_empty():
        return report
    with state.lock():
        run = Run(state, report, exclusive=exclusive, check_mode=check_mode)
        config, credentials = AwsFile(paths[0], run), AwsFile(paths[1], run, credentials=True)
        config.wanted = [
            declare(kind, section["name"], section["settings"], absent=section["state"] == "absent")
            for key, kind in _KINDS.items()
            for section in declared[key]
        ]
        _before, ini = credentials.read()
        credentials.wanted = [static_section(section, ini, look, report) for section in declared["static"]]
        draft = credentials.plan()[1]
        if not _refused(config, credentials, (config.plan()[1].ini, draft.ini), home=home):
            _write(config, credentials)
            finished = draft.ini if check_mode else draft.written()
            for item, error in overrides([*config.wanted, *credentials.wanted], finished):
                report.add(item, "unknown", error.message, remedy=error.remedy)
    failed = [row["what"] for row in report.items if row["state"] == "failed"]
    report.failed, report.msg = bool(failed), "; ".join(failed)
    return report


def _refused(config: AwsFile, credentials: AwsFile, finished: tuple[Ini, Ini], *, home: str) -> bool:
    """Whether a profile would point to something that is not there; then nothing is written at all."""
    places = [os.environ.get("PATH", ""), *(_files.expand(folder, home) for folder in _PROGRAMS)]
    broken = broken_references(
        [*config.wanted, *credentials.wanted],
        config=finished[0],
        credentials=finished[1],
        program_exists=lambda program: bool(shutil.which(program, path=os.pathsep.join(places))),
    )
    for item, error in broken:
        config.run.report.add(item, _not_made(config), f"{error.message}; nothing was written", remedy=error.remedy)
    return bool(broken)


def _not_made(file: AwsFile) -> str:
    """A wanted write that cannot be made is a failure, and in check mode, where nothing was tried, no verdict."""
    return "unknown" if file.run.check_mode else "failed"


def _write(*files: AwsFile) -> None:
    for file in files:
        if not file.run.check_mode:
            _files.sweep(os.path.dirname(os.path.realpath(file.path)))
        try:
            file.converge()
        except LatchkeyError as error:
            file.run.report.add(file.path, _not_made(file), error.message, remedy=error.remedy)
