# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is rendered for shells: nothing in it runs that was declared, and every shell can read it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils import _exports_shell
from ansible_collections.latchkey.workstation.plugins.module_utils._errors import LatchkeyError
from ansible_collections.latchkey.workstation.plugins.module_utils._exports_shell import Exported

EXPECTED = {
    "SC1007": "x= y= is the emptying of two variables",
    "SC2016": "what is declared is quoted, whatever it is",
    "SC2059": "a format made of octal escapes",
    "SC2069": "the value is on standard error",
    "SC2086": "lists of names are meant to be split",
    "SC2154": "zsh's own",
    "SC2163": "a variable whose name is in a variable",
    "SC3045": "zsh only",
    "SC3054": "zsh only",
}
SHELLCHECK = Path(sys.executable).with_name("shellcheck")
ROWS = [
    Exported("heroku", ["HEROKU_API_KEY"], ["HEROKU_API_KEY"], [("kept", "/home/a b/it's")]),
    Exported("cf", ["CF_ONE", "CF_TWO"], ["CF_ONE"], [("dotenv", "/x/.env", "CF"), ("file", "/x/cf")]),
    Exported("mac", ["MAC"], ["MAC"], [("keychain", "service; id", "$(id)")]),
    Exported("desk", ["DESK", "CF_ONE"], ["DESK"], [("secret_service", "s", "a")]),
]


def functions(*calls: str, shell: str = "sh") -> list[str]:
    """What ``calls`` print after the rendered library was read."""
    script = _exports_shell.render_library(ROWS) + "\n".join(calls)
    return subprocess.run([shell, "-c", script], capture_output=True, check=True, text=True).stdout.splitlines()


@pytest.mark.parametrize(
    ("asked", "credential", "variables"),
    [
        ("heroku", "heroku", "HEROKU_API_KEY"),
        ("HEROKU_API_KEY", "heroku", "HEROKU_API_KEY"),
        ("cf", "cf", "CF_ONE CF_TWO"),
        ("CF_TWO", "cf", "CF_TWO"),
        ("CF_ONE", "cf", "CF_ONE"),
    ],
)
def test_a_credential_is_found_by_its_name_and_by_its_variables(asked: str, credential: str, variables: str) -> None:
    told = functions(f"_latchkey_find {asked}", 'printf "%s\\n" "$_latchkey_credential" "$_latchkey_variables"')
    assert told == [credential, variables]


@pytest.mark.parametrize("shell", ["dash", "bash", "zsh"])
def test_every_shell_can_read_it_and_says_nothing(shell: str) -> None:
    if not shutil.which(shell):
        pytest.skip(f"there is no {shell}")
    assert functions(shell=shell) == []


def test_nothing_that_is_declared_runs() -> None:
    lines = _exports_shell.render_library(ROWS).splitlines()
    assert """    heroku) _latchkey_kept '/home/a b/it'"'"'s' ;;""" in lines
    assert "    mac) _latchkey_keychain 'service; id' '$(id)' ;;" in lines
    assert "    cf) _latchkey_dotenv /x/.env CF || [ $? -gt 1 ] || _latchkey_file /x/cf ;;" in lines
    assert "/x/it'\"'\"'s" in _exports_shell.render_run("/x/it's")


@pytest.mark.parametrize("name", ["", "1A", "A B", "A;id", "A\nB", "$A", "Ä"])
def test_a_name_that_is_none_is_an_error(name: str) -> None:
    with pytest.raises(LatchkeyError, match="cannot be the name"):
        _exports_shell.render_library([Exported("x", [name], [], [("kept", "/x")])])


def test_a_reader_that_is_none_is_an_error() -> None:
    with pytest.raises(LatchkeyError, match="cannot read it from vault"):
        _exports_shell.render_library([Exported("x", ["A"], [], [("vault", "/x")])])


@pytest.mark.skipif(not SHELLCHECK.exists(), reason="there is no shellcheck")
@pytest.mark.parametrize("dialect", ["sh", "dash"])
def test_shellcheck_has_nothing_to_say(dialect: str, tmp_path: Path) -> None:
    library, run = tmp_path / "exports.sh", tmp_path / "latchkey-run"
    library.write_text(_exports_shell.render_library(ROWS))
    run.write_text(_exports_shell.render_run(str(library)))
    argv = [SHELLCHECK, "--norc", f"--shell={dialect}", f"--exclude={','.join(EXPECTED)}", library, run]
    done = subprocess.run(argv, capture_output=True, check=False, text=True)
    assert not done.stdout + done.stderr
