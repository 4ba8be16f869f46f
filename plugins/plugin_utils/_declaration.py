# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The declaration of a machine: checked as a whole, then said once more for each member in full."""

from __future__ import annotations

import collections
from typing import TYPE_CHECKING, Any

from ansible_collections.latchkey.workstation.plugins.module_utils._words import nearest, shown
from ansible_collections.latchkey.workstation.plugins.plugin_utils._aws_sections import (
    AWS_VARIABLES,
    Sections,
    aws_sections,
    check_aws,
)
from ansible_collections.latchkey.workstation.plugins.plugin_utils._credentials import check_credential, in_full, places
from ansible_collections.latchkey.workstation.plugins.plugin_utils._fill import fill
from ansible_collections.latchkey.workstation.plugins.plugin_utils._people import (
    Machine,
    Person,
    check_accounts,
    check_only,
    check_person,
)
from ansible_collections.latchkey.workstation.plugins.plugin_utils._place import Claims, Entry, Place, entries, sound

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["Machine", "compile_declaration"]

_SUFFIXED = ("latchkey_roster_", "latchkey_credentials_", "latchkey_jobs_")
_NAMES = {
    *(prefix[:-1] for prefix in _SUFFIXED),
    *("latchkey_machine", "latchkey_keychain_backend", "latchkey_vault_url", "latchkey_playbook", "latchkey_store"),
    *("aws_config_sso_sessions", "aws_config_profiles", "aws_config_credentials", "aws_config_members"),
    *("aws_config_path", "aws_config_credentials_path", "aws_config_backend", "aws_config_security"),
    *("aws_config_exclusive", "aws_config_result"),
}


def compile_declaration(
    variables: Mapping[str, Any], machine: Machine, *, user: str = "", credential: str = "", names: Iterable[str] = ()
) -> dict[str, Any]:
    """``errors`` (sentences with file and line) and ``members`` (name, account, credentials), all filled in.

    ``credentials`` are the names of all, those for other machines too. ``declares`` tells nothing declared, of which
    nothing follows, from declared none.
    """
    of_roster: list[str] = []
    roster = _merge("latchkey_roster", variables, of_roster)
    for entry in roster.values():
        check_person(entry, machine, of_roster)
    errors = [*_unknown_names(names), *of_roster]
    declared = _merge("latchkey_credentials", variables, errors)

    def check(entry: Entry, wrong: list[str]) -> None:
        check_credential(entry, declared, wrong)
        check_only(entry, roster, machine, wrong)

    credentials = sound(declared.values(), check, errors)
    sections = check_aws(variables, roster, machine, errors)
    errors += [
        f"{job.where}: this version provisions no jobs yet, leave it out"
        for job in _merge("latchkey_jobs", variables, errors).values()
    ]
    everybody = roster or {machine.person: Entry(machine.person, Place("latchkey_roster"), {})}
    errors += _unknown_choice("user", user, everybody, "on the roster")
    errors += _unknown_choice("credential", credential, declared, "declared")
    people = [] if of_roster else [Person(*entry, machine) for entry in everybody.values()]
    here = [person for person in people if person.works_here and user in ("", person.name)]
    check_accounts(here, errors)
    members = _members(here, credentials, sections, errors)
    return {
        "errors": list(dict.fromkeys(errors)),
        "machine": machine.name,
        "declares": {
            concern: any(isinstance(variables.get(name), dict) for name in names)
            for concern, names in (("credentials", _family("latchkey_credentials", variables)), ("aws", AWS_VARIABLES))
        },
        "credentials": sorted(declared),
        "members": [] if errors else members,
    }


def _unknown_names(names: Iterable[str]) -> list[str]:
    """A variable that is spelled wrong would declare nothing, and what it was to declare would be removed."""
    wrong = [name for name in names if name not in _NAMES and not name.startswith(_SUFFIXED)]
    known = [*_NAMES, *(f"{prefix}team" for prefix in _SUFFIXED)]
    return [f"{name}: no such variable, {nearest(name, known)}" for name in sorted(wrong)]


def _unknown_choice(option: str, name: str, known: Iterable[str], there: str) -> list[str]:
    """A name from the command line."""
    return [] if name in ("", *known) else [f"{option}={shown(name, known)} is not {there}, {nearest(name, known)}"]


def _family(prefix: str, variables: Iterable[str]) -> list[str]:
    """``prefix`` and every ``prefix_<anything>``."""
    return sorted(name for name in variables if name == prefix or name.startswith(f"{prefix}_"))


def _merge(prefix: str, variables: Mapping[str, Any], errors: list[str]) -> dict[str, Entry]:
    """The entries of the whole family."""
    merged: dict[str, Entry] = {}
    for variable in _family(prefix, variables):
        for name, where, value in entries(variable, variables[variable], errors):
            if name in merged:
                errors.append(f"{where} is there already, as {merged[name].where.path}: keep one of them")
            merged[name] = Entry(name, where, _without_nulls({} if value is None else value))
    return merged


def _without_nulls(entry: Any) -> Any:
    """A key without a value is a key that is not there."""
    if isinstance(entry, dict):
        return {key: _without_nulls(value) for key, value in entry.items() if value is not None}
    return [_without_nulls(value) for value in entry] if isinstance(entry, list) else entry


def _members(
    people: list[Person], credentials: list[Entry], sections: Sections, errors: list[str]
) -> list[dict[str, Any]]:
    """Everybody with what is theirs. What two entries claim for somebody is told once, however many it befalls."""
    members = []
    doubles: Claims = {}
    for person in people:
        claims: Claims = collections.defaultdict(list)
        members.append(_member(person, credentials, sections, claims, errors))
        told = list(doubles.values())
        doubles.update({what: takers for what, takers in claims.items() if len(takers) > 1 and takers not in told})
    errors += [
        f"{Place(what, takers[-1].origin)} is wanted by {' and '.join(taker.path for taker in takers)}: give it to one"
        for what, takers in doubles.items()
    ]
    return members


def _member(
    person: Person, credentials: list[Entry], sections: Sections, claims: Claims, errors: list[str]
) -> dict[str, Any]:
    words = person.words()
    mine = []
    for name, where, entry in credentials:
        if person.is_meant(entry.get("only")):
            credential = in_full(name, fill(entry, words, errors, where=where))
            mine.append(credential)
            for what in places(credential):
                claims[what].append(where)
    return {
        "name": person.name,
        "account": person.account,
        "credentials": mine,
        "aws": aws_sections(sections, person, mine, claims, errors),
    }
