# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Compilation of the declaration: validates all declared variables, then computes the entries of each member.

Pure: reads variables that Ansible has loaded and returns data, so that every error is known before anything is touched.
"""

from __future__ import annotations

import collections
from typing import TYPE_CHECKING, Any

from ansible_collections.latchkey.workstation.plugins.module_utils._core.text import single_line
from ansible_collections.latchkey.workstation.plugins.module_utils._core.validation import safe_to_echo, suggest

from .aws_sections import AWS_VARIABLES, Sections, aws_sections, check_aws
from .credentials import check_credential, normalise, unique_keys
from .location import Claims, Entry, Location, entries, shown_names, valid_entries
from .placeholders import fill
from .roster import Machine, Person, check_accounts, check_machine, check_only, check_person
from .variables import unknown_variables
from .vaulted import vaulted_values

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["Machine", "compile_declaration"]

_OTHER_INVENTORY = "If another inventory was meant, name it with -i"


def compile_declaration(
    variables: Mapping[str, Any], machine: Machine, *, user: str = "", credential: str = "", names: Iterable[str] = ()
) -> dict[str, Any]:
    """Validate ``variables`` and return what each member of ``machine`` is to have.

    ``user`` limits the members to one, ``credential`` must be the name of a declared credential, and ``names`` are the
    variables of the host, of which misspelt ones are errors. The result:

    - ``errors``: sentences, most of them with file and line
    - ``machine``: its name
    - ``declares``: by concern (``credentials``, ``aws``) whether a mapping is declared, be it empty. Without one,
      nothing is removed from the machine
    - ``credentials``: names of all declared credentials, also of those for other machines
    - ``members``: name, account, normalised credentials and AWS sections of each; empty if there are errors
    """
    roster_errors: list[str] = []
    roster = _merge("latchkey_roster", variables, roster_errors)
    for entry in roster.values():
        check_person(entry, machine, roster_errors)
    errors = [*unknown_variables(names), *check_machine(machine), *roster_errors]
    for variable in sorted(variables):
        errors += vaulted_values(variable, variables[variable])
    declared = _merge("latchkey_credentials", variables, errors)

    def check(entry: Entry, own_errors: list[str]) -> None:
        check_credential(entry, shown_names(declared), own_errors)
        check_only(entry, roster, machine, own_errors)

    credentials = valid_entries(declared.values(), check, errors)
    sections = check_aws(variables, roster, machine, errors)
    errors += [
        f"{job.where}: this version provisions no jobs yet, leave it out"
        for job in _merge("latchkey_jobs", variables, errors).values()
    ]
    served = roster or {machine.person: Entry(machine.person, Location("latchkey_roster"), {})}
    errors += _unknown_user(user, roster, machine)
    errors += _unknown_credential(credential, declared, machine)
    people = [] if roster_errors else [Person(*entry, machine) for entry in served.values()]
    selected = [person for person in people if person.works_here and user in ("", person.name)]
    check_accounts(selected, errors)
    members = _members(selected, credentials, sections, errors)
    concerns = {"credentials": _with_suffixes("latchkey_credentials", variables), "aws": AWS_VARIABLES}
    return {
        "errors": list(dict.fromkeys(map(single_line, errors))),
        "machine": machine.name,
        "declares": {
            concern: any(isinstance(variables.get(name), dict) for name in names) for concern, names in concerns.items()
        },
        "credentials": sorted(declared),
        "members": [] if errors else members,
    }


def _unknown_user(name: str, roster: Iterable[str], machine: Machine) -> list[str]:
    """Return an error if ``name``, given by ``-e user=``, cannot be served: it must be on the roster.

    Without a roster only the current account (``machine.person``) is valid.
    """
    known = list(roster) or [machine.person]
    if name in ("", *known):
        return []
    given = f"user={safe_to_echo(name, known)}"
    if not roster:
        only = f"it has no roster, so that only {machine.person} is served"
        return [f"{given} is not in {machine.inventory}: {only}. {_OTHER_INVENTORY}, or leave user out"]
    return [
        f"{given} is not on the roster of {machine.inventory}, {suggest(name, shown_names(known))} {_OTHER_INVENTORY}"
    ]


def _unknown_credential(name: str, declared: Iterable[str], machine: Machine) -> list[str]:
    """Return an error if ``name``, given by ``-e credential=``, is not declared."""
    if name in ("", *declared):
        return []
    given = f"credential={safe_to_echo(name, declared)}"
    return [
        f"{given} is not declared in {machine.inventory}, {suggest(name, shown_names(declared))} {_OTHER_INVENTORY}"
    ]


def _with_suffixes(prefix: str, variables: Iterable[str]) -> list[str]:
    """Return the variables named ``prefix`` or ``prefix_<anything>``."""
    return sorted(name for name in variables if name == prefix or name.startswith(f"{prefix}_"))


def _merge(prefix: str, variables: Mapping[str, Any], errors: list[str]) -> dict[str, Entry]:
    """Return the entries of ``prefix`` and every ``prefix_<anything>`` by name; the same name twice is an error."""
    merged: dict[str, Entry] = {}
    for variable in _with_suffixes(prefix, variables):
        for name, where, value in entries(variable, variables[variable], errors):
            if name in merged:
                errors.append(f"{where} is declared twice, also as {merged[name].where.path}: remove one of them")
            merged[name] = Entry(name, where, _without_nulls({} if value is None else value))
    return merged


def _without_nulls(entry: Any) -> Any:
    """Return ``entry`` without the keys whose value is null: such a key counts as not given."""
    if isinstance(entry, dict):
        return {key: _without_nulls(value) for key, value in entry.items() if value is not None}
    return [_without_nulls(value) for value in entry] if isinstance(entry, list) else entry


def _members(
    people: list[Person], credentials: list[Entry], sections: Sections, errors: list[str]
) -> list[dict[str, Any]]:
    """Return each person with their entries. Two entries that declare one thing for several people are one error."""
    members = []
    conflicts: Claims = {}
    for person in people:
        claims: Claims = collections.defaultdict(list)
        members.append(_member(person, credentials, sections, claims, errors))
        reported = list(conflicts.values())
        conflicts.update({thing: where for thing, where in claims.items() if len(where) > 1 and where not in reported})
    errors += [
        f"{Location(thing.text, where[-1].origin)} is declared by "
        f"{' and '.join(each.path for each in where)}: keep it in one of them"
        for thing, where in conflicts.items()
    ]
    return members


def _member(
    person: Person, credentials: list[Entry], sections: Sections, claims: Claims, errors: list[str]
) -> dict[str, Any]:
    replacements = person.replacements()
    own = []
    for name, where, entry in credentials:
        if person.is_selected(entry.get("only")):
            credential = normalise(name, fill(entry, replacements, errors, where=where))
            own.append(credential)
            for thing in unique_keys(credential):
                claims[thing].append(where)
    return {
        "name": person.name,
        "account": person.account,
        "credentials": own,
        "aws": aws_sections(sections, person, own, claims, errors),
    }
