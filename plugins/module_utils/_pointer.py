# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One value out of JSON by its pointer (RFC 6901)."""

from __future__ import annotations

import json
from typing import Any

from ansible_collections.latchkey.workstation.plugins.module_utils._errors import LatchkeyError
from ansible_collections.latchkey.workstation.plugins.module_utils._found import Found
from ansible_collections.latchkey.workstation.plugins.module_utils._words import shown

__all__ = ["pick"]

_BOM = b"\xef\xbb\xbf"


def pick(data: bytes, pointer: str, *, place: str, origin: str) -> Found:
    """What stands at ``pointer``: text as it is, anything else as compact JSON; null counts as absent.

    ``place`` is what errors call the JSON.
    """
    if pointer and not pointer.startswith("/"):
        raise LatchkeyError(f"{shown(pointer)} is no JSON pointer", remedy="write it as /key/inner or /list/0")
    try:
        found = json.loads(data.removeprefix(_BOM).decode())
    except (ValueError, RecursionError):
        raise LatchkeyError(f"{place} is not JSON that can be read") from None
    try:
        for part in pointer.split("/")[1:]:
            found = _step(found, part.replace("~1", "/").replace("~0", "~"))
    except LookupError:
        found = None
    if found is None:
        return Found("absent", origin, reason=f"{place} has nothing at {pointer}")
    text = found if isinstance(found, str) else json.dumps(found, separators=(",", ":"), ensure_ascii=False)
    try:
        return Found.of(text.encode(), f"{origin} {pointer}")
    except UnicodeEncodeError:
        raise LatchkeyError(f"{place} is not JSON that can be read") from None


def _step(value: Any, part: str) -> Any:
    if isinstance(value, dict):
        return value[part]
    if isinstance(value, list) and part.isascii() and part.isdigit() and str(int(part)) == part:
        return value[int(part)]
    raise LookupError
