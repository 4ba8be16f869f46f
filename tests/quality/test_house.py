# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules of this project that no linter checks."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from tests.quality.tools import ROOT, tracked_files

ROLES = sorted(path.name for path in ROOT.glob("roles/*") if path.is_dir())
UTILS = sorted(path.relative_to(ROOT) for path in ROOT.glob("plugins/module_utils/**/*.py"))
PLUGINS = sorted(path.relative_to(ROOT) for path in ROOT.glob("plugins/**/*.py"))


@pytest.mark.parametrize("role", ROLES)
def test_argument_specs_list_the_same_variables_as_defaults(role: str) -> None:
    defaults = yaml.safe_load((ROOT / "roles" / role / "defaults" / "main.yml").read_text()) or {}
    specs = yaml.safe_load((ROOT / "roles" / role / "meta" / "argument_specs.yml").read_text())
    options = specs["argument_specs"]["main"].get("options", {})
    assert {name for name, option in options.items() if not option.get("required")} == set(defaults)
    assert {
        name: option["default"] for name, option in options.items() if "default" in option
    }.items() <= defaults.items()


@pytest.mark.parametrize("path", PLUGINS, ids=str)
def test_plugin_has_a_licence_header(path: Path) -> None:
    head = (ROOT / path).read_text()[:600]
    assert "# Copyright (c) 2026 latchkey contributors" in head
    assert "# SPDX-License-Identifier: GPL-3.0-or-later" in head


@pytest.mark.parametrize("path", UTILS, ids=str)
def test_module_utils_file_is_private_and_never_exits(path: Path) -> None:
    text = (ROOT / path).read_text()
    assert path.parts[2].startswith("_")
    assert "__all__" in text
    assert not re.search(r"\b(exit|fail)_json\b", text)


def test_modules_never_import_each_other() -> None:
    texts = {path: (ROOT / path).read_text() for path in PLUGINS}
    assert not [str(path) for path, text in texts.items() if re.search(r"workstation\.plugins\.modules\b", text)]


def test_requirements_have_versions_and_hashes_and_no_index() -> None:
    for path in sorted(ROOT.glob("requirements/*.txt")):
        for requirement in path.read_text().replace("\\\n", " ").splitlines():
            assert re.fullmatch(
                r"[a-z0-9][a-z0-9.\[\],-]*==[^ ]+( ;[^\\]+?)?( +--hash=sha256:[0-9a-f]{64})+", requirement
            ), path.name


def test_test_requirements_include_run_and_uv() -> None:
    run, uv, test = (pins(name) for name in ("run", "uv", "test"))
    assert run | uv <= test


def pins(name: str) -> set[str]:
    return set(re.findall(r"(?m)^[a-z0-9][^ ]*==[^ ]+", (ROOT / "requirements" / f"{name}.txt").read_text()))


def test_no_file_names_a_package_index_or_the_checkouts_path() -> None:
    registry = re.compile(
        r"(index-url|find-links)[ =]+\S|https?://(?![^/\s]*127\.0\.0\.1)[^\s\"']*(/simple\b|\bpypi\b|pythonhosted|npmjs|proxy\.golang)"
    )
    here = [str(folder) for folder in (ROOT, ROOT.parent) if len(folder.parts) > 2]
    found = []
    for name in tracked_files():
        if not (ROOT / name).is_file() or name == Path(__file__).relative_to(ROOT):
            continue
        text = (ROOT / name).read_bytes().decode("utf-8", "replace")
        found += [f"{name}: {match[0]}" for match in registry.finditer(text)]
        found += [f"{name}: {folder}" for folder in here if f"{folder}/" in text]
    assert not found
