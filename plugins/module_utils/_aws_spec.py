# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The shape in which sections of the AWS files come to the module."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.latchkey.workstation.plugins.module_utils._credential import members_spec
from ansible_collections.latchkey.workstation.plugins.module_utils._errors import LatchkeyError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["complete_sources", "looked_up", "sections_spec"]

_SECTIONS: dict[str, Any] = {
    "type": "list",
    "elements": "dict",
    "default": [],
    "options": {
        "name": {"type": "str", "required": True},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "settings": {"type": "dict", "default": {}},
    },
}
_SOURCE = members_spec()["members"]["options"]["credentials"]["options"]["sources"]["options"]


def sections_spec() -> dict[str, Any]:
    """Members, each with their sections."""
    return members_spec(sso_sessions=_SECTIONS, profiles=_SECTIONS, static=_SECTIONS)


def complete_sources(members: list[dict[str, Any]]) -> None:
    """Give every source of a credentials section all the keys a source has."""
    for entry in members:
        for section in entry["static"]:
            for key, value in section["settings"].items():
                if isinstance(value, dict):
                    checked = ArgumentSpecValidator(_SOURCE).validate(value)
                    if checked.error_messages:
                        place = f"{entry['name']}, static {section['name']}, {key}"
                        raise LatchkeyError(f"{place}: {'; '.join(checked.error_messages)}")
                    section["settings"][key] = checked.validated_parameters


def looked_up(entry: Mapping[str, Any]) -> dict[str, Any]:
    """The sources of all sections of a member that are to be there, in the shape of one credential."""
    present = [section["settings"].values() for section in entry["static"] if section["state"] == "present"]
    sources = [value for values in present for value in values if isinstance(value, dict)]
    return {"sources": sources, "keychain": None, "check": None, "category": ""}
