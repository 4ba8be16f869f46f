# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every test's docstring begins with the section of the platform contract it stands for and that section's words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.twins.security import Twin, first_login

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def twin(security_tool: Path, tmp_path: Path) -> Twin:
    first_login(tmp_path / "home")
    return Twin(security_tool, tmp_path / "home")


@pytest.fixture
def item(twin: Twin) -> Twin:
    """A twin whose login keychain holds one item made by the tool: svc / me / old value."""
    made = twin.run("add-generic-password", "-s", "svc", "-a", "me", "-w", "old value", "-j", "note", "-D", "kind")
    assert (made.returncode, made.stdout, made.stderr) == (0, b"", b"")
    return twin


@pytest.fixture
def ssh(item: Twin) -> Twin:
    """The same, seen from an SSH login: another session, where nothing is unlocked and no dialog can show."""
    item.control(session="ssh", ui=False)
    return item
