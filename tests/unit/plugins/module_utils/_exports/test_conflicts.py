# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lines of shell profiles that conflict with the block: which are reported, and how."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._exports import conflicts, zshrc_block
from ansible_collections.latchkey.workstation.plugins.module_utils._exports.conflicts import Profiles

if TYPE_CHECKING:
    from pathlib import Path

BLOCK = zshrc_block.render(["KEY"], library=zshrc_block.LIBRARY)

# Lines above the block after which a new interactive zsh has not the exported value; a test with zsh proves it.
CONFLICTING = {
    "export": b"export KEY=own",
    "assignment": b"KEY=own",
    "typeset": b"typeset -gx KEY=own",
    "default": b': "${KEY:=own}"',
    "default if unset": b": ${KEY=own}",
    "export without a value": b"export KEY",
    "evaluated": b"eval 'export KEY=own'",
    "read from another file": b"source ~/.secrets",
    "read from another file by a condition": b'[[ -r "$HOME/.secrets" ]] && . "${HOME}/.secrets"',
    "exec": b"exec true",
    "exec in a condition": b"if [[ -z $FOO ]]; then\n  exec true\nfi",
    "exec in another file": b"source ~/.execs",
    "exit": b"exit",
    "return": b"return",
    "return after a condition": b"[[ -n $FOO ]] || return",
    "return in a condition": b"if [[ -z $FOO ]]; then\n  return 0\nfi",
}
HARMLESS = {
    "emulate": b"emulate sh",
    "another emulation": b"emulate -R ksh",
    "unset": b"unset KEY",
    "unset export": b"typeset +x KEY2",
    "set for one command": b"KEY=own true",
    "set in a subshell": b"(export KEY=own)",
    "hook of another program": b'eval "$(echo true)"',
    "exec of redirections": b"exec 3>/dev/null",
    "return of another file": b"source ~/.returns",
    "guard": b"[[ -o interactive ]] || return",
    "guard over lines": b"case $- in\n    *i*) ;;\n      *) return;;\nesac",
    "function": b"leave() {\n  exec true\n}",
    "file that is not there": b"[[ -r ~/.nothing ]] && source ~/.nothing",
}
FILES = {".secrets": "export KEY=own\n", ".execs": "# first\nexec true\n", ".returns": "[[ -n $FOO ]] || return\n"}


def rows(home: Path, zshrc: bytes) -> list[dict[str, str]]:
    return list(conflicts.conflicts(zshrc, ["KEY"], Profiles(str(home), str(home))))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.mark.parametrize("text", CONFLICTING.values(), ids=CONFLICTING)
def test_conflicting_line_above_the_block_is_reported_once(home: Path, text: bytes) -> None:
    (row,) = rows(home, b"# mine\n" + text + b"\n" + BLOCK)
    assert "line" in row["item"] + row["what"]
    assert row["remedy"]


@pytest.mark.parametrize("text", HARMLESS.values(), ids=HARMLESS)
def test_harmless_line_above_the_block_is_not_reported(home: Path, text: bytes) -> None:
    assert not rows(home, b"# mine\n" + text + b"\n" + BLOCK)


@pytest.mark.parametrize("line", [b"export KEY=own", b"KEY=own", b"unset KEY", b"typeset +x KEY", b": ${KEY::=own}"])
def test_overriding_line_below_the_block_is_reported_with_its_line(home: Path, line: bytes) -> None:
    (row,) = rows(home, BLOCK + b"\n" + line + b"\n")
    assert (row["item"], row["what"]) == ("KEY", "line 9 of ~/.zshrc sets it too and wins")


@pytest.mark.parametrize("line", [b"export KEY", b"exec true", b"return", b"exit"])
def test_line_that_matters_only_above_is_not_reported_below_the_block(home: Path, line: bytes) -> None:
    assert not rows(home, BLOCK + line + b"\n")


def test_file_that_is_read_is_named_with_the_line_that_reads_it(home: Path) -> None:
    (row,) = rows(home, b"# mine\nsource ~/.secrets\n" + BLOCK)
    assert row["what"].startswith("line 1 of ~/.secrets (read by line 2 of ~/.zshrc) sets it too and is there first")
    (row,) = rows(home, b"source ~/.execs\n" + BLOCK)
    assert row["item"] == "~/.execs, line 2"


def test_files_that_read_each_other_are_read_once(home: Path) -> None:
    (home / ".a").write_text("source ~/.b\nKEY=1\n")
    (home / ".b").write_text("source ~/.a\n. ~/.zshrc\nKEY=2\n")
    assert len(rows(home, b"source ~/.a\n" + BLOCK)) == 2


def test_profiles_of_another_folder_are_read_there(home: Path) -> None:
    folder = home / "zsh"
    folder.mkdir()
    (home / ".zshenv").write_text("export KEY=1\n")
    (home / ".zprofile").write_text("export KEY=2\n")
    (folder / ".zprofile").write_text("export KEY=3\n")
    (folder / ".zlogin").write_text("source $ZDOTDIR/x\n")
    (folder / "x").write_text("export KEY=4\n")
    found = conflicts.conflicts(b"KEY=5\n" + BLOCK, ["KEY"], Profiles(str(home), str(folder)))
    assert [row["what"].split(" sets it")[0] for row in found] == [
        "line 1 of ~/zsh/.zshrc",
        "line 1 of ~/.zshenv",
        "line 1 of ~/zsh/.zprofile",
        "line 1 of ~/zsh/x (read by line 1 of ~/zsh/.zlogin)",
    ]
