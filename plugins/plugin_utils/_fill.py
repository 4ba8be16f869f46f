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

__all__ = ["fill"]

_PLACEHOLDER = re.compile(r"(?<![${])\{([a-z_]+(?:\.[A-Za-z0-9_]+)?)\}(?!\})")
_UNSAFE_IN_PATH = re.compile(r"[/*?\[\]\x00-\x1f\x7f]|^\.\.?$|^$")
_PATHS = {"path", "file", "key", "socket", "url", "base_url"}
_LATER = {"home"}
_IN_CHECKS = re.compile(r"value|(value|credential)\..+")


def fill(value: Any, words: Mapping[str, str], errors: list[str], *, where: str, keys: tuple[str, ...] = ()) -> Any:
    """``value`` with its placeholders replaced, whatever it is made of; what cannot be is an error.

    ``keys`` lead to it: the last one tells whether it is a path, the first whether it is part of a check.
    """
    if isinstance(value, dict):
        return {k: fill(v, words, errors, where=f"{where}.{k}", keys=(*keys, str(k))) for k, v in value.items()}
    if isinstance(value, list):
        return [fill(v, words, errors, where=f"{where}[{i}]", keys=keys) for i, v in enumerate(value)]
    if not isinstance(value, str):
        return value

    def replace(match: re.Match[str]) -> str:
        word = match[1]
        if word in _LATER or ("check" in keys[:1] and _IN_CHECKS.fullmatch(word)):
            return match[0]
        if word not in words:
            errors.append(f"{where}: {{{shown(word)}}} is nobody's word, {nearest(word, [*words, *_LATER])}")
            return match[0]
        if keys and keys[-1] in _PATHS and _UNSAFE_IN_PATH.search(words[word]):
            errors.append(f"{where}: {{{word}}} is {shown(words[word])}, which has no place in a path")
        return words[word]

    return _PLACEHOLDER.sub(replace, value)
