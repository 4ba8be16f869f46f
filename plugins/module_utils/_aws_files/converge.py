# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bring a member's ``~/.aws/config`` and ``~/.aws/credentials`` to their declaration.

Both files are planned first. If a profile would then refer to something that does not exist, neither is written.
"""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Any

from .._core.errors import LatchkeyError
from .._core.report import Report
from .._host import files as host_files
from .._host.atomic_write import remove_leftovers
from .._host.state import State
from .consistency import broken_references, overriding_keys
from .declared import declare
from .file import AwsFile, RunContext
from .ownership import open_record
from .sourced import resolve_section

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .._sources.resolver import Resolver
    from .ini import Ini

__all__ = ["converge"]

_KINDS = {"sso_sessions": "sso-session", "profiles": "profile"}
_PROGRAM_FOLDERS = ("~/bin", "~/.local/bin", "~/go/bin", "/usr/local/bin", "/opt/homebrew/bin", "/snap/bin")


def converge(  # noqa: PLR0913 - the options of the module
    home: str,
    declared: Mapping[str, Any],
    *,
    paths: tuple[str, str],
    resolver: Resolver | None,
    exclusive: bool,
    check_mode: bool,
) -> Report:
    """Bring the config and credentials file at ``paths`` to ``declared``, the member's entry of the module options.

    ``resolver`` looks up the values of sourced settings; None where no setting has a source. With ``exclusive`` owned
    keys and sections that are not declared any more are removed.
    """
    state, report = State(home, check_mode=check_mode), Report()
    if not any(declared[kind] for kind in (*_KINDS, "static")) and not open_record(state).data:
        return report
    with state.lock():
        run = RunContext(state, open_record(state), report, exclusive=exclusive, check_mode=check_mode)
        config, credentials = AwsFile(paths[0], run), AwsFile(paths[1], run, credentials=True)
        config.wanted = [
            declare(kind, section["name"], section["settings"], absent=section["state"] == "absent")
            for key, kind in _KINDS.items()
            for section in declared[key]
        ]
        _before, ini = credentials.read()
        credentials.wanted = [resolve_section(section, ini, resolver, report) for section in declared["static"]]
        plan = credentials.plan()[1]
        if not _has_broken_references(config, credentials, (config.plan()[1].ini, plan.ini), home=home):
            _write(config, credentials)
            finished = plan.ini if check_mode else plan.written()
            for item, error in overriding_keys([*config.wanted, *credentials.wanted], finished):
                report.add(item, "unknown", error.message, remedy=error.remedy)
    return report.settle(lambda row: str(row["what"]))


def _has_broken_references(config: AwsFile, credentials: AwsFile, planned: tuple[Ini, Ini], *, home: str) -> bool:
    """Report references to things that would not exist in the ``planned`` files; True if there are any."""
    folders = [os.environ.get("PATH", ""), *(host_files.expand(folder, home) for folder in _PROGRAM_FOLDERS)]
    broken = broken_references(
        [*config.wanted, *credentials.wanted],
        config=planned[0],
        credentials=planned[1],
        program_exists=lambda program: bool(shutil.which(program, path=os.pathsep.join(folders))),
    )
    for item, error in broken:
        refused = LatchkeyError(f"{error.message}; nothing was written", remedy=error.remedy)
        config.run.report.add_error(item, refused)
    return bool(broken)


def _write(*files: AwsFile) -> None:
    for file in files:
        run = file.run
        if not run.check_mode:
            remove_leftovers(os.path.dirname(os.path.realpath(file.path)))
        try:
            file.converge()
        except LatchkeyError as error:
            run.report.add_error(file.path, error)
