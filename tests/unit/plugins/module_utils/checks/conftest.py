# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Service twins, and a person with a home of their own."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils import _members
from ansible_collections.latchkey.workstation.plugins.module_utils._check_wrangler import _INSTEAD

from tests.twins.services import serve
from tests.unit.plugins.module_utils.checks.bench import Bench

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.twins.services import Twins


@pytest.fixture(scope="module")
def service() -> Iterator[Twins]:
    with serve() as running:
        yield running


@pytest.fixture
def twins(service: Twins) -> Twins:
    service.reset()
    return service


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """The person who runs the tests, root too: what members may be has tests of its own."""
    real = _members._recognise

    def recognise(entry: dict[str, Any]) -> _members.Member:
        if os.geteuid() != 0:
            return real(entry)
        return _members.Member(entry["name"], entry["account"], str(tmp_path), 0, 0, "/bin/sh", oneself=True)

    monkeypatch.setattr(_members, "_recognise", recognise)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:/usr/bin:/bin")
    for name in ("SSH_AUTH_SOCK", "DOCKER_HOST", "DOCKER_CONTEXT", "AWS_CONFIG_FILE", "XDG_CONFIG_HOME", *_INSTEAD):
        monkeypatch.delenv(name, raising=False)
    return Bench(tmp_path)
