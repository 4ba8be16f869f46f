# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rendered shell programs: declared words are data, and every shell can read them."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._core.errors import LatchkeyError
from ansible_collections.latchkey.workstation.plugins.module_utils._exports import render
from ansible_collections.latchkey.workstation.plugins.module_utils._exports.render import Exported

from tests.builders import programs

if TYPE_CHECKING:
    from pathlib import Path

ROWS = [
    Exported("heroku", ["HEROKU_API_KEY"], ["HEROKU_API_KEY"], [("kept", "/home/a b/it's")]),
    Exported("cf", ["CF_ONE", "CF_TWO"], ["CF_ONE"], [("dotenv", "/x/.env", "CF"), ("file", "/x/cf")]),
    Exported("mac", ["MAC"], ["MAC"], [("keychain", "service; id", "$(id)")]),
    Exported("desk", ["DESK", "CF_ONE"], ["DESK"], [("secret_service", "s", "a")]),
]


def functions(*calls: str, shell: str = "sh") -> list[str]:
    """What ``calls`` print after the rendered library was read."""
    script = render.render_library(programs().library, ROWS) + "\n".join(calls)
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
def test_credential_is_found_by_its_name_and_by_its_variables(asked: str, credential: str, variables: str) -> None:
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
    library.write_text(render.render_library(programs().library, rows))
    read = f"emulate -R sh -c '. {library}'" if shell == ["zsh"] else f". {library}"
    argv = [*shell, "-c", f"{TRAP}\n{read}\n{script}"]
    done = subprocess.run(argv, capture_output=True, check=True, text=True, env={"PATH": os.environ["PATH"]})
    return (done.stdout + done.stderr).splitlines()


@pytest.mark.parametrize("shell", SHELLS.values(), ids=SHELLS)
@pytest.mark.parametrize("call", ["latchkey_refresh", "latchkey_export"])
def test_credential_name_stands_for_its_variables(shell: list[str], call: str, tmp_path: Path) -> None:
    wanted = [*SECRETS[:2], "OTHER=unset", *SECRETS[:2]]
    assert sorted(calls(tmp_path, shell, f"{call} my-token; told")) == sorted(wanted)
    again = calls(tmp_path, shell, f"{call} other; told; set | grep '^other=' || :")
    assert sorted(again) == sorted(["ONE=unset", "TWO=unset", SECRETS[2], SECRETS[2]])


@pytest.mark.parametrize("shell", SHELLS.values(), ids=SHELLS)
def test_forget_unsets_declared_variables_only(shell: list[str], tmp_path: Path) -> None:
    forget = "export ONE=1 TWO=2 OTHER=3; latchkey_forget {}; echo $?; told"
    assert calls(tmp_path, shell, forget.format("my-token")) == ["0", "ONE=unset", "TWO=unset", "OTHER=3"]
    assert calls(tmp_path, shell, forget.format("TWO other")) == ["0", "ONE=1", "TWO=unset", "OTHER=unset"]
    assert calls(tmp_path, shell, forget.format("")) == ["0", "ONE=unset", "TWO=2", "OTHER=unset"]
    told = calls(tmp_path, shell, forget.format("PATH ONE"))
    assert told == ["1", "ONE=unset", "TWO=2", "OTHER=3", "latchkey: PATH is not declared here"]


@pytest.mark.parametrize("shell", SHELLS.values(), ids=SHELLS)
def test_refresh_is_silent_about_absent_optional_values(shell: list[str], tmp_path: Path) -> None:
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
def test_undeclared_name_is_reported_and_runs_nothing(shell: list[str], tmp_path: Path) -> None:
    for call in ("latchkey_refresh", "latchkey_forget"):
        told = calls(tmp_path, shell, f"{call} 'x; echo ran' '$(echo ran >&2)' || echo $?")
        assert [line.removeprefix("latchkey: ") for line in sorted(told)] == [
            "1",
            "$(echo ran >&2) is not declared here",
            "x; echo ran is not declared here",
        ]
    assert calls(tmp_path, shell, "latchkey_export 'x; echo ran' '$(echo ran >&2)'") == []


@pytest.mark.parametrize("shell", SHELLS.values(), ids=SHELLS)
def test_export_of_an_absent_value_continues_under_errexit(shell: list[str], tmp_path: Path) -> None:
    absent = Exported("absent", ["GONE"], ["GONE"], [("kept", str(tmp_path / "none"))])
    assert calls(tmp_path, shell, "set -e; latchkey_export absent unknown ONE; echo done", absent) == ["done"]


@pytest.mark.parametrize("shell", SHELLS.values(), ids=SHELLS)
def test_commands_work_with_any_field_separator(shell: list[str], tmp_path: Path) -> None:
    script = 'IFS=NE_; latchkey_export ONE OTHER; latchkey_refresh my-token; [ "$IFS" = NE_ ] && unset IFS && told'
    assert calls(tmp_path, shell, script)[:3] == SECRETS
    assert calls(tmp_path, shell, "IFS=NE_; ONE=1; latchkey_forget; unset IFS; told")[0] == "ONE=unset"


@pytest.mark.parametrize("shell", ["dash", "bash", "zsh"])
def test_library_is_sourced_without_output(shell: str) -> None:
    if not shutil.which(shell):
        pytest.skip(f"there is no {shell}")
    assert functions(shell=shell) == []


def test_declared_words_are_quoted() -> None:
    lines = render.render_library(programs().library, ROWS).splitlines()
    assert """    heroku) _latchkey_kept '/home/a b/it'"'"'s' ;;""" in lines
    assert "    mac) _latchkey_keychain 'service; id' '$(id)' ;;" in lines
    assert "    cf) _latchkey_dotenv /x/.env CF && return; [ $? -lt 2 ] || return 2; _latchkey_file /x/cf ;;" in lines
    assert "/x/it'\"'\"'s" in render.render_run(programs().run, "/x/it's")


def test_rendered_text_has_no_marks_and_no_directives_of_shellcheck() -> None:
    texts = [render.render_library(programs().library, ROWS), render.render_run(programs().run, "/x")]
    assert not [line for text in texts for line in text.splitlines() if "@" in line.replace('"$@"', "")]
    assert "shellcheck" in programs().library
    assert "shellcheck" not in "".join(texts)


def test_programs_carry_the_header_that_marks_them_as_ours() -> None:
    assert programs().library.splitlines()[0] == render.MADE_BY
    assert programs().run.splitlines()[:2] == ["#!/bin/sh", render.MADE_BY]


@pytest.mark.parametrize("name", ["", "1A", "A B", "A;id", "A\nB", "$A", "Ä"])
def test_invalid_variable_name_is_an_error(name: str) -> None:
    with pytest.raises(LatchkeyError, match="cannot be the name"):
        render.render_library(programs().library, [Exported("x", [name], [], [("kept", "/x")])])


def test_unknown_reader_is_an_error() -> None:
    with pytest.raises(LatchkeyError, match="cannot read it from vault"):
        render.render_library(programs().library, [Exported("x", ["A"], [], [("vault", "/x")])])


STRICT_SHELLS = {name: shell for name, shell in {**SHELLS, "bash as sh": ["bash", "--posix"]}.items() if name != "zsh"}
OPTIONS = ["", "set -eu", "set -a"]


def library_alone(shell: list[str], script: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """Run ``script`` after the library was read."""
    if not shutil.which(shell[0]):
        pytest.skip(f"there is no {shell[0]}")
    text = render.render_library(programs().library, ROWS)
    argv = [*shell, "-c", f"{text}\n{script}"]
    env = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", **environment}
    return subprocess.run(argv, capture_output=True, check=False, env=env, timeout=120, start_new_session=True)


@pytest.mark.parametrize("shell", STRICT_SHELLS.values(), ids=STRICT_SHELLS)
@pytest.mark.parametrize("data", [b"x", bytes(range(1, 256)), b"\n\n", b"a%sb\\101c", "ü🔑".encode() * 500])
def test_hex_is_decoded_byte_for_byte(shell: list[str], data: bytes) -> None:
    for digits in (data.hex(), data.hex().upper() + '  "\\000"'):
        done = library_alone(shell, f"_latchkey_unhex '{digits}'; printf '%s|' \"$_latchkey_value\"")
        assert (done.stdout, done.stderr) == (data + b"|", b"")


@pytest.mark.parametrize("shell", STRICT_SHELLS.values(), ids=STRICT_SHELLS)
@pytest.mark.parametrize("digits", ["00", "610062", "6100"])
def test_hex_with_a_nul_byte_is_refused(shell: list[str], digits: str) -> None:
    done = library_alone(shell, f'_latchkey_unhex {digits}; echo "$? $_latchkey_why"; set -o')
    assert done.stdout.startswith(b"2 has a NUL byte")


@pytest.mark.parametrize("shell", STRICT_SHELLS.values(), ids=STRICT_SHELLS)
def test_number_of_commands_that_decode_hex_is_independent_of_the_length(shell: list[str]) -> None:
    traces = [
        library_alone(shell, f"set -x; _latchkey_unhex {(b'value' * length).hex()}", PS4="+ ").stderr
        for length in (1, 400)
    ]
    # Parts of a pipeline write their traces at the same time, so that single lines may run into each other.
    short, long = (trace.count(b"+ ") for trace in traces)
    assert short > 1
    assert abs(long - short) < 10


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("shell", STRICT_SHELLS.values(), ids=STRICT_SHELLS)
def test_output_and_status_of_an_asked_command_are_kept(shell: list[str], options: str) -> None:
    ask = "_latchkey_refused=; _latchkey_ask sh -c 'printf \"%s\" \"$1\"; exit 44' sh ' a x0x1 ' || code=$?"
    done = library_alone(shell, f'{options}\n{ask}\nprintf \'%s|\' "$code" "$_latchkey_text"')
    assert (done.stdout, done.stderr) == (b"44| a x0x1 |", b"")


@pytest.mark.parametrize("shell", STRICT_SHELLS.values(), ids=STRICT_SHELLS)
def test_command_that_does_not_end_is_killed(shell: list[str], tmp_path: Path) -> None:
    impatient(tmp_path, "0.2")
    ask = "_latchkey_refused=; _latchkey_ask sh -c 'echo begun; exec tail -f /dev/null'"
    done = library_alone(shell, f'{ask}; echo "$? $_latchkey_text"', PATH=f"{tmp_path}:{os.environ['PATH']}")
    assert (done.stdout, done.stderr) == (b"137 begun\n\n", b"")


@pytest.mark.parametrize("shell", STRICT_SHELLS.values(), ids=STRICT_SHELLS)
def test_watchdog_of_a_command_that_ends_is_never_waited_for_and_never_left(shell: list[str], tmp_path: Path) -> None:
    """With a sleep of ten minutes, one that is waited for ends this test, and one that is left is seen."""
    seconds = f"600.{os.getpid()}"
    impatient(tmp_path, seconds)
    script = "_latchkey_refused=; for n in $(seq 60); do _latchkey_ask true; done"
    done = library_alone(shell, script, PATH=f"{tmp_path}:{os.environ['PATH']}")
    assert (done.returncode, done.stderr) == (0, b"")
    running = subprocess.run(["ps", "-A", "-o", "args="], capture_output=True, check=True, text=True).stdout
    assert f"/bin/sleep {seconds}" not in running


def impatient(folder: Path, seconds: str) -> None:
    """A program sleep in ``folder`` that sleeps ``seconds``, whatever it is asked for."""
    (folder / "sleep").write_text(f"#!/bin/sh\nexec /bin/sleep {seconds}\n")
    (folder / "sleep").chmod(0o755)
