# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Look up one value in a JSON document by its JSON pointer (RFC 6901)."""

from __future__ import annotations

import json
from typing import Any

from .._core.errors import LatchkeyError, MalformedValue
from .._core.lookup import LookupResult
from .._core.validation import safe_to_echo

__all__ = ["pick"]

_BOM = b"\xef\xbb\xbf"


def pick(data: bytes, pointer: str, *, place: str, origin: str) -> LookupResult:
    """Look up ``pointer`` in ``data``: text and numbers as written, other values as compact JSON; null is absent.

    ``place`` names the document in errors, ``origin`` the source in the result. Raises LatchkeyError for an invalid
    pointer and MalformedValue for invalid JSON.
    """
    if pointer and not pointer.startswith("/"):
        raise LatchkeyError(f"{safe_to_echo(pointer)} is no JSON pointer", remedy="write it as /key/inner or /list/0")
    try:
        document = data.removeprefix(_BOM).decode()
        found = _at(pointer, json.loads(document))
        if isinstance(found, float):  # which is rounded
            found = _at(pointer, json.loads(document, parse_float=str))
    except LookupError:
        found = None
    except (ValueError, RecursionError):
        raise MalformedValue(f"{place} is not JSON that can be read") from None
    if found is None:
        return LookupResult("absent", origin, reason=f"{place} has nothing at {pointer}")
    text = found if isinstance(found, str) else json.dumps(found, separators=(",", ":"), ensure_ascii=False)
    try:
        return LookupResult.of(text.encode(), f"{origin} {pointer}")
    except UnicodeEncodeError:
        raise MalformedValue(f"{place} is not JSON that can be read") from None


def _at(pointer: str, document: Any) -> Any:
    """The value at ``pointer``; LookupError if there is none."""
    found = document
    for part in pointer.split("/")[1:]:
        found = _step(found, part.replace("~1", "/").replace("~0", "~"))
    return found


def _step(value: Any, part: str) -> Any:
    if isinstance(value, dict):
        return value[part]
    if isinstance(value, list) and part.isascii() and part.isdigit() and str(int(part)) == part:
        return value[int(part)]
    raise LookupError
