# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
import pty
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.twins.security.words import split

if TYPE_CHECKING:
    from tests.twins.security import Twin

ADD = b"add-generic-password -s line -a me -w "
FIND = b"find-generic-password -s svc -w\n"
MISSING = b"find-generic-password -s nothing\n"


def test_longest_line_that_works(twin: Twin) -> None:
    """keep the line content at 4094 bytes or less."""
    value = b"x" * (4094 - len(ADD))
    done = twin.run("-i", stdin=ADD + value + b"\n")
    assert (done.returncode, done.stderr) == (0, b"")
    assert bytes.fromhex(twin.items()[0].secret) == value


def test_line_of_4096_loses_only_its_closing_quote(twin: Twin) -> None:
    """content of 4096 "works" only because the lost byte was the closing quote; the quote is its own command."""
    value = b"x" * (4096 - len(ADD) - 2)
    done = twin.run("-i", stdin=ADD + b'"' + value + b'"\n')
    assert bytes.fromhex(twin.items()[0].secret) == value
    assert done.returncode == 0  # the empty word is a beginning of help


def test_longer_line_is_split(twin: Twin) -> None:
    """at most 4095 bytes per command; the tail is echoed as an unknown command, the truncated value is stored."""
    value = b"x" * (4095 - len(ADD)) + b"SECRET-TAIL"
    done = twin.run("-i", stdin=ADD + value + b"\n")
    assert done.returncode == 1
    assert done.stderr == b'security: unknown command "SECRET-TAIL"\nSECRET-TAIL: returned 1\n'
    assert bytes.fromhex(twin.items()[0].secret) == value.removesuffix(b"SECRET-TAIL")


def test_line_of_4095_leaves_an_empty_line(twin: Twin) -> None:
    """it stops without consuming the newline, and an empty line sets the status to 0."""
    line = b"find-generic-password -s nothing -l "
    done = twin.run("-i", stdin=line + b"x" * (4095 - len(line)) + b"\n")
    assert b"find-generic-password: returned -25300" in done.stderr
    assert done.returncode == 0


def test_last_line_without_newline_is_dropped(twin: Twin) -> None:
    """EOF before the newline discards the line, no run, no error."""
    done = twin.run("-i", stdin=ADD + b"value")
    assert (done.returncode, done.stdout, done.stderr, twin.items()) == (0, b"", b"", [])


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"a b\tc\v d", ["a", "b", "c", "d"]),
        (b"""'a b' "c d" """, ["a b", "c d"]),
        (b"""a'b "c""", ["a'b", "c"]),
        (rb"a\ b \"c\" 'd\'e' \n", ["a b", '"c"', "d'e", "n"]),
        (b'"a"b', ["a", "b"]),
        (b"""'a'"'"'b'""", ["a", "'", "b"]),
        (b'a "b c', ["a", "b c"]),
        (b"""a "" b ''""", ["a", "", "b", ""]),
        (b"a # b $HOME *", ["a", "#", "b", "$HOME", "*"]),
        (b"w " * 40, ["w"] * 32),
        (b"", []),
        (b'"\\"\\\\"', ['"\\']),
    ],
)
def test_tokeniser(line: bytes, words: list[str]) -> None:
    """the tokeniser, sentence by sentence, and the safe quoting."""
    assert split(line) == words


def test_no_comments(twin: Twin) -> None:
    """`#` is an unknown command."""
    assert b'unknown command "#"' in twin.run("-i", stdin=b"# hello\n").stderr


def test_failing_command_is_named_and_the_rest_runs(item: Twin) -> None:
    """stderr `<argv0 as typed>: returned <signed result>`; processing continues; the last line's status counts."""
    done = item.run("-i", stdin=b"find-gen -s nothing\n" + FIND)
    assert (done.returncode, done.stdout) == (0, b"old value\n")
    assert done.stderr.endswith(b"in the keychain.\nfind-gen: returned -25300\n")


def test_quiet(item: Twin) -> None:
    """unless -q."""
    done = item.run("-q", "-i", stdin=MISSING)
    assert (done.returncode, b"returned" in done.stderr) == (44, False)


def test_empty_line_resets_the_status(item: Twin) -> None:
    """exit status is the result of the last line only; an empty line sets it to 0."""
    assert item.run("-i", stdin=MISSING).returncode == 44
    assert item.run("-i", stdin=MISSING + b"\n").returncode == 0
    assert item.run("-i", stdin=MISSING + b"  \t\n").returncode == 0


def test_minus_one_ends_the_loop_with_success(item: Twin) -> None:
    """there is no quit; a handler returning -1 ends the loop with status 0."""
    done = item.run("-i", stdin=b"quit\nunlock-keychain\n")
    assert b'unknown command "quit"' in done.stderr
    assert done.returncode == 0
    assert item.calls()[-1].commands == ["unlock-keychain"]


def test_verbose_echoes_secrets(twin: Twin) -> None:
    """-v echoes every argument (secrets too) on stderr."""
    done = twin.run("-v", "-i", stdin=ADD + b"geheim\n")
    assert done.stderr == b'add-generic-password "-s" "line" "-a" "me" "-w" "geheim"\n'


def test_piped_prompt_answers_do_not_work(twin: Twin) -> None:
    """getpass reads the fd raw while the command reader is buffered: the answers run as commands."""
    done = twin.run("-i", stdin=b"add-generic-password -s p -a me -w\ngeheim\ngeheim\n")
    assert done.stderr.count(b'unknown command "geheim"') == 2
    assert twin.items()[0].secret == ""


def test_prompt_only_on_a_terminal(item: Twin) -> None:
    """the prompt `security> ` goes to stderr and only if stdin is a tty."""
    assert item.run("-i", stdin=FIND).stderr == b""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [str(item.tool), "-i"],
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={"HOME": str(item.home)},
        start_new_session=True,
    ) as process:
        os.close(theirs)
        os.write(ours, FIND + b"\x04")
        out, err = process.communicate(timeout=10)
    os.close(ours)
    assert (out, err) == (b"old value\n", b"security> security> ")


def test_several_commands_one_process(item: Twin) -> None:
    """one process carries many commands; the log names them and holds nothing that came on stdin."""
    item.run("-i", stdin=ADD + b"geheim\n" + FIND)
    call = item.calls()[-1]
    assert (call.commands, call.stdin, call.exit) == (["add-generic-password", "find-generic-password"], True, 0)
    log = (item.home / "Library" / "Keychains" / ".twin" / "calls.jsonl").read_bytes()
    assert b"geheim" not in log
