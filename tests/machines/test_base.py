# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of base.py with a fake debootstrap: locking, interrupted runs and failures."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tests.machines import BaseError, base_folder, base_tree

if TYPE_CHECKING:
    from pathlib import Path

MAKES_A_TREE = """
echo made >>"$STORE/count"
sleep 0.3
for tree; do case $tree in *.unfinished) break;; esac; done
mkdir -p "$tree/etc/systemd/system" && touch "$tree/whole"
"""
FAILS = 'echo "W: a warning"; echo "E: no mirror reached"; exit 1'


@pytest.fixture
def fake_debootstrap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Path on PATH where a test writes its fake debootstrap; `unshare` is replaced too."""
    monkeypatch.setenv("LATCHKEY_MACHINES", str(tmp_path / "store"))
    monkeypatch.setenv("STORE", str(tmp_path))
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    _program(tmp_path / "unshare", 'while [ "$1" != debootstrap ]; do shift; done; exec "$@"')
    return tmp_path / "debootstrap"


def _program(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def test_concurrent_calls_make_one_tree(fake_debootstrap: Path) -> None:
    _program(fake_debootstrap, MAKES_A_TREE)
    with ThreadPoolExecutor(3) as pool:
        trees = list(pool.map(base_tree, ["trixie"] * 3))
    assert set(trees) == {base_folder("trixie")}
    assert (fake_debootstrap.parent / "count").read_text() == "made\n"


def test_unfinished_tree_of_a_killed_run_is_made_again(fake_debootstrap: Path) -> None:
    _program(fake_debootstrap, MAKES_A_TREE)
    half = base_folder("trixie").with_suffix(".unfinished") / "half"
    half.mkdir(parents=True)
    tree = base_tree("trixie")
    assert (tree / "whole").exists()
    assert not (tree / "half").exists()
    assert not half.exists()


def test_failed_debootstrap_raises_its_last_line_and_leaves_no_tree(fake_debootstrap: Path) -> None:
    _program(fake_debootstrap, FAILS)
    with pytest.raises(BaseError, match="debootstrap trixie ended with 1: E: no mirror reached"):
        base_tree("trixie")
    assert not base_folder("trixie").exists()
