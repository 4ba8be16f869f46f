# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command table in the tool's order: a name is matched by its beginning and the first hit wins (section 1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable, NamedTuple

from . import keychains, preferences
from .add import add
from .find import delete, find, set_partitions
from .words import Ends, Usage

if TYPE_CHECKING:
    from .tool import Tool

__all__ = ["COMMANDS", "execute", "help_", "usage"]

USAGE = 2
NOT_EMULATED = 99


class Command(NamedTuple):
    name: str
    run: Callable[[Tool, list[str]], int]
    usage: str
    about: str


def _absent(tool: Tool, argv: list[str]) -> int:
    tool.warn(f"twin of security: {argv[0]} is not emulated\n")
    return NOT_EMULATED


def help_(tool: Tool, argv: list[str]) -> int:
    for word in argv[1:]:
        command = _matching(word)
        if command is None:
            tool.error(f"{argv[0]}: no such command: {word}")
            return 1
        tool.say(f"Usage: {command.name} {command.usage}\n")
    if len(argv) < 2:
        for command in COMMANDS:
            tool.say(f"    {command.name:<27} {command.about}\n")
    return 0


def usage(tool: Tool) -> int:
    tool.say(f"Usage: {tool.name} [-h] [-i] [-l] [-p prompt] [-q] [-v] [command] [opt ...]\n")
    tool.say(f"{tool.name} commands are:\n")
    help_(tool, ["help"])
    return USAGE


def execute(tool: Tool, argv: list[str]) -> int:
    if not argv:
        return 0
    command = _matching(argv[0])
    if command is None:
        tool.error(f'unknown command "{argv[0]}"')
        return 1
    tool.start(command.name)
    if tool.verbose:
        tool.warn(command.name + "".join(f' "{word}"' for word in argv[1:]) + "\n")
    try:
        return command.run(tool, argv)
    except Ends as end:
        if isinstance(end, Usage):
            tool.warn(f"Usage: {command.name} {command.usage}\n        {command.about}\n")
        return end.result


def _matching(beginning: str) -> Command | None:
    return next((command for command in COMMANDS if command.name.startswith(beginning)), None)


_SELECT = "[-a account] [-s service] [options...]"
_ABSENT = {
    "after list-keychains": ("list-smartcards",),
    "after create-keychain": ("delete-keychain",),
    "after set-keychain-settings": ("set-keychain-password",),
    "after dump-keychain": ("create-keypair",),
    "after add-generic-password": ("add-internet-password", "add-certificates"),
    "after set-generic-password-partition-list": (
        *("find-internet-password", "delete-internet-password", "set-internet-password-partition-list", "find-key"),
        *("set-key-partition-list", "find-certificate", "find-identity", "delete-certificate", "delete-identity"),
        *("set-identity-preference", "get-identity-preference", "create-db", "export", "import", "export-smartcard"),
        *("cms", "install-mds", "add-trusted-cert", "remove-trusted-cert", "dump-trust-settings"),
        *("user-trust-settings-enable", "trust-settings-export", "trust-settings-import", "verify-cert"),
        *("authorize", "authorizationdb", "execute-with-privileges", "leaks", "error"),
    ),
}
_EMULATED = (
    Command("help", help_, "[command ...]", "List the commands, or how one is used."),
    Command(
        "list-keychains", preferences.list_, "[-d user|system|common|dynamic] [-s [keychain...]]", "The search list."
    ),
    Command("default-keychain", preferences.default, "[-d user|system|common|dynamic] [-s [keychain]]", "The default."),
    Command("login-keychain", preferences.login, "[-d user|system|common|dynamic] [-s [keychain]]", "The login one."),
    Command("create-keychain", keychains.create, "[-P] [-p password] [keychains...]", "Make and list keychains."),
    Command("lock-keychain", keychains.lock, "[-a | keychain]", "Lock a keychain."),
    Command("unlock-keychain", keychains.unlock, "[-u] [-p password] [keychain]", "Unlock a keychain."),
    Command("set-keychain-settings", keychains.settings, "[-lu] [-t timeout] [keychain]", "When a keychain locks."),
    Command("show-keychain-info", keychains.info, "[keychain]", "The settings of a keychain."),
    Command("dump-keychain", keychains.dump, "[-adir] [keychain...]", "The contents of keychains."),
    Command(
        "add-generic-password",
        add,
        "[-a account] [-s service] [-w password] [options...] [-A|-T appPath] [keychain]",
        "Add a generic password item.",
    ),
    Command("find-generic-password", find, f"{_SELECT} [-g] [keychain...]", "Find a generic password item."),
    Command("delete-generic-password", delete, f"{_SELECT} [keychain...]", "Delete a generic password item."),
    Command(
        "set-generic-password-partition-list",
        set_partitions,
        f"-S partitions [-k password] {_SELECT} [keychain]",
        "Set the partition list of a generic password item.",
    ),
)
COMMANDS = tuple(
    command
    for known in _EMULATED
    for command in (known, *(Command(n, _absent, "", "Not emulated.") for n in _ABSENT.get(f"after {known.name}", ())))
)
