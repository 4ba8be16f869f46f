# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sections of the credentials file with the values of their sources: whole, or left as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable

from ansible_collections.latchkey.workstation.plugins.module_utils._aws_declared import Setting, declare
from ansible_collections.latchkey.workstation.plugins.module_utils._errors import LatchkeyError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ansible_collections.latchkey.workstation.plugins.module_utils._aws_declared import Wanted
    from ansible_collections.latchkey.workstation.plugins.module_utils._aws_ini import Ini
    from ansible_collections.latchkey.workstation.plugins.module_utils._found import Found
    from ansible_collections.latchkey.workstation.plugins.module_utils._report import Report
    from ansible_collections.latchkey.workstation.plugins.module_utils._secrets import Secret

    Look = Callable[[Sequence[Mapping[str, Any]]], Found]

__all__ = ["sources_of", "static_section"]


def sources_of(value: Any) -> list[Any]:
    """The sources that a declared setting is, one or several to be tried in order; none where it is a plain value."""
    several = value if isinstance(value, list) else [value]
    return several if all(isinstance(source, dict) for source in several) else []


def static_section(section: Mapping[str, Any], ini: Ini, look: Look, report: Report) -> Wanted:
    """The section to converge on: with what its sources say, and where an authority has none what stands there.

    One value that cannot be told, or is nowhere, holds the whole section: half a key is worse than none. The
    environment seeds all of a section or nothing, as an old half and a new one are no key either.
    """
    name, absent = section["name"], section["state"] == "absent"
    there = {key: value for found in ini.find("credentials", name)[:1] for key, value in found.values().items()}
    settings = {} if absent else dict(section["settings"])
    sourced = {key: sources for key, value in settings.items() if (sources := sources_of(value))}
    fresh = not any(isinstance(there.get(key.lower()), str) for key in sourced)
    for key, sources in sourced.items():
        authorities = [source for source in sources if source["kind"] != "env"]
        found = look([*authorities, *(source for source in sources if fresh and source["kind"] == "env")])
        kept = there.get(key.lower())
        if found.secret:
            settings[key] = Setting(_text(found.secret, f"{name}.{key}"), secret=True)
        elif found.state == "absent" and isinstance(kept, str):
            settings[key] = Setting(kept, secret=True)
        else:
            reason = found.reason or "env seeds only a section of which nothing stands there yet"
            report.add(f"credentials {name}", found.unwritten, f"left as it is, {key}: {reason}", remedy=found.remedy)
            return declare("credentials", name, {}, held=True)
    return declare("credentials", name, settings, absent=absent)


def _text(secret: Secret, entry: str) -> str:
    try:
        return secret.text()
    except LatchkeyError as error:
        raise LatchkeyError(f"aws_config_credentials.{entry}: {error.message}", remedy="look at its source") from None
