# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Items of a keychain: what is declared of one, what was read, what is to be done, and what every store offers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Callable, Protocol

from ansible_collections.latchkey.workstation.plugins.module_utils._errors import LatchkeyError
from ansible_collections.latchkey.workstation.plugins.module_utils._found import Found

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ansible_collections.latchkey.workstation.plugins.module_utils._secrets import Secret

__all__ = [
    "ABSENT",
    "AUTO",
    "BACKENDS",
    "Change",
    "Item",
    "Key",
    "Reading",
    "Store",
    "as_found",
    "choose_backend",
    "key_of",
]

Key = tuple[str, str]
AUTO = "auto"
BACKENDS = ("keychain", "secret_service", "files")


@dataclass(frozen=True)
class Item:
    """An item as it is declared; a label, kind or comment of None is not, and stays as it is."""

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
        return f"{self.service} ({self.account})" if self.account else self.service

    def described_by(self, names: Sequence[str]) -> Item:
        """The item as a store sees it that keeps only ``names`` of its description."""
        unkept: dict[str, Any] = {name: None for name in ("label", "kind", "comment") if name not in names}
        return replace(self, **unkept)

    @classmethod
    def declared(cls, entry: Mapping[str, Any]) -> Item:
        """The item of a credential's ``keychain``; control characters are refused, as no store keeps them the same."""
        texts = {name: entry.get(name) for name in ("service", "account", "label", "kind", "comment")}
        for name, text in texts.items():
            if any(ord(character) < 0x20 or ord(character) == 0x7F for character in text or ""):
                raise LatchkeyError(f"the {name} of a keychain item holds a control character", remedy="take it out")
        if not texts["service"]:
            raise LatchkeyError("a keychain item has no service", remedy="name one")
        return cls(**texts, trusted_apps=tuple(entry.get("trusted_apps") or ()))  # type: ignore[arg-type]


@dataclass(frozen=True)
class Reading:
    """An item as a store has it.

    ``kept``: read, with its secret. ``absent``. ``unfit``: it is there and its value is no secret (empty, too short).
    ``locked``, ``denied``: the value cannot be had without a person; ``exists`` is None where that is not known either.
    ``trusted``: programs that may read it unasked, None where a store has no such list. ``loose``: others can read it.
    """

    state: str
    secret: Secret | None = None
    exists: bool | None = None
    label: str | None = None
    kind: str | None = None
    comment: str | None = None
    reason: str = ""
    remedy: str = ""
    place: str = ""
    trusted: tuple[str, ...] | None = None
    loose: bool = False


ABSENT = Reading("absent", exists=False)


@dataclass(frozen=True)
class Change:
    """``create``, ``update`` (the value, and what is declared of label, kind and comment), ``recreate`` (its trusted
    apps too), ``remove``.
    """

    action: str
    item: Item
    before: Reading
    secret: Secret | None = None


class Store(Protocol):
    """Where a machine keeps values. Nothing here prompts, and everything ends within its deadline."""

    name: str
    describes: tuple[str, ...]
    """Which of label, kind and comment it keeps."""

    def read(self, items: Sequence[Item]) -> Mapping[Key, Reading]:
        """Every one of ``items``, in as few steps as there can be."""

    def refusal(self, change: Change) -> LatchkeyError | None:
        """Why this can never be written here (too long, a character it cannot hold)."""

    def apply(self, changes: Sequence[Change]) -> Mapping[Key, LatchkeyError | None]:
        """Make the changes, each proven by reading it back; what went wrong with which."""

    def sweep(self) -> None:
        """Remove what a killed run left; the caller holds the member's lock."""


def as_found(key: Key, reading: Reading) -> Found:
    """A reading as the answer of a source."""
    origin = f"keychain {key[0]}"
    if reading.state == "kept":
        return Found("found", origin, secret=reading.secret)
    if reading.state == "absent" or reading.exists is False:
        return Found("absent", origin, reason=f"no keychain item {key[0]}")
    return Found("blocked", origin, reason=f"{origin} {reading.reason}", remedy=reading.remedy)


def key_of(entry: Mapping[str, Any]) -> Key:
    """The key of the item that a credential or a source names."""
    return (entry["service"], entry["account"])


def choose_backend(*, platform: str, declared: str, recorded: str, unlocked: Callable[[], bool]) -> str:
    """What is declared; else, on macOS, the Keychain; else what was used before; else, on Linux, the Secret Service
    where it is unlocked right now, and private files where it is not. What was once used is recorded, so a service
    that comes or goes later never splits what is kept over two places.
    """
    possible = ("keychain", "files") if platform == "darwin" else ("secret_service", "files")
    if declared != AUTO:
        if declared not in possible:
            names = ", ".join((AUTO, *possible))
            raise LatchkeyError(f"there is no {declared} backend here", remedy=f"latchkey_keychain_backend: {names}")
        return declared
    if platform == "darwin":
        return "keychain"
    if recorded in possible:
        return recorded
    return "secret_service" if unlocked() else "files"
