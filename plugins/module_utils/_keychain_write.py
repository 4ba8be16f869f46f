# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Changes of a keychain made and said: each noted before it is made, all of a store at once, behind one guard."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ansible_collections.latchkey.workstation.plugins.module_utils._keychain import Key
from ansible_collections.latchkey.workstation.plugins.module_utils._secrets import fingerprint

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ansible_collections.latchkey.workstation.plugins.module_utils._errors import LatchkeyError
    from ansible_collections.latchkey.workstation.plugins.module_utils._keychain import Change, Item, Store
    from ansible_collections.latchkey.workstation.plugins.module_utils._keychain_note import Note
    from ansible_collections.latchkey.workstation.plugins.module_utils._keychain_plan import Step
    from ansible_collections.latchkey.workstation.plugins.module_utils._report import Report
    from ansible_collections.latchkey.workstation.plugins.module_utils._state import State

__all__ = ["Row", "Writer"]

Place = tuple[str, Key]


@dataclass
class Row:
    """An item on its way: what the report calls it, what is to be done with it in which store, whose value it is."""

    name: str
    item: Item
    step: Step
    store: Store
    credential: str

    @property
    def place(self) -> Place:
        return (self.store.name, self.item.key)


@dataclass
class Writer:
    """Writes for one member and says so in ``report``; in check mode it says so and does not write."""

    note: Note
    state: State
    key: bytes | None
    report: Report
    check_mode: bool

    def write(self, rows: Sequence[Row]) -> set[str]:
        """Make the changes of ``rows`` where this is no check, and say of every row what became of it.

        Returns the credentials whose items are in order now, or would be.
        """
        for row in rows:
            change = row.step.change
            refusal = row.store.refusal(change) if change and not row.step.blocked else None
            if refusal:
                row.step = replace(row.step, what=refusal.message, remedy=refusal.remedy, blocked=True)
        writes = [(row, row.step.change) for row in rows if row.step.change and not row.step.blocked]
        errors = {} if self.check_mode else self._apply(writes)
        return {row.credential for row in rows if self._say(row, errors.get(row.place))}

    def _apply(self, writes: Sequence[tuple[Row, Change]]) -> dict[Place, LatchkeyError]:
        """Every change, noted before it is made, so that what a killed run made is known as ours."""
        before = dict(self.note.entries)
        for row, change in writes:
            self.note.announce(row.place, row.credential, made=change.action == "create")
        self.note.save(self.state)
        errors: dict[Place, LatchkeyError] = {}
        for store in {row.store.name: row.store for row, _change in writes}.values():
            outcome = store.apply([change for row, change in writes if row.store is store])
            errors.update({(store.name, key): error for key, error in outcome.items() if error})
        for row, change in writes:
            place = row.place
            if place not in errors and change.secret:
                self.note.remember(place, row.credential, change.secret, by=self.key)
            elif place in errors and place in before:
                self.note.entries[place] = before[place]
            else:
                del self.note.entries[place]
        return errors

    def _say(self, row: Row, error: LatchkeyError | None) -> bool:
        """The row's line of the report; whether the item is in order."""
        step, report = row.step, self.report
        if error:
            report.add(row.name, "failed", error.message, remedy=error.remedy)
        elif step.blocked:
            report.add(row.name, "unknown" if self.check_mode else "failed", step.what, remedy=step.remedy)
        elif step.change:
            report.add(row.name, "changed", step.what)
            report.diff.append(_diff(step.change, self.key))
            return True
        else:
            report.add(row.name, step.state, step.what, remedy=step.remedy)
        return step.state == "ok" and not error


def _diff(change: Change, key: bytes | None) -> dict[str, str]:
    """Name, fingerprint and description, before and after."""
    item, before = change.item, change.before
    kept = before.secret and (fingerprint(key, before.secret) if key else "kept")
    rows = {"before": [kept or ("absent" if before.exists is False else "not read")], "after": ["absent"]}
    if change.secret:
        rows["after"] = [fingerprint(key, change.secret) if key else "kept"]
        for name in ("label", "kind", "comment"):
            if getattr(item, name) not in (None, getattr(before, name)):
                rows["before"] += [f"{name}: {getattr(before, name)}"] if getattr(before, name) else []
                rows["after"].append(f"{name}: {getattr(item, name)}")
    return {side: "".join(f"{item.name}: {row}\n" for row in lines) for side, lines in rows.items()}
