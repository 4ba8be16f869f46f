# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Store of the macOS Keychain through ``/usr/bin/security``, the only program that has to be in access lists.

Reading takes up to four processes: one lists all items and the default keychain's lock, one reads the locks of further
keychains, one the access lists of the keychains with wanted items, one prints the values that need no dialog. Writing
takes one process; if a recreated item was lost, reading and writing are repeated. Values go through standard input,
and what the tool prints is parsed and never shown.
"""

from __future__ import annotations

import os
import re
import shlex
from dataclasses import replace
from typing import TYPE_CHECKING

from .._core.argument_spec import SECURITY
from .._core.errors import LatchkeyError
from .._core.secrets import Secret
from .._host import command
from .base import ABSENT_ITEM, Change, Item, Key, Reading
from .security_cli import DumpedItem, change_commands, command_line, find_command, parse_dump, parse_value

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["MacosKeychain", "to_reading"]

_SECONDS = 10
_LONGEST_SECONDS = 120
_LIMIT = 64 << 20
_MISSING = -25300
_LOCKED = {-25308, -25320}
# errSecInteractionNotAllowed, errSecAuthFailed, userCanceledErr, errSecInDarkWake: a dialog would be needed.
_REFUSED = {-25308, -25293, -128, -25320}
_UNLOCK = "security unlock-keychain"
_CHECK = "run security find-generic-password in a terminal"
_ATTRIBUTES = ("keychain_path", "label", "kind", "comment", "trusted")


class MacosKeychain:
    """The keychains in the member's search list."""

    name = "keychain"
    description_fields: tuple[str, ...] = ("label", "kind", "comment")

    def __init__(self, *, tool: str = SECURITY) -> None:
        self._tool = tool

    def read(self, items: Sequence[Item]) -> Mapping[Key, Reading]:
        keys = [item.key for item in items]
        if not keys:
            return {}
        try:
            return self._read(keys)
        except LatchkeyError as error:
            unread = Reading("unknown", reason=error.message, remedy=error.remedy or _UNLOCK)
            return dict.fromkeys(keys, unread)

    def refusal(self, change: Change) -> LatchkeyError | None:
        missing = [app for app in change.item.trusted_apps if app.startswith("/") and not os.path.exists(app)]
        if missing and change.action in {"create", "recreate"}:
            return LatchkeyError(
                f"its trusted app {missing[0]} does not exist", remedy="install it, or correct the path"
            )
        try:
            change_commands(change)
        except LatchkeyError as error:
            return error
        return None

    def apply(self, changes: Sequence[Change]) -> Mapping[Key, LatchkeyError | None]:
        outcome = self._apply(changes) if changes else {}
        for change in changes:
            key = change.item.key
            # The tool may die between removing and creating: create the item then, so that the value is not lost.
            if change.action == "recreate" and outcome[key] and self.read([change.item])[key].state == "absent":
                outcome.update(self._apply([replace(change, action="create")]))
        return outcome

    def remove_leftovers(self) -> None:
        """Do nothing: the tool leaves no temporary files."""

    def _apply(self, changes: Sequence[Change]) -> dict[Key, LatchkeyError | None]:
        try:
            _out, errors = self._run([line for change in changes for line in change_commands(change)])
        except LatchkeyError as error:
            return {change.item.key: error for change in changes}
        answers = iter(errors)
        return {
            change.item.key: _verify(change, [next(answers) for _line in change_commands(change)]) for change in changes
        }

    def _read(self, keys: Sequence[Key]) -> dict[Key, Reading]:
        out, (_default, info, dump) = self._run(
            [command_line("default-keychain"), command_line("show-keychain-info"), command_line("dump-keychain")]
        )
        default = re.match(rb' *"(.*)"\n', out)
        locks = {default[1].decode(errors="surrogateescape") if default else "": _status(info)}
        matches: dict[Key, list[DumpedItem]] = {key: [] for key in keys}
        for item in self._parse_dump(out, _status(dump)):
            if item.key in matches:
                matches[item.key].append(item)
        found = {key: items[0] for key, items in matches.items() if len(items) == 1}
        locks.update(self._lock_states({item.keychain_path for item in found.values()} - locks.keys()))
        unlocked = [item for item in found.values() if not locks[item.keychain_path]]
        found.update({item.key: item for item in self._with_access(unlocked) if item.key in found})
        answers = self._find([item for item in found.values() if item.readable_unasked])
        absent = ABSENT_ITEM if not _status(info) else _locked_reading(None, _status(info))
        readings = {}
        for key, items in matches.items():
            if key in found:
                readings[key] = to_reading(found[key], locks[found[key].keychain_path], answers.get(key))
            else:
                readings[key] = _ambiguous_reading(key, items) if items else absent
        return readings

    def _parse_dump(self, out: bytes, status: int) -> list[DumpedItem]:
        if status or len(out) >= _LIMIT:
            raise LatchkeyError(
                f"{self._tool} dump-keychain cannot list the items (status {status})", remedy="run it in a terminal"
            )
        return parse_dump(out)

    def _lock_states(self, paths: set[str]) -> dict[str, int]:
        """Status of ``show-keychain-info`` by keychain file, 0 for an unlocked one."""
        if not paths:
            return {}
        _out, answers = self._run([command_line("show-keychain-info", path) for path in sorted(paths)])
        return {path: _status(answer) for path, answer in zip(sorted(paths), answers)}

    def _with_access(self, items: Sequence[DumpedItem]) -> list[DumpedItem]:
        """All items of the keychains that hold ``items``, with their access lists.

        ``-a`` verifies the signature of every program in every access list of a keychain, which may take long, and
        opens a dialog for a locked one; so it is used for unlocked keychains only, and for no more than necessary.
        """
        paths = sorted({item.keychain_path for item in items})
        if not paths:
            return []
        out, (dump,) = self._run([command_line("dump-keychain", "-a", *paths)])
        return self._parse_dump(out, _status(dump))

    def _find(self, items: Sequence[DumpedItem]) -> dict[Key, list[bytes]]:
        """Error output of a lookup, which contains the value, by item."""
        if not items:
            return {}
        _out, answers = self._run([find_command(item.key, item.keychain_path) for item in items])
        return {item.key: answer for item, answer in zip(items, answers)}

    def _run(self, script: Sequence[bytes]) -> tuple[bytes, list[list[bytes]]]:
        """Run ``script`` in one process: its standard output, and the lines of error output of each command.

        The tool answers an unknown command with its name, so one after each command marks where its output ends.
        """
        marked = b"".join(line + b"latchkey-%d\n" % number for number, line in enumerate(script))
        try:
            finished = command.run(
                [self._tool, "-i"], stdin=marked, seconds=_LONGEST_SECONDS, silence=_SECONDS, limit=_LIMIT
            )
        except command.CommandTimeout:
            message = f"{self._tool} printed nothing for {_SECONDS:g} s: a dialog may be waiting for an answer"
            raise LatchkeyError(message, remedy=f"answer the dialog at the Mac, or: {_UNLOCK}") from None
        answers = []
        rest = finished.err.split(b"\n")
        for number in range(len(script)):
            mark = b"latchkey-%d: returned 1" % number
            if mark not in rest:
                raise LatchkeyError(f"{self._tool} ended before it had run all commands", remedy="run again")
            end = rest.index(mark)
            answers.append(rest[:end])
            rest = rest[end + 1 :]
        return finished.out, answers


def _status(answer: Sequence[bytes]) -> int:
    """Status of a command from its error output; the tool prints none for 0."""
    returned = [re.fullmatch(rb"[a-z-]+: returned (-?\d+)", text) for text in answer]
    return next((int(found[1]) for found in returned if found), 0)


def _printed_value(answer: Sequence[bytes]) -> bytes | None:
    """Value that a lookup printed, None if it printed none."""
    return next((parse_value(text[10:]) for text in answer if text.startswith(b"password: ")), None)


def to_reading(item: DumpedItem, lock: int, answer: list[bytes] | None) -> Reading:
    """Reading of an item from its keychain's lock and the answer to its lookup, None if it was not looked up."""
    if lock:
        return _locked_reading(item, lock)
    if answer is None or _status(answer) in _REFUSED:
        return _reading(item, "denied", reason="cannot be read without a prompt", remedy=_allow_command(item.key))
    try:
        if _status(answer) or not any(text.startswith(b"password: ") for text in answer):
            return _reading(item, "unknown", reason=f"cannot be read (status {_status(answer)})", remedy=_CHECK)
        value = _printed_value(answer) or b""
    except LatchkeyError as error:
        return _reading(item, "unknown", reason=error.message, remedy=error.remedy)
    try:
        return _reading(item, "readable", secret=Secret(value))
    except LatchkeyError as error:
        return _reading(item, "unusable", reason=error.message, remedy=error.remedy)


def _ambiguous_reading(key: Key, items: Sequence[DumpedItem]) -> Reading:
    paths = [item.keychain_path for item in items]
    words = ("security", "delete-generic-password", "-s", key[0], "-a", key[1], paths[-1])
    return Reading(
        "ambiguous",
        exists=True,
        reason=f"is ambiguous: {len(paths)} keychains hold it ({', '.join(paths)})",
        remedy=f"keep one; this removes the last one: {shlex.join(words)}",
    )


def _allow_command(key: Key) -> str:
    """Remedy that gives the tool lasting access to an item without showing its value."""
    words = ("security", "find-generic-password", "-s", key[0], "-a", key[1], "-w")
    return f"at the Mac, then choose Always Allow: {shlex.join(words)} >/dev/null"


def _locked_reading(item: DumpedItem | None, lock: int) -> Reading:
    """Reading of an item whose keychain is locked or not available; ``lock`` is the tool's status."""
    reason = "its keychain is locked" if lock in _LOCKED else f"its keychain is not available (status {lock})"
    remedy = f"{_UNLOCK} {shlex.quote(item.keychain_path)}" if item else _UNLOCK
    return _reading(item, "locked", reason=reason, remedy=remedy)


def _reading(
    item: DumpedItem | None, state: str, *, secret: Secret | None = None, reason: str = "", remedy: str = ""
) -> Reading:
    attributes = {} if item is None else {name: getattr(item, name) for name in _ATTRIBUTES}
    return Reading(state, secret=secret, exists=item is not None, reason=reason, remedy=remedy, **attributes)


def _verify(change: Change, answers: Sequence[list[bytes]]) -> LatchkeyError | None:
    """Error unless the lookup after the change shows the wanted state; the change's own status is not trusted."""
    *_made, answer = answers
    if change.secret is None:
        if _status(answer) == _MISSING:
            return None
        return LatchkeyError("another item of this name exists", remedy="look in Keychain Access, and run again")
    if _printed_value(answer) == change.secret.reveal():
        return None
    status = next(filter(None, map(_status, answers)), 0)
    remedy = _UNLOCK if status in _LOCKED else _allow_command(change.item.key)
    return LatchkeyError(f"the tool did not store the value (status {status})", remedy=remedy)
