# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`add-generic-password`: create, and the update that falls through to create."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from . import status
from .find import search
from .gate import PARTITION, SELF
from .prompt import twice
from .show import THERE
from .status import Refused
from .store import Item, Keychain, now
from .words import Ends, Usage, attributes, options, unhex

if TYPE_CHECKING:
    from .tool import Tool

__all__ = ["add"]

GROUP = "group://"


@dataclass
class Access:
    """Access options -A and -T; none of them given: the tool itself is trusted."""

    said: bool = False
    anyone: bool = False
    apps: list[str] = field(default_factory=list)

    def take(self, tool: Tool, app: str | None) -> None:
        self.said = True
        self.anyone = self.anyone or app is None
        if not app:
            return
        if not (app in THERE or app.startswith(GROUP) or os.access(app, os.R_OK)):
            tool.error(f"SecTrustedApplicationCreateFromPath {app}: UNIX[No such file or directory]")
            raise Ends
        self.apps.append(app)

    def created(self) -> list[str] | None:
        if self.anyone:
            return None
        return self.apps if self.said else [SELF]

    def merged(self, apps: list[str] | None) -> list[str] | None:
        return None if self.anyone or apps is None else apps + self.apps


def add(tool: Tool, argv: list[str]) -> int:
    found, rest = options(tool, argv, "a:c:C:D:G:j:l:s:p:w:X:UAT:", bare="w")
    fields = attributes(tool, found)
    access = Access()
    secret: bytes | None = None
    for letter, value in found:
        if letter in "AT":
            access.take(tool, value)
        elif letter == "X":
            secret = _from_hex(tool, value or "")
        elif letter in "pw" and value is not None:
            secret = os.fsencode(value)
    if not {"account", "service"} <= set(fields) or len(rest) > 1 or rest == [""]:
        raise Usage
    if ("w", None) in found:
        secret = twice(tool, "password data", "new item")
        if secret is None:
            return 1
    fields.setdefault("label", fields["service"])
    name = rest[0] if rest else None
    with tool.store.changing():
        if ("U", None) in found and _updated(tool, name, fields, secret, access):
            return 0
        return _create(tool, name, fields, secret or b"", access)


def _from_hex(tool: Tool, digits: str) -> bytes:
    value = unhex(digits)
    if value is None:
        tool.error("Unable to convert password data (-X must specify valid hex digits)")
        raise Usage
    return value


def _create(tool: Tool, name: str | None, fields: dict[str, str], secret: bytes, access: Access) -> int:
    path = tool.opened(name) if name else None
    if name and not path:
        return 1
    try:
        keychain = _room(tool, path or tool.store.default(), fields)
    except Refused as refused:
        return tool.failed(f"SecKeychainItemCreateFromContent ({name or '<default>'})", refused.status)
    stamp = now()
    item = Item(fields["service"], fields["account"], secret.hex(), created=stamp, modified=stamp)
    vars(item).update(fields, description=fields["label"], apps=access.created())
    keychain.items.append(item)
    tool.store.save(keychain)
    return 0


def _room(tool: Tool, path: str, fields: dict[str, str]) -> Keychain:
    """The keychain, open for a new item. That the item exists is found out before anything is unlocked."""
    keychain = tool.store.open(path)
    if keychain.item(fields["service"], fields["account"]):
        raise Refused(status.DUPLICATE)
    tool.gate.needs_unlocked(keychain)
    return keychain


def _updated(tool: Tool, name: str | None, fields: dict[str, str], secret: bytes | None, access: Access) -> bool:
    """Each step stays done when a later one fails: a refused access leaves the new value, and says 45 in the end.

    A new value is saved with a new group, whose partition list names the caller only; without one the list stays.
    """
    match = search(tool, [name] if name else [], fields)
    if match is None:
        return False
    try:
        tool.gate.needs_item(*match)
    except Refused as refused:
        tool.failed("SecKeychainItemModifyContent", refused.status)
        return False
    keychain, item = match
    vars(item).update(fields, modified=now())
    if secret is not None:
        item.secret = secret.hex()
        item.partitions = [PARTITION]
    tool.store.save(keychain)
    if not access.said:
        return True
    try:
        tool.gate.ask()
    except Refused as refused:
        tool.failed("SecKeychainItemSetAccess", refused.status)
        return False
    item.description = fields["label"]
    item.apps = access.merged(item.apps)
    tool.store.save(keychain)
    return True
