# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules of the house that no tool knows."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
import yaml

from tests.quality.tools import ROOT, known

ROLES = sorted(path.name for path in ROOT.glob("roles/*") if path.is_dir())
UTILS = sorted(path.relative_to(ROOT) for path in ROOT.glob("plugins/module_utils/*.py"))
PLUGINS = sorted(path.relative_to(ROOT) for path in ROOT.glob("plugins/**/*.py"))


@pytest.mark.parametrize("role", ROLES)
def test_argument_specs_mirror_the_defaults(role: str) -> None:
    defaults = yaml.safe_load((ROOT / "roles" / role / "defaults" / "main.yml").read_text()) or {}
    specs = yaml.safe_load((ROOT / "roles" / role / "meta" / "argument_specs.yml").read_text())
    options = specs["argument_specs"]["main"].get("options", {})
    assert {name for name, option in options.items() if not option.get("required")} == set(defaults)
    assert {
        name: option["default"] for name, option in options.items() if "default" in option
    }.items() <= defaults.items()


# Lines a file may have before it is one too many things. An exception stands in TOO_LONG with its reason.
BUDGETS = {
    "plugins/modules": 170,
    "plugins/module_utils": 230,
    "plugins/plugin_utils": 200,
    "plugins/action": 170,
    "plugins/filter": 170,
    "roles": 90,
}
TOO_LONG: dict[str, str] = {}


def test_files_are_small() -> None:
    long = {
        str(name): lines
        for folder, budget in BUDGETS.items()
        for name in known(f"{folder}/*.py", f"{folder}/**/tasks/*.yml")
        if (lines := len((ROOT / name).read_text().splitlines())) > budget
    }
    assert long.keys() == TOO_LONG.keys(), long


@pytest.mark.parametrize("path", PLUGINS, ids=str)
def test_licence_of_every_plugin(path: Path) -> None:
    head = (ROOT / path).read_text()[:600]
    assert "# Copyright (c) 2026 latchkey contributors" in head
    assert "# SPDX-License-Identifier: GPL-3.0-or-later" in head


# A subject is the first word of a file's name (_keychain_files, _checks_time). These are the ground floor.
GROUND = {
    *("error", "secret", "state", "file", "command", "http", "url", "deadline", "member", "child", "report"),
    *("credential", "found", "dotenv", "pointer", "boto", "word", "family", "writable"),
}


def subject(name: str) -> str:
    return name.lstrip("_").partition("_")[0].rstrip("s")


@pytest.mark.parametrize("path", UTILS, ids=str)
def test_subjects_stand_on_the_ground_floor_only(path: Path) -> None:
    nodes = ast.walk(ast.parse((ROOT / path).read_text()))
    modules = [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)]
    imported = {subject(name.rpartition(".")[2]) for name in modules if ".plugins.module_utils._" in name}
    assert imported <= GROUND | {subject(path.stem)}, f"{path}: hand in what it needs of another subject"


@pytest.mark.parametrize("path", UTILS, ids=str)
def test_module_utils_are_private_and_raise(path: Path) -> None:
    text = (ROOT / path).read_text()
    assert path.name.startswith("_")
    assert "__all__" in text
    assert not re.search(r"\b(exit|fail)_json\b", text)


def test_modules_never_import_each_other() -> None:
    texts = {path: (ROOT / path).read_text() for path in PLUGINS}
    assert not [str(path) for path, text in texts.items() if re.search(r"workstation\.plugins\.modules\b", text)]


def test_requirements_are_pins_with_hashes_and_no_address() -> None:
    for path in sorted(ROOT.glob("requirements/*.txt")):
        for requirement in path.read_text().replace("\\\n", " ").splitlines():
            assert re.fullmatch(
                r"[a-z0-9][a-z0-9.\[\],-]*==[^ ]+( ;[^\\]+?)?( +--hash=sha256:[0-9a-f]{64})+", requirement
            ), path.name


def test_the_test_requirements_hold_the_others() -> None:
    run, uv, test = (pins(name) for name in ("run", "uv", "test"))
    assert run | uv <= test


def pins(name: str) -> set[str]:
    return set(re.findall(r"(?m)^[a-z0-9][^ ]*==[^ ]+", (ROOT / "requirements" / f"{name}.txt").read_text()))


def test_nothing_names_a_registry_or_this_machine() -> None:
    registry = re.compile(
        r"(extra-)?index-url|find-links|https?://[^\s\"']*(/simple\b|\bpypi\b|pythonhosted|npmjs|proxy\.golang)"
    )
    here = [str(folder) for folder in (ROOT, ROOT.parent) if len(folder.parts) > 2]
    found = []
    for name in known():
        if not (ROOT / name).is_file() or name == Path(__file__).relative_to(ROOT):
            continue
        text = (ROOT / name).read_bytes().decode("utf-8", "replace")
        found += [f"{name}: {match[0]}" for match in registry.finditer(text)]
        found += [f"{name}: {folder}" for folder in here if f"{folder}/" in text]
    assert not found
