# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What root takes for its own. Others cannot be had without root, so neither can these tests."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from starter.root import paths_in
from starter.trust import Changeable, Trust

if TYPE_CHECKING:
    from collections.abc import Iterator

needs_root = pytest.mark.skipif(os.getuid() != 0, reason="needs root")
NOBODY = 65534


@pytest.fixture
def top() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="latchkey-trust-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def make(path: Path, *, mode: int = 0o644, owner: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("{}\n")
    path.chmod(mode)
    os.chown(path, owner, owner)
    return path


def culprit(path: Path) -> str:
    try:
        Trust().require(str(path))
    except Changeable as found:
        return found.path
    return ""


@needs_root
def test_a_sticky_folder_is_accepted_further_up_only(top: Path) -> None:
    file = make(top / "inventory/hosts.yml")
    top.chmod(0o1777)
    assert culprit(file) == culprit(file.parent) == ""
    file.parent.chmod(0o1777)
    assert culprit(file) == culprit(file.parent) == str(file.parent)


@needs_root
def test_a_file_in_a_sticky_folder_is_refused_also_behind_a_link(top: Path) -> None:
    shared = top / "shared"
    file = make(shared / "hosts.yml")
    shared.chmod(0o1777)
    link = top / "link.yml"
    link.symlink_to(file)
    assert culprit(file) == culprit(link) == str(shared)
    outward = shared / "outward.yml"
    outward.symlink_to(make(top / "own/hosts.yml"))
    assert culprit(outward) == str(shared)


@needs_root
@pytest.mark.parametrize("name", ["json.py", "json.so", "json/__init__.py"])
def test_a_module_beside_a_script_is_refused(top: Path, name: str) -> None:
    script = make(top / "scripts/inventory", mode=0o755)
    planted = make(top / "scripts" / name, owner=NOBODY)
    assert culprit(script) == str(planted)
    link = top / "links/inventory"
    link.parent.mkdir()
    link.symlink_to(script)
    assert culprit(link) == str(planted)
    script.chmod(0o644)
    assert culprit(script) == ""


@needs_root
def test_a_link_in_a_folder_leads_to_what_is_checked(top: Path) -> None:
    theirs = make(top / "theirs/group_vars/all.yml", owner=NOBODY)
    make(top / "inventory/hosts.yml")
    (top / "inventory/group_vars").symlink_to(theirs.parent)
    assert culprit(top / "inventory") == str(theirs)


@needs_root
@pytest.mark.parametrize("name", ["/dev/stdin", "nowhere", "loop"])
def test_what_cannot_be_looked_at_is_refused(top: Path, name: str) -> None:
    (top / "loop").symlink_to(top / "loop")
    read, write = os.pipe()
    try:
        path = f"/proc/self/fd/{read}" if name == "/dev/stdin" else str(top / name)
        with pytest.raises(Changeable):
            Trust().require(path)
    finally:
        os.close(read)
        os.close(write)


@needs_root
def test_where_something_may_appear_later_the_folder_counts(top: Path) -> None:
    Trust().require_if_there(str(top / "sockets/%h"))
    top.chmod(0o1777)
    with pytest.raises(Changeable):
        Trust().require_if_there(str(top / "sockets/%h"))


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("-F /m/config", ["/m/config"]),
        ("-F/m/config", ["/m/config"]),
        ("-o IdentityFile=/m/key -oUserKnownHostsFile=/m/known", ["/m/key", "/m/known"]),
        ("-o 'ProxyCommand=sh -c \"exec /m/run\"'", ["/m/run"]),
        ("-i ~/key -S ./socket", ["~/key", "./socket"]),
        ("-o StrictHostKeyChecking=no -C", []),
        ("-o ControlPath=/m/%h", ["/m/%h"]),
        ("-F 'un balanced /m/x", ["/m/x"]),
        ("-J folder/x", ["folder/x"]),
    ],
)
def test_paths_inside_an_option(text: str, paths: list[str]) -> None:
    assert [path for path in paths_in(text) if path in paths] == paths
    assert paths or not list(paths_in(text))


def test_a_name_of_the_current_folder_is_a_path(top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (top / "config").touch()
    monkeypatch.chdir(top)
    assert list(paths_in("-F config")) == list(paths_in("-Fconfig")) == ["config"]
