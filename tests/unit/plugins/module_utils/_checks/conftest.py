# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Service twins, and a person with a home of their own."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._checks.providers.wrangler import _OVERRIDING
from ansible_collections.latchkey.workstation.plugins.module_utils._members import serve as members_serve

from tests.unit.plugins.module_utils._checks.bench import Bench

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """The person who runs the tests, root too: what members may be has tests of its own."""
    real = members_serve._resolve_account

    def recognise(entry: dict[str, Any]) -> members_serve.Member:
        if os.geteuid() != 0:
            return real(entry)
        return members_serve.Member(
            entry["name"], entry["account"], str(tmp_path), 0, 0, "/bin/sh", is_current_user=True
        )

    monkeypatch.setattr(members_serve, "_resolve_account", recognise)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:/usr/bin:/bin")
    for name in ("SSH_AUTH_SOCK", "DOCKER_HOST", "DOCKER_CONTEXT", "AWS_CONFIG_FILE", "XDG_CONFIG_HOME", *_OVERRIDING):
        monkeypatch.delenv(name, raising=False)
    return Bench(tmp_path)
