# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Declared sections of the AWS files: validation, and the sections of one member with placeholders replaced."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.latchkey.workstation.plugins.module_utils._aws_files.declared import (
    NEVER_LITERAL,
    VARIABLES,
    declare,
)
from ansible_collections.latchkey.workstation.plugins.module_utils._aws_files.sourced import sources_of
from ansible_collections.latchkey.workstation.plugins.module_utils._core.credential import skip_reason
from ansible_collections.latchkey.workstation.plugins.module_utils._core.errors import LatchkeyError
from ansible_collections.latchkey.workstation.plugins.module_utils._core.secrets import Secret

from . import schema
from .location import Entry, UniqueKey, entries, valid_entries
from .placeholders import fill
from .roster import check_only

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .location import Claims
    from .roster import Machine, Person

__all__ = ["AWS_VARIABLES", "Sections", "aws_sections", "check_aws"]

AWS_VARIABLES = {
    "aws_config_sso_sessions": "sso_sessions",
    "aws_config_profiles": "profiles",
    "aws_config_credentials": "static",
}
_KINDS = {variable: kind for kind, variable in VARIABLES.items()}
_STATIC = "aws_config_credentials"
_VALUE_OF_A_SOURCE = Secret("stands for a value that the machine looks up")
_OWN_KEYS = {"only": schema.CREDENTIAL["only"], "state": schema.Key(choices=("present", "absent"))}

Sections = dict[str, list[Entry]]


def check_aws(
    variables: Mapping[str, Any], roster: Mapping[str, Entry], machine: Machine, errors: list[str]
) -> Sections:
    """Return the valid sections of every variable."""

    def check(section: Entry, wrong: list[str]) -> None:
        _check_section(section, wrong)
        check_only(section, roster, machine, wrong)

    return {
        variable: valid_entries(entries(variable, variables.get(variable), errors), check, errors)
        for variable in AWS_VARIABLES
    }


def aws_sections(
    sections: Sections, person: Person, credentials: Sequence[Mapping[str, Any]], claims: Claims, errors: list[str]
) -> dict[str, list[dict[str, Any]]]:
    """Return name, state and settings of each section for ``person``, keyed by the module's option.

    ``credentials`` are the normalised credentials of ``person``. Each section is added to ``claims``.
    """
    selected: dict[str, list[dict[str, Any]]] = {kind: [] for kind in AWS_VARIABLES.values()}
    for variable, declared in sections.items():
        for name, where, section in declared:
            if person.is_selected(section.get("only")):
                settings = {key: value for key, value in section.items() if key not in _OWN_KEYS}
                title, filled = (fill(each, person.replacements(), errors, where=where) for each in (name, settings))
                if variable == _STATIC:
                    filled = {key: _setting_sources(value, credentials) or value for key, value in filled.items()}
                state = section.get("state") or "present"
                selected[AWS_VARIABLES[variable]].append({"name": title, "state": state, "settings": filled})
                claims[UniqueKey("the section {} of {}", (title, variable))].append(where)
    return selected


def _check_section(section: Entry, errors: list[str]) -> None:
    name, where, entry = section
    if not isinstance(entry, dict):
        errors.append(f"{where} must be a mapping of keys to values")
        return
    variable = where.path.partition(".")[0]
    schema.check_entry(where, {key: value for key, value in entry.items() if key in _OWN_KEYS}, _OWN_KEYS, errors)
    settings = {key: value for key, value in entry.items() if key not in _OWN_KEYS}
    for key, value in settings.items() if variable == _STATIC else ():
        for source in sources_of(value):
            schema.check_source(where.below(key).at(source), source, errors)
            settings[key] = _VALUE_OF_A_SOURCE
    # The machine validates a value with a placeholder, after its replacement.
    with_placeholder = [key for key, value in settings.items() if isinstance(value, str) and "{" in value]
    settings.update(dict.fromkeys(key for key in with_placeholder if str(key).lower() not in NEVER_LITERAL))
    try:
        declare(_KINDS[variable], name, settings)
    except LatchkeyError as error:
        errors.append(where.for_error(str(error), entry))


def _setting_sources(value: Any, credentials: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the sources of a setting.

    In front of a keychain item that one of ``credentials`` stores stand the sources of that credential, so that the
    first run finds the value although the item does not exist yet.
    """
    sources = [schema.normalise_source(source) for source in sources_of(value)]
    return [each for source in sources for each in (*_sources_of_item(source, credentials), source)]


def _sources_of_item(source: Mapping[str, Any], credentials: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    if source["kind"] != "keychain":
        return []
    storing = [each for each in credentials if each["keychain"] and _is_same_item(each["keychain"], source)]
    return [each for credential in storing if not skip_reason(credential) for each in credential["sources"]]


def _is_same_item(item: Mapping[str, Any], source: Mapping[str, Any]) -> bool:
    same = all(item[key] == source[key] for key in ("service", "account"))
    return same and item.get("state") != "absent"
