# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ownership record of a member's stored items: the chosen backend, each item's credential and keyed digest."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from .._core import secrets
from .._host.ownership import OwnershipRecord

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from .._core.secrets import Secret
    from .._host.state import State
    from .base import Key, Location

    Sources = tuple[Mapping[str, Any], ...]

__all__ = ["RecordedItem", "StoreRecord"]

_NAME = "keychain"


@dataclass(frozen=True)
class RecordedItem:
    """An item that an earlier run wrote or adopted.

    ``digest``: keyed digest of the value last written or read, empty while a write is in progress. ``made``: a run
    created the item. ``credential``: name of the credential whose value the item holds. ``sources``: the declared
    authoritative sources, as in the declaration, if they had this value at the time; else empty.
    """

    digest: str
    made: bool
    credential: str = ""
    sources: Sources = ()


class StoreRecord:
    """Contents of ``keychain.json`` in a member's state folder; it holds no value.

    ``backend``: the store that was used last. ``items``: the recorded items by location.
    """

    def __init__(self, state: State) -> None:
        """Read the record, empty without a file; LatchkeyError for a damaged one. Hold State.lock to change it."""
        self._file = OwnershipRecord(state, _NAME, fits=lambda data: isinstance(_items(data), dict))
        self.backend: str = self._file.data.get("backend", "")
        self.items = _items(self._file.data)

    @staticmethod
    def exists(state: State) -> bool:
        """True if an earlier run has written a record."""
        return os.path.lexists(state.path(f"{_NAME}.json"))

    def save(self) -> None:
        """Write the record where it changed."""
        rows = [
            {"backend": backend, "service": service, "account": account, **asdict(item)}
            for (backend, (service, account)), item in sorted(self.items.items())
        ]
        self._file.record_written({"backend": self.backend, "items": rows if self.backend else []})

    def is_last_written(self, location: Location, secret: Secret | None, *, key: bytes | None) -> bool | None:
        """True if ``secret`` is the value last written or read at ``location``; None if that is unknown."""
        item = self.items.get(location)
        if item is None or not item.digest or secret is None or key is None:
            return None
        return item.digest == _digest(location[1], secret, key=key)

    def owner(self, location: Location) -> str:
        """Name of the credential whose value the item at ``location`` holds, empty if unknown."""
        item = self.items.get(location)
        return item.credential if item else ""

    def conflicting_owner(self, location: Location, name: str, declared: Collection[str]) -> str:
        """Another credential of ``declared`` whose value the item of ``name`` holds, empty if there is none."""
        owner = self.owner(location)
        return owner if owner != name and owner in declared else ""

    def location_of(self, store: str, credential: str) -> Key | None:
        """Key of the item in ``store`` that is recorded to hold the value of ``credential``."""
        return next((key for name, key in self.items if name == store and self.owner((name, key)) == credential), None)

    def record_intent(self, location: Location, credential: str, *, made: bool, sources: Sources) -> None:
        """Record an item before it is written; an item that a run created stays recorded as created."""
        known = self.items.get(location)
        self.items[location] = RecordedItem("", made or bool(known and known.made), credential, sources)

    def record_written(
        self, location: Location, credential: str, secret: Secret, *, key: bytes | None, sources: Sources
    ) -> None:
        """Record the value that the item holds now; nothing without ``key`` (check mode on a new account)."""
        if key is not None:
            known = self.items.get(location)
            made = bool(known and known.made)
            self.items[location] = RecordedItem(_digest(location[1], secret, key=key), made, credential, sources)

    def forget(self, location: Location) -> None:
        """Drop an item that is gone or does not belong to the collection."""
        self.items.pop(location, None)


def _items(data: dict[str, Any]) -> dict[Location, RecordedItem]:
    return {
        (row["backend"], (row["service"], row["account"])): RecordedItem(
            row["digest"], row["made"], row["credential"], tuple(map(dict, row.get("sources", ())))
        )
        for row in data.get("items", [])
    }


def _digest(item: Key, secret: Secret, *, key: bytes) -> str:
    return secrets.digest(key, secret, purpose="keychain\0" + "\0".join(item))
