# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every scene needs."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.canary.aws import Cloud
from tests.integration import moto
from tests.integration.conftest import person
from tests.twins.services import Twins, serve

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["aws", "moto_server", "person", "service", "twins", "watched"]


@pytest.fixture
def watched() -> Iterator[Path]:
    """A folder that another user can write into, whatever hides the folders of pytest."""
    with tempfile.TemporaryDirectory(prefix="latchkey-canary-") as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def service() -> Iterator[Twins]:
    with serve() as running:
        yield running


@pytest.fixture(scope="session")
def moto_server() -> Iterator[str]:
    with moto.serve() as url:
        yield url


@pytest.fixture
def aws(moto_server: str) -> Iterator[Cloud]:
    with Cloud.over(moto_server) as cloud:
        yield cloud


@pytest.fixture
def twins(service: Twins) -> Twins:
    service.reset()
    return service
