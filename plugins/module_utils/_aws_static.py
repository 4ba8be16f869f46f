# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sections of the credentials file with the values of their sources: whole, or left as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable

from ansible_collections.latchkey.workstation.plugins.module_utils._aws_declared import Setting, declare
from ansible_collections.latchkey.workstation.plugins.module_utils._errors import LatchkeyError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ansible_collections.latchkey.workstation.plugins.module_utils._aws_declared import Wanted
    from ansible_collections.latchkey.workstation.plugins.module_utils._aws_ini import Ini
    from ansible_collections.latchkey.workstation.plugins.module_utils._found import Found
    from ansible_collections.latchkey.workstation.plugins.module_utils._report import Report
    from ansible_collections.latchkey.workstation.plugins.module_utils._secrets import Secret

    Look = Callable[[Mapping[str, Any]], Found]

__all__ = ["static_section"]


def static_section(section: Mapping[str, Any], ini: Ini, look: Look, report: Report) -> Wanted:
    """The section to converge on: with what its sources say, and where an authority has none what stands there.

    One value that cannot be told, or is nowhere, holds the whole section: half a key is worse than none.
    """
    name, absent = section["name"], section["state"] == "absent"
    there = {key: value for found in ini.find("credentials", name)[:1] for key, value in found.values().items()}
    settings = {}
    for key, value in ({} if absent else section["settings"]).items():
        settings[key] = value
        if not isinstance(value, dict):
            continue
        found = look(value)
        kept = there.get(key.lower())
        if found.secret:
            settings[key] = Setting(_text(found.secret, f"{name}.{key}"), secret=True, seed=value["kind"] == "env")
        elif found.state == "absent" and isinstance(kept, str):
            settings[key] = Setting(kept, secret=True)
        else:
            left = f"left as it is, {key}: {found.reason}"
            report.add(f"credentials {name}", found.unwritten, left, remedy=found.remedy)
            return declare("credentials", name, {}, held=True)
    return declare("credentials", name, settings, absent=absent)


def _text(secret: Secret, entry: str) -> str:
    try:
        return secret.text()
    except LatchkeyError as error:
        raise LatchkeyError(f"aws_config_credentials.{entry}: {error.message}", remedy="look at its source") from None
