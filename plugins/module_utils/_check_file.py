# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A file that has to be there, for its owner only, whole and fresh."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING, Any

from ansible_collections.latchkey.workstation.plugins.module_utils import _files
from ansible_collections.latchkey.workstation.plugins.module_utils._checks_base import (
    ABSENT,
    FAIL,
    PASS,
    UNKNOWN,
    Option,
    Outcome,
    Provider,
)

if TYPE_CHECKING:
    from ansible_collections.latchkey.workstation.plugins.module_utils._checks_base import Check, Here

try:
    import tomllib
except ImportError:
    tomllib = None  # type: ignore[assignment]

__all__ = ["PROVIDERS"]

_OTHERS = 0o077
_ANEW = "log in again with the program that writes it"


def _local(check: Check, here: Here) -> Outcome:
    options, path = check.options, check.options["path"]
    try:
        found = _files.read(_files.expand(path, here.home))
    except _files.FilesError as error:
        return Outcome(FAIL, error.message, "unreadable", remedy=f"make {path} a regular file that you may read")
    if found.data is None or found.status is None:
        return Outcome(ABSENT, f"there is no {path}", "absent", remedy=f"put it there, or {_ANEW}")
    if found.status.st_uid != os.geteuid():
        return Outcome(FAIL, f"{path} belongs to somebody else", "exposed", remedy=f"chown it to yourself: {path}")
    if found.status.st_mode & _OTHERS and not options.get("readable_by_others"):
        reason = f"{path} is open to others ({found.mode:o})"
        return Outcome(FAIL, reason, "exposed", remedy=f"chmod go= {path}")
    age = time.time() - found.status.st_mtime
    if options.get("max_age") and age > options["max_age"]:
        return Outcome(FAIL, f"last written {age / 86400:.0f} days ago", "expired", remedy=_ANEW)
    return _content(options, found.data)


def _content(options: Any, data: bytes) -> Outcome:
    keys, form = options.get("keys") or [], options.get("format")
    if form == "toml" and tomllib is None:
        return Outcome(UNKNOWN, "reading TOML needs Python 3.11 here", "prerequisite")
    wrong = _wrong(data, form, keys) if form else ("" if data else "it is empty")
    return Outcome(FAIL, wrong, "malformed", remedy=_ANEW) if wrong else Outcome(PASS, "as it has to be")


def _wrong(data: bytes, form: str, keys: list[str]) -> str:
    """What is wrong with the content, if anything is."""
    try:
        whole: Any = json.loads(data) if form == "json" else tomllib.loads(data.decode())
    except (ValueError, RecursionError):
        return f"it is not {form.upper()}"
    missing = [key for key in keys if _at(whole, key) in (None, "", [], {})]
    return f"nothing stands at {', '.join(missing)}" if missing else ""


def _at(value: Any, pointer: str) -> Any:
    for part in pointer.strip("/").split("/"):
        value = value.get(part.replace("~1", "/").replace("~0", "~")) if isinstance(value, dict) else None
    return value


PROVIDERS = {
    "file": Provider(
        {
            "path": Option(required=True),
            "format": Option("format"),
            "keys": Option("words"),
            "max_age": Option("duration"),
            "readable_by_others": Option("flag"),
        },
        local=_local,
        takes_value=False,
    )
}
