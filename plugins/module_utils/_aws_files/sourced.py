# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Look up the sourced settings of a section of ``~/.aws/credentials``.

A section is written as a whole or not at all: while one of its values is missing, it is deferred to a later run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._core.errors import LatchkeyError
from .._core.lookup import LookupResult
from .declared import KEEP_EXISTING, KEY_PAIR, declare

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .._core.report import Report
    from .._sources.resolver import Resolver
    from .declared import WantedSection
    from .ini import Ini

__all__ = ["resolve_section", "sources_of"]


def sources_of(value: Any) -> list[Any]:
    """The sources of a declared setting (a source or a list of them); empty for a plain value."""
    sources = value if isinstance(value, list) else [value]
    return sources if all(isinstance(source, dict) for source in sources) else []


def resolve_section(section: Mapping[str, Any], ini: Ini, resolver: Resolver | None, report: Report) -> WantedSection:
    """Replace the sources of ``section`` by their values.

    Returns a deferred section, and adds the reason to ``report``, if a value cannot be looked up or exists neither at
    its sources nor in the file ``ini``. Where only the file has a value, it is kept, unless another part of the same
    key pair changes: an old half and a new half do not make a usable key. For the same reason ``env`` is only used for
    a section of which no sourced key exists yet.
    """
    name, absent = section["name"], section["state"] == "absent"
    existing = {key: value for found in ini.find("credentials", name)[:1] for key, value in found.values().items()}
    settings = {} if absent else dict(section["settings"])
    sourced = {key: sources for key, value in settings.items() if (sources := sources_of(value))}
    is_new = not any(isinstance(existing.get(key.lower()), str) for key in sourced)
    kept: dict[str, LookupResult] = {}

    def defer(key: str, found: LookupResult, state: str) -> WantedSection:
        reason = found.reason or "env is only used for a section that does not exist yet"
        report.add(f"credentials {name}", state, f"not written, {key}: {reason}", remedy=found.remedy)
        return declare("credentials", name, {}, deferred=True)

    for key, sources in sourced.items():
        authorities = [source for source in sources if source["kind"] != "env"]
        seeds = [source for source in sources if is_new and source["kind"] == "env"]
        if resolver is None:
            raise TypeError("a setting with sources needs a resolver")
        found = _require_valid(resolver.first([*authorities, *seeds]), name, key)
        settings[key] = found.secret or KEEP_EXISTING
        current = existing.get(key.lower())
        if found.state == "absent" and isinstance(current, str):
            kept[key] = found
        elif found.secret and found.secret.text() == current and _is_stored_copy(found, authorities):
            kept[key] = LookupResult("absent", reason="its source no longer has the value; the existing value is kept")
        elif not found.secret:
            return defer(key, found, found.report_state)
    wanted = declare("credentials", name, settings, absent=absent)
    kept_half = next((key for key in kept if key.lower() in KEY_PAIR), None)
    new = {
        path.key: setting.text for path, setting in wanted.settings.items() if setting and setting is not KEEP_EXISTING
    }
    if kept_half and any(new.get(part, existing.get(part)) != existing.get(part) for part in KEY_PAIR):
        return defer(kept_half, kept[kept_half], "unknown")
    return wanted


def _is_stored_copy(found: LookupResult, authorities: Sequence[Mapping[str, Any]]) -> bool:
    """True if the value is the store's copy of one that its first authority does not have any more."""
    return found.origin.startswith("keychain ") and authorities[0]["kind"] != "keychain"


def _require_valid(found: LookupResult, name: str, key: str) -> LookupResult:
    """``found``, or a blocked result if an AWS file cannot hold its value."""
    try:
        declare("credentials", name, {key: found.secret})
    except LatchkeyError as error:
        return LookupResult.blocked(error, found.origin)
    return found
