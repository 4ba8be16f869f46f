# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Floors of plugins/module_utils: a package imports itself and packages of lower floors only."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.quality.tools import ROOT

# Lowest floor first.
FLOORS = (
    {"_core"},
    {"_host"},
    {"_clients", "_members", "_stores"},
    {"_sources"},
    {"_keychain", "_exports", "_aws_files", "_checks"},
)
FLOOR = {package: number for number, packages in enumerate(FLOORS) for package in packages}
MODULE_UTILS = "ansible_collections.latchkey.workstation.plugins.module_utils"
FILES = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob("plugins/module_utils/**/*.py"))
RELATIVE = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob("plugins/*_utils/**/*.py"))


def imported_modules(path: str, source: str) -> set[str]:
    """Dotted names that ``source``, the file at ``path``, imports; relative imports are resolved to absolute ones."""
    package = ["ansible_collections", "latchkey", "workstation", *Path(path).parent.parts]
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            names |= {f"{module}.{alias.name}" for alias in node.names}
    return names


def violations(path: str, source: str) -> list[str]:
    """Imports of ``source`` that the floors forbid, each as ``package <- imported package``."""
    own = Path(path).relative_to("plugins/module_utils").parts[0]
    found = []
    for name in sorted(imported_modules(path, source)):
        if not name.startswith(f"{MODULE_UTILS}."):
            continue
        package = name[len(MODULE_UTILS) + 1 :].split(".")[0]
        if package != own and FLOOR.get(package, len(FLOORS)) >= FLOOR.get(own, -1):
            found.append(f"{own} <- {package}")
    return found


@pytest.mark.parametrize("path", FILES)
def test_a_package_imports_only_lower_floors(path: str) -> None:
    assert not violations(path, (ROOT / path).read_text())


@pytest.mark.parametrize("path", FILES)
def test_every_file_is_in_a_package_that_has_a_floor(path: str) -> None:
    parts = Path(path).relative_to("plugins/module_utils").parts
    assert len(parts) > 1
    assert parts[0] in FLOOR


@pytest.mark.parametrize("path", FILES)
def test_module_utils_imports_nothing_of_ansible(path: str) -> None:
    names = imported_modules(path, (ROOT / path).read_text())
    assert not [name for name in names if name.split(".")[0] == "ansible"]


@pytest.mark.parametrize("path", RELATIVE)
def test_utils_import_their_own_tree_relatively(path: str) -> None:
    nodes = ast.walk(ast.parse((ROOT / path).read_text()))
    absolute = [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom) and not node.level]
    own = f"ansible_collections.latchkey.workstation.plugins.{Path(path).parts[1]}"
    assert not [name for name in absolute if name == own or name.startswith(f"{own}.")]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("from .._host import files", []),
        ("from .._host.files import read", []),
        ("from .base import Store", []),
        ("from . import base", []),
        ("from .._members.serve import serve", ["_stores <- _members"]),
        ("from .._sources import resolver", ["_stores <- _sources"]),
        ("from .. import _checks", ["_stores <- _checks"]),
        ("from .._unknown.thing import x", ["_stores <- _unknown"]),
        (f"from {MODULE_UTILS}._keychain.plan import x", ["_stores <- _keychain"]),
        (f"from {MODULE_UTILS} import _keychain", ["_stores <- _keychain"]),
        (f"import {MODULE_UTILS}._checks.engine", ["_stores <- _checks"]),
        ("def f():\n    from .._checks import engine", ["_stores <- _checks"]),
    ],
)
def test_violations_of_every_import_form(source: str, expected: list[str]) -> None:
    assert violations("plugins/module_utils/_stores/open.py", source) == expected
