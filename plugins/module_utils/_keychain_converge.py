# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A member's declared items converged: all read at once, all decided, then all written at once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Callable, Tuple  # noqa: UP035 - an alias is evaluated

from ansible_collections.latchkey.workstation.plugins.module_utils import _sources
from ansible_collections.latchkey.workstation.plugins.module_utils._errors import LatchkeyError
from ansible_collections.latchkey.workstation.plugins.module_utils._found import Found
from ansible_collections.latchkey.workstation.plugins.module_utils._keychain import Change, Item, Key
from ansible_collections.latchkey.workstation.plugins.module_utils._keychain_plan import Step, absence, presence
from ansible_collections.latchkey.workstation.plugins.module_utils._report import Report
from ansible_collections.latchkey.workstation.plugins.module_utils._secrets import fingerprint

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ansible_collections.latchkey.workstation.plugins.module_utils._kept import Kept
    from ansible_collections.latchkey.workstation.plugins.module_utils._keychain import Store
    from ansible_collections.latchkey.workstation.plugins.module_utils._keychain_note import Note
    from ansible_collections.latchkey.workstation.plugins.module_utils._secrets import Secret
    from ansible_collections.latchkey.workstation.plugins.module_utils._sources import Readers
    from ansible_collections.latchkey.workstation.plugins.module_utils._state import State

__all__ = ["Keychain"]


Place = Tuple[str, Key]  # noqa: UP006


@dataclass
class _Row:
    """An item on its way: what the report calls it, and what is to be done with it in which store."""

    name: str
    item: Item
    step: Step
    store: Store

    @property
    def place(self) -> Place:
        return (self.store.name, self.item.key)


class Keychain:
    """One member's run; the caller holds the member's lock."""

    def __init__(
        self, kept: Kept, note: Note, state: State, *, stores: Callable[[str], Store], check_mode: bool
    ) -> None:
        self._kept = kept
        self._store = kept.store
        self._stores = stores
        self._note = note
        self._state = state
        self._check_mode = check_mode
        self._key = state.key()
        self._moved: dict[Key, Secret] = {}
        self.report = Report()

    def converge(
        self, credentials: Sequence[Mapping[str, Any]], *, readers: Readers, given: Secret | None, exclusive: bool
    ) -> Report:
        """Make the store what ``credentials`` say; with ``exclusive`` also remove what we made and they do not name."""
        note = self._note
        note.backend = self._store.name
        if not self._check_mode:
            self._store.sweep()
        declared = {_key(credential) for credential in credentials}
        leaving = self._leaving(declared) if exclusive else []
        rows = [self._decided(credential, readers, given) for credential in credentials]
        here = self._write(rows)
        self._write([row for row in leaving if row.item.key in here or row.item.key not in declared])
        note.save(self._state)
        return self.report

    def _decided(self, credential: Mapping[str, Any], readers: Readers, given: Secret | None) -> _Row:
        idle = _sources.idle(credential)
        try:
            item = Item.declared(credential["keychain"]).described_by(self._store.describes)
            step = Step("skipped", idle) if idle else self._decide(credential, item, readers, given)
        except LatchkeyError as error:
            item, step = Item(*_key(credential)), Step("failed", error.message, error.remedy)
        return _Row(credential["name"], item, step, self._store)

    def _decide(self, credential: Mapping[str, Any], item: Item, readers: Readers, given: Secret | None) -> Step:
        place = (self._store.name, item.key)
        reading = self._kept.readings[item.key]
        if reading.exists is False:
            self._note.entries.pop(place, None)
        if credential["keychain"]["state"] == "absent":
            return absence(item, reading)
        wanted = _sources.authority_of(credential, readers)
        if given:
            wanted = _given(given, wanted)
        elif wanted.state == "absent" and reading.exists is False:
            moved = self._moved.get(item.key)
            wanted = Found("found", "kept elsewhere", moved) if moved else _seed(credential, readers, wanted)
        applied = self._note.applied(place, wanted.secret, by=self._key)
        step = presence(item, reading, wanted, applied=applied, fresh=bool(given))
        if step.state == "ok" and reading.secret:
            self._note.remember(place, reading.secret, by=self._key)
        return step

    def _leaving(self, declared: set[Key]) -> list[_Row]:
        """What we made and is not declared here: in this store, or in one that was used before."""
        rows: list[_Row] = []
        for name in sorted({backend for backend, _key in self._note.entries}):
            here = name == self._store.name
            known = [key for backend, key in sorted(self._note.entries) if backend == name]
            items = [Item(*key) for key in known if not (here and key in declared)]
            try:
                store = self._store if here else self._stores(name)
            except LatchkeyError as error:
                self.report.add(f"what was kept in {name}", "unknown", error.message, remedy=error.remedy)
                continue
            readings = store.read(items)
            for item in items:
                reading = readings[item.key]
                if not here and reading.secret:
                    self._moved[item.key] = reading.secret
                if reading.exists is False or not self._note.entries[name, item.key].made:
                    del self._note.entries[name, item.key]
                else:
                    rows.append(_Row(f"{item.name} in {name}", item, absence(item, reading), store))
        return rows

    def _write(self, rows: Sequence[_Row]) -> set[Key]:
        """Make the changes of ``rows`` where this is no check, and say of every row what became of it.

        Returns the items that are in order now, or would be.
        """
        for row in rows:
            change = row.step.change
            refusal = row.store.refusal(change) if change and not row.step.blocked else None
            if refusal:
                row.step = replace(row.step, what=refusal.message, remedy=refusal.remedy, blocked=True)
        writes = {row.place: (row.store, row.step.change) for row in rows if row.step.change and not row.step.blocked}
        errors = {} if self._check_mode else self._apply(writes)
        return {row.item.key for row in rows if self._say(row, errors.get(row.place))}

    def _apply(self, writes: Mapping[Place, tuple[Store, Change]]) -> dict[Place, LatchkeyError]:
        """Every change, noted before it is made, so that what a killed run made is known as ours."""
        before = dict(self._note.entries)
        for place, (_store, change) in writes.items():
            if change.secret:
                self._note.remember(place, change.secret, by=self._key, made=change.action == "create")
        self._note.save(self._state)
        errors: dict[Place, LatchkeyError] = {}
        for store in {store.name: store for store, _change in writes.values()}.values():
            outcome = store.apply([change for mine, change in writes.values() if mine is store])
            errors.update({(store.name, key): error for key, error in outcome.items() if error})
        for place, (_store, change) in writes.items():
            if place in errors and place in before:
                self._note.entries[place] = before[place]
            elif place in errors or not change.secret:
                self._note.entries.pop(place, None)
        return errors

    def _say(self, row: _Row, error: LatchkeyError | None) -> bool:
        """The row's line of the report; whether the item is in order."""
        step, report = row.step, self.report
        if error:
            report.add(row.name, "failed", error.message, remedy=error.remedy)
        elif step.blocked:
            report.add(row.name, "unknown" if self._check_mode else "failed", step.what, remedy=step.remedy)
        elif step.change:
            report.add(row.name, "changed", step.what)
            report.diff.append(_diff(step.change, self._key))
            return True
        else:
            report.add(row.name, step.state, step.what, remedy=step.remedy)
        return step.state == "ok" and not error


def _key(credential: Mapping[str, Any]) -> Key:
    return (credential["keychain"]["service"], credential["keychain"]["account"])


def _given(value: Secret, authority: Found) -> Found:
    """A value put in by hand, unless an authority says another one or cannot be asked."""
    if authority.state == "blocked":
        raise LatchkeyError(f"{authority.origin} decides this value and cannot be read: {authority.reason}")
    if authority.state == "found" and authority.secret != value:
        raise LatchkeyError(f"{authority.origin} is the authority", remedy="put the new value there")
    return Found("found", "given", value)


def _seed(credential: Mapping[str, Any], readers: Readers, authority: Found) -> Found:
    """What may be kept where nothing is; how to put a value in where there is none."""
    seed = _sources.seed_of(credential, readers)
    if seed.state != "absent":
        return seed
    reason = "; ".join(filter(None, (authority.reason, seed.reason)))
    return Found(
        "absent", reason=reason, remedy=f"put it in with playbooks/store.yml -e credential={credential['name']}"
    )


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
