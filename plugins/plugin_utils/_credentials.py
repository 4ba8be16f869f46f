# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Declared credentials: checked, and said once more in full."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

from ansible_collections.latchkey.workstation.plugins.module_utils._checks_table import problems
from ansible_collections.latchkey.workstation.plugins.module_utils._words import seconds
from ansible_collections.latchkey.workstation.plugins.plugin_utils import _schema

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ansible_collections.latchkey.workstation.plugins.plugin_utils._place import Entry

__all__ = ["check_credential", "in_full", "places"]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_LIVE = {"file", "dotenv"}


def check_credential(credential: Entry, known: Iterable[str], errors: list[str]) -> None:
    name, where, entry = credential
    if not _NAME.fullmatch(name):
        errors.append(f"{where}: a credential's name is letters, digits, _ . - and at most 64 long")
    _schema.check_entry(where, entry, _schema.CREDENTIAL, errors)
    if not isinstance(entry, dict):
        return
    check = entry.get("check")
    if isinstance(check, dict) and "provider" in check:
        here = where.below("check")
        errors += [here.told(f"{here.path}.{problem}", check) for problem in problems(check, known)]
    if any(not export["file"] for export in _exports(entry)) and not entry.get("keychain") and not _is_live(entry):
        errors.append(f"{where.below('export')}: shells have no place to read it from, declare a keychain item for it")


def _is_live(entry: dict[str, Any]) -> bool:
    """Whether a shell can read the first authority by itself."""
    sources = [source for source in _schema.listed(entry.get("source")) if isinstance(source, dict)]
    authorities = [kind for source in sources for kind in source if kind != "env"]
    return bool(authorities) and authorities[0] in _LIVE


def in_full(name: str, entry: dict[str, Any]) -> dict[str, Any]:
    """Every key, with a value of its own or the usual one."""
    return {
        "name": name,
        "about": entry.get("about") or "",
        "sources": [_schema.normalise_source(source) for source in entry.get("source") or []],
        "keychain": entry.get("keychain"),
        "exports": _exports(entry),
        "check": entry.get("check"),
        "required": entry.get("required", True),
        "warn_before": seconds(entry["warn_before"]) if entry.get("warn_before") else 0,
        "category": entry.get("category") or "",
        "rotate": entry.get("rotate") or "",
        "consumers": entry.get("consumers") or [],
    }


def _exports(entry: dict[str, Any]) -> list[dict[str, Any]]:
    exports = [each if isinstance(each, dict) else {"name": each} for each in _schema.listed(entry.get("export"))]
    return [{"name": export.get("name"), "file": export.get("file")} for export in exports]


def places(credential: dict[str, Any]) -> Iterator[str]:
    """Everything of which a member may have only one."""
    keychain = credential["keychain"]
    if keychain:
        yield f"the keychain item {keychain['service']} of {keychain['account']}"
    for export in credential["exports"]:
        yield f"the export of {export['name']} to {_plain(export['file']) or 'shells'}"


def _plain(path: str | None) -> str:
    """One spelling for all of a path's."""
    return os.path.normpath(path.replace("{home}", "~")) if path else ""
