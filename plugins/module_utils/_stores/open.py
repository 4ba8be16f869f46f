# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Choose and open a member's store, and read the items of declared credentials."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING, Any

from .._core.argument_spec import SECURITY
from .._core.credential import skip_reason
from .._core.errors import LatchkeyError
from .._core.lookup import LookupResult
from .base import Item, Store, choose_backend, key_of, to_lookup_result
from .macos_keychain import MacosKeychain
from .private_files import PrivateFiles
from .secret_service import SecretService

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from .._core.member import Member
    from .base import Key, Reading
    from .ownership import StoreRecord

__all__ = ["StoreReader", "open_store", "open_store_reader"]


class StoreReader:
    """A member's store, with the items of a list of credentials read at once.

    ``names`` maps the key of each declared item to its credential.
    """

    def __init__(self, store: Store, record: StoreRecord, items: Iterable[Item], names: Mapping[Key, str]) -> None:
        self.store = store
        self.record = record
        self._names = names
        self.readings: dict[Key, Reading] = dict(
            store.read([item.limited_to(store.description_fields) for item in items])
        )

    def lookup(self, service: str, account: str) -> LookupResult:
        """Value of one item; blocked where the item still holds another credential's value.

        Where the item does not exist, the item that held the credential's value before is read instead.
        """
        try:
            item = Item.from_declaration({"service": service, "account": account})
            self.require_own_value(item.key)
        except LatchkeyError as error:
            return LookupResult.blocked(error, "keychain")
        reading = self._read(item)
        before = self.record.location_of(self.store.name, self._names.get(item.key, "?"))
        return to_lookup_result(item.key, self._read(Item(*before)) if before and reading.exists is False else reading)

    def require_own_value(self, key: Key) -> None:
        """Raise LatchkeyError if the item declared for one credential still holds the value of another."""
        name = self._names.get(key)
        other = self.record.conflicting_owner((self.store.name, key), name, self._names.values()) if name else ""
        if other:
            message = f"keychain {key[0]} still holds the value of {other}"
            raise LatchkeyError(message, remedy="bootstrap.yml says how they change places")

    def _read(self, item: Item) -> Reading:
        if item.key not in self.readings:
            self.readings.update(self.store.read([item]))
        return self.readings[item.key]


def open_store_reader(  # noqa: PLR0913 - the two options of every module that reads what is kept
    member: Member,
    record: StoreRecord,
    credentials: Sequence[Mapping[str, Any]],
    *,
    backend: str,
    security: str,
    declared: Sequence[Mapping[str, Any]] = (),
) -> StoreReader:
    """Choose the member's store and read every item that ``credentials`` name.

    ``declared`` lists all credentials of the member where ``credentials`` are only some of them.
    """
    store = open_store(member, declared=backend, recorded=record.backend, security=security)
    items = dict.fromkeys(item for entry in credentials for item in _items(entry))
    names = {key_of(entry["keychain"]): entry["name"] for entry in declared or credentials if entry["keychain"]}
    return StoreReader(store, record, items, names)


def open_store(member: Member, *, declared: str, recorded: str, security: str) -> Store:
    """Store of the backend that :func:`choose_backend` returns.

    ``security`` is the path of the macOS tool; any other than the system's makes the machine count as a Mac.
    """
    platform = "darwin" if security != SECURITY else sys.platform
    service = SecretService(uid=member.uid)
    chosen = choose_backend(
        platform=platform, declared=declared, recorded=recorded, unlocked=lambda: service.unavailable() is None
    )
    stores: dict[str, Store] = {
        "keychain": MacosKeychain(tool=security),
        "secret_service": service,
        "files": PrivateFiles(member.home),
    }
    return stores[chosen]


def _items(credential: Mapping[str, Any]) -> Iterable[Item]:
    """Items to read for a credential in use; an invalid item is reported when it is looked up."""
    entries = [source for source in credential["sources"] if source["kind"] == "keychain"]
    entries += [credential["keychain"]] if credential["keychain"] else []
    for entry in [] if skip_reason(credential) else entries:
        with contextlib.suppress(LatchkeyError):
            yield Item.from_declaration(entry)
