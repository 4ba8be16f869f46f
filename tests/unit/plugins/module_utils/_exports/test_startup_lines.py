# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Effects of profile lines: variables set, files read, ends of the file or of the shell."""

from __future__ import annotations

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._exports.startup_lines import Effect, effects

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
    "empty and more": b"export KEY= OTHER=1",
    "out of nested commands": b"export KEY=$(cat $(which x))",
    "a default": b"KEY=${KEY:-a b}",
    "a list": b"KEY=(a b)",
    "with a prefix that is one too": b"OTHER=1 KEY=2",
    "over lines in a command": b"KEY=$(begin",
    "an escaped blank": b"KEY=a\\ b",
    "in a case": b"  a) KEY=1 ;;",
    "in a condition of its own": b"if KEY=$(cat x); then",
    "a default that is assigned": b': "${KEY:=x}"',
    "a default that is assigned if unset": b": ${KEY=x}",
    "eval with empty quotes": b'eval "" export KEY=x',
    "an assigning expansion": b"true ${KEY::=x}",
    "a default in another value": b'export OTHER="a${KEY:=b}"',
    "typeset into all shells": b"typeset -gx KEY=value",
    "a prefix": b"builtin export KEY=value",
    "another prefix": b"command export KEY=value",
    "read from a file": b"read -r KEY < file",
    "read with a prompt": b'read "KEY?value: "',
    "printed into it": b"print -v KEY value",
    "printed into it by format": b"printf -v KEY %s value",
    "a loop": b"for KEY in a b; do true; done",
    "evaluated": b"eval 'export KEY=value'",
    "evaluated in quotes": b'eval "KEY=value"',
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
    "of another one's value": b"OTHER=KEY=1",
    "in a subshell": b"(export KEY=1; heroku apps)",
    "a default that is used": b'export OTHER="${KEY:-x}"',
    "a default in single quotes": b"echo '${KEY:=x}'",
    "a hook of another program": b'eval "$(direnv hook zsh)"',
    "a function of that name": b"unset -f KEY",
}


def found(text: bytes, kind: str) -> list[int]:
    """Lines of ``text`` with an effect of ``kind``, of the variable KEY where it has one."""
    return [effect.line for effect in effects(text) if effect.kind == kind and effect.name in {b"KEY", b""}]


@pytest.mark.parametrize("line", SETS.values(), ids=SETS)
def test_line_that_sets_the_variable_is_found(line: bytes) -> None:
    assert found(b"# mine\n" + line + b"\n", "sets") == [2]


@pytest.mark.parametrize("line", SETS_NOT.values(), ids=SETS_NOT)
def test_line_that_does_not_set_the_variable_is_passed_over(line: bytes) -> None:
    assert not found(line + b"\n", "sets")


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (b"export KEY", "declares"),
        (b"typeset -gx OTHER=1 KEY", "declares"),
        (b"readonly KEY", "declares"),
        (b"unset OTHER KEY", "unsets"),
        (b"typeset +x KEY", "unsets"),
    ],
)
def test_line_that_declares_or_unsets_the_variable_is_told_apart(line: bytes, kind: str) -> None:
    assert [effect.kind for effect in effects(line) if effect.name == b"KEY"] == [kind]


@pytest.mark.parametrize("line", [b"source ~/.x", b". ~/.x", b"[[ -f ~/.x ]] && . ~/.x # why", b"{ source ~/.x }"])
def test_file_that_is_read_is_found(line: bytes) -> None:
    assert list(effects(line)) == [Effect("reads", 1, b"~/.x")]


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


@pytest.mark.parametrize("text", LONG.values(), ids=LONG)
def test_long_input_is_read_in_one_pass(text: bytes) -> None:
    assert not found(text, "sets")


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
    "after then, indented": b"if [[ -z $FOO ]]; then\n  return\nfi",
    "in a group, indented": b"[[ -n $FOO ]] || {\n  return\n}",
    "in a loop, indented": b"for x in a; do\n  [[ -n $FOO ]] || return\ndone",
    "after a function without its own end": b"f() { for x (a b) echo $x }\nreturn",
}
RETURNS_NOT = {
    "indented": b"  return",
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
    "in a subshell": b"(return)",
    "in a guard over lines": b"case $- in\n    *i*) ;;\n      *) return;;\nesac",
    "in a guard of its condition": b"if [[ ! -o interactive ]]; then\n  return\nfi",
    "in an indented text": b"alias x='\n  return\n'",
}
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


@pytest.mark.parametrize("text", RETURNS.values(), ids=RETURNS)
def test_return_from_the_file_is_found(text: bytes) -> None:
    last = next(number for number, line in reversed([*enumerate(text.split(b"\n"), 2)]) if b"return" in line)
    assert found(b"# mine\n" + text + b"\n", "returns") == [last]


@pytest.mark.parametrize("text", RETURNS_NOT.values(), ids=RETURNS_NOT)
def test_return_that_does_not_end_the_file_is_passed_over(text: bytes) -> None:
    assert not found(text + b"\n", "returns")


@pytest.mark.parametrize("text", GUARDS.values(), ids=GUARDS)
def test_guard_that_an_interactive_zsh_passes_is_passed_over(text: bytes) -> None:
    assert not found(text + b"\n", "returns")


ENDS = {
    "exec": b"exec fish",
    "exec with options": b"exec -l zsh",
    "exec after a condition": b"[[ -z $TMUX ]] && exec tmux",
    "exec in a condition": b"if [[ -z $TMUX ]]; then\n  exec tmux new -A\nfi",
    "exit": b"exit",
    "exit after a condition": b"[[ -t 0 ]] || exit 0",
    "bye": b"bye",
    "logout": b"logout",
    "a guard the other way round": b"[[ -o interactive ]] && exit",
    "evaluated": b"eval 'exit 1'",
}
ENDS_NOT = {
    "exec of redirections": b"exec 2>/dev/null",
    "exec of a redirection with a blank": b"exec 3> file",
    "exec of a descriptor": b"exec {fd}>file",
    "in a function": b"f() {\n  exec fish\n}",
    "in a subshell": b"(exec fish)",
    "an argument": b"find . -exec rm {} +",
    "an option": b"trap exit INT",
    "in an interactive guard": b"[[ -o interactive ]] || exit",
}


@pytest.mark.parametrize("text", ENDS.values(), ids=ENDS)
def test_line_that_ends_the_shell_is_found(text: bytes) -> None:
    assert len(found(text, "ends")) == 1


@pytest.mark.parametrize("text", ENDS_NOT.values(), ids=ENDS_NOT)
def test_line_that_does_not_end_the_shell_is_passed_over(text: bytes) -> None:
    assert not found(text, "ends")


def test_effects_beyond_the_longest_line_are_passed_over() -> None:
    assert not found(b"x" * 4100 + b"; export KEY=1", "sets")
