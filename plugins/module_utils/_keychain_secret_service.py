# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Secret Service of a Linux desktop through ``secret-tool``; its default collection, asked over D-Bus.

The tool ends alike for a missing and for a locked item, so the collection's lock is looked at first. It keeps a label,
and neither kind nor comment.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from ansible_collections.latchkey.workstation.plugins.module_utils import _command
from ansible_collections.latchkey.workstation.plugins.module_utils._errors import LatchkeyError
from ansible_collections.latchkey.workstation.plugins.module_utils._keychain import ABSENT, Change, Item, Key, Reading
from ansible_collections.latchkey.workstation.plugins.module_utils._secrets import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["SecretService"]

_LONGEST = 8191
_SECONDS = 10
_UNLOCK = "log in at the desktop, or run gnome-keyring-daemon --unlock and type the password of the keyring"
_ELSEWHERE = "run this in the desktop session, or declare latchkey_keychain_backend: files"
_ASK = ("dbus-send", "--session", "--print-reply", "--reply-timeout=5000")
_IS_THERE = (
    *("--dest=org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus.NameHasOwner"),
    "string:org.freedesktop.secrets",
)
_IS_LOCKED = (
    *("--dest=org.freedesktop.secrets", "/org/freedesktop/secrets/aliases/default"),
    *("org.freedesktop.DBus.Properties.Get", "string:org.freedesktop.Secret.Collection", "string:Locked"),
)


class SecretService:
    """The store behind the member's session bus."""

    name = "secret_service"
    describes: tuple[str, ...] = ("label",)

    def __init__(self, *, uid: int) -> None:
        self._bus = _bus(uid)

    def read(self, items: Sequence[Item]) -> Mapping[Key, Reading]:
        shut = self.shut() if items else None
        return {item.key: shut or self._read(item) for item in items}

    def shut(self) -> Reading | None:
        """Why nothing can be read right now, None where everything can. A service that is not there is not started."""
        if not self._bus:
            return Reading("locked", reason="is behind a session bus, and there is none", remedy=_ELSEWHERE)
        missing = next((tool for tool in ("secret-tool", "dbus-send") if not _command.find(tool)), None)
        if missing:
            return Reading("locked", reason=f"needs {missing}", remedy="install it (libsecret-tools, dbus-bin)")
        try:
            if b"boolean true" not in self._ask(_IS_THERE):
                return Reading("locked", reason="is in a Secret Service that does not run here", remedy=_ELSEWHERE)
            answer = self._ask(_IS_LOCKED)
        except LatchkeyError as error:
            return Reading("locked", reason=error.message, remedy=_UNLOCK)
        if b"boolean false" in answer:
            return None
        locked = b"boolean true" in answer
        return Reading("locked", reason="is locked" if locked else "has no default collection to be in", remedy=_UNLOCK)

    def refusal(self, change: Change) -> LatchkeyError | None:
        if change.secret and len(change.secret.reveal()) > _LONGEST:
            return LatchkeyError(
                f"the value has {len(change.secret.reveal())} bytes and secret-tool takes {_LONGEST}",
                remedy="keep it in a file: latchkey_keychain_backend: files",
            )
        return None

    def apply(self, changes: Sequence[Change]) -> Mapping[Key, LatchkeyError | None]:
        return {change.item.key: self._apply(change) for change in changes}

    def sweep(self) -> None:
        """The tool leaves nothing."""

    def _read(self, item: Item) -> Reading:
        try:
            found = self._tool("lookup", item)
            if found.code or not found.out:
                return ABSENT
            reading = Reading("kept", secret=Secret(found.out), exists=True)
            return reading if item.label is None else replace(reading, label=self._label(item))
        except _command.CommandTimeout as error:
            return Reading("locked", reason=error.message, remedy=_UNLOCK)
        except LatchkeyError as error:
            return Reading("unfit", exists=True, reason=error.message, remedy=error.remedy)

    def _label(self, item: Item) -> str:
        shown = self._tool("search", item).out.split(b"\n")
        return next((text[8:].decode(errors="replace") for text in shown if text.startswith(b"label = ")), "")

    def _apply(self, change: Change) -> LatchkeyError | None:
        item = change.item
        try:
            if change.secret is None:
                self._tool("clear", item)
            else:
                label = next(text for text in (item.label, change.before.label, item.service) if text is not None)
                self._tool("store", item, f"--label={label}", stdin=change.secret.reveal())
            after = self._read(replace(item, label=None))
        except LatchkeyError as error:
            return error
        if after.secret == change.secret:
            return None
        remedy = "look for a second item with this service and account, and for a lock"
        return LatchkeyError("the Secret Service does not give back what was put into it", remedy=remedy)

    def _ask(self, question: Sequence[str]) -> bytes:
        return _command.run([*_ASK, *question], env=self._bus, seconds=_SECONDS).out

    def _tool(self, command: str, item: Item, *options: str, stdin: bytes = b"") -> _command.Finished:
        argv = ["secret-tool", command, *options, "--", "service", item.service, "account", item.account]
        return _command.run(argv, stdin=stdin, env={**self._bus, "LC_ALL": "C.UTF-8"}, seconds=_SECONDS)


def _bus(uid: int) -> dict[str, str]:
    """The bus of this user's session; nothing is ever started for want of one."""
    address = os.environ.get("DBUS_SESSION_BUS_ADDRESS")
    socket = f"/run/user/{uid}/bus"
    if not address and os.path.exists(socket) and os.lstat(socket).st_uid == uid:
        address = f"unix:path={socket}"
    return {"DBUS_SESSION_BUS_ADDRESS": address} if address else {}
