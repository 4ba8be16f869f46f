# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Declared credentials: validation, and the normalised form with every key that the modules take."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

from ansible_collections.latchkey.workstation.plugins.module_utils._checks.registry import validation_errors
from ansible_collections.latchkey.workstation.plugins.module_utils._core.validation import parse_duration

from . import schema
from .location import UniqueKey

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .location import Entry

__all__ = ["check_credential", "normalise", "unique_keys"]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_READ_BY_SHELLS = {"file", "dotenv"}


def check_credential(credential: Entry, known: Iterable[str], errors: list[str]) -> None:
    """Add to ``errors`` every mistake in ``credential``; ``known`` are the names of all declared credentials."""
    name, where, entry = credential
    if not _NAME.fullmatch(name):
        errors.append(f"{where}: a credential's name has letters, digits and _ . - and at most 64 characters")
    schema.check_entry(where, entry, schema.CREDENTIAL, errors)
    if not isinstance(entry, dict):
        return
    check = entry.get("check")
    if isinstance(check, dict) and "provider" in check:
        location = where.below("check")
        errors += [location.for_error(f"{location.path}.{text}", check) for text in validation_errors(check, known)]
    to_shells = any(not export["file"] for export in _exports(entry))
    if to_shells and not entry.get("keychain") and not _is_read_by_shells(entry):
        errors.append(
            f"{where.below('export')}: shells cannot read the value, declare a keychain item for the credential"
        )


def _is_read_by_shells(entry: dict[str, Any]) -> bool:
    """Return True if the first authoritative source is of a kind that the shell programs read themselves."""
    sources = [source for source in schema.listed(entry.get("source")) if isinstance(source, dict)]
    authorities = [kind for source in sources for kind in source if kind != "env"]
    return bool(authorities) and authorities[0] in _READ_BY_SHELLS


def normalise(name: str, entry: dict[str, Any]) -> dict[str, Any]:
    """Return the credential with every key: the declared value, in its long form, or the default."""
    return {
        "name": name,
        "about": entry.get("about") or "",
        "sources": [schema.normalise_source(source) for source in entry.get("source") or []],
        "keychain": entry.get("keychain"),
        "exports": _exports(entry),
        "check": entry.get("check"),
        "required": entry.get("required", True),
        "warn_before": parse_duration(entry["warn_before"]) if entry.get("warn_before") else 0,
        "category": entry.get("category") or "",
        "rotate": entry.get("rotate") or "",
        "consumers": entry.get("consumers") or [],
    }


def _exports(entry: dict[str, Any]) -> list[dict[str, Any]]:
    exports = [each if isinstance(each, dict) else {"name": each} for each in schema.listed(entry.get("export"))]
    return [{"name": export.get("name"), "file": export.get("file")} for export in exports]


def unique_keys(credential: dict[str, Any]) -> Iterator[UniqueKey]:
    """Yield each thing that only one credential of a member may declare: its keychain item and its exports."""
    keychain = credential["keychain"]
    if keychain:
        yield UniqueKey("the keychain item {} of {}", (keychain["service"], keychain["account"]))
    for export in credential["exports"]:
        yield UniqueKey("the export of {} to {}", (export["name"], _same_spelling(export["file"]) or "shells"))


def _same_spelling(path: str | None) -> str:
    """Return one spelling for all spellings of ``path``, so that two exports to the same file compare equal."""
    return os.path.normpath(path.replace("{home}", "~")) if path else ""
