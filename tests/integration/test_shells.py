# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""zsh, dash and bash read exported values byte for byte through the block and latchkey-run."""

from __future__ import annotations

import os
import re
import subprocess
from typing import TYPE_CHECKING

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._exports.conflicts import Profiles, conflicts

from tests.integration.shells import SHELLS, VALUES, Shells, needs, variables
from tests.unit.plugins.module_utils._exports.test_conflicts import CONFLICTING, FILES, HARMLESS
from tests.unit.plugins.module_utils._exports.test_startup_lines import GUARDS

if TYPE_CHECKING:
    from pathlib import Path

NAMES = {f"V{number}": value for number, value in enumerate(VALUES.values())}


@pytest.fixture
def shells(tmp_path: Path) -> Shells:
    needs("zsh")
    home = tmp_path / "home it's"
    home.mkdir()
    return Shells(home)


@pytest.fixture
def exported(shells: Shells) -> Shells:
    """A home whose shells export each odd value out of a private file."""
    shells.export({name: [shells.keep(name, value)] for name, value in NAMES.items()})
    return shells


def told(done: subprocess.CompletedProcess[bytes]) -> dict[str, bytes]:
    assert (done.stderr, done.returncode) == (b"", 0)
    return {name: value for name, value in variables(done.stdout).items() if re.fullmatch(r"V\d*", name)}


def test_interactive_zsh_has_every_value_byte_for_byte(exported: Shells) -> None:
    assert told(exported.zsh("env -0")) == NAMES


def test_zsh_reads_private_files_without_a_process(exported: Shells, tmp_path: Path) -> None:
    needs("strace")
    trace = tmp_path / "trace"
    argv = ["strace", "-f", "-qq", "-e", "trace=process", "-o", str(trace), "zsh", "-o", "no_global_rcs", "-ic", "exit"]
    subprocess.run(argv, env=exported.environment, check=True, capture_output=True, stdin=subprocess.DEVNULL)
    calls = re.findall(r"^\d+ +(\w+)\(", trace.read_text(), re.MULTILINE)
    assert calls.count("execve") == 1
    assert not {"fork", "vfork", "clone", "clone3"} & set(calls)


@pytest.mark.parametrize("shell", SHELLS.values(), ids=SHELLS)
def test_latchkey_run_gives_every_value_byte_for_byte(exported: Shells, shell: list[str]) -> None:
    needs(shell[0])
    assert told(exported.run(*map(str.lower, NAMES), "--", "env", "-0", shell=shell)) == NAMES


def test_zsh_with_odd_options_and_aliases_reads_the_same_silently(exported: Shells) -> None:
    odd = "setopt ksh_arrays sh_word_split no_unset warn_create_global no_clobber all_export glob_subst extended_glob"
    aliases = "alias -g case=boo -g in=x; alias printf=echo read=false unset=false command=false"
    block = (exported.home / ".zshrc").read_text()
    (exported.home / ".zshrc").write_text(f"{odd}\n{aliases}\n{block}unalias -a\n")
    assert told(exported.zsh("/usr/bin/env -0")) == NAMES


@pytest.mark.parametrize("guard", GUARDS.values(), ids=GUARDS)
def test_interactive_zsh_passes_the_guards(shells: Shells, guard: bytes) -> None:
    (shells.home / ".zshrc").write_bytes(guard + b"\nV1=passed\n")
    assert told(shells.zsh("export V1; env -0")) == {"V1": b"passed"}


@pytest.mark.parametrize("text", [*CONFLICTING.values(), *HARMLESS.values()], ids=[*CONFLICTING, *HARMLESS])
def test_zsh_has_the_value_unless_a_line_above_the_block_is_reported(shells: Shells, text: bytes) -> None:
    for name, content in FILES.items():
        (shells.home / name).write_text(content)
    shells.export({"KEY": [shells.keep("one", b"kept value")]})
    block = (shells.home / ".zshrc").read_bytes()
    (shells.home / ".zshrc").write_bytes(text + b"\n" + block)
    done = shells.zsh("/usr/bin/env -0")
    reported = list(conflicts(text + b"\n" + block, ["KEY"], Profiles(str(shells.home), str(shells.home))))
    assert (variables(done.stdout).get("KEY") == b"kept value") == (not reported)


def test_xtrace_shows_no_value(exported: Shells) -> None:
    (exported.home / ".zshrc").write_text("set -x\n" + (exported.home / ".zshrc").read_text())
    done = exported.zsh("set +x; env -0")
    assert variables(done.stdout)["V0"] == VALUES["plain"]
    assert b"latchkey_export" in done.stderr
    assert VALUES["plain"] not in done.stderr


def test_shell_keeps_a_value_in_its_variable_only(exported: Shells) -> None:
    done = exported.zsh("unset -m 'V*'; set; alias; functions")
    assert VALUES["plain"] not in done.stdout
    assert b"latchkey_refresh" in done.stdout


def test_variable_that_is_set_is_not_read(shells: Shells) -> None:
    needs("strace")
    shells.export({"V1": [shells.keep("one", b"kept value")], "V2": [shells.keep("two", b"kept value")]})
    assert told(shells.zsh("env -0", V1="set before", V2="")) == {"V1": b"set before", "V2": b""}
    trace = shells.home / "trace"
    argv = ["strace", "-f", "-qq", "-e", "trace=%file", "-o", str(trace), "zsh", "-o", "no_global_rcs", "-ic", "exit"]
    environment = {**shells.environment, "V1": "set before"}
    subprocess.run(argv, env=environment, check=True, capture_output=True, stdin=subprocess.DEVNULL)
    opened = trace.read_text()
    assert "[here]/two" in opened
    assert "[here]/one" not in opened


def test_assignment_above_the_block_is_kept_and_not_exported(shells: Shells) -> None:
    shells.export({"V1": [shells.keep("one", b"kept value")]}, before="V1=mine\n")
    assert told(shells.zsh("env -0; [[ $V1 == mine ]]")) == {}


@pytest.mark.parametrize("profile", [".zshenv", ".zprofile", ".zlogin"])
def test_export_in_any_profile_overrides_the_block(shells: Shells, profile: str) -> None:
    shells.export({"V1": [shells.keep("one", b"kept value")]})
    (shells.home / profile).write_text("export V1=mine\n")
    assert told(shells.zsh("unset V1; exec zsh -o no_global_rcs -lic 'env -0'")) == {"V1": b"mine"}


def test_return_above_the_block_ends_the_file(shells: Shells) -> None:
    shells.export({"V1": [shells.keep("one", b"kept value")]}, before="[[ -n $FOO ]] || return\n")
    assert told(shells.zsh("env -0")) == {}
    assert told(shells.zsh("env -0", FOO="1")) == {"V1": b"kept value"}


def test_refresh_reads_again_and_forget_unsets(shells: Shells) -> None:
    shells.export({"V1": [shells.keep("one", b"old value")], "V2": [shells.keep("two", b"stays value")]})
    script = 'print -n "new value" > "$HOME/kept it\'s [here]/one"; rm "$HOME/kept it\'s [here]/two"'
    done = shells.zsh(f"{script}; latchkey_refresh; print -n $? > $HOME/code; env -0")
    assert {name: v for name, v in variables(done.stdout).items() if name[0] == "V"} == {"V1": b"new value"}
    assert done.stderr.decode() == f"latchkey: V2 cannot be read: there is no {shells.home}/kept it's [here]/two\n"
    assert (shells.home / "code").read_text() == "1"
    assert told(shells.zsh("latchkey_forget; env -0", V1="inherited")) == {}


def test_unreadable_value_is_unset_silently(shells: Shells) -> None:
    folder, secret = shells.home / "folder", shells.home / "secret"
    folder.mkdir()
    secret.write_bytes(b"not for you")
    secret.chmod(0)
    os.mkfifo(shells.home / "fifo")
    places = {
        "V1": [("kept", str(shells.home / "none"))],
        "V2": [("kept", str(folder))],
        "V3": [("kept", str(shells.home / "fifo"))],
        "V4": [shells.keep("empty", b"")],
        "V5": [shells.keep("nul", b"one\0two")],
        "V6": [shells.keep("long", b"x" * 200_000)],
        "V7": [("dotenv", str(shells.home / "none"), "KEY")],
        "V8": [shells.keep("fine", b"fine value")],
    }
    if os.geteuid():
        places["V9"] = [("kept", str(secret))]
    shells.export(places)
    assert told(shells.zsh("env -0")) == {"V8": b"fine value"}
    for name in set(places) - {"V8"}:
        done = shells.run(name, "--", "env", "-0")
        assert (done.returncode, done.stdout) == (125, b"")
        assert done.stderr.startswith(f"latchkey-run: {name} ".encode())
        assert done.stderr.count(b"\n") == 1


def test_missing_library_is_silent_in_zsh_and_an_error_in_latchkey_run(exported: Shells) -> None:
    (exported.home / ".local/share/latchkey/exports.sh").unlink()
    assert told(exported.zsh("env -0")) == {}
    done = exported.run("v0", "--", "true")
    assert (done.returncode, b"there is no" in done.stderr) == (125, True)


def test_latchkey_run_gives_named_credentials_only(exported: Shells) -> None:
    done = exported.run("v0", "V1", "--", "env", "-0", V0="old", V2="inherited", V99="not ours")
    assert told(done) == {"V0": NAMES["V0"], "V1": NAMES["V1"], "V99": b"not ours"}


def test_latchkey_run_passes_arguments_and_status(exported: Shells) -> None:
    done = exported.run("v0", "--", "sh", "-c", 'printf "%s|" "$@"; exit 7', "x", "a b", "*", "--", "")
    assert (done.returncode, done.stdout) == (7, b"a b|*|--||")


@pytest.mark.parametrize(
    ("argv", "code", "said"),
    [
        ([], 125, b"usage: latchkey-run NAME... -- COMMAND [ARGUMENT...]\n"),
        (["v0"], 125, b"usage: latchkey-run NAME... -- COMMAND [ARGUMENT...]\n"),
        (["v0", "--"], 125, b"usage: latchkey-run NAME... -- COMMAND [ARGUMENT...]\n"),
        (["", "--", "true"], 125, b"latchkey-run: a name is empty\n"),
        (["--", "true"], 125, b"usage: latchkey-run NAME... -- COMMAND [ARGUMENT...]\n"),
        (["nobody", "--", "true"], 125, b"latchkey-run: nobody is not declared here\n"),
        (["*", "--", "true"], 125, b"latchkey-run: * is not declared here\n"),
        (["v0 v1", "--", "no-such-command"], 127, b"latchkey-run: there is no command no-such-command\n"),
    ],
)
def test_latchkey_run_reports_usage_errors(exported: Shells, argv: list[str], code: int, said: bytes) -> None:
    done = exported.run(*argv)
    assert (done.returncode, done.stdout, done.stderr) == (code, b"", said)


def test_helper_processes_get_no_value_as_argument_or_variable(shells: Shells) -> None:
    """The first of two credentials is known while the second is read."""
    needs("strace")
    canary = b"canary-0123456789"
    (shells.home / "env").write_bytes(b"KEY=another-secret-value\n")
    shells.export({"V1": [shells.keep("one", canary)], "V2": [("dotenv", str(shells.home / "env"), "KEY")]})
    trace = shells.home / "trace"
    argv = ["strace", "-f", "-qq", "-v", "-s", "4096", "-e", "trace=execve", "-o", str(trace)]
    command = [*argv, "sh", str(shells.home / "latchkey-run"), "v1", "v2", "--", "/usr/bin/env", "-0"]
    done = subprocess.run(command, env=shells.environment, check=True, capture_output=True)
    assert told(done)["V1"] == canary
    knowing = [line for line in trace.read_bytes().splitlines() if canary in line or b"another-secret" in line]
    assert len(knowing) == 1
    assert b'execve("/usr/bin/env", ["/usr/bin/env", "-0"], [' in knowing[0]


def test_file_source_loses_one_newline(shells: Shells) -> None:
    written = {"V1": b"value-1\n", "V2": b"value-2\r\n", "V3": b"value-3\n\n", "V4": b"value-4", "V5": b"value-5\r"}
    shells.export({name: [("file", shells.keep(name, value)[1])] for name, value in written.items()})
    wanted = {"V1": b"value-1", "V2": b"value-2", "V3": b"value-3\n", "V4": b"value-4", "V5": b"value-5\r"}
    assert told(shells.zsh("env -0")) == wanted
    assert told(shells.run(*wanted, "--", "env", "-0")) == wanted


def test_broken_dotenv_blocks_the_next_source(shells: Shells) -> None:
    broken, fine = shells.keep("broken", b"KEY='open\n")[1], shells.keep("fine", b"KEY=value-0\n")[1]
    shells.export(
        {
            "V1": [("dotenv", broken, "KEY"), ("dotenv", fine, "KEY")],
            "V2": [("dotenv", fine, "NONE"), ("dotenv", str(shells.home / "none"), "KEY"), ("dotenv", fine, "KEY")],
        }
    )
    assert told(shells.zsh("env -0")) == {"V2": b"value-0"}
    assert b"has a quote that does not end it" in shells.run("V1", "--", "true").stderr
