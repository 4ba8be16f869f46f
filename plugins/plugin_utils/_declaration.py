# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The declaration of a machine: checked as a whole, then said once more for each member in full."""

from __future__ import annotations

import collections
import os
import re
from typing import TYPE_CHECKING, Any

from ansible_collections.latchkey.workstation.plugins.module_utils._checks_table import problems
from ansible_collections.latchkey.workstation.plugins.module_utils._words import nearest, seconds, shown
from ansible_collections.latchkey.workstation.plugins.plugin_utils import _schema
from ansible_collections.latchkey.workstation.plugins.plugin_utils._aws_sections import (
    AWS_VARIABLES,
    Section,
    aws_sections,
    check_aws,
)
from ansible_collections.latchkey.workstation.plugins.plugin_utils._fill import fill
from ansible_collections.latchkey.workstation.plugins.plugin_utils._people import (
    Machine,
    Person,
    check_accounts,
    check_only,
    check_roster,
)

try:
    from ansible._internal._datatag._tags import Origin
except ImportError:
    Origin = None

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

__all__ = ["Machine", "compile_declaration"]

_CREDENTIAL_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_SUFFIXED = ("latchkey_roster_", "latchkey_credentials_", "latchkey_jobs_")
_NAMES = {
    *(prefix[:-1] for prefix in _SUFFIXED),
    *("latchkey_machine", "latchkey_keychain_backend", "latchkey_vault_url", "latchkey_playbook", "latchkey_store"),
    *("aws_config_sso_sessions", "aws_config_profiles", "aws_config_credentials", "aws_config_members"),
    *("aws_config_path", "aws_config_credentials_path", "aws_config_backend", "aws_config_security"),
    *("aws_config_exclusive", "aws_config_result"),
}
_LIVE = {"file", "dotenv", "keychain"}


def compile_declaration(
    variables: Mapping[str, Any], machine: Machine, *, user: str = "", names: Iterable[str] = ()
) -> dict[str, Any]:
    """``errors`` (sentences with file and line) and ``members`` (name, account, credentials), all filled in.

    ``credentials`` are the names of all, those for other machines too. ``declares`` tells nothing declared, of which
    nothing follows, from declared none.
    """
    errors = _unknown_names(names)
    roster = _merge("latchkey_roster", variables, errors)
    credentials = _merge("latchkey_credentials", variables, errors)
    check_roster(roster, machine, errors)
    _check_credentials(credentials, roster, machine, errors)
    sections = check_aws(variables, errors)
    for variable, name, section in sections:
        check_only(f"{variable}.{name}", section.get("only"), roster, machine, errors)
    if _merge("latchkey_jobs", variables, errors):
        errors.append("latchkey_jobs: this version provisions no jobs yet, leave it empty")
    everybody = roster or {machine.person: {}}
    if user and user not in everybody:
        errors.append(f"user={shown(user)} is not on the roster, {nearest(user, everybody)}")
    members: list[dict[str, Any]] = []
    if not errors:
        people = [Person(name, entry, machine) for name, entry in everybody.items()]
        here = [person for person in people if person.works_here and user in ("", person.name)]
        check_accounts(here, errors)
        members = [_member(person, credentials, sections, errors) for person in here]
    return {
        "errors": [_located(error, variables) for error in errors],
        "machine": machine.name,
        "declares": {
            concern: any(isinstance(variables.get(name), dict) for name in names)
            for concern, names in (("credentials", _family("latchkey_credentials", variables)), ("aws", AWS_VARIABLES))
        },
        "credentials": sorted(credentials),
        "members": [] if errors else members,
    }


def _unknown_names(names: Iterable[str]) -> list[str]:
    """A variable that is spelled wrong would declare nothing, and what it was to declare would be removed."""
    wrong = [name for name in names if name not in _NAMES and not name.startswith(_SUFFIXED)]
    known = [*_NAMES, *(f"{prefix}team" for prefix in _SUFFIXED)]
    return [f"{name}: no such variable, {nearest(name, known)}" for name in sorted(wrong)]


def _located(error: str, variables: Mapping[str, Any]) -> str:
    """The error behind the place where its entry stands, as far as Ansible knows it."""
    variable, _dot, entry = error.partition(":")[0].partition(".")
    for name, entries in variables.items():
        for key in entries if name.startswith(variable) and isinstance(entries, dict) else ():
            if re.match(rf"{re.escape(str(key))}\b", entry) and origin_of(key):
                return f"{origin_of(key)}: {error}"
    return error


def origin_of(value: Any) -> str:
    """file:line of a declared value for people to read, "" where Ansible does not tell."""
    tag = Origin.get_tag(value) if Origin else None
    return f"{tag.path}:{tag.line_num}" if tag and tag.path and tag.line_num else ""


def _family(prefix: str, variables: Iterable[str]) -> list[str]:
    """``prefix`` and every ``prefix_<anything>``."""
    return sorted(name for name in variables if name == prefix or name.startswith(f"{prefix}_"))


def _merge(prefix: str, variables: Mapping[str, Any], errors: list[str]) -> dict[str, Any]:
    """The entries of the whole family."""
    merged: dict[str, Any] = {}
    origin: dict[str, str] = {}
    for variable in _family(prefix, variables):
        entries = variables[variable] or {}
        if not isinstance(entries, dict):
            errors.append(f"{variable} must be a mapping of names to entries")
            continue
        for name, entry in entries.items():
            if name in merged:
                errors.append(f"{variable}.{shown(name)} is declared in {origin[name]} already: keep one of them")
            merged[str(name)] = _without_nulls(entry or {})
            origin[str(name)] = variable
    return merged


def _without_nulls(entry: Any) -> Any:
    """A key without a value is a key that is not there."""
    if isinstance(entry, dict):
        return {key: _without_nulls(value) for key, value in entry.items() if value is not None}
    return [_without_nulls(value) for value in entry] if isinstance(entry, list) else entry


def _check_credentials(
    credentials: dict[str, Any], roster: dict[str, Any], machine: Machine, errors: list[str]
) -> None:
    for name, entry in credentials.items():
        where = f"latchkey_credentials.{shown(name)}"
        if not _CREDENTIAL_NAME.fullmatch(name):
            errors.append(f"{where}: a credential's name is letters, digits, _ . - and at most 64 long")
        _schema.check_entry(where, entry, _schema.CREDENTIAL, errors)
        if not isinstance(entry, dict):
            continue
        check_only(where, entry.get("only"), roster, machine, errors)
        if isinstance(entry.get("check"), dict) and "provider" in entry["check"]:
            errors += [f"{where}.check.{problem}" for problem in problems(entry["check"], credentials)]
        if entry.get("export") and not entry.get("keychain") and not _is_live(entry):
            errors.append(f"{where}.export: shells have no place to read it from, declare a keychain item for it")


def _is_live(entry: dict[str, Any]) -> bool:
    """Whether a shell can read the first authority by itself."""
    kinds = [kind for source in entry.get("source") or [] if isinstance(source, dict) for kind in source]
    return bool(kinds) and kinds[0] in _LIVE


def _member(person: Person, credentials: dict[str, Any], sections: list[Section], errors: list[str]) -> dict[str, Any]:
    words = person.words()
    mine = [
        _credential(name, fill(entry, words, errors, where=f"latchkey_credentials.{name} for {person.name}"))
        for name, entry in credentials.items()
        if person.is_meant(entry.get("only"))
    ]
    _check_unique(person.name, mine, errors)
    return {
        "name": person.name,
        "account": person.account,
        "credentials": mine,
        "aws": aws_sections(sections, person, mine, errors),
    }


def _credential(name: str, entry: dict[str, Any]) -> dict[str, Any]:
    exports = entry.get("export") or []
    return {
        "name": name,
        "about": entry.get("about") or "",
        "sources": [_schema.normalise_source(source) for source in entry.get("source") or []],
        "keychain": entry.get("keychain"),
        "exports": [
            {"name": e["name"], "file": e.get("file")} if isinstance(e, dict) else {"name": e, "file": None}
            for e in (exports if isinstance(exports, list) else [exports])
        ],
        "check": entry.get("check"),
        "required": entry.get("required", True),
        "warn_before": seconds(entry["warn_before"]) if entry.get("warn_before") else 0,
        "category": entry.get("category") or "",
        "rotate": entry.get("rotate") or "",
        "consumers": entry.get("consumers") or [],
    }


def _places(credentials: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """Everything of which a member may have only one, with the credential that takes it."""
    for credential in credentials:
        keychain = credential["keychain"]
        if keychain:
            yield f"the keychain item {keychain['service']} of {keychain['account']}", credential["name"]
        for export in credential["exports"]:
            yield f"{export['name']} in {_plain(export['file']) or 'shells'}", credential["name"]


def _plain(path: str | None) -> str:
    """One spelling for all of a path's."""
    return os.path.normpath(path.replace("{home}", "~")) if path else ""


def _check_unique(member: str, credentials: list[dict[str, Any]], errors: list[str]) -> None:
    takers = collections.defaultdict(list)
    for place, name in _places(credentials):
        takers[place].append(name)
    errors += [
        f"{place} of {member} is wanted by {' and '.join(names)} of latchkey_credentials: give it to one"
        for place, names in takers.items()
        if len(names) > 1
    ]
