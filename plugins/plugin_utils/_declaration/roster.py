# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The roster: people, the machines they work on, and the entries that ``only`` restricts to some of them."""

from __future__ import annotations

import collections
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ansible_collections.latchkey.workstation.plugins.module_utils._core.validation import (
    is_words,
    safe_to_echo,
    suggest,
)

from . import schema
from .location import shown_names

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .location import Entry, Location

__all__ = ["Machine", "Person", "check_accounts", "check_machine", "check_only", "check_person"]

_MACHINE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._:%-]{0,254}")
_A_MACHINE = "is no machine and no group of machines in the inventory"
_ROSTER_NAME = re.compile(r"[a-z_][a-z0-9_.-]{0,31}")


@dataclass(frozen=True)
class Machine:
    """The machine for which a declaration is compiled.

    ``host`` is its inventory name and ``groups`` are its inventory groups; ``known`` are all hosts and groups of the
    inventory. ``name`` stands in paths and metadata. ``person`` is the account served when there is no roster, and
    ``sources`` are the paths of the inventory.
    """

    host: str
    groups: frozenset[str]
    known: frozenset[str]
    name: str
    person: str
    sources: tuple[str, ...] = ()

    @property
    def inventory(self) -> str:
        """The inventory as an error names it."""
        return f"the inventory {' and '.join(self.sources)}" if self.sources else "the inventory"

    def is_among(self, machines: list[str]) -> bool:
        """Return True if the host or one of its groups is listed."""
        return self.host in machines or not self.groups.isdisjoint(machines)


@dataclass(frozen=True)
class Person:
    """One entry of the roster, or the one person served without a roster, on the machine."""

    name: str
    where: Location
    entry: Mapping[str, Any]
    machine: Machine

    @property
    def account(self) -> str:
        return self.entry.get("account") or self.name

    @property
    def works_here(self) -> bool:
        return self.machine.is_among(self.entry.get("machines", [self.machine.host]))

    def replacements(self) -> dict[str, str]:
        """Return the text of each placeholder by its name."""
        texts = {"user": self.name, "machine": self.machine.name}
        texts.update({f"vars.{key}": str(value) for key, value in (self.entry.get("vars") or {}).items()})
        return {**texts, "email": self.entry["email"]} if self.entry.get("email") else texts

    def is_selected(self, only: Mapping[str, list[str] | None] | None) -> bool:
        """Return True if every given key of ``only`` matches this person on this machine."""
        given = {key: names for key, names in (only or {}).items() if names is not None}
        return (
            self.name in given.get("users", [self.name])
            and ("groups" not in given or not set(given["groups"]).isdisjoint(self.entry.get("groups") or []))
            and self.machine.is_among(given.get("machines", [self.machine.host]))
        )


def check_machine(machine: Machine) -> list[str]:
    """Return an error if the name of ``machine`` cannot stand in a path."""
    if _MACHINE_NAME.fullmatch(machine.name):
        return []
    return ["latchkey_machine must be a name of letters, digits and . _ - : with at most 255 characters"]


def check_person(person: Entry, machine: Machine, errors: list[str]) -> None:
    """Add to ``errors`` the mistakes in one entry of the roster."""
    name, where, entry = person
    if not _ROSTER_NAME.fullmatch(name):
        errors.append(f"{where}: a roster name has lower-case letters, digits and _ . - and at most 32 characters")
    schema.check_entry(where, entry, schema.MEMBER, errors)
    _check_known(where, entry, {"machines": (machine.known, _A_MACHINE)}, errors)


def check_only(entry: Entry, roster: Mapping[str, Entry], machine: Machine, errors: list[str]) -> None:
    """Add to ``errors`` every name in ``only`` that is neither in the roster nor in the inventory."""
    groups: list[Any] = [person.value.get("groups") for person in roster.values() if isinstance(person.value, dict)]
    known = {
        "users": (frozenset(roster or {machine.person}), "is not on the roster"),
        "groups": (
            frozenset(group for names in groups if is_words(names) for group in names),
            "is no group of the roster",
        ),
        "machines": (machine.known, _A_MACHINE),
    }
    if isinstance(entry.value, dict):
        _check_known(entry.where.below("only"), entry.value.get("only"), known, errors)


def _check_known(
    where: Location, value: Any, known: Mapping[str, tuple[frozenset[str], str]], errors: list[str]
) -> None:
    for key, names in value.items() if isinstance(value, dict) else ():
        if key in known and is_words(names):
            valid, problem = known[key]
            errors += [
                f"{where.below(key).at(name)}: {safe_to_echo(name, valid)} {problem}, "
                f"{suggest(name, shown_names(valid))}"
                for name in names
                if name not in valid
            ]


def check_accounts(people: list[Person], errors: list[str]) -> None:
    """Add to ``errors`` every account that two of ``people`` share."""
    by_account = collections.defaultdict(list)
    for person in people:
        by_account[person.account].append(person)
    errors += [
        f"{sharing[-1].where.below('account')}: {' and '.join(person.name for person in sharing)} share the account"
        f" {account}: give each an account of its own"
        for account, sharing in by_account.items()
        if len(sharing) > 1
    ]
