# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Converge a member's store: read all items, decide on each, then write all changes of a store at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable

from .._core.credential import remove_command, skip_reason, store_command
from .._core.errors import LatchkeyError
from .._core.lookup import LookupResult
from .._core.report import Report
from .._core.validation import safe_to_echo, suggest
from .._host.state import State
from .._sources.resolver import Resolver
from .._stores.base import ABSENT_ITEM, Item, Step, key_of
from .._stores.open import open_store, open_store_reader
from .._stores.ownership import StoreRecord
from .._stores.writer import PlannedChange, Writer
from .migration import plan_migration, undeclared_locations
from .plan import plan_absent, plan_present

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .._core.member import Member
    from .._core.secrets import Secret
    from .._stores.base import Location, Reading, Store
    from .._stores.open import StoreReader
    from .._stores.ownership import Sources
    from .migration import Migration, OldItem

    Credential = Mapping[str, Any]

__all__ = ["converge"]


def converge(  # noqa: PLR0913 - the options of the module
    member: Member,
    credentials: Sequence[Credential],
    *,
    backend: str,
    security: str,
    exclusive: bool,
    value: Secret | None,
    check_mode: bool,
    only: str = "",
    remove: bool = False,
) -> Report:
    """Make a member's stored items match ``credentials``.

    ``only`` limits the run to one credential, for which ``value`` is a value entered by hand. With ``exclusive``,
    values move from items of earlier declarations, and items that are not declared any more are removed if a run
    created them and one of the sources that were declared for them still has their value. ``remove`` removes all items
    of the credential ``only``, whether it is declared or not.
    """
    state = State(member.home, check_mode=check_mode)
    if not credentials and not remove and not StoreRecord.exists(state):
        return Report()
    with state.lock():
        record = StoreRecord(state)
        if not credentials and not remove and not record.items:
            return Report()
        stored = open_store_reader(member, record, credentials, backend=backend, security=security)

        def named_store(name: str) -> Store:
            return open_store(member, declared=name, recorded="", security=security)

        writer = Writer(record, state.key(), Report(), check_mode)
        resolver = Resolver.for_member(member, stored)
        user = "" if member.is_current_user else member.name
        run = _Run(stored, resolver, writer, named_store, {one["name"]: one for one in credentials}, value, user)
        if remove:
            return run.remove(only)
        return run.converge([one for one in credentials if only in ("", one["name"])], exclusive=exclusive)


@dataclass
class _Run:
    """One run for one member.

    ``given``: value entered by hand for the only chosen credential. ``user``: name of the member for commands in
    remedies, empty for the current user.
    """

    stored: StoreReader
    resolver: Resolver
    writer: Writer
    named_store: Callable[[str], Store]
    credentials: Mapping[str, Credential]
    given: Secret | None
    user: str

    def __post_init__(self) -> None:
        self._store, self._record, self._report = self.stored.store, self.stored.record, self.writer.report
        self._stores = {self._store.name: self._store}
        self._declared = {name: self._location(one) for name, one in self.credentials.items()}

    def converge(self, chosen: Sequence[Credential], *, exclusive: bool) -> Report:
        if not self.writer.check_mode:
            self._store.remove_leftovers()
        readings = {(self._store.name, key): reading for key, reading in self.stored.readings.items()}
        if exclusive:
            readings.update(self._read_undeclared())
        authorities = self._authorities(chosen, readings)
        migration = plan_migration(self._record, readings, self._declared, authorities, key=self.writer.key)
        for location in migration.obsolete:
            self._record.forget(location)
        plans = {one["name"]: self._plan(one, authorities, migration) for one in chosen}
        used = any(backend == self._store.name for backend, _key in self._record.items)
        if used or any(plan.step.change and not plan.step.blocked for plan in plans.values()):
            self._record.backend = self._store.name
        in_order = self.writer.write(list(plans.values()))
        self.writer.write(self._removals(migration, {name: plans[name] for name in in_order}))
        self._record.save()
        return self._report.settle(lambda row: f"{row['item']}: {row['what']}")

    def remove(self, name: str) -> Report:
        """Remove the declared item of the credential ``name`` and every recorded one, in all stores."""
        declared = self._declared.get(name)
        recorded = [location for location, item in self._record.items.items() if item.credential == name]
        if not recorded and declared is None:
            known = {item.credential for item in self._record.items.values()} | self._declared.keys()
            raise LatchkeyError(f"nothing is stored for {safe_to_echo(name, known)}", remedy=suggest(name, known))
        if declared and self._record.owner(declared) not in ("", name):
            message = f"the item of {name} still holds the value of {self._record.owner(declared)}"
            raise LatchkeyError(message, remedy="run bootstrap.yml first")
        readings = self._read_undeclared()
        removals = []
        for location in sorted({*recorded, *([declared] if declared else [])}):
            store, item = self._stores.get(location[0]), Item(*location[1])
            if store:
                reading = readings.get(location) or store.read([item])[item.key]
                row_name = name if location == declared else f"{item.name} in {store.name}"
                removals.append(PlannedChange(row_name, item, plan_absent(item, reading), store, name))
        self.writer.write(removals)
        for plan in removals:
            if plan.step.state == "ok":
                self._record.forget(plan.location)
        self._record.save()
        return self._report.settle(lambda row: f"{row['item']}: {row['what']}")

    def _read_undeclared(self) -> dict[Location, Reading]:
        """Readings of the recorded items that are not declared, in this store and in those used before."""
        locations = undeclared_locations(self._record, self._declared)
        readings: dict[Location, Reading] = {}
        for name in sorted({name for name, _key in self._record.items}):
            try:
                store = self._stores.setdefault(
                    name, self._store if name == self._store.name else self.named_store(name)
                )
            except LatchkeyError as error:
                self._report.add(f"items in {name}", "unknown", error.message, remedy=error.remedy)
                continue
            items = [Item(*key) for backend, key in locations if backend == name]
            readings.update({(name, key): reading for key, reading in store.read(items).items()})
        return readings

    def _authorities(
        self, chosen: Sequence[Credential], readings: Mapping[Location, Reading]
    ) -> dict[str, LookupResult]:
        """Look up the authoritative value of each chosen credential, and of the owners of occupied items."""
        stored = [one for one in chosen if readings.get(self._location(one), ABSENT_ITEM).exists is not False]
        owners = [self._record.conflicting_owner(self._location(one), one["name"], self._declared) for one in stored]
        wanted = [one["name"] for one in chosen if not skip_reason(one) and one["keychain"]["state"] == "present"]
        names = dict.fromkeys([*wanted, *filter(None, owners)])
        return {name: self.resolver.authority(self.credentials[name]) for name in names}

    def _plan(
        self, credential: Credential, authorities: Mapping[str, LookupResult], migration: Migration
    ) -> PlannedChange:
        name, reason = credential["name"], skip_reason(credential)
        only_copy = None
        try:
            item = Item.from_declaration(credential["keychain"]).limited_to(self._store.description_fields)
            if reason:
                step = Step("skipped", reason)
            else:
                self._require_free(name, item, migration)
                reading = self.stored.readings[item.key]
                if reading.exists is False:
                    self._record.forget(self._declared[name])
                if credential["keychain"]["state"] == "absent":
                    step = plan_absent(item, reading)
                else:
                    wanted, only_copy = self._wanted(credential, reading, authorities[name], migration)
                    step = self._present(name, item, reading, wanted, sources=_sources(credential, authorities[name]))
        except LatchkeyError as error:
            item, step = Item(*key_of(credential["keychain"])), Step("failed", error.message, error.remedy)
        sources = _sources(credential, authorities.get(name))
        return PlannedChange(name, item, step, self._store, name, only_copy, sources)

    def _require_free(self, name: str, item: Item, migration: Migration) -> None:
        """Raise LatchkeyError if the item of ``name`` holds the only copy of another credential's value."""
        owner = migration.occupied.get(name)
        if owner:
            message = f"{item.name} still holds the value of {owner}, which is declared in another place"
            raise LatchkeyError(message, remedy=f"give {owner} an item of its own and run, then this one")

    def _wanted(
        self, credential: Credential, reading: Reading, authority: LookupResult, migration: Migration
    ) -> tuple[LookupResult, Secret | None]:
        """The value to store, and ``PlannedChange.only_copy``: None if an authority has a value."""
        name = credential["name"]
        if authority.state != "absent":
            return (_given(self.given, authority) if self.given else authority), None
        if self.given:
            return _given(self.given, authority), reading.secret
        if reading.exists is not False and name not in migration.replaceable:
            return authority, reading.secret
        previous = migration.previous_values.get(name)
        wanted = LookupResult("found", "kept elsewhere", previous) if previous else self._seed(credential, authority)
        return wanted, wanted.secret

    def _present(self, name: str, item: Item, reading: Reading, wanted: LookupResult, *, sources: Sources) -> Step:
        location, key = self._declared[name], self.writer.key
        last_written = self._record.is_last_written(location, wanted.secret, key=key)
        step = plan_present(item, reading, wanted, last_written=last_written, by_hand=bool(self.given))
        if step.state == "ok" and reading.secret:
            self._record.record_written(location, name, reading.secret, key=key, sources=sources)
        return step

    def _seed(self, credential: Credential, authority: LookupResult) -> LookupResult:
        """Value for an empty item; if there is none, the result names the command that stores one."""
        seed = self.resolver.seed(credential)
        if seed.state != "absent":
            return seed
        reason = "; ".join(filter(None, (authority.reason, seed.reason)))
        return LookupResult("absent", reason=reason, remedy=store_command(credential["name"], self.user))

    def _removals(self, migration: Migration, in_order: Mapping[str, PlannedChange]) -> list[PlannedChange]:
        """Removals of old items whose value has another copy: in the declared item, or at an authoritative source."""
        removals = []
        for old in migration.old_items:
            if old.credential in self._declared and old.credential not in in_order:
                continue
            store, item = self._stores[old.location[0]], Item(*old.location[1])
            name = f"{item.name} in {store.name}"
            new = in_order.get(old.credential)
            if old.reading.state == "ambiguous":
                self._report.add(name, "unknown", old.reading.reason, remedy=old.reading.remedy)
            elif old.holds_other_value(new):
                what = "not removed: its value differs from the one last written and may be the only copy"
                self._report.add(name, "ok", what, remedy="remove it yourself if nobody needs it")
                self._record.forget(old.location)
            elif new is None and not self._has_another_copy(old):
                what = f"{old.credential} is no longer declared; its value is kept, as no authoritative source has it"
                self._report.add(name, "ok", what, remedy=f"to remove it: {remove_command(old.credential, self.user)}")
            else:
                step = plan_absent(item, old.reading)
                removals.append(PlannedChange(name, item, step, store, old.credential, sources=old.sources))
        return removals

    def _has_another_copy(self, old: OldItem) -> bool:
        """True if a source that had the value of ``old`` has it now; an item of the collection is no source."""
        made = {key for (_store, key), item in self._record.items.items() if item.made}
        other = [source for source in old.sources if source["kind"] != "keychain" or key_of(source) not in made]
        found = self.resolver.first(other)
        if old.reading.secret is None or found.secret is None:
            return self._record.is_last_written(old.location, found.secret, key=self.writer.key) is True
        return found.secret == old.reading.secret

    def _location(self, credential: Credential) -> Location:
        return (self._store.name, key_of(credential["keychain"]))


def _sources(credential: Credential, authority: LookupResult | None) -> Sources:
    """The authoritative sources of a credential if they have its value, else none."""
    if authority is None or authority.state != "found":
        return ()
    return tuple(source for source in credential["sources"] if source["kind"] != "env")


def _given(value: Secret, authority: LookupResult) -> LookupResult:
    """A value entered by hand; LatchkeyError if an authority has another value or cannot be read."""
    if authority.state == "blocked":
        raise LatchkeyError(f"{authority.origin} decides this value and cannot be read: {authority.reason}")
    if authority.state == "found" and authority.secret != value:
        raise LatchkeyError(f"{authority.origin} is the authority", remedy="put the new value there")
    return LookupResult("found", "given", value)
