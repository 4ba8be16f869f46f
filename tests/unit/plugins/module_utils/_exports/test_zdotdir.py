# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The folder in which zsh reads .zshrc, asked of a real zsh."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._core.errors import LatchkeyError
from ansible_collections.latchkey.workstation.plugins.module_utils._exports.zdotdir import find_folder

if TYPE_CHECKING:
    from pathlib import Path

needs_zsh = pytest.mark.skipif(not shutil.which("zsh"), reason="there is no zsh")


@pytest.fixture(autouse=True)
def _no_zdotdir(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ZDOTDIR", raising=False)


@needs_zsh
@pytest.mark.parametrize(
    ("zshenv", "folder"),
    [
        ("", ""),
        ("export ZDOTDIR=$HOME/.config/zsh\n", "/.config/zsh"),
        ("ZDOTDIR=~/a//b/\n", "/a/b"),
        (': "${ZDOTDIR:=${XDG_CONFIG_HOME:-$HOME/.config}/zsh}"\n', "/.config/zsh"),
        ("echo noise; print -n latchkey:/elsewhere; ZDOTDIR=$HOME/zsh\n", "/zsh"),
        ('ZDOTDIR="$HOME/it\'s [here]"\n', "/it's [here]"),
    ],
)
def test_folder_is_what_zshenv_sets(tmp_path: Path, zshenv: str, folder: str) -> None:
    (tmp_path / ".zshenv").write_text(zshenv)
    assert find_folder(str(tmp_path), {}) == str(tmp_path) + folder


@needs_zsh
def test_folder_is_that_of_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZDOTDIR", str(tmp_path / "zsh"))
    assert find_folder(str(tmp_path), {}) == str(tmp_path / "zsh")


@needs_zsh
@pytest.mark.parametrize(
    "zshenv",
    ["exit 3\n", "exec true\n", "kill -9 $$\n", "ZDOTDIR=relative\n", "ZDOTDIR=\n", "ZDOTDIR=$HOME/$'a\\nb'\n"],
)
def test_zsh_that_gives_no_answer_is_an_error(tmp_path: Path, zshenv: str) -> None:
    (tmp_path / ".zshenv").write_text(zshenv)
    with pytest.raises(LatchkeyError, match="asked where it reads") as error:
        find_folder(str(tmp_path), {})
    assert error.value.remedy


def test_without_zsh_the_environment_counts_unless_zshenv_sets_it(tmp_path: Path) -> None:
    missing = str(tmp_path / "no-zsh")
    assert find_folder(str(tmp_path), {}, zsh=missing) == str(tmp_path)
    assert find_folder(str(tmp_path), {"ZDOTDIR": "/x"}, zsh=missing) == "/x"
    (tmp_path / ".zshenv").write_text("# mine\nexport ZDOTDIR=~/zsh\n")
    with pytest.raises(LatchkeyError, match=r"line 2 of ~/\.zshenv sets ZDOTDIR"):
        find_folder(str(tmp_path), {}, zsh=missing)
