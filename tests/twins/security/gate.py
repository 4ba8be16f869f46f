# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Access control of the fake: keychain lock, trusted applications, partition list, and the dialog."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from . import status
from .status import Refused

if TYPE_CHECKING:
    from .control import Controls
    from .store import Item, Keychain, Store

__all__ = ["PARTITION", "SELF", "Gate"]

SELF = "/usr/bin/security"
PARTITION = "apple-tool:"


class Gate:
    def __init__(self, store: Store, controls: Controls) -> None:
        self._store = store
        self._controls = controls

    def is_unlocked(self, keychain: Keychain) -> bool:
        return keychain.path in self._store.state().unlocked.get(self._controls.session, [])

    def unlock(self, *paths: str) -> None:
        with self._store.changing():
            state = self._store.state()
            mine = state.unlocked.setdefault(self._controls.session, [])
            mine.extend(path for path in paths if path not in mine)
            self._store.save_state(state)

    def unlock_with(self, keychain: Keychain, password: bytes) -> None:
        """What is unlocked already takes any password."""
        if not self.is_unlocked(keychain) and password != os.fsencode(keychain.password):
            raise Refused(status.AUTH_FAILED)
        self.unlock(keychain.path)

    def lock(self, path: str | None) -> None:
        """None: every keychain of this session."""
        with self._store.changing():
            state = self._store.state()
            mine = state.unlocked.get(self._controls.session, [])
            state.unlocked[self._controls.session] = [kept for kept in mine if path not in (None, kept)]
            self._store.save_state(state)

    def needs_unlocked(self, keychain: Keychain) -> None:
        if not self.is_unlocked(keychain):
            self.ask()
            self.unlock(keychain.path)

    def needs_item(self, keychain: Keychain, item: Item) -> None:
        """Its value may be read or replaced: unlocked, then the ACL and the partition list, which must both agree."""
        self.needs_unlocked(keychain)
        for rule in self._controls.refuse:
            if all(rule.get(key, getattr(item, key)) == getattr(item, key) for key in ("service", "account")):
                raise Refused(int(rule["status"]))
        trusted = item.apps is None or SELF in item.apps
        if trusted and (PARTITION in item.partitions or not self._store.modern(keychain)):
            return
        self.ask()
        if self._controls.dialog == "always":
            self._remember(keychain.path, item)

    def ask(self) -> None:
        """Apply the configured answer of the dialog; without one, wait until this process is killed."""
        if self._controls.dark_wake:
            raise Refused(status.DARK_WAKE)
        if not self._controls.ui:
            raise Refused(status.NO_INTERACTION)
        if self._controls.dialog in ("allow", "always"):
            return
        if self._controls.dialog == "cancel":
            raise Refused(status.CANCELED)
        if self._controls.dialog == "refuse":
            raise Refused(status.AUTH_FAILED)
        self._store.let_go()
        while True:
            time.sleep(3600)

    def _remember(self, path: str, item: Item) -> None:
        """The answer Always Allow enters the tool in both gates, in the file and in the caller's copy."""
        with self._store.changing():
            keychain = self._store.open(path)
            kept = keychain.item(item.service, item.account)
            for one in (item, kept) if kept else (item,):
                if one.apps is not None and SELF not in one.apps:
                    one.apps.append(SELF)
                if PARTITION not in one.partitions:
                    one.partitions.append(PARTITION)
            self._store.save(keychain)
