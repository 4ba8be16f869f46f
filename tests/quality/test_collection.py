# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the tarball: its files, and that its content resolves without a checkout."""

from __future__ import annotations

import json
import tarfile
from importlib import import_module
from pathlib import Path, PurePath

from tests.quality.tools import ROOT, run

COLLECTION = "latchkey.workstation"
PLUGINS = f"ansible_collections.{COLLECTION}.plugins"
SHIPPED = {
    *("FILES.json", "MANIFEST.json", "README.md", "LICENSE", "CHANGELOG.md"),
    *("changelogs", "docs", "meta", "playbooks", "plugins", "requirements", "roles"),
}


def test_tarball_contains_shipped_folders_only(tarball: Path) -> None:
    with tarfile.open(tarball) as archive:
        names = [PurePath(name) for name in archive.getnames()]
    assert {name.parts[0] for name in names} <= SHIPPED
    assert [name for name in names if name.parts[0] == "requirements" and name.suffix] == [
        PurePath("requirements/run.txt")
    ]
    assert [name for name in names if name.parts[0] == "changelogs" and name.suffix] == [
        PurePath("changelogs/changelog.yaml")
    ]
    assert not [name for name in names if any(part.startswith(".") or part == "__pycache__" for part in name.parts)]


def test_every_module_role_and_filter_resolves_when_installed(collections: Path) -> None:
    filters = [import_module(f"{PLUGINS}.filter.{path.stem}") for path in ROOT.glob("plugins/filter/[!_]*.py")]
    expected = {
        "module": {path.stem for path in ROOT.glob("plugins/modules/*.py")},
        "role": {path.name for path in ROOT.glob("roles/*")},
        "filter": {name for plugin in filters for name in plugin.FilterModule().filters()},
    }
    for kind, names in expected.items():
        listed = json.loads(installed(collections, "ansible-doc", "--json", "--list", "--type", kind, COLLECTION))
        assert set(listed) == {f"{COLLECTION}.{name}" for name in names}


def test_every_playbook_is_found_by_its_name_when_installed(collections: Path) -> None:
    playbooks = sorted(path.stem for path in ROOT.glob("playbooks/*.yml"))
    assert "bootstrap" in playbooks
    for name in playbooks:
        installed(
            collections,
            "ansible-playbook",
            "--syntax-check",
            "-e",
            "credential=x user=x",
            f"{COLLECTION}.{name}",
        )


def installed(collections: Path, *argv: str) -> str:
    return run(*argv, cwd=collections, ANSIBLE_COLLECTIONS_PATH=str(collections), HOME=str(collections))


def test_galaxy_importer_accepts_the_tarball(tarball: Path, tmp_path: Path) -> None:
    settings = tmp_path / "galaxy-importer.cfg"
    settings.write_text("[galaxy-importer]\nRUN_ANSIBLE_TEST = False\nCHECK_REQUIRED_TAGS = True\n")
    run("python", "-m", "galaxy_importer.main", tarball, cwd=tmp_path, GALAXY_IMPORTER_CONFIG=str(settings))
