# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every test's docstring begins with the section of the platform contract it stands for and that section's words."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.twins.security import Twin, first_login, write_tool


@pytest.fixture(scope="session")
def tool(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not Path("/usr/bin/python3").exists():
        pytest.skip("the twin runs under /usr/bin/python3, which is not here")
    return write_tool(tmp_path_factory.mktemp("bin"))


@pytest.fixture
def twin(tool: Path, tmp_path: Path) -> Twin:
    first_login(tmp_path / "home")
    return Twin(tool, tmp_path / "home")


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
