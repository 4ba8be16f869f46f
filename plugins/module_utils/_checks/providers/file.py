# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Provider that checks a file: existence, owner, mode, content and age."""

from __future__ import annotations

import json
import os
import shlex
import time
from typing import TYPE_CHECKING, Any

from ..._host import files
from ..base import ABSENT, FAIL, PASS, UNKNOWN, Option, Outcome, Provider

if TYPE_CHECKING:
    from ..base import Check, LocalContext

try:
    import tomllib
except ImportError:
    tomllib = None  # type: ignore[assignment]

__all__ = ["PROVIDERS"]

_GROUP_AND_OTHERS = 0o077
_AWS_SECTIONS = {"~/.aws/config": ("sso-session ", "profile "), "~/.aws/credentials": ("credentials ",)}
_LOG_IN_AGAIN = "log in again with the program that writes it"


def _local(check: Check, here: LocalContext) -> Outcome:
    return here.unless_planned(_judge(check, here), _planned_items(here, check.options["path"]))


def _planned_items(here: LocalContext, path: str) -> list[str]:
    """Items of shell_exports and aws_config that stand for the file at ``path``."""
    path = files.with_tilde(path, here.home)
    return [path, *(item for item in here.planned if item.startswith(_AWS_SECTIONS.get(path, ())))]


def _judge(check: Check, here: LocalContext) -> Outcome:
    options, path = check.options, check.options["path"]
    try:
        found = files.read(files.expand(path, here.home))
    except files.FilesError as error:
        return Outcome(FAIL, error.message, "unreadable", remedy=f"make {path} a regular file that you may read")
    if found.data is None or found.status is None:
        return Outcome(ABSENT, f"there is no {path}", "absent", remedy=f"put it there, or {_LOG_IN_AGAIN}")
    if found.status.st_uid != os.geteuid():
        return Outcome(FAIL, f"{path} belongs to somebody else", "exposed", remedy="use a file of your own")
    if found.status.st_mode & _GROUP_AND_OTHERS and not options.get("readable_by_others"):
        reason = f"{path} is open to others ({found.mode:o})"
        return Outcome(FAIL, reason, "exposed", remedy=f"chmod go= {shlex.quote(found.path)}")
    age = time.time() - found.status.st_mtime
    if options.get("max_age") and age > options["max_age"]:
        return Outcome(FAIL, f"last written {age / 86400:.0f} days ago", "expired", remedy=_LOG_IN_AGAIN)
    return _content(options, found.data)


def _content(options: Any, data: bytes) -> Outcome:
    keys, form = options.get("keys") or [], options.get("format")
    if form == "toml" and tomllib is None:
        return Outcome(UNKNOWN, "reading TOML needs Python 3.11 here", "prerequisite")
    error = _content_error(data, form, keys) if form else ("" if data else "it is empty")
    return Outcome(FAIL, error, "malformed", remedy=_LOG_IN_AGAIN) if error else Outcome(PASS, "as it has to be")


def _content_error(data: bytes, form: str, keys: list[str]) -> str:
    """Error of a JSON or TOML file; empty where it parses and every one of ``keys`` has a value."""
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
