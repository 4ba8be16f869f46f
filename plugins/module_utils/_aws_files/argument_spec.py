# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Argument spec of the ``aws_config`` module and the values derived from its options.

A setting of a credentials section is either a value or one or more *sources*: places to read a secret from, in the
same shape as the sources of a credential in the other modules.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Callable

from .._core.argument_spec import members_spec
from .._core.errors import LatchkeyError
from .._host import files
from .sourced import sources_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .._core.member import Member

__all__ = ["SOURCE_SPEC", "aws_spec", "complete_sources", "credential_of_sources", "paths_of"]

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
SOURCE_SPEC = members_spec()["members"]["options"]["credentials"]["options"]["sources"]["options"]


def aws_spec() -> dict[str, Any]:
    """The argument spec: members with sections of the AWS files instead of credentials."""
    spec = members_spec(sso_sessions=_SECTIONS, profiles=_SECTIONS, static=_SECTIONS)
    del spec["members"]["options"]["credentials"]
    return {
        **spec,
        "config_path": {"type": "str", "default": "~/.aws/config"},
        "credentials_path": {"type": "str", "default": "~/.aws/credentials"},
        "exclusive": {"type": "bool", "default": False},
    }


def paths_of(member: Member, options: Mapping[str, Any]) -> tuple[str, str]:
    """The config and credentials file of ``member``.

    AWS's environment variables count for the current user only; for other members they belong to somebody else.
    """

    def path(option: str, variable: str) -> str:
        chosen = os.environ.get(variable) if member.is_current_user else None
        return files.expand(os.path.expandvars(chosen) if chosen else options[option], member.home)

    return path("config_path", "AWS_CONFIG_FILE"), path("credentials_path", "AWS_SHARED_CREDENTIALS_FILE")


def complete_sources(members: list[dict[str, Any]], validate: Callable[[Mapping[str, Any]], Any]) -> None:
    """Give every source of a credentials section all keys of a source; LatchkeyError for an invalid one.

    ``validate`` checks one source and returns an object with ``error_messages`` and ``validated_parameters``.
    """
    for entry in members:
        for section in entry["static"]:
            for key, value in section["settings"].items():
                completed = []
                for source in sources_of(value):
                    checked = validate(source)
                    if checked.error_messages:
                        location = f"{entry['name']}, static {section['name']}, {key}"
                        raise LatchkeyError(f"{location}: {'; '.join(checked.error_messages)}")
                    completed.append(dict(checked.validated_parameters))
                section["settings"][key] = completed or value


def credential_of_sources(entry: Mapping[str, Any]) -> dict[str, Any]:
    """One credential that has all sources of a member's present sections, to open a resolver for them."""
    present = [section["settings"].values() for section in entry["static"] if section["state"] == "present"]
    sources = [source for values in present for value in values for source in sources_of(value)]
    return {"sources": sources, "keychain": None, "check": None, "category": ""}
