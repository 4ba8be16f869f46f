# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Commands of a printed summary, copied and pasted into a new shell."""

from __future__ import annotations

import os
import re
import subprocess
from typing import TYPE_CHECKING, Any

from tests.integration.conftest import Person

if TYPE_CHECKING:
    from tests.team import Team

_FIX = re.compile(r"^  fix: ((?:.*\\\n)*.*)$", re.MULTILINE)


def commands(shown: str) -> list[str]:
    """The commands of a summary, each with its line breaks."""
    return _FIX.findall(shown)


def paste(command: str, owner: Person | Team, *more: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run ``command`` as a person, or as root with a team's folder as home, in a new login's shell and in ``/``."""
    ids: dict[str, Any] = {}
    if isinstance(owner, Person):
        home, user = owner.home, owner.account
        if os.geteuid() == 0:
            ids = {"user": owner.uid, "group": owner.gid, "extra_groups": []}
    else:
        home, user = owner.folder, "root"
    return subprocess.run(
        ["env", "-i", f"HOME={home}", f"USER={user}", "PATH=/usr/bin:/bin", *more, "sh", "-c", command],
        input=stdin,
        cwd="/",
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        **ids,
    )
