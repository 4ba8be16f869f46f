# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The member's own words in declared strings: {user}, {email}, {machine}, {vars.NAME}; {home} is filled in at home."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ansible_collections.latchkey.workstation.plugins.module_utils._words import nearest, shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ansible_collections.latchkey.workstation.plugins.plugin_utils._place import Place

__all__ = ["fill"]

_PLACEHOLDER = re.compile(r"(?<![${])\{([a-z_]+(?:\.[A-Za-z0-9_]+)?)\}(?!\})")
_UNSAFE_IN_PATH = re.compile(r"[/*?\[\]\x00-\x1f\x7f]|^\.\.?$|^$")
_PATHS = re.compile(r"path|file|key|socket|url|base_url|trusted_apps|ca_bundle|.+_file")
_COMMANDS = {"command", "argv", "credential_process"}
_LATER = {"home"}
_IN_CHECKS = re.compile(r"value|(value|credential)\..+")


def fill(value: Any, words: Mapping[str, str], errors: list[str], *, where: Place, keys: tuple[Any, ...] = ()) -> Any:
    """``value`` with its placeholders replaced, whatever it is made of; what cannot be is an error.

    ``keys`` lead to it from ``where``: the last tells whether it is a path, the first whether it is part of a check.
    """
    if isinstance(value, dict):
        return {k: fill(v, words, errors, where=where, keys=(*keys, k)) for k, v in value.items()}
    if isinstance(value, list):
        return [fill(v, words, errors, where=where, keys=(*keys, i)) for i, v in enumerate(value)]
    if not isinstance(value, str):
        return value

    def replace(match: re.Match[str]) -> str:
        word = match[1]
        if word in _LATER or ("check" in keys[:1] and _IN_CHECKS.fullmatch(word)):
            return match[0]
        wrong = ""
        if word not in words:
            wrong = _unknown(word, words)
        elif _is_path(value, keys) and _UNSAFE_IN_PATH.search(words[word]):
            wrong = f"of {words['user']} has no place in a path: it may hold no /, .. or wildcard, and not be empty"
        if wrong:
            errors.append(f"{where.below(*keys).at(value)}: {{{shown(word, words)}}} {wrong}")
        return words.get(word, match[0])

    return _PLACEHOLDER.sub(replace, value)


def _is_path(value: str, keys: tuple[Any, ...]) -> bool:
    """Whether it is one as a whole, or a word of a command that names one."""
    name = next((key for key in reversed(keys) if isinstance(key, str)), "")
    return bool(_PATHS.fullmatch(name)) or (name in _COMMANDS and "/" in value)


def _unknown(word: str, words: Mapping[str, str]) -> str:
    person = words["user"]
    if word == "email":
        return f"is not known: the roster gives {person} no email"
    if word.startswith("vars."):
        there = ", ".join(sorted(each for each in words if each.startswith("vars.")))
        return f"is not known: {person} has {there or 'no vars on the roster'}"
    return f"is nobody's word, {nearest(word, dict.fromkeys([*words, 'email', *_LATER]))}"
