# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands on whole keychains: create, lock, unlock, their settings, the dump."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

from . import status
from .prompt import getpass, twice
from .show import access, block, encoded
from .status import Refused
from .store import Keychain
from .words import Usage, options

if TYPE_CHECKING:
    from .store import Item
    from .tool import Tool

__all__ = ["create", "dump", "info", "lock", "settings", "unlock"]

FOREVER = 2147483647


def create(tool: Tool, argv: list[str]) -> int:
    found, names = options(tool, argv, "hp:P")
    given = _given(found)
    if not names:
        tool.warn("keychain to create: ")
        line = next(tool.lines, None)
        if line is None:
            return -1
        names = [os.fsdecode(line)]
        if names == [""]:
            return 0
    password: str | bytes | None = given.get("p")
    if "P" in given:
        try:
            tool.gate.ask()
        except Refused as refused:
            return tool.failed(f"SecKeychainCreate {names[0]}", refused.status)
        password = ""
    if password is None:
        password = twice(tool, "password", "new keychain")
        if password is None:
            return 1
    for name in names:
        if result := _made(tool, name, os.fsdecode(password)):
            return result
    return 0


def unlock(tool: Tool, argv: list[str]) -> int:
    found, rest = options(tool, argv, "hp:u")
    given = _given(found)
    name = _at_most_one(rest)
    password: str | bytes | None = given.get("p")
    if password is None and "u" not in given:
        typed = getpass(tool, f"password to unlock {name or 'default'}: ")
        if typed.nothing:
            return -1
        password = typed.value
    try:
        keychain = _named(tool, name)
        if password is None:
            tool.gate.needs_unlocked(keychain)
        else:
            tool.gate.unlock_with(keychain, os.fsencode(password))
    except Refused as refused:
        return tool.failed(f"SecKeychainUnlock {name or '<NULL>'}", refused.status)
    return 0


def lock(tool: Tool, argv: list[str]) -> int:
    found, rest = options(tool, argv, "ah")
    given = _given(found)
    if "a" in given and rest:
        raise Usage
    name = _at_most_one(rest)
    try:
        tool.gate.lock(None if "a" in given else _named(tool, name).path)
    except Refused as refused:
        return tool.failed(f"SecKeychainLock {name or '<NULL>'}", refused.status)
    return 0


def info(tool: Tool, argv: list[str]) -> int:
    name = _at_most_one(argv[1:])
    try:
        keychain = _named(tool, name)
        tool.gate.needs_unlocked(keychain)
    except Refused as refused:
        return tool.failed(f"SecKeychainCopySettings {name or '<NULL>'}", refused.status)
    flags = (" lock-on-sleep" if keychain.lock_on_sleep else "") + (" use-lock-interval" if keychain.timeout else "")
    timeout = f"timeout={keychain.timeout}s" if keychain.timeout else "no-timeout"
    tool.warn(f'Keychain "{name or "<NULL>"}"{flags} {timeout}\n')
    return 0


def settings(tool: Tool, argv: list[str]) -> int:
    found, rest = options(tool, argv, "hlt:u")
    given = _given(found)
    name = _at_most_one(rest)
    with tool.store.changing():
        try:
            keychain = _named(tool, name)
            tool.gate.needs_unlocked(keychain)
        except Refused as refused:
            return tool.failed(f"SecKeychainSetSettings {name or '<NULL>'}", refused.status)
        keychain.lock_on_sleep = "l" in given
        seconds = _number(given.get("t"))
        keychain.timeout = None if seconds == FOREVER else seconds
        tool.store.save(keychain)
    return 0


def dump(tool: Tool, argv: list[str]) -> int:
    """-d asks for each value as -g does; -r and -i are not emulated and end as usage."""
    found, names = options(tool, argv, "adh")
    given = _given(found)
    paths = [path for path in map(tool.opened, names) if path] if names else tool.store.state().search
    for keychain in tool.store.readable(paths):
        modern = tool.store.modern(keychain)
        for item in keychain.items:
            if "d" in given:
                try:
                    tool.gate.needs_item(keychain, item)
                except Refused as refused:
                    tool.failed("SecKeychainItemCopyAttributesAndData", refused.status)
                    continue
            tool.say(block(keychain, item, modern=modern))
            if "d" in given:
                tool.say(b"data:\n" + encoded(bytes.fromhex(item.secret)) + b"\n")
            if "a" in given:
                _say_access(tool, keychain, item)
    return 0


def _say_access(tool: Tool, keychain: Keychain, item: Item) -> None:
    """The access block. It needs the keychain unlocked, for each item anew, and verifies every program in it."""
    try:
        tool.gate.needs_unlocked(keychain)
    except Refused as refused:
        tool.failed("SecKeychainItemCopyAccess", refused.status)
        return
    time.sleep(tool.controls.slow_access)
    tool.say(access(item, modern=tool.store.modern(keychain)))


def _made(tool: Tool, name: str, password: str) -> int:
    path = tool.store.resolve(name)
    with tool.store.changing():
        if Path(path).exists():
            return tool.failed(f"SecKeychainCreate {name}", status.KEYCHAIN_EXISTS)
        tool.store.save(Keychain(path=path, password=password))
        state = tool.store.state()
        state.search.append(path)
        state.default = state.default or path
        tool.store.save_state(state)
        tool.gate.unlock(path)
    return 0


def _given(found: list[tuple[str, str | None]]) -> dict[str, str | None]:
    given = dict(found)
    if "h" in given:
        raise Usage
    return given


def _at_most_one(rest: list[str]) -> str | None:
    if len(rest) > 1 or rest == [""]:
        raise Usage
    return rest[0] if rest else None


def _named(tool: Tool, name: str | None) -> Keychain:
    return tool.store.open(tool.store.resolve(name) if name else tool.store.default())


def _number(digits: str | None) -> int:
    """Number of seconds as atoi reads it; no -t at all is no timeout."""
    if digits is None:
        return FOREVER
    return int(digits) if digits.isdecimal() else 0
