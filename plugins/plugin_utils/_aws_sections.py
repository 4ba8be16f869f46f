# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Declared sections of the AWS files: checked, and filled in for a member."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.latchkey.workstation.plugins.module_utils._aws_declared import (
    NEVER_LITERAL,
    VARIABLES,
    declare,
)
from ansible_collections.latchkey.workstation.plugins.module_utils._aws_static import sources_of
from ansible_collections.latchkey.workstation.plugins.module_utils._errors import LatchkeyError
from ansible_collections.latchkey.workstation.plugins.module_utils._found import idle
from ansible_collections.latchkey.workstation.plugins.module_utils._secrets import Secret
from ansible_collections.latchkey.workstation.plugins.plugin_utils import _schema
from ansible_collections.latchkey.workstation.plugins.plugin_utils._fill import fill
from ansible_collections.latchkey.workstation.plugins.plugin_utils._people import check_only
from ansible_collections.latchkey.workstation.plugins.plugin_utils._place import Entry, entries, sound

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ansible_collections.latchkey.workstation.plugins.plugin_utils._people import Machine, Person
    from ansible_collections.latchkey.workstation.plugins.plugin_utils._place import Claims

__all__ = ["AWS_VARIABLES", "Sections", "aws_sections", "check_aws"]

AWS_VARIABLES = {
    "aws_config_sso_sessions": "sso_sessions",
    "aws_config_profiles": "profiles",
    "aws_config_credentials": "static",
}
_KINDS = {variable: kind for kind, variable in VARIABLES.items()}
_STATIC = "aws_config_credentials"
_FROM_ITS_SOURCE = Secret("its value comes later")
_OURS = {"only": _schema.CREDENTIAL["only"], "state": _schema.Key(choices=("present", "absent"))}

Sections = dict[str, list[Entry]]


def check_aws(
    variables: Mapping[str, Any], roster: Mapping[str, Entry], machine: Machine, errors: list[str]
) -> Sections:
    """The sections of every variable with which nothing is wrong."""

    def check(section: Entry, wrong: list[str]) -> None:
        _check_section(section, wrong)
        check_only(section, roster, machine, wrong)

    return {
        variable: sound(entries(variable, variables.get(variable), errors), check, errors) for variable in AWS_VARIABLES
    }


def aws_sections(
    sections: Sections, person: Person, credentials: Sequence[Mapping[str, Any]], claims: Claims, errors: list[str]
) -> dict[str, list[dict[str, Any]]]:
    """name, state and settings of every section that is meant for ``person``, who has ``credentials``."""
    mine: dict[str, list[dict[str, Any]]] = {kind: [] for kind in AWS_VARIABLES.values()}
    for variable, declared in sections.items():
        for name, where, section in declared:
            if person.is_meant(section.get("only")):
                settings = {key: value for key, value in section.items() if key not in _OURS}
                title, filled = (fill(each, person.words(), errors, where=where) for each in (name, settings))
                if variable == _STATIC:
                    filled = {key: _sources(value, credentials) or value for key, value in filled.items()}
                state = section.get("state") or "present"
                mine[AWS_VARIABLES[variable]].append({"name": title, "state": state, "settings": filled})
                claims[f"the section {title} of {variable}"].append(where)
    return mine


def _check_section(section: Entry, errors: list[str]) -> None:
    name, where, entry = section
    if not isinstance(entry, dict):
        errors.append(f"{where} must be a mapping of keys to values")
        return
    variable = where.path.partition(".")[0]
    _schema.check_entry(where, {key: value for key, value in entry.items() if key in _OURS}, _OURS, errors)
    settings = {key: value for key, value in entry.items() if key not in _OURS}
    for key, value in settings.items() if variable == _STATIC else ():
        for source in sources_of(value):
            _schema.check_source(where.below(key).at(source), source, errors)
            settings[key] = _FROM_ITS_SOURCE
    # What a member's own words make of a value is judged on the machine.
    later = [key for key, value in settings.items() if isinstance(value, str) and "{" in value]
    settings.update(dict.fromkeys(key for key in later if str(key).lower() not in NEVER_LITERAL))
    try:
        declare(_KINDS[variable], name, settings)
    except LatchkeyError as error:
        errors.append(where.told(str(error), entry))


def _sources(value: Any, credentials: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The sources of a setting. An item that a credential keeps is taken from where the credential takes it, so that
    it need not be kept yet.
    """
    sources = [_schema.normalise_source(source) for source in sources_of(value)]
    return [each for source in sources for each in (*_behind(source, credentials), source)]


def _behind(source: Mapping[str, Any], credentials: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    if source["kind"] != "keychain":
        return []
    keepers = [each for each in credentials if each["keychain"] and _is_it(each["keychain"], source)]
    return [each for keeper in keepers if not idle(keeper) for each in keeper["sources"]]


def _is_it(item: Mapping[str, Any], source: Mapping[str, Any]) -> bool:
    same = all(item[key] == source[key] for key in ("service", "account"))
    return same and item.get("state") != "absent"
