# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What earlier declarations left in a member's stores: values that move on with their credential, items that go."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Callable

from ansible_collections.latchkey.workstation.plugins.module_utils._errors import LatchkeyError
from ansible_collections.latchkey.workstation.plugins.module_utils._keychain import Item
from ansible_collections.latchkey.workstation.plugins.module_utils._keychain_plan import absence
from ansible_collections.latchkey.workstation.plugins.module_utils._keychain_write import Row

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from ansible_collections.latchkey.workstation.plugins.module_utils._keychain import Key, Reading, Store
    from ansible_collections.latchkey.workstation.plugins.module_utils._keychain_note import Note
    from ansible_collections.latchkey.workstation.plugins.module_utils._report import Report
    from ansible_collections.latchkey.workstation.plugins.module_utils._secrets import Secret

__all__ = ["Past"]


@dataclass
class Past:
    """``places`` says where each declared credential is to be kept."""

    note: Note
    key: bytes | None
    store: Store
    places: Mapping[str, Key]
    report: Report
    _values: dict[str, Secret] = field(default_factory=dict)
    _arriving: dict[str, Secret | None] = field(default_factory=dict)
    _rows: list[Row] = field(default_factory=list)

    def look(self, readings: Mapping[Key, Reading], stores: Callable[[str], Store]) -> None:
        """See what we know, here or in a store that was used before; ``readings`` are what is declared here."""
        declared = set(self.places.values())
        for key, reading in readings.items():
            entry = self.note.entries.get((self.store.name, key))
            if entry and reading.secret:
                self._values[entry.credential] = reading.secret
        for name in sorted({backend for backend, _key in self.note.entries}):
            here = name == self.store.name
            known = [key for backend, key in sorted(self.note.entries) if backend == name]
            items = [Item(*key) for key in known if not (here and key in declared)]
            try:
                store = self.store if here else stores(name)
            except LatchkeyError as error:
                self.report.add(f"what was kept in {name}", "unknown", error.message, remedy=error.remedy)
                continue
            found = store.read(items)
            for item in items:
                self._see(item, found[item.key], store)

    def other(self, name: str) -> str:
        """The other declared credential whose value the place of ``name`` holds, as far as we know; empty for none."""
        return self.note.other(self.store.name, self.places[name], name, self.places)

    def has_moved(self, name: str) -> bool:
        """Whether it is kept where it is declared."""
        return self.note.owner(self.store.name, self.places[name]) == name

    def carry(self, name: str) -> Secret | None:
        """What the credential is kept as elsewhere, to be kept where it is declared."""
        return self._values.get(name)

    def arrives(self, name: str, value: Secret | None) -> None:
        """The credential is to be kept as ``value``; None: whatever was kept of it elsewhere is needed no more."""
        self._arriving[name] = value

    def leaving(self, in_order: Collection[str]) -> list[Row]:
        """The items that may go: nobody declares their credential, or their value is where it is declared now."""
        free = [row for row in self._rows if row.credential in in_order or row.credential not in self.places]
        return [row for row in free if not self._is_theirs(row)]

    def _see(self, item: Item, reading: Reading, store: Store) -> None:
        entry = self.note.entries[store.name, item.key]
        if reading.secret:
            self._values[entry.credential] = reading.secret
        if reading.exists is False or not entry.made:
            del self.note.entries[store.name, item.key]
        else:
            name = f"{item.name} in {store.name}"
            self._rows.append(Row(name, item, absence(item, reading), store, entry.credential))

    def _is_theirs(self, row: Row) -> bool:
        """Whether an item of ours holds what it was not given, or what has not moved on: there may be no other copy."""
        secret = row.step.change.before.secret if row.step.change else None
        if row.credential in self._arriving:
            theirs = self._arriving[row.credential] not in (None, secret)
        else:
            theirs = self.note.applied(row.place, secret, by=self.key) is False
        if theirs:
            said = "left alone: its value is not the one that was kept here last, and may be kept nowhere else"
            self.report.add(row.name, "ok", said, remedy="remove it yourself if nobody needs it")
            del self.note.entries[row.place]
        return theirs
