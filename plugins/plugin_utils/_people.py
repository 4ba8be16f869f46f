# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who works where: machines, the people of the roster, and for whom something is declared."""

from __future__ import annotations

import collections
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ansible_collections.latchkey.workstation.plugins.module_utils._words import is_words, nearest, shown
from ansible_collections.latchkey.workstation.plugins.plugin_utils import _schema

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ansible_collections.latchkey.workstation.plugins.plugin_utils._place import Entry, Place

__all__ = ["Machine", "Person", "check_accounts", "check_only", "check_person"]

_ROSTER_NAME = re.compile(r"[a-z_][a-z0-9_.-]{0,31}")


@dataclass(frozen=True)
class Machine:
    """Where the declaration is to hold: an inventory host, its groups, all hosts and groups, and its name in paths."""

    host: str
    groups: frozenset[str]
    known: frozenset[str]
    name: str
    person: str

    def is_among(self, machines: list[str]) -> bool:
        return self.host in machines or not self.groups.isdisjoint(machines)


@dataclass(frozen=True)
class Person:
    """Somebody of the roster (or the one person there is without a roster) on a machine."""

    name: str
    where: Place
    entry: Mapping[str, Any]
    machine: Machine

    @property
    def account(self) -> str:
        return self.entry.get("account") or self.name

    @property
    def works_here(self) -> bool:
        return self.machine.is_among(self.entry.get("machines", [self.machine.host]))

    def words(self) -> dict[str, str]:
        """What placeholders stand for."""
        words = {"user": self.name, "machine": self.machine.name}
        words.update({f"vars.{key}": str(value) for key, value in (self.entry.get("vars") or {}).items()})
        return {**words, "email": self.entry["email"]} if self.entry.get("email") else words

    def is_meant(self, only: Mapping[str, list[str] | None] | None) -> bool:
        """Whether every key of ``only`` matches."""
        wanted = {key: words for key, words in (only or {}).items() if words is not None}
        return (
            self.name in wanted.get("users", [self.name])
            and ("groups" not in wanted or not set(wanted["groups"]).isdisjoint(self.entry.get("groups") or []))
            and self.machine.is_among(wanted.get("machines", [self.machine.host]))
        )


def check_person(person: Entry, machine: Machine, errors: list[str]) -> None:
    name, where, entry = person
    if not _ROSTER_NAME.fullmatch(name):
        errors.append(f"{where}: a roster name is lower-case letters, digits, _ . - and at most 32 long")
    _schema.check_entry(where, entry, _schema.MEMBER, errors)
    _check_known(where, entry, {"machines": machine.known}, errors)


def check_only(entry: Entry, roster: Mapping[str, Entry], machine: Machine, errors: list[str]) -> None:
    """Users and groups of the roster, machines of the inventory; nobody else is known."""
    groups: list[Any] = [person.value.get("groups") for person in roster.values() if isinstance(person.value, dict)]
    known = {
        "users": frozenset(roster or {machine.person}),
        "groups": frozenset(group for several in groups if is_words(several) for group in several),
        "machines": machine.known,
    }
    if isinstance(entry.value, dict):
        _check_known(entry.where.below("only"), entry.value.get("only"), known, errors)


def _check_known(where: Place, value: Any, known: Mapping[str, frozenset[str]], errors: list[str]) -> None:
    for key, words in value.items() if isinstance(value, dict) else ():
        if key in known and is_words(words):
            errors += [
                f"{where.below(key).at(word)}: {shown(word, known[key])} is not known here, {nearest(word, known[key])}"
                for word in words
                if word not in known[key]
            ]


def check_accounts(people: list[Person], errors: list[str]) -> None:
    takers = collections.defaultdict(list)
    for person in people:
        takers[person.account].append(person)
    errors += [
        f"{several[-1].where.below('account')}: {' and '.join(person.name for person in several)} share the account"
        f" {account}, and each needs one of their own"
        for account, several in takers.items()
        if len(several) > 1
    ]
