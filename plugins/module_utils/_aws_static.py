# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sections of the credentials file with the values of their sources: whole, or left as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable

from ansible_collections.latchkey.workstation.plugins.module_utils._aws_declared import KEPT, PARTS_OF_A_KEY, declare
from ansible_collections.latchkey.workstation.plugins.module_utils._errors import LatchkeyError
from ansible_collections.latchkey.workstation.plugins.module_utils._found import Found

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ansible_collections.latchkey.workstation.plugins.module_utils._aws_declared import Wanted
    from ansible_collections.latchkey.workstation.plugins.module_utils._aws_ini import Ini
    from ansible_collections.latchkey.workstation.plugins.module_utils._report import Report

    Look = Callable[[Sequence[Mapping[str, Any]]], Found]

__all__ = ["sources_of", "static_section"]


def sources_of(value: Any) -> list[Any]:
    """The sources that a declared setting is, one or several to be tried in order; none where it is a plain value."""
    several = value if isinstance(value, list) else [value]
    return several if all(isinstance(source, dict) for source in several) else []


def static_section(section: Mapping[str, Any], ini: Ini, look: Look, report: Report) -> Wanted:
    """The section to converge on: with what its sources say, and where an authority has none what stands there.

    One value that cannot be told, or is nowhere, holds the whole section: half a key is worse than none. For an old
    half and a new one are no key either, the environment seeds all of a section or nothing, and what is kept of a key
    holds the section while the rest of the key is another.
    """
    name, absent = section["name"], section["state"] == "absent"
    there = {key: value for found in ini.find("credentials", name)[:1] for key, value in found.values().items()}
    settings = {} if absent else dict(section["settings"])
    sourced = {key: sources for key, value in settings.items() if (sources := sources_of(value))}
    fresh = not any(isinstance(there.get(key.lower()), str) for key in sourced)
    kept: dict[str, Found] = {}

    def held(key: str, found: Found, state: str) -> Wanted:
        reason = found.reason or "env seeds only a section of which nothing stands there yet"
        report.add(f"credentials {name}", state, f"left as it is, {key}: {reason}", remedy=found.remedy)
        return declare("credentials", name, {}, held=True)

    for key, sources in sourced.items():
        authorities = [source for source in sources if source["kind"] != "env"]
        seeds = [source for source in sources if fresh and source["kind"] == "env"]
        found = _fit(look([*authorities, *seeds]), name, key)
        settings[key] = found.secret or KEPT
        stands = there.get(key.lower())
        if found.state == "absent" and isinstance(stands, str):
            kept[key] = found
        elif found.secret and found.secret.text() == stands and _fell_back(found, authorities):
            kept[key] = Found("absent", reason="it comes from where it did no more, and is kept as it was")
        elif not found.secret:
            return held(key, found, found.unwritten)
    wanted = declare("credentials", name, settings, absent=absent)
    half = next((key for key in kept if key.lower() in PARTS_OF_A_KEY), None)
    new = {place.key: setting.text for place, setting in wanted.settings.items() if setting and setting is not KEPT}
    if half and any(new.get(part, there.get(part)) != there.get(part) for part in PARTS_OF_A_KEY):
        return held(half, kept[half], "unknown")
    return wanted


def _fell_back(found: Found, authorities: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a keychain keeps it, and what it has to follow does not have it any more."""
    return found.origin.startswith("keychain ") and authorities[0]["kind"] != "keychain"


def _fit(found: Found, name: str, key: str) -> Found:
    """``found``, unless it is nothing that the file can hold."""
    try:
        declare("credentials", name, {key: found.secret})
    except LatchkeyError as error:
        return Found.blocked(error, found.origin)
    return found
