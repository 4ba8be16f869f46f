# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Store items: declaration, reading, decision, change, and the interface that every store implements."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Callable, Protocol

from .._core.argument_spec import AUTO
from .._core.errors import LatchkeyError
from .._core.lookup import LookupResult
from .._core.text import has_control_character

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .._core.secrets import Secret

__all__ = [
    "ABSENT_ITEM",
    "Change",
    "Item",
    "Key",
    "Location",
    "Reading",
    "Step",
    "Store",
    "choose_backend",
    "key_of",
    "to_lookup_result",
]

Key = tuple[str, str]
"""Service and account of an item."""
Location = tuple[str, Key]
"""Name of a store and key of an item in it."""

_DESCRIPTION = ("label", "kind", "comment")


@dataclass(frozen=True)
class Item:
    """An item as declared by a credential's ``keychain``.

    A label, kind or comment of None is not declared: an existing one is kept.
    """

    service: str
    account: str
    label: str | None = None
    kind: str | None = None
    comment: str | None = None
    trusted_apps: tuple[str, ...] = ()

    @property
    def key(self) -> Key:
        return (self.service, self.account)

    @property
    def name(self) -> str:
        """Name of the item in reports and diffs."""
        return f"{self.service} ({self.account})" if self.account else self.service

    def limited_to(self, fields: Sequence[str]) -> Item:
        """Copy without those of label, kind and comment that are not in ``fields``."""
        unsupported: dict[str, Any] = {name: None for name in _DESCRIPTION if name not in fields}
        return replace(self, **unsupported)

    @classmethod
    def from_declaration(cls, keychain: Mapping[str, Any]) -> Item:
        """Build the item that a credential's ``keychain`` or a source of kind keychain declares.

        Raises LatchkeyError for an empty service and for control characters, which stores keep differently.
        """
        texts = {name: keychain.get(name) for name in ("service", "account", *_DESCRIPTION)}
        for name, text in texts.items():
            if has_control_character(text or ""):
                raise LatchkeyError(f"the {name} of a keychain item holds a control character", remedy="take it out")
        if not texts["service"]:
            raise LatchkeyError("a keychain item has no service", remedy="name one")
        return cls(**texts, trusted_apps=tuple(keychain.get("trusted_apps") or ()))  # type: ignore[arg-type]


@dataclass(frozen=True)
class Reading:
    """State of one item in a store at the time of reading.

    ``state`` is one of

    - ``readable``: the item exists and ``secret`` is its value;
    - ``absent``: the item does not exist;
    - ``unusable``: the item exists, but its value is empty or too short to be a secret;
    - ``denied``: the item exists, but its value cannot be read without a dialog, or is not an ordinary file;
    - ``ambiguous``: several items match, or the item carries attributes that were not written here; never written;
    - ``locked``: the store cannot be read now;
    - ``unknown``: the store's tool failed or printed something that is not documented.

    ``exists`` is None where the existence is unknown. ``reason`` and ``remedy`` explain every state but the first two.
    ``keychain_path`` is the macOS keychain file that holds the item, empty in other stores. ``trusted`` lists the
    programs that may read the value without a dialog; None if every program may, or the store has no such list.
    ``readable_by_others``: file permissions let other accounts read the value.
    """

    state: str
    secret: Secret | None = None
    exists: bool | None = None
    label: str | None = None
    kind: str | None = None
    comment: str | None = None
    reason: str = ""
    remedy: str = ""
    keychain_path: str = ""
    trusted: tuple[str, ...] | None = None
    readable_by_others: bool = False


ABSENT_ITEM = Reading("absent", exists=False)


@dataclass(frozen=True)
class Change:
    """A write to one item, decided from the reading ``before``.

    ``action`` is one of

    - ``create``;
    - ``update``: write value, label, kind and comment; the access list of a macOS item is kept;
    - ``recreate``: remove the item and create it again with the declared trusted applications;
    - ``remove``: ``secret`` is None.
    """

    action: str
    item: Item
    before: Reading
    secret: Secret | None = None


@dataclass(frozen=True)
class Step:
    """Decision about one item.

    ``state`` is a state of the report (ok, unknown, skipped, failed) where nothing is to be written, or ``write``
    where ``change`` is needed. ``blocked``: the change is needed and cannot be made. ``what`` and ``remedy`` are texts
    for the report.
    """

    state: str
    what: str = ""
    remedy: str = ""
    change: Change | None = None
    blocked: bool = False


class Store(Protocol):
    """A place that keeps values for one member. No method opens a dialog, and each ends within a deadline."""

    name: str
    """Name of the backend, as in latchkey_keychain_backend."""
    description_fields: tuple[str, ...]
    """Descriptions that the store keeps: any of label, kind and comment."""

    def read(self, items: Sequence[Item]) -> Mapping[Key, Reading]:
        """Read all ``items`` with as few processes as possible."""

    def refusal(self, change: Change) -> LatchkeyError | None:
        """Error if the store can never make the change (value too long, unsupported characters)."""

    def apply(self, changes: Sequence[Change]) -> Mapping[Key, LatchkeyError | None]:
        """Make the changes and verify each by reading it back; the error of each change, None for a success."""

    def remove_leftovers(self) -> None:
        """Remove temporary files of a killed run; the caller holds the member's lock."""


def to_lookup_result(key: Key, reading: Reading) -> LookupResult:
    """Convert a reading to the result of a lookup."""
    origin = f"keychain {key[0]}"
    if reading.state == "readable":
        return LookupResult("found", origin, secret=reading.secret)
    if reading.exists is False:
        return LookupResult("absent", origin, reason=f"no keychain item {key[0]}")
    return LookupResult("blocked", origin, reason=f"{origin} {reading.reason}", remedy=reading.remedy)


def key_of(entry: Mapping[str, Any]) -> Key:
    """Key of the item that a credential's ``keychain`` or a source names."""
    return (entry["service"], entry["account"])


def choose_backend(*, platform: str, declared: str, recorded: str, unlocked: Callable[[], bool]) -> str:
    """Name of the backend to use.

    In this order: the declared one; on macOS the Keychain; the recorded one of earlier runs; the Secret Service if
    ``unlocked()``; private files. A recorded backend stays, so that a service that comes or goes does not split the
    values over two stores. Raises LatchkeyError for a declared backend that the platform does not have.
    """
    available = ("keychain", "files") if platform == "darwin" else ("secret_service", "files")
    if declared != AUTO:
        if declared not in available:
            names = ", ".join((AUTO, *available))
            raise LatchkeyError(f"there is no {declared} backend here", remedy=f"latchkey_keychain_backend: {names}")
        return declared
    if platform == "darwin":
        return "keychain"
    if recorded in available:
        return recorded
    return "secret_service" if unlocked() else "files"
