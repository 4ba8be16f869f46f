# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Schema of people, credentials and sources: tables of the allowed keys, and the check of an entry against a table.

``check_entry`` adds an error for each unknown key, missing key and value of the wrong kind. An error names variable,
entry, key and the nearest valid word, and never a value that may be a secret.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable

from ansible_collections.latchkey.workstation.plugins.module_utils._core.text import has_control_character
from ansible_collections.latchkey.workstation.plugins.module_utils._core.validation import (
    is_duration,
    is_words,
    safe_to_echo,
    suggest,
    unquoted_hint,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .location import Location

__all__ = ["CREDENTIAL", "MEMBER", "Key", "check_entry", "check_source", "listed", "normalise_source"]

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ACCOUNT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@+\\-]{0,63}\$?")
_RESERVED = re.compile(
    r"PATH|HOME|IFS|ENV|SHELL|USER|LOGNAME|PWD|ZDOTDIR|FPATH|BASH_ENV|(LD|DYLD|latchkey)_.*", re.IGNORECASE
)


@dataclass(frozen=True)
class Key:
    """Rule for one key of an entry: the kind of value (a key of ``_FLAT`` or ``_NESTED``), or the allowed values."""

    kind: str = "text"
    required: bool = False
    choices: tuple[str, ...] = ()
    keys: Mapping[str, Key] | None = None


_ONLY = {"users": Key("words"), "groups": Key("words"), "machines": Key("words")}
_ITEM = {"service": Key("line", required=True), "account": Key("line", required=True)}

_SOURCES: dict[str, dict[str, Key]] = {
    "env": {"name": Key("variable", required=True)},
    "dotenv": {"path": Key("path", required=True), "key": Key("variable", required=True)},
    "file": {"path": Key("path", required=True)},
    "json": {"path": Key("path", required=True), "pointer": Key("pointer", required=True)},
    "keychain": _ITEM,
    "vault": {"path": Key(required=True), "field": Key(required=True), "version": Key("number")},
    "ssm": {
        "name": Key(required=True),
        "profile": Key(),
        "region": Key(),
        "pointer": Key("pointer"),
        "base_url": Key(),
    },
    "command": {"argv": Key("argv", required=True)},
}
_SHORT_FORMS = {"env": "name", "file": "path", "ssm": "name", "command": "argv"}

MEMBER: dict[str, Key] = {
    "account": Key("account"),
    "email": Key(),
    "machines": Key("words"),
    "groups": Key("words"),
    "vars": Key("mapping"),
}

CREDENTIAL: dict[str, Key] = {
    "about": Key(),
    "source": Key("sources"),
    "keychain": Key(
        "entry",
        keys={
            **_ITEM,
            "label": Key("line"),
            "kind": Key("line"),
            "comment": Key("line"),
            "trusted_apps": Key("words"),
            "state": Key(choices=("present", "absent")),
        },
    ),
    "export": Key("exports"),
    "check": Key("check"),
    "required": Key("flag"),
    "warn_before": Key("duration"),
    "category": Key(choices=("fire_and_forget", "morning_routine", "mid_session", "human_only", "unused")),
    "rotate": Key(),
    "consumers": Key("words"),
    "only": Key("entry", keys=_ONLY),
}

_EXPORT = {"name": Key("variable", required=True), "file": Key("path")}


def check_entry(where: Location, entry: object, keys: Mapping[str, Key], errors: list[str]) -> None:
    """Add to ``errors`` every mistake in ``entry``, whose allowed keys are ``keys``."""
    if not isinstance(entry, dict):
        errors.append(f"{where} must be a mapping of {', '.join(keys)}")
        return
    for key, value in entry.items():
        if key not in keys:
            errors.append(f"{where.below(key)}: no such key, {suggest(key, keys)}")
        elif value is not None:
            _check_value(where.below(key), value, keys[key], errors)
    errors += [
        f"{where.below(key)} is missing" for key, rule in keys.items() if rule.required and entry.get(key) in (None, "")
    ]


def _check_value(where: Location, value: Any, rule: Key, errors: list[str]) -> None:
    if rule.choices and value not in rule.choices:
        errors.append(f"{where}: {safe_to_echo(value, rule.choices)} is not known, {suggest(value, rule.choices)}")
    elif rule.kind in _NESTED:
        _NESTED[rule.kind](where, value, rule, errors)
    elif not _FLAT[rule.kind][0](value):
        errors.append(f"{where.at(value)} must be {_FLAT[rule.kind][1]}{_hint(rule.kind, value)}")


def _hint(kind: str, value: Any) -> str:
    """Return what may be wrong with a value of another type: missing or superfluous quotes."""
    if kind in ("flag", "number"):
        return ", without quotes" if isinstance(value, str) else ""
    return "" if kind in ("duration", "mapping") else unquoted_hint(value)


def listed(value: Any) -> list[Any]:
    """Return a list as it is, null as an empty list and any other value as a list of one."""
    return value if isinstance(value, list) else [] if value is None else [value]


def _check_sources(where: Location, value: Any, _rule: Key, errors: list[str]) -> None:
    if not isinstance(value, list):
        errors.append(f"{where} must be a list of sources, tried in order")
        return
    for index, source in enumerate(value):
        check_source(where.below(index).at(source), source, errors)


def check_source(where: Location, source: Any, errors: list[str]) -> None:
    """Add to ``errors`` the mistakes in one source: a mapping of its kind to its short or long form."""
    if not isinstance(source, dict) or len(source) != 1:
        errors.append(f"{where} must be a mapping of one kind ({', '.join(_SOURCES)}) to its options")
        return
    ((kind, form),) = source.items()
    if kind not in _SOURCES:
        errors.append(f"{where.below(kind)}: no such source, {suggest(kind, _SOURCES)}")
        return
    if kind in _SHORT_FORMS and not isinstance(form, dict):
        _check_value(where.below(kind), form, _SOURCES[kind][_SHORT_FORMS[kind]], errors)
    else:
        check_entry(where.below(kind), form, _SOURCES[kind], errors)


def normalise_source(source: dict[str, Any]) -> dict[str, Any]:
    """Return the long form of a source with its kind under ``kind``."""
    ((kind, form),) = source.items()
    return {"kind": kind, **(form if isinstance(form, dict) else {_SHORT_FORMS[kind]: form})}


def _check_exports(where: Location, value: Any, _rule: Key, errors: list[str]) -> None:
    for index, export in enumerate(listed(value)):
        location = where.below(index).at(export) if isinstance(value, list) else where
        check_entry(location, export if isinstance(export, dict) else {"name": export}, _EXPORT, errors)
        name = export.get("name") if isinstance(export, dict) else export
        if isinstance(name, str) and _RESERVED.fullmatch(name):
            errors.append(f"{location}: {name} is a variable of the shell itself, choose another name")


def _check_check(where: Location, value: Any, _rule: Key, errors: list[str]) -> None:
    if not isinstance(value, dict) or not isinstance(value.get("provider"), str):
        errors.append(f"{where} must be a mapping with a provider")


def _check_nested(where: Location, value: Any, rule: Key, errors: list[str]) -> None:
    check_entry(where, value, rule.keys or {}, errors)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and "\0" not in value


_NESTED: dict[str, Callable[[Location, Any, Key, list[str]], None]] = {
    "sources": _check_sources,
    "exports": _check_exports,
    "check": _check_check,
    "entry": _check_nested,
}
_FLAT: dict[str, tuple[Callable[[Any], bool], str]] = {
    "text": (_is_text, "text"),
    "line": (
        lambda v: isinstance(v, str) and not has_control_character(v),
        "one line of text",
    ),
    "account": (
        lambda v: isinstance(v, str) and bool(_ACCOUNT.fullmatch(v)),
        "the name of an account, of at most 64 letters, digits and _ . @ + -",
    ),
    "path": (lambda v: _is_text(v) and bool(v), "a path"),
    "words": (is_words, "a list of texts"),
    "argv": (lambda v: is_words(v) and bool(v), "a list of texts: the program and its arguments (no shell)"),
    "flag": (lambda v: isinstance(v, bool), "true or false"),
    "number": (lambda v: isinstance(v, int) and not isinstance(v, bool), "a whole number"),
    "mapping": (lambda v: isinstance(v, dict), "a mapping"),
    "duration": (is_duration, "a duration such as 10s, 6h or 32d"),
    "variable": (
        lambda v: isinstance(v, str) and bool(_VARIABLE.fullmatch(v)),
        "the name of a variable, as in HEROKU_API_KEY",
    ),
    "pointer": (
        lambda v: isinstance(v, str) and (v == "" or v.startswith("/")),
        "a JSON pointer, as in /tokens/0/value",
    ),
}
