# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Items of earlier declarations: values that move to a newly declared item, and items that can be removed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .._stores.base import ABSENT_ITEM

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .._core.lookup import LookupResult
    from .._core.secrets import Secret
    from .._stores.base import Location, Reading
    from .._stores.ownership import Sources, StoreRecord
    from .._stores.writer import PlannedChange

__all__ = ["Migration", "OldItem", "plan_migration", "undeclared_locations"]


@dataclass(frozen=True)
class OldItem:
    """An item that an earlier run created for ``credential`` and that no credential declares any more.

    ``unchanged``: it holds the value last written; None if that is unknown. ``sources``: authoritative sources that
    had that value when it was written.
    """

    location: Location
    credential: str
    reading: Reading
    unchanged: bool | None
    sources: Sources

    def holds_other_value(self, new: PlannedChange | None) -> bool:
        """True if the item holds a value that ``new``, the declared item of its credential, does not hold.

        Without ``new`` the value is compared with the one last written.
        """
        if new is not None:
            return new.only_copy is not None and new.only_copy != self.reading.secret
        return self.unchanged is False


@dataclass(frozen=True)
class Migration:
    """Result of comparing the ownership record with the declaration.

    ``previous_values``: value by credential, from the items recorded for it. ``occupied``: maps a
    credential to the other credential whose only copy is in the first one's declared item. ``replaceable``: credentials
    whose declared item holds another credential's value, of which there is a second copy. ``old_items``: created and
    not declared any more. ``obsolete``: recorded locations without an item, or with one that existed before the
    collection wrote it.
    """

    previous_values: Mapping[str, Secret]
    occupied: Mapping[str, str]
    replaceable: frozenset[str]
    old_items: Sequence[OldItem]
    obsolete: Sequence[Location]


def undeclared_locations(record: StoreRecord, declared: Mapping[str, Location]) -> list[Location]:
    """Recorded locations that no credential declares, sorted by store and key."""
    return sorted(set(record.items) - set(declared.values()))


def plan_migration(
    record: StoreRecord,
    readings: Mapping[Location, Reading],
    declared: Mapping[str, Location],
    authorities: Mapping[str, LookupResult],
    *,
    key: bytes | None,
) -> Migration:
    """Compare ``record`` with the declaration.

    ``readings`` are those of all declared items, and of the recorded ones where they are to be migrated. ``declared``
    maps each declared credential to its item, ``authorities`` to what its authoritative sources give, as far as they
    were asked. ``key`` is the key of the record's digests.
    """
    recorded = {location: record.items[location] for location in readings if location in record.items}
    owners = _conflicting_owners(record, readings, declared)
    moved = {
        owner
        for owner in owners.values()
        if record.owner(declared[owner]) == owner and readings.get(declared[owner], ABSENT_ITEM).exists is not False
    }
    supplied = {name for name, authority in authorities.items() if authority.state == "found"}
    occupied = {name: owner for name, owner in owners.items() if owner not in moved | supplied}
    undeclared = {location: item for location, item in recorded.items() if location not in declared.values()}
    gone = [location for location in undeclared if readings[location].exists is False or not recorded[location].made]
    return Migration(
        previous_values={
            item.credential: secret
            for location, item in recorded.items()
            if (secret := readings[location].secret) is not None
        },
        occupied=occupied,
        replaceable=frozenset(owners.keys() - occupied.keys()),
        old_items=[
            OldItem(
                location,
                item.credential,
                readings[location],
                record.is_last_written(location, readings[location].secret, key=key),
                item.sources,
            )
            for location, item in undeclared.items()
            if location not in gone
        ],
        obsolete=gone,
    )


def _conflicting_owners(
    record: StoreRecord, readings: Mapping[Location, Reading], declared: Mapping[str, Location]
) -> dict[str, str]:
    """Map each credential whose declared item holds the value of another declared one to that other credential."""
    owners = {
        name: record.conflicting_owner(location, name, declared)
        for name, location in declared.items()
        if location in readings and readings[location].exists is not False
    }
    return {name: owner for name, owner in owners.items() if owner}
