# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`find-`, `delete-generic-password` and `set-generic-password-partition-list`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from . import status
from .prompt import getpass
from .show import block, encoded, plain
from .status import Refused
from .words import Usage, attributes, options

if TYPE_CHECKING:
    from .store import Item, Keychain
    from .tool import Tool

__all__ = ["delete", "find", "search", "set_partitions"]

SELECTORS = "a:c:C:D:G:j:l:s:"


def find(tool: Tool, argv: list[str]) -> int:
    found, rest = options(tool, argv, SELECTORS + "gw")
    letters = {letter for letter, _ in found}
    match = _selected(tool, found, rest)
    if isinstance(match, int):
        return match
    keychain, item = match
    if letters & {"g", "w"}:
        try:
            tool.gate.needs_item(keychain, item)
        except Refused as refused:
            return refused.status
    value = bytes.fromhex(item.secret)
    if "w" in letters:
        tool.say(plain(value) + b"\n")
        return 0
    tool.say(block(keychain, item, modern=tool.store.modern(keychain)))
    if "g" in letters:
        tool.warn(b"password: " + encoded(value) + b"\n")
    return 0


def delete(tool: Tool, argv: list[str]) -> int:
    found, rest = options(tool, argv, SELECTORS)
    if not found:
        raise Usage
    with tool.store.changing():
        match = _selected(tool, found, rest)
        if isinstance(match, int):
            return match
        keychain, item = match
        tool.say(block(keychain, item, modern=tool.store.modern(keychain)))
        result = 0
        try:
            tool.gate.needs_unlocked(keychain)
            keychain.items.remove(item)
            tool.store.save(keychain)
        except Refused as refused:
            result = refused.status
        tool.warn("password has been deleted.\n")
        return result


def set_partitions(tool: Tool, argv: list[str]) -> int:
    found, rest = options(tool, argv, SELECTORS + "S:k:")
    given = dict(found)
    if "S" not in given or len(rest) > 1:
        raise Usage
    password: str | bytes | None = given.get("k")
    if password is None:
        typed = getpass(tool, f"password to unlock {rest[0] if rest else 'default'}: ")
        if typed.nothing:
            return -1
        password = typed.value
    fields = attributes(tool, found)
    partitions = [part.strip() for part in (given["S"] or "").split(",") if part.strip()]
    with tool.store.changing():
        try:
            target = tool.store.resolve(rest[0]) if rest else tool.store.default()
            keychain = tool.store.open(target)
        except Refused as refused:
            tool.failed("SecKeychainUnlock", refused.status)
            return 1
        if os.fsencode(password) != os.fsencode(keychain.password):
            tool.failed("SecKeychainUnlock", status.AUTH_FAILED)
            return 1
        tool.gate.unlock(keychain.path)
        matches = [item for item in keychain.items if _fits(item, fields)]
        if not matches:
            tool.failed("SecItemCopyMatching", status.NOT_FOUND)
            return 1
        for item in matches:
            item.partitions = list(partitions)
            tool.say(block(keychain, item, modern=tool.store.modern(keychain)))
        tool.store.save(keychain)
    return 0


def search(tool: Tool, names: list[str], fields: dict[str, str]) -> tuple[Keychain, Item] | None:
    """The first match. One name that cannot be opened means the whole search list; a file that cannot, no match."""
    paths = [path for path in map(tool.opened, names) if path is not None]
    if len(names) < 2 and not paths:
        paths = tool.store.state().search
    for keychain in tool.store.readable(paths):
        for item in keychain.items:
            if _fits(item, fields):
                return keychain, item
    return None


def _selected(tool: Tool, found: list[tuple[str, str | None]], rest: list[str]) -> tuple[Keychain, Item] | int:
    """The item meant, or the exit of a lookup that failed: 44 and one text, whatever the cause."""
    return search(tool, rest, attributes(tool, found)) or tool.failed("SecKeychainSearchCopyNext", status.NOT_FOUND)


def _fits(item: Item, fields: dict[str, str]) -> bool:
    """Account and service together are the primary key: whatever else was given is not looked at."""
    key = {name: fields[name] for name in ("account", "service") if name in fields}
    return all(getattr(item, name) == value for name, value in (key if len(key) == 2 else fields).items())
