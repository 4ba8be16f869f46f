# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The managed block: everything outside it byte for byte, and what outside it counts for more than ours."""

from __future__ import annotations

import time

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils import _exports_block
from ansible_collections.latchkey.workstation.plugins.module_utils._errors import LatchkeyError
from hypothesis import given
from hypothesis import strategies as st

LIBRARY = "~/.local/share/latchkey/exports.sh"
BEGIN = b"# >>> latchkey >>> made by latchkey.workstation: changes between these two lines are lost\n"
END = b"# <<< latchkey <<<\n"

names = st.lists(st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True), min_size=1, max_size=4, unique=True)
pieces = st.sampled_from(
    [b"\n", b"\r\n", b"\r", b"# a comment", b"alias ll='ls -l'", b"export A=1", b"\xff\x00", b" ", b"latchkey", b"#"]
)
texts = st.lists(pieces | st.binary(max_size=6), max_size=12).map(b"".join)


def block(*exported: str) -> bytes:
    return _exports_block.render(exported or ["KEY"], library=LIBRARY)


@given(texts, names, names)
def test_everything_outside_stays_byte_for_byte(text: bytes, first: list[str], second: list[str]) -> None:
    placed = _exports_block.place(text, block(*first))
    assert _exports_block.place(placed, block(*first)) == placed
    changed = _exports_block.place(placed, block(*second))
    assert changed == placed.replace(block(*first), block(*second))
    joined = bool(text) and not text.endswith(b"\n")
    assert _exports_block.strip(changed, joined=joined) == text


@given(texts, texts, names)
def test_a_block_in_the_middle_is_replaced_where_it_stands(before: bytes, after: bytes, exported: list[str]) -> None:
    before += b"\n"
    data = before + block("OLD", "OTHER") + after
    assert _exports_block.place(data, block(*exported)) == before + block(*exported) + after
    assert _exports_block.strip(data, joined=False) == before + after


def test_the_block_names_each_variable_on_a_line_of_its_own() -> None:
    lines = block("A", "B_2").decode().splitlines()
    assert lines[0] + "\n" == BEGIN.decode()
    assert lines[-1] + "\n" == END.decode()
    assert [line.strip(" \\") for line in lines[4:-2]] == ["A", "B_2"]


def test_a_block_whose_lines_an_editor_gave_crlf_is_made_right_and_the_rest_keeps_it() -> None:
    data = b"one\r\n" + block().replace(b"\n", b"\r\n") + b"two\r\n"
    assert _exports_block.place(data, block()) == b"one\r\n" + block() + b"two\r\n"


def test_a_newline_that_was_lent_is_left_where_something_follows() -> None:
    data = _exports_block.place(b"one", block()) + b"two\n"
    assert _exports_block.strip(data, joined=True) == b"one\ntwo\n"


DAMAGED = {
    "no end": (b"a\n" + BEGIN + b"b\n", ["line 2"]),
    "no begin": (b"a\nb\n" + END, ["line 3"]),
    "two blocks": (BEGIN + END + b"x\n" + BEGIN + END, ["line 1", "line 2", "line 4", "line 5"]),
    "the wrong way round": (END + BEGIN, ["line 1", "line 2"]),
    "begun twice": (BEGIN + b"\n" + BEGIN + END, ["line 1", "line 3", "line 4"]),
}


@pytest.mark.parametrize(("data", "lines"), DAMAGED.values(), ids=DAMAGED)
def test_damaged_marks_are_an_error_that_names_their_lines(data: bytes, lines: list[str]) -> None:
    for act in (lambda: _exports_block.place(data, block()), lambda: _exports_block.strip(data, joined=False)):
        with pytest.raises(LatchkeyError) as error:
            act()
        assert all(line in error.value.message for line in lines)
        assert error.value.remedy


def test_a_diff_shows_the_block_and_nothing_that_is_not_ours() -> None:
    data = b"export PASSWORD=hunter22\n" + block("A", "B").replace(b"fi\n", b"export TOKEN=hunter33\nfi\n")
    shown = _exports_block.show(data)
    assert shown == block("A", "B").decode().replace("fi\n", "(a line that is not ours)\nfi\n")
    assert _exports_block.show(b"export PASSWORD=hunter22\n") == ""


SETS = {
    "export": b"export KEY=value",
    "quoted": b"export KEY='a b'",
    "indented": b"\t  export KEY=value",
    "bare": b"KEY=value",
    "bare and empty": b"KEY=",
    "bare with a comment": b'KEY="value" # why',
    "bare with CRLF": b"KEY=$HOME/x\r",
    "over lines": b'KEY="begin',
    "typeset": b"typeset -x KEY=value",
    "typeset with more options": b"typeset -gx KEY=value",
    "declare": b"declare -x KEY=value",
    "to what is there": b"KEY+=1",
    "exported, to what is there": b"export KEY+=x",
    "integer": b"integer KEY=3",
    "float": b"float -x KEY=1",
    "second of two": b"export OTHER=1 KEY=2",
    "in a condition": b"[[ -f x ]] && export KEY=$(grep ^KEY= x | cut -d= -f2-)",
    "out of a repository": b"export KEY=\"$(grep '^KEY=' ~/dev/platform/.env | cut -d= -f2-)\"",
    "after then": b"if true; then KEY=$(cat x); fi",
    "in braces": b"{ KEY=value }",
    "second command": b"cd x; KEY=value",
    "unset": b"unset OTHER KEY",
    "empty and more": b"export KEY= OTHER=1",
    "out of nested commands": b"export KEY=$(cat $(which x))",
    "a default": b"KEY=${KEY:-a b}",
    "a list": b"KEY=(a b)",
    "with a prefix that is one too": b"OTHER=1 KEY=2",
    "over lines in a command": b"KEY=$(begin",
    "an escaped blank": b"KEY=a\\ b",
    "in a case": b"  a) KEY=1 ;;",
    "in a condition of its own": b"if KEY=$(cat x); then",
}
SETS_NOT = {
    "comment": b"# export KEY=value",
    "indented comment": b"  #KEY=value",
    "for one command": b"KEY=value heroku apps",
    "another name's end": b"export MY_KEY=value",
    "another name's beginning": b"export KEY2=value",
    "text": b"echo 'KEY=value'",
    "alias": b"alias h='KEY=value heroku'",
    "used": b'export OTHER="$KEY"',
    "mentioned": b"KEY",
    "compared": b"(( KEY == 1 ))",
    "for one command, a command before it": b"cd x && KEY=$(cat y) OTHER=1 heroku apps",
    "an argument": b"make KEY=value",
    "said to export": b"echo export KEY=value",
    "in a command's output": b"OTHER=$(KEY=value heroku)",
    "after a comment sign": b"true # export KEY=value",
    "exported only": b"export KEY",
    "of another one's value": b"OTHER=KEY=1",
}


@pytest.mark.parametrize("line", SETS.values(), ids=SETS)
def test_a_line_that_sets_it_too_is_told_by_number(line: bytes) -> None:
    data = b"# mine\n" + line + b"\n" + block("KEY") + b"\n" + line + b"\n"
    last = data.count(b"\n")
    assert list(_exports_block.overrides(data, ["KEY"])) == [("KEY", 2, False), ("KEY", last, True)]


@pytest.mark.parametrize("line", SETS_NOT.values(), ids=SETS_NOT)
def test_a_line_that_only_looks_like_it_is_not(line: bytes) -> None:
    assert not list(_exports_block.overrides(block("KEY") + line + b"\n", ["KEY"]))


LONG = {
    "commands": b"x" * 200_000 + b"; export " * 20_000 + b"a " * 100_000 + b"(KEY",
    "substitutions": b"KEY=" + b"$(a)" * 30 + b" cmd",
    "very many substitutions": b"KEY=" + b"$(a)" * 20_000 + b" cmd",
    "quotes": b"KEY=" + b"\"a\"'b'`c`\\d" * 20_000 + b" cmd",
    "nothing ends": b"KEY=x cmd " + b"$( ${ ` \" '" * 20_000,
    "braces": b"{export " * 20_000 + b"KEY",
    "exports": b"export " + b"A=1 " * 50_000 + b"unset KEY",
    "of many": b"\n".join([b"KEY=$(a)$(a)$(a)$(a)$(a)$(a)$(a)$(a) cmd"] * 5_000),
}


@pytest.mark.parametrize("line", LONG.values(), ids=LONG)
def test_a_long_line_is_no_burden(line: bytes) -> None:
    started = time.monotonic()
    assert not list(_exports_block.overrides(line, ["KEY", *(f"KEY{number}" for number in range(50))]))
    assert not list(_exports_block.returns(line + b" return\n" + block("KEY")))
    assert time.monotonic() - started < 1


RETURNS = {
    "unless": b"[[ -n $FOO ]] || return",
    "if": b'[ -z "$FOO" ] && return',
    "with a status": b"[[ -t 0 ]] || return 0 # no terminal",
    "after a guard": b"[[ -o interactive ]] || return; [[ -n $FOO ]] || return",
    "a guard the other way round": b"[[ -o interactive ]] && return",
    "a guard after a condition": b"[[ -n $FOO ]] && [[ -o interactive ]] || return",
    "what is no guard in one bracket": b"[ $- != *i* ] && return",
    "what means or in one bracket": b"[ ! -o interactive ] && return",
    "bare": b"return",
    "in a group": b"[[ -n $FOO ]] || { echo none; return; }",
    "in a group over lines": b"[[ -n $FOO ]] || {\nreturn\n}",
    "after then": b"if [[ -z $FOO ]]; then return; fi",
    "after then on a line of its own": b"if [[ -z $FOO ]]; then\nreturn\nfi",
    "after a function": b"f() { return 1; }\nreturn",
    "after a function over lines": b"function f {\n  return 1\n}\nreturn 0",
    "with brackets": b"[[ ( -n $A ) || -n $B ]] || return",
    "with CRLF": b"return\r",
}
RETURNS_NOT = {
    "indented": b"  return",
    "indented with a tab": b"if true; then\n\treturn\nfi",
    "in a function": b"f() { return 1; }",
    "in a function over lines": b"f() {\nreturn 1\n}",
    "in a function with its brace below": b"f ()\n{\nreturn 1\n}",
    "in a function by its word": b"function f {\nreturn 1\n}",
    "in a function by its word, brace below": b"function f\n# why\n{\n[[ -n $1 ]] || return\n}",
    "in a group in a function": b"f() {\nif true; then {\nreturn\n}; fi\nreturn\n}",
    "in a function without a name": b"() {\nreturn\n} x",
    "a comment": b"# return",
    "an argument": b"echo return",
    "text": b"alias r='return'",
    "another word": b"returns\nx=return",
}


@pytest.mark.parametrize("text", RETURNS.values(), ids=RETURNS)
def test_a_return_above_the_block_is_told_by_line(text: bytes) -> None:
    last = next(number for number, line in reversed([*enumerate(text.split(b"\n"), 2)]) if b"return" in line)
    assert list(_exports_block.returns(b"# mine\n" + text + b"\n" + block("KEY"))) == [last]
    assert not list(_exports_block.returns(block("KEY") + text + b"\n"))


GUARDS = {
    "of its letters": b"[[ $- != *i* ]] && return",
    "of its letters, the other way round": b"[[ $- == *i* ]] || return 0",
    "of its letters, in a case": b"case $- in *i*) ;; *) return;; esac",
    "of its letters, in a case with a status": b'case "$-" in (*i*) ;; (*) return 0 ;; esac',
    "of its option": b"[[ -o interactive ]] || return # no prompt",
    "of its option, the other way round": b"[[ ! -o interactive ]] && return",
    "of its prompt": b'[ -z "$PS1" ] && return',
    "of its prompt, the other way round": b"[[ -n $PS1 ]] || return",
}


@pytest.mark.parametrize("text", GUARDS.values(), ids=GUARDS)
def test_a_guard_that_an_interactive_zsh_passes_is_not(text: bytes) -> None:
    assert not list(_exports_block.returns(text + b"\n" + block("KEY")))


@pytest.mark.parametrize("text", RETURNS_NOT.values(), ids=RETURNS_NOT)
def test_a_return_that_ends_something_else_is_not(text: bytes) -> None:
    assert not list(_exports_block.returns(text + b"\n" + block("KEY")))


def test_what_stands_far_to_the_right_is_not_looked_for() -> None:
    assert not list(_exports_block.overrides(b"x" * 4100 + b"; export KEY=1", ["KEY"]))
