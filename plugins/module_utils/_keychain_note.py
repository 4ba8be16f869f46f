# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What we remember of a member's keychain, without a value: the store, and of each item its digest and whose it is."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from ansible_collections.latchkey.workstation.plugins.module_utils import _secrets
from ansible_collections.latchkey.workstation.plugins.module_utils._errors import LatchkeyError

if TYPE_CHECKING:
    from collections.abc import Collection

    from ansible_collections.latchkey.workstation.plugins.module_utils._keychain import Key
    from ansible_collections.latchkey.workstation.plugins.module_utils._secrets import Secret
    from ansible_collections.latchkey.workstation.plugins.module_utils._state import State

__all__ = ["Entry", "Note"]

_NAME = "keychain"


@dataclass(frozen=True)
class Entry:
    """``digest`` of the value we last kept or saw kept, empty while it is being written; ``made``: the item is ours;
    ``credential``: whose value it is.
    """

    digest: str
    made: bool
    credential: str = ""


@dataclass
class Note:
    """``keychain.json`` in a member's state folder; entries by store and item."""

    backend: str = ""
    entries: dict[tuple[str, Key], Entry] = field(default_factory=dict)

    @classmethod
    def load(cls, state: State) -> Note:
        kept = state.load(_NAME)
        try:
            rows = [
                (
                    (row["backend"], (row["service"], row["account"])),
                    Entry(row["digest"], row["made"], row["credential"]),
                )
                for row in kept.get("items", [])
            ]
            return cls(kept.get("backend", ""), dict(rows))
        except (AttributeError, KeyError, TypeError):
            path = state.path(f"{_NAME}.json")
            raise LatchkeyError(f"{path} is damaged", remedy="remove it: what we made counts as yours then") from None

    def save(self, state: State) -> None:
        rows = [
            {"backend": backend, "service": service, "account": account, **asdict(entry)}
            for (backend, (service, account)), entry in sorted(self.entries.items())
        ]
        state.save(_NAME, {"backend": self.backend, "items": rows} if self.backend else {})

    def applied(self, place: tuple[str, Key], secret: Secret | None, *, by: bytes | None) -> bool | None:
        """Whether ``secret`` is what was last kept, None where that is not known."""
        entry = self.entries.get(place)
        if entry is None or not entry.digest or secret is None or by is None:
            return None
        return entry.digest == _digest(place[1], secret, by=by)

    def owner(self, store: str, key: Key) -> str:
        """The credential whose value an item holds, as far as we know; empty where we do not."""
        entry = self.entries.get((store, key))
        return entry.credential if entry else ""

    def other(self, store: str, key: Key, name: str, among: Collection[str]) -> str:
        """Which other one ``among`` the declared has its value in the item of ``name``; empty for none."""
        owner = self.owner(store, key)
        return owner if owner != name and owner in among else ""

    def kept_at(self, store: str, credential: str) -> Key | None:
        """The item of ``store`` that we know to hold the value of ``credential``."""
        keys = [key for backend, key in self.entries if backend == store]
        return next((key for key in keys if self.owner(store, key) == credential), None)

    def announce(self, place: tuple[str, Key], credential: str, *, made: bool) -> None:
        """This is about to be written; what we once made stays ours."""
        known = self.entries.get(place)
        self.entries[place] = Entry("", made or bool(known and known.made), credential)

    def remember(self, place: tuple[str, Key], credential: str, secret: Secret, *, by: bytes | None) -> None:
        """This is what is kept now."""
        if by is not None:
            known = self.entries.get(place)
            self.entries[place] = Entry(_digest(place[1], secret, by=by), bool(known and known.made), credential)


def _digest(key: Key, secret: Secret, *, by: bytes) -> str:
    return _secrets.digest(by, secret, purpose="keychain\0" + "\0".join(key))
