# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fixtures of the twins of services and of the tool security, imported by tests/conftest.py."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.twins.security import write_tool
from tests.twins.services import Twins, serve

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["security_tool", "service", "twins"]


@pytest.fixture(scope="session")
def security_tool(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twin of the tool security as a program."""
    if not Path("/usr/bin/python3").exists():
        pytest.skip("the twin runs under /usr/bin/python3, which is not here")
    return write_tool(tmp_path_factory.mktemp("bin"))


@pytest.fixture(scope="session")
def service() -> Iterator[Twins]:
    """One server for all tests of a process."""
    with serve() as running:
        yield running


@pytest.fixture
def twins(service: Twins) -> Twins:
    """The service twins without faults, requests and credentials of earlier tests."""
    service.reset()
    return service
