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


def _local(check: Check, here: Here) -> Outcome:
    options = check.options
    try:
        found = _files.read(_files.expand(options["path"], here.home))
    except _files.FilesError as error:
        return Outcome(FAIL, error.message, "unreadable")
    if found.data is None or found.status is None:
        return Outcome(ABSENT, f"there is no {options['path']}", "absent")
    if found.status.st_uid != os.geteuid():
        return Outcome(FAIL, f"{options['path']} belongs to somebody else", "exposed")
    if found.status.st_mode & _OTHERS and not options.get("readable_by_others"):
        fix = f"chmod go= {options['path']}"
        return Outcome(FAIL, f"{options['path']} is open to others ({found.mode:o})", "exposed", remedy=fix)
    age = time.time() - found.status.st_mtime
    if options.get("max_age") and age > options["max_age"]:
        return Outcome(FAIL, f"last written {age / 86400:.0f} days ago", "expired")
    return _content(options, found.data)


def _content(options: Any, data: bytes) -> Outcome:
    keys, form = options.get("keys") or [], options.get("format")
    if not form:
        return Outcome(PASS, "as it has to be") if data else Outcome(FAIL, "it is empty", "malformed")
    if form == "toml" and tomllib is None:
        return Outcome(UNKNOWN, "reading TOML needs Python 3.11 here", "prerequisite")
    try:
        whole: Any = json.loads(data) if form == "json" else tomllib.loads(data.decode())
    except (ValueError, RecursionError):
        return Outcome(FAIL, f"it is not {form.upper()}", "malformed")
    missing = [key for key in keys if _at(whole, key) in (None, "", [], {})]
    if missing:
        return Outcome(FAIL, f"nothing stands at {', '.join(missing)}", "malformed")
    return Outcome(PASS, "as it has to be")


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
