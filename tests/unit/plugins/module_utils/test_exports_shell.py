# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is rendered for shells: nothing in it runs that was declared, and every shell can read it."""

from __future__ import annotations

import os
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
    told = functions(f"_latchkey_find {asked} echo", 'echo "$_latchkey_credential"')
    assert told == [variables, credential]


SHELLS = {"dash": ["dash"], "bash": ["bash"], "zsh as sh": ["zsh", "--emulate", "sh"], "zsh": ["zsh"]}
TRAP = r"""
command_not_found_handle() { printf 'ran %s\n' "$*"; }
command_not_found_handler() { printf 'ran %s\n' "$*"; }
told() { printf "%s\n" "ONE=${ONE-unset}" "TWO=${TWO-unset}" "OTHER=${OTHER-unset}"; env | grep -i secret || :; }
"""
SECRETS = ["ONE=my-secret", "TWO=my-secret", "OTHER=a secret"]


def calls(folder: Path, shell: list[str], script: str, *more: Exported) -> list[str]:
    """What ``script`` prints where my-token has two variables and other has one; shells get ONE, OTHER and ``more``."""
    if not shutil.which(shell[0]):
        pytest.skip(f"there is no {shell[0]}")
    (folder / "mine").write_text("my-secret")
    (folder / "other").write_text("a secret")
    rows = [
        Exported("my-token", ["ONE", "TWO"], ["ONE"], [("kept", f"{folder}/mine")]),
        Exported("other", ["OTHER"], ["OTHER"], [("kept", f"{folder}/other")]),
        *more,
    ]
    library = folder / "exports.sh"
    library.write_text(_exports_shell.render_library(rows))
    read = f"emulate -R sh -c '. {library}'" if shell == ["zsh"] else f". {library}"
    argv = [*shell, "-c", f"{TRAP}\n{read}\n{script}"]
    done = subprocess.run(argv, capture_output=True, check=True, text=True, env={"PATH": os.environ["PATH"]})
    return (done.stdout + done.stderr).splitlines()


@pytest.mark.parametrize("shell", SHELLS.values(), ids=SHELLS)
@pytest.mark.parametrize("call", ["latchkey_refresh", "latchkey_export"])
def test_the_name_of_a_credential_stands_for_its_variables(shell: list[str], call: str, tmp_path: Path) -> None:
    wanted = [*SECRETS[:2], "OTHER=unset", *SECRETS[:2]]
    assert sorted(calls(tmp_path, shell, f"{call} my-token; told")) == sorted(wanted)
    again = calls(tmp_path, shell, f"{call} other; told; set | grep '^other=' || :")
    assert sorted(again) == sorted(["ONE=unset", "TWO=unset", SECRETS[2], SECRETS[2]])


@pytest.mark.parametrize("shell", SHELLS.values(), ids=SHELLS)
def test_what_is_forgotten_is_declared(shell: list[str], tmp_path: Path) -> None:
    forget = "export ONE=1 TWO=2 OTHER=3; latchkey_forget {}; echo $?; told"
    assert calls(tmp_path, shell, forget.format("my-token")) == ["0", "ONE=unset", "TWO=unset", "OTHER=3"]
    assert calls(tmp_path, shell, forget.format("TWO other")) == ["0", "ONE=1", "TWO=unset", "OTHER=unset"]
    assert calls(tmp_path, shell, forget.format("")) == ["0", "ONE=unset", "TWO=2", "OTHER=unset"]
    told = calls(tmp_path, shell, forget.format("PATH ONE"))
    assert told == ["1", "ONE=unset", "TWO=2", "OTHER=3", "latchkey: PATH is not declared here"]


@pytest.mark.parametrize("shell", SHELLS.values(), ids=SHELLS)
def test_refresh_passes_over_what_may_be_absent_and_is(shell: list[str], tmp_path: Path) -> None:
    none, empty, open_quote = (("dotenv", str(tmp_path / name), "KEY") for name in ("none", "empty", "open"))
    (tmp_path / "empty").write_text("KEY=\n")
    (tmp_path / "open").write_text("KEY='a\n")
    absent = Exported("absent", ["GONE"], ["GONE"], [("kept", str(tmp_path / "none")), none, empty], required=False)
    assert calls(tmp_path, shell, "latchkey_refresh; echo $?", absent) == ["0"]
    assert calls(tmp_path, shell, "IFS=GO; latchkey_refresh; echo $?", absent) == ["0"]
    asked = calls(tmp_path, shell, "latchkey_refresh absent GONE; echo $?", absent)
    assert [line.split()[:2] for line in asked] == [["1"], ["latchkey:", "absent"], ["latchkey:", "GONE"]]
    for kept_from in ([("kept", str(tmp_path))], [none, open_quote], [open_quote, none]):
        shut = Exported("shut", ["SHUT"], ["SHUT"], kept_from, required=False)
        code, said = calls(tmp_path, shell, "latchkey_refresh; echo $?", absent, shut)
        assert (code, said.split()[:2]) == ("1", ["latchkey:", "SHUT"])
    wanted = Exported("wanted", ["WANTED"], ["WANTED"], [none])
    code, said = calls(tmp_path, shell, "latchkey_refresh; echo $?", absent, wanted)
    assert (code, said.split()[:2]) == ("1", ["latchkey:", "WANTED"])


@pytest.mark.parametrize("shell", SHELLS.values(), ids=SHELLS)
def test_a_name_that_is_not_declared_runs_nothing(shell: list[str], tmp_path: Path) -> None:
    for call in ("latchkey_refresh", "latchkey_forget"):
        told = calls(tmp_path, shell, f"{call} 'x; echo ran' '$(echo ran >&2)' || echo $?")
        assert [line.removeprefix("latchkey: ") for line in sorted(told)] == [
            "1",
            "$(echo ran >&2) is not declared here",
            "x; echo ran is not declared here",
        ]
    assert calls(tmp_path, shell, "latchkey_export 'x; echo ran' '$(echo ran >&2)'") == []


@pytest.mark.parametrize("shell", SHELLS.values(), ids=SHELLS)
def test_fields_may_split_at_anything(shell: list[str], tmp_path: Path) -> None:
    script = 'IFS=NE_; latchkey_export ONE OTHER; latchkey_refresh my-token; [ "$IFS" = NE_ ] && unset IFS && told'
    assert calls(tmp_path, shell, script)[:3] == SECRETS
    assert calls(tmp_path, shell, "IFS=NE_; ONE=1; latchkey_forget; unset IFS; told")[0] == "ONE=unset"


@pytest.mark.parametrize("shell", ["dash", "bash", "zsh"])
def test_every_shell_can_read_it_and_says_nothing(shell: str) -> None:
    if not shutil.which(shell):
        pytest.skip(f"there is no {shell}")
    assert functions(shell=shell) == []


def test_nothing_that_is_declared_runs() -> None:
    lines = _exports_shell.render_library(ROWS).splitlines()
    assert """    heroku) _latchkey_kept '/home/a b/it'"'"'s' ;;""" in lines
    assert "    mac) _latchkey_keychain 'service; id' '$(id)' ;;" in lines
    assert "    cf) _latchkey_dotenv /x/.env CF && return; [ $? -lt 2 ] || return 2; _latchkey_file /x/cf ;;" in lines
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
