# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures: every test runs once per Debian release (`-k bookworm` selects one), with one machine per test module."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.machines import RELEASES, BaseError, Machine, base_folder, base_tree, missing

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session", params=RELEASES)
def release(request: pytest.FixtureRequest) -> str:
    if reason := missing():
        pytest.skip(reason)
    name = str(request.param)
    if not base_folder(name).is_dir():
        with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
            print(f"\nMaking the {name} tree in {base_folder(name)}: about a minute, once ...", flush=True)
    try:
        base_tree(name)
    except BaseError as error:
        pytest.skip(str(error))
    return name


@pytest.fixture(scope="module")
def machine(release: str) -> Iterator[Machine]:
    with Machine.boot(release) as booted:
        yield booted
