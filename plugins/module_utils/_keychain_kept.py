# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a member keeps values, for every module that reads them: the store chosen, opened, and put behind sources."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING, Any

from ansible_collections.latchkey.workstation.plugins.module_utils._errors import LatchkeyError
from ansible_collections.latchkey.workstation.plugins.module_utils._found import Found, Readers, idle
from ansible_collections.latchkey.workstation.plugins.module_utils._keychain import (
    AUTO,
    BACKENDS,
    Item,
    Store,
    as_found,
    choose_backend,
    key_of,
)
from ansible_collections.latchkey.workstation.plugins.module_utils._keychain_files import Files
from ansible_collections.latchkey.workstation.plugins.module_utils._keychain_note import Note
from ansible_collections.latchkey.workstation.plugins.module_utils._keychain_secret_service import SecretService
from ansible_collections.latchkey.workstation.plugins.module_utils._keychain_security import Security
from ansible_collections.latchkey.workstation.plugins.module_utils._keychain_security_text import TOOL

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ansible_collections.latchkey.workstation.plugins.module_utils._child import Member
    from ansible_collections.latchkey.workstation.plugins.module_utils._keychain import Key, Reading
    from ansible_collections.latchkey.workstation.plugins.module_utils._state import State

__all__ = ["Kept", "kept_spec", "open_kept", "open_store"]


def kept_spec() -> dict[str, Any]:
    """Arguments of every module that reads what is kept; documented in doc_fragments/kept.py."""
    return {
        "backend": {"type": "str", "choices": [AUTO, *BACKENDS], "default": AUTO},
        "security": {"type": "path", "default": TOOL},
    }


class Kept:
    """A member's store, with what a list of credentials needs of it read at once."""

    def __init__(
        self, store: Store, note: Note, member: Member, items: Iterable[Item], names: Mapping[Key, str]
    ) -> None:
        self.store = store
        self._note = note
        self._member = member
        self._names = names
        self.readings: dict[Key, Reading] = dict(store.read([item.described_by(store.describes) for item in items]))

    def found(self, service: str, account: str) -> Found:
        """One item as the answer of a source: never another credential's value, and its own from where it still is."""
        try:
            item = Item.declared({"service": service, "account": account})
            self.prove_own(item.key)
        except LatchkeyError as error:
            return Found.blocked(error, "keychain")
        reading = self._read(item)
        before = self._note.kept_at(self.store.name, self._names.get(item.key, "?"))
        return as_found(item.key, self._read(Item(*before)) if before and reading.exists is False else reading)

    def prove_own(self, key: Key) -> None:
        """Raise where an item that is declared for one credential still holds the value of another."""
        name = self._names.get(key)
        other = self._note.other(self.store.name, key, name, self._names.values()) if name else ""
        if other:
            message = f"keychain {key[0]} still holds the value of {other}"
            raise LatchkeyError(message, remedy="bootstrap.yml says how they change places")

    def _read(self, item: Item) -> Reading:
        if item.key not in self.readings:
            self.readings.update(self.store.read([item]))
        return self.readings[item.key]

    def readers(self, **more: Any) -> Readers:
        """What sources are resolved with; ``more`` are the ssm and vault readers, where there are any."""
        environ = os.environ if self._member.oneself else None
        return Readers(home=self._member.home, kept=self.found, environ=environ, **more)


def open_kept(  # noqa: PLR0913 - the two options of every module that reads what is kept
    member: Member,
    state: State,
    credentials: Sequence[Mapping[str, Any]],
    *,
    backend: str,
    security: str,
    declared: Sequence[Mapping[str, Any]] = (),
) -> Kept:
    """Choose the member's store and read what ``credentials`` keep there or take from there.

    ``declared`` are all there are, where these are only some.
    """
    note = Note.load(state)
    store = open_store(member, declared=backend, recorded=note.backend, security=security)
    items = dict.fromkeys(item for entry in credentials for item in _items(entry))
    names = {key_of(entry["keychain"]): entry["name"] for entry in declared or credentials if entry["keychain"]}
    return Kept(store, note, member, items, names)


def open_store(member: Member, *, declared: str, recorded: str, security: str) -> Store:
    """The store of the backend that :func:`choose_backend` says; a ``security`` of one's own makes it a Mac."""
    platform = "darwin" if security != TOOL else sys.platform
    service = SecretService(uid=member.uid)
    chosen = choose_backend(
        platform=platform, declared=declared, recorded=recorded, unlocked=lambda: service.shut() is None
    )
    stores: dict[str, Store] = {
        "keychain": Security(tool=security),
        "secret_service": service,
        "files": Files(member.home),
    }
    return stores[chosen]


def _items(credential: Mapping[str, Any]) -> Iterable[Item]:
    """The items to be read for a credential that is in use; what is no item is said when it is asked for."""
    entries = [source for source in credential["sources"] if source["kind"] == "keychain"]
    entries += [credential["keychain"]] if credential["keychain"] else []
    for entry in [] if idle(credential) else entries:
        with contextlib.suppress(LatchkeyError):
            yield Item.declared(entry)
