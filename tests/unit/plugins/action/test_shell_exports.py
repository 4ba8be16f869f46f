# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading of the shell programs on the controller."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from ansible.errors import AnsibleActionFail
from ansible_collections.latchkey.workstation.plugins.action import shell_exports

from tests.builders import programs

if TYPE_CHECKING:
    from pathlib import Path


def test_programs_of_the_collection_are_read() -> None:
    assert shell_exports.read_programs() == {"library": programs().library, "run": programs().run}


def test_missing_program_is_an_error_with_its_path(tmp_path: Path) -> None:
    shutil.copy(shell_exports._FOLDER / "exports.sh", tmp_path)
    with pytest.raises(AnsibleActionFail, match=r"/latchkey-run\.sh cannot be read"):
        shell_exports.read_programs(tmp_path)
