# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Effects of the lines of a shell profile: variables set, files read, ends of the file. Nothing of it is run."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Effect", "effects"]

_LONGEST = 4096
_DEEPEST_EVAL = 3
# Each piece of a word is known by its first byte and ends with the line at the latest, so nothing is matched twice.
_PIECES = (
    rb'"(?:[^"\\]|\\.)*(?:"|\\?\Z)',
    rb"'[^']*(?:'|\Z)",
    rb"`[^`]*(?:`|\Z)",
    rb"\$\([^()]*(?:\([^()]*\)[^()]*)*\)?",
    rb"\$\{[^}]*(?:\}|\Z)",
    rb"\\(?:.|\Z)",
    rb"\$(?![({])",
    rb"[^\s;&|()\"'`\\$]",
)
_PIECE = re.compile(b"|".join(_PIECES), re.DOTALL)
_TOKEN = re.compile(rb"#.*|(?P<ends>[;&|()])|(?P<word>(?:" + rb"|".join(_PIECES) + rb")+)", re.DOTALL)
_NAME = re.compile(rb"[A-Za-z_][A-Za-z0-9_]*")
_ASSIGNMENT = re.compile(rb"([A-Za-z_][A-Za-z0-9_]*)\+?=")
_DEFAULT = re.compile(rb"\$\{(?:\([^)]*\))?([A-Za-z_][A-Za-z0-9_]*):{0,2}=")
_REDIRECTION = re.compile(rb"(?:\{\w+\}|\d*)[<>]")

_PREFIXES = {b"builtin", b"command", b"nocorrect", b"noglob", b"time", b"-"}
_DECLARING = {b"export", b"typeset", b"declare", b"readonly", b"integer", b"float"}
_BEFORE_COMMAND = {b"then", b"elif", b"else", b"do", b"!"}
_OPENS = {b"if": b"fi", b"case": b"esac", b"for": b"done", b"while": b"done", b"until": b"done", b"select": b"done"}
_CONDITIONS = {b"if", b"while", b"until"}
_CLOSES = {*_OPENS.values(), b"}"}
_ENDS_SHELL = {b"exit", b"bye", b"logout"}
# Guards that an interactive zsh passes. In single brackets, !=, = and -o mean something else.
_NOT_INTERACTIVE = rb"(\[\[\s+ (\$-\s+!=\s+\*i\* | !\s+-o\s+interactive) \s+\]\] | \[\[?\s+ -z\s+\"?\$PS1\"? \s+\]\]?)"
_INTERACTIVE = rb"(\[\[\s+ (\$-\s+==?\s+\*i\* | -o\s+interactive) \s+\]\] | \[\[?\s+ -n\s+\"?\$PS1\"? \s+\]\]?)"
_GUARD = re.compile(
    rb"\s*(" + _NOT_INTERACTIVE + rb"\s*&&\s* (return|exit)\b | " + _INTERACTIVE + rb"\s*\|\|\s* (return|exit)\b"
    rb'| case\s+"?\$-"?\s+in\s+ \(?\*i\*\)\s*;; \s*\(?\*\)\s*(return|exit)(\s+\d+)?\s*;; \s*esac\b)',
    re.VERBOSE,
)
_GUARD_BLOCK = re.compile(rb"\s*(if\s+ " + _NOT_INTERACTIVE + rb'\s*(;|\Z) | case\s+"?\$-"?\s+in\b)', re.VERBOSE)


@dataclass(frozen=True)
class Effect:
    """An effect of one line.

    ``kind``: ``sets`` a variable (``name``), ``declares`` it without a value, which sets an unset one to nothing,
    ``unsets`` it or its export, ``reads`` another file (``name`` is the word as written), ``returns`` from the file, or
    ``ends`` the shell.
    """

    kind: str
    line: int
    name: bytes = b""


def effects(data: bytes, *, first: int = 0) -> Iterator[Effect]:
    """Effects of the lines of ``data``, whose first line has the number ``first`` + 1 in its file.

    ``return`` inside a function has no effect on the file and is left out.

    An indented line returns or ends the shell only inside of a compound command: otherwise it may be part of a text
    over several lines.
    """
    reader = _Reader()
    for number, line in enumerate(data.split(b"\n"), start=first + 1):
        yield from reader.line(number, line)


class _Reader:
    """Parser state: stack of the open compound commands and functions, as (word that closes it, kind)."""

    def __init__(self) -> None:
        self._open: list[tuple[bytes, str]] = []
        self._function_follows = False

    def line(self, number: int, line: bytes, *, depth: int = 0) -> Iterator[Effect]:
        guard = _GUARD.match(line)
        guards_block = _GUARD_BLOCK.match(line)
        indented = line[:1].isspace()
        words: list[bytes] = []
        subshells = 0
        for token in _TOKEN.finditer(line[:_LONGEST], guard.end() if guard else 0):
            word, ends = token["word"], token["ends"]
            if word and not words:
                if self._opens_or_closes(word, guard=bool(guards_block)):
                    continue
                words = [word]
            elif word == b"}":
                yield from self._command(number, words, indented, subshells, depth)
                self._close(word)
                words = []
            elif word == b"{" and words[0] == b"function":
                self._open.append((b"}", "function"))
                words = []
            elif word:
                words.append(word)
            elif ends:
                yield from self._command(number, words, indented, subshells, depth)
                subshells = max(0, subshells + {b"(": 1, b")": -1}.get(ends, 0))
                self._function_follows = ends == b")"
                words = []
        if len(line) <= _LONGEST:
            yield from self._command(number, words, indented, subshells, depth)

    def _opens_or_closes(self, word: bytes, *, guard: bool) -> bool:
        """Follow the structure at the first word of a command; True if a command may begin after it."""
        if word == b"{":
            self._open.append((b"}", "function" if self._function_follows else "group"))
            self._function_follows = False
            return True
        if word in _OPENS:
            self._open.append((_OPENS[word], "guard" if guard else "group"))
            return word in _CONDITIONS
        if word in _CLOSES:
            self._close(word)
            return True
        return word in _BEFORE_COMMAND

    def _close(self, word: bytes) -> None:
        """Close the innermost command that ``word`` closes, and those that were left open in it."""
        for place in reversed(range(len(self._open))):
            if self._open[place][0] == word:
                del self._open[place:]
                return

    def _command(self, number: int, words: list[bytes], indented: bool, subshells: int, depth: int) -> Iterator[Effect]:
        """Effects of one command; a subshell has none."""
        if not words or subshells:
            return
        self._function_follows = words[0] == b"function"
        kinds = {kind for _closes, kind in self._open}
        for effect in _effects_of_command(number, words):
            if effect.kind in {"returns", "ends"}:
                reached = not kinds & {"function", "guard"} and not (indented and not self._open)
                if reached and not (effect.kind == "returns" and depth):
                    yield effect
            elif effect.kind != "reads" or "function" not in kinds:
                yield effect
        name, *arguments = _without_prefixes(words)
        if name == b"eval" and depth < _DEEPEST_EVAL:
            inner = b" ".join(_unquoted(word) for word in arguments)
            yield from _Reader().line(number, inner, depth=depth + 1)


def _effects_of_command(number: int, words: list[bytes]) -> Iterator[Effect]:
    for word in words:
        yield from (Effect("sets", number, name) for name in _defaults_assigned(word))
    assigned = []
    while words and (assignment := _ASSIGNMENT.match(words[0])):
        assigned.append(assignment[1])
        words = words[1:]
    if not words:
        yield from (Effect("sets", number, name) for name in assigned)
        return
    name, *arguments = _without_prefixes(words)
    yield from (Effect("sets", number, variable) for variable in _variables_filled(name, arguments))
    if name in _DECLARING:
        yield from _declared(number, arguments)
    elif name == b"unset" and not {b"-f", b"-m"} & set(arguments):
        yield from (Effect("unsets", number, argument) for argument in arguments)
    elif name in {b"source", b"."} and arguments:
        yield Effect("reads", number, arguments[0])
    elif name == b"return":
        yield Effect("returns", number)
    elif name in _ENDS_SHELL or (name == b"exec" and _has_command(arguments)):
        yield Effect("ends", number)


def _variables_filled(command: bytes, arguments: list[bytes]) -> list[bytes]:
    """Names of the variables that a command such as for, select, read or print -v sets."""
    if command in {b"for", b"select"}:
        return arguments[:1]
    if command == b"read":
        return [match[0] for match in map(_NAME.match, map(_unquoted, arguments)) if match]
    if command in {b"print", b"printf"} and b"-v" in arguments[:-1]:
        return [arguments[arguments.index(b"-v") + 1]]
    return []


def _declared(number: int, arguments: list[bytes]) -> Iterator[Effect]:
    options = [argument for argument in arguments if argument[:1] in {b"-", b"+"}]
    if any(option.startswith(b"-") and set(option) & set(b"fF") for option in options) and b"=" not in b"".join(
        arguments
    ):
        return
    removes = any(option.startswith(b"+") and b"x" in option for option in options)
    for argument in arguments:
        assignment = _ASSIGNMENT.match(argument)
        if assignment:
            yield Effect("sets", number, assignment[1])
        elif _NAME.fullmatch(argument):
            yield Effect("unsets" if removes else "declares", number, argument)


def _has_command(arguments: list[bytes]) -> bool:
    """True if ``exec`` is given a command: without one it only redirects."""
    rest = iter(arguments)
    for argument in rest:
        redirection = _REDIRECTION.match(argument)
        if redirection:
            if redirection.end() == len(argument):
                next(rest, None)
        elif not argument.startswith(b"-"):
            return True
    return False


def _without_prefixes(words: list[bytes]) -> list[bytes]:
    rest = list(words)
    while len(rest) > 1 and (rest[0] in _PREFIXES or _ASSIGNMENT.match(rest[0])):
        rest.pop(0)
    return rest


def _defaults_assigned(word: bytes) -> list[bytes]:
    """Variables that expansions such as ``${NAME:=value}`` in ``word`` assign."""
    if b"${" not in word or b"=" not in word:
        return []
    pieces = (piece[0] for piece in _PIECE.finditer(word))
    return [name for piece in pieces if piece[:1] != b"'" and piece[:2] != b"$(" for name in _DEFAULT.findall(piece)]


def _unquoted(word: bytes) -> bytes:
    """``word`` without its quotes."""
    pieces = (piece[0] for piece in _PIECE.finditer(word))
    return b"".join(piece[1:-1] if piece[:1] in {b'"', b"'"} and len(piece) > 1 else piece for piece in pieces)
