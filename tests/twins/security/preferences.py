# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`list-keychains`, `default-keychain`, `login-keychain`: every failure of theirs is exit 1."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import status
from .words import Usage, options

if TYPE_CHECKING:
    from .tool import Tool

__all__ = ["default", "list_", "login"]

DOMAINS = ("user", "system", "common", "dynamic")
SYSTEM = "/Library/Keychains/System.keychain"


def list_(tool: Tool, argv: list[str]) -> int:
    domain, replace, rest = _parsed(tool, argv)
    if rest and not replace:
        raise Usage
    if not replace:
        mine = tool.store.state().search if domain in ("", "user") else []
        shared = [SYSTEM] if domain in ("", "system", "common") else []
        for path in mine + shared:
            tool.say(f'    "{path}"\n')
        return 0
    if domain not in ("", "user"):
        return _not_ours(tool, "SecKeychainSetDomainSearchList")
    with tool.store.changing():
        state = tool.store.state()
        state.search = [path for path in map(tool.opened, rest) if path]
        tool.store.save_state(state)
    return 0


def default(tool: Tool, argv: list[str]) -> int:
    return _one(tool, argv, "default", "SecKeychainCopyDefault")


def login(tool: Tool, argv: list[str]) -> int:
    return _one(tool, argv, "login", "SecKeychainCopyLogin")


def _one(tool: Tool, argv: list[str], name: str, api: str) -> int:
    domain, replace, rest = _parsed(tool, argv)
    if len(rest) > 1 or (rest and not replace):
        raise Usage
    if domain not in ("", "user"):
        return _not_ours(tool, api)
    if not replace:
        path = getattr(tool.store.state(), name)
        if path is None:
            tool.failed(api, status.NO_DEFAULT)
            return 1
        tool.say(f'    "{path}"\n')
        return 0
    with tool.store.changing():
        state = tool.store.state()
        setattr(state, name, tool.opened(rest[0]) if rest else None)
        tool.store.save_state(state)
    return 0


def _parsed(tool: Tool, argv: list[str]) -> tuple[str, bool, list[str]]:
    """-d takes any beginning of a domain's name."""
    found, rest = options(tool, argv, "d:hs")
    given = dict(found)
    if "h" in given:
        raise Usage
    domain = given.get("d")
    if domain is None:
        return "", "s" in given, rest
    full = next((known for known in DOMAINS if known.startswith(domain)), None)
    if full is None:
        tool.warn(f"Invalid domain: {domain}\n")
        raise Usage
    return full, "s" in given, rest


def _not_ours(tool: Tool, api: str) -> int:
    """The machine's own preferences: nothing is kept there, and an ordinary user may not write them."""
    tool.failed(api, status.NO_DEFAULT if "Copy" in api else -61)
    return 1
