# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Replacement of the placeholders {user}, {email}, {machine} and {vars.NAME} in declared strings.

{home} stays: it is replaced on the machine, where the home is known. {value} and {credential.NAME} of a check stay too:
the check itself replaces them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ansible_collections.latchkey.workstation.plugins.module_utils._core.validation import safe_to_echo, suggest

from .location import shown_names

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .location import Location

__all__ = ["fill"]

_PLACEHOLDER = re.compile(r"(?<![${])\{([a-z_]+(?:\.[A-Za-z0-9_]+)?)\}(?!\})")
_UNSAFE_IN_PATH = re.compile(r"[/*?\[\]\x00-\x1f\x7f]|^\.\.?$|^$")
_PATH_KEYS = re.compile(r"path|file|key|socket|url|base_url|trusted_apps|ca_bundle|.+_file")
_COMMAND_KEYS = {"command", "argv", "credential_process"}
_REPLACED_ON_MACHINE = {"home"}
_REPLACED_BY_CHECK = re.compile(r"value|(value|credential)\..+")


def fill(
    value: Any, replacements: Mapping[str, str], errors: list[str], *, where: Location, keys: tuple[Any, ...] = ()
) -> Any:
    """Return ``value`` with the placeholders of all strings in it replaced; one that cannot be replaced is an error.

    ``replacements`` maps a placeholder's name to its text. ``keys`` is the path from ``where`` to ``value``: its last
    key tells whether ``value`` is a path, its first whether ``value`` belongs to a check.
    """
    if isinstance(value, dict):
        return {k: fill(v, replacements, errors, where=where, keys=(*keys, k)) for k, v in value.items()}
    if isinstance(value, list):
        return [fill(v, replacements, errors, where=where, keys=(*keys, i)) for i, v in enumerate(value)]
    if not isinstance(value, str):
        return value

    def replace(match: re.Match[str]) -> str:
        name = match[1]
        if name in _REPLACED_ON_MACHINE or ("check" in keys[:1] and _REPLACED_BY_CHECK.fullmatch(name)):
            return match[0]
        error = ""
        if name not in replacements:
            error = _unknown(name, replacements)
        elif _is_path(value, keys) and _UNSAFE_IN_PATH.search(replacements[name]):
            user = replacements["user"]
            error = f"of {user} cannot be used in a path: it is empty, or contains /, .. or a wildcard"
        if error:
            errors.append(f"{where.below(*keys).at(value)}: {{{safe_to_echo(name, replacements)}}} {error}")
        return replacements.get(name, match[0])

    return _PLACEHOLDER.sub(replace, value)


def _is_path(value: str, keys: tuple[Any, ...]) -> bool:
    """Return True for the value of a key that takes a path, and for a word of a command that holds a slash."""
    key = next((key for key in reversed(keys) if isinstance(key, str)), "")
    return bool(_PATH_KEYS.fullmatch(key)) or (key in _COMMAND_KEYS and "/" in value)


def _unknown(name: str, replacements: Mapping[str, str]) -> str:
    user = replacements["user"]
    if name == "email":
        return f"has no value: {user} has no email on the roster"
    if name.startswith("vars."):
        known = ", ".join(sorted(each for each in shown_names(replacements) if each.startswith("vars.")))
        return f"has no value: {user} has {known or 'no vars on the roster'}"
    return f"is no placeholder, {suggest(name, {*shown_names(replacements), 'email', *_REPLACED_ON_MACHINE})}"
