# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fixtures: services on loopback, and a folder that the traced account may write to."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.canary.aws import Aws
from tests.integration import moto
from tests.integration.conftest import person

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["aws", "moto_server", "person", "traced_folder"]


@pytest.fixture
def traced_folder() -> Iterator[Path]:
    """A folder that another user can write to; pytest's own folders are private."""
    with tempfile.TemporaryDirectory(prefix="latchkey-canary-") as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def moto_server() -> Iterator[str]:
    with moto.serve() as url:
        yield url


@pytest.fixture
def aws(moto_server: str) -> Iterator[Aws]:
    with Aws.in_front_of(moto_server) as proxy:
        yield proxy
