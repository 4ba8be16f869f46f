# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A machine and helpers for tests that compile declarations written in YAML."""

from __future__ import annotations

from typing import Any

import yaml
from ansible_collections.latchkey.workstation.plugins.plugin_utils._declaration.compile import compile_declaration
from ansible_collections.latchkey.workstation.plugins.plugin_utils._declaration.roster import Machine

__all__ = ["MACHINE", "assert_error", "compiled"]

MACHINE = Machine(
    host="devvm",
    groups=frozenset({"all", "linux"}),
    known=frozenset({"devvm", "mac", "all", "linux", "macs"}),
    name="devvm",
    person="alice",
)


def compiled(text: str, *, user: str = "", machine: Machine = MACHINE) -> dict[str, Any]:
    return compile_declaration(yaml.safe_load(text) or {}, machine, user=user)


def assert_error(text: str, expected: str) -> None:
    """Assert that the declaration ``text`` has an error that contains ``expected``, and no members."""
    result = compiled(text)
    assert any(expected in error for error in result["errors"]), result["errors"]
    assert result["members"] == []
