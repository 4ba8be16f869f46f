# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the module is given: sections of the AWS files, their sources, and where the files are."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.latchkey.workstation.plugins.module_utils import _files
from ansible_collections.latchkey.workstation.plugins.module_utils._aws_static import sources_of
from ansible_collections.latchkey.workstation.plugins.module_utils._credential import members_spec
from ansible_collections.latchkey.workstation.plugins.module_utils._errors import LatchkeyError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ansible_collections.latchkey.workstation.plugins.module_utils._child import Member

__all__ = ["aws_spec", "complete_sources", "looked_up", "paths_of"]

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


def aws_spec() -> dict[str, Any]:
    """Members, each with sections in place of credentials."""
    spec = members_spec(sso_sessions=_SECTIONS, profiles=_SECTIONS, static=_SECTIONS)
    del spec["members"]["options"]["credentials"]
    return {
        **spec,
        "config_path": {"type": "str", "default": "~/.aws/config"},
        "credentials_path": {"type": "str", "default": "~/.aws/credentials"},
        "exclusive": {"type": "bool", "default": False},
    }


def paths_of(member: Member, options: Mapping[str, Any]) -> tuple[str, str]:
    """The files AWS would use for whoever runs this, the declared ones for anybody else."""

    def path(option: str, variable: str) -> str:
        chosen = os.environ.get(variable) if member.oneself else None
        return _files.expand(os.path.expandvars(chosen) if chosen else options[option], member.home)

    return path("config_path", "AWS_CONFIG_FILE"), path("credentials_path", "AWS_SHARED_CREDENTIALS_FILE")


def complete_sources(members: list[dict[str, Any]]) -> None:
    """Give every source of a credentials section all the keys a source has."""
    for entry in members:
        for section in entry["static"]:
            for key, value in section["settings"].items():
                place = f"{entry['name']}, static {section['name']}, {key}"
                section["settings"][key] = [_complete(source, place) for source in sources_of(value)] or value


def looked_up(entry: Mapping[str, Any]) -> dict[str, Any]:
    """The sources of all sections of a member that are to be there, in the shape of one credential."""
    present = [section["settings"].values() for section in entry["static"] if section["state"] == "present"]
    sources = [source for values in present for value in values for source in sources_of(value)]
    return {"sources": sources, "keychain": None, "check": None, "category": ""}


def _complete(source: Mapping[str, Any], place: str) -> dict[str, Any]:
    checked = ArgumentSpecValidator(_SOURCE).validate(source)
    if checked.error_messages:
        raise LatchkeyError(f"{place}: {'; '.join(checked.error_messages)}")
    return dict(checked.validated_parameters)
