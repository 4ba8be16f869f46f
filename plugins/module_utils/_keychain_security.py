# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The macOS Keychain through its own tool, which reads and writes as one program in every item's access list.

One process tells whether the keychain is locked and what is in it, a second reads what can be read unasked, a third
writes and reads back. Values go through its standard input, and what it says is judged and never shown.
"""

from __future__ import annotations

import os
import re
import shlex
from dataclasses import replace
from typing import TYPE_CHECKING

from ansible_collections.latchkey.workstation.plugins.module_utils import _command
from ansible_collections.latchkey.workstation.plugins.module_utils._errors import LatchkeyError
from ansible_collections.latchkey.workstation.plugins.module_utils._keychain import ABSENT, Change, Item, Key, Reading
from ansible_collections.latchkey.workstation.plugins.module_utils._keychain_security_text import (
    TOOL,
    Dumped,
    commands,
    decoded,
    dumped,
    find,
    line,
)
from ansible_collections.latchkey.workstation.plugins.module_utils._secrets import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Security"]

_SECONDS = 10
_LIMIT = 64 << 20
_MISSING = -25300
_LOCKED = {-25308, -25320}
_UNLOCK = "security unlock-keychain"
_KNOWN = ("place", "label", "kind", "comment", "trusted")


class Security:
    """The store behind ``/usr/bin/security``."""

    name = "keychain"
    describes: tuple[str, ...] = ("label", "kind", "comment")

    def __init__(self, *, tool: str = TOOL) -> None:
        self._tool = tool

    def read(self, items: Sequence[Item]) -> Mapping[Key, Reading]:
        keys = [item.key for item in items]
        if not keys:
            return {}
        try:
            return self._read(keys)
        except LatchkeyError as error:
            lost = Reading("locked", reason=error.message, remedy=error.remedy or _UNLOCK)
            return dict.fromkeys(keys, lost)

    def refusal(self, change: Change) -> LatchkeyError | None:
        missing = [app for app in change.item.trusted_apps if app.startswith("/") and not os.path.exists(app)]
        if missing and change.action in {"create", "recreate"}:
            return LatchkeyError(
                f"its trusted app {missing[0]} does not exist", remedy="install it, or correct the path"
            )
        try:
            commands(change)
        except LatchkeyError as error:
            return error
        return None

    def apply(self, changes: Sequence[Change]) -> Mapping[Key, LatchkeyError | None]:
        outcome = self._apply(changes) if changes else {}
        for change in changes:
            key = change.item.key
            # Removed and not made again: a tool that died in between must not cost the value.
            if change.action == "recreate" and outcome[key] and self.read([change.item])[key].state == "absent":
                outcome.update(self._apply([replace(change, action="create")]))
        return outcome

    def sweep(self) -> None:
        """The tool leaves nothing."""

    def _apply(self, changes: Sequence[Change]) -> dict[Key, LatchkeyError | None]:
        try:
            _out, said = self._converse([one for change in changes for one in commands(change)])
        except LatchkeyError as error:
            return {change.item.key: error for change in changes}
        answers = iter(said)
        return {change.item.key: _proof(change, [next(answers) for _line in commands(change)]) for change in changes}

    def _read(self, keys: Sequence[Key]) -> dict[Key, Reading]:
        out, (_default, probe, dump) = self._converse(
            [line("default-keychain"), line("show-keychain-info"), line("dump-keychain", "-a")]
        )
        if _status(dump) or len(out) >= _LIMIT:
            raise LatchkeyError("the tool cannot list what is in the keychains", remedy="run security dump-keychain")
        there: dict[Key, Dumped] = {}
        for item in dumped(out):
            there.setdefault((item.service, item.account), item)
        found = {key: there[key] for key in keys if key in there}
        default = re.match(rb' *"(.*)"\n', out)
        locks = {default[1].decode(errors="surrogateescape") if default else "": _status(probe)}
        locks.update(self._probe({item.place for item in found.values()} - locks.keys()))
        secrets = self._secrets([(key, item) for key, item in found.items() if item.quiet and not locks[item.place]])
        absent = ABSENT if not _status(probe) else _unread(None, _status(probe))
        return {
            key: _reading(found[key], locks[found[key].place], secrets.get(key)) if key in found else absent
            for key in keys
        }

    def _probe(self, places: set[str]) -> dict[str, int]:
        """Whether further keychains are locked; most people have none."""
        if not places:
            return {}
        _out, said = self._converse([line("show-keychain-info", place) for place in sorted(places)])
        return {place: _status(answer) for place, answer in zip(sorted(places), said)}

    def _secrets(self, items: Sequence[tuple[Key, Dumped]]) -> dict[Key, list[bytes]]:
        if not items:
            return {}
        _out, said = self._converse([find(key, item.place) for key, item in items])
        return {key: answer for (key, _item), answer in zip(items, said)}

    def _converse(self, script: Sequence[bytes]) -> tuple[bytes, list[list[bytes]]]:
        """What one process printed, and what it said on its error stream to each command of the ``script``.

        The tool answers an unknown command with its name, which marks where the answer to one ends.
        """
        marked = b"".join(command + b"latchkey-%d\n" % number for number, command in enumerate(script))
        try:
            finished = _command.run([self._tool, "-i"], stdin=marked, seconds=_SECONDS, limit=_LIMIT)
        except _command.CommandTimeout:
            raise LatchkeyError("the tool waits for somebody to answer a dialog", remedy=_UNLOCK) from None
        said = []
        rest = finished.err.split(b"\n")
        for number in range(len(script)):
            mark = b"latchkey-%d: returned 1" % number
            if mark not in rest:
                raise LatchkeyError("the tool ended before it was done", remedy="run again")
            place = rest.index(mark)
            said.append(rest[:place])
            rest = rest[place + 1 :]
        return finished.out, said


def _status(answer: Sequence[bytes]) -> int:
    """The result of a command from what was said to it; nothing is said of success."""
    returned = [re.fullmatch(rb"[a-z-]+: returned (-?\d+)", text) for text in answer]
    return next((int(found[1]) for found in returned if found), 0)


def _shown(answer: Sequence[bytes]) -> bytes | None:
    """The value a lookup showed, None where it showed none."""
    return next((decoded(text[10:]) for text in answer if text.startswith(b"password: ")), None)


def _reading(item: Dumped, lock: int, answer: list[bytes] | None) -> Reading:
    if lock:
        return _unread(item, lock)
    if answer is None or _status(answer):
        remedy = _allow((item.service, item.account))
        return _seen(item, "denied", reason="cannot be read without a prompt", remedy=remedy)
    try:
        return _seen(item, "kept", secret=Secret(_shown(answer) or b""))
    except LatchkeyError as error:
        return _seen(item, "unfit", reason=error.message, remedy=error.remedy)


def _allow(key: Key) -> str:
    """How a person lets the tool in for good, without the value being shown."""
    words = ("security", "find-generic-password", "-s", key[0], "-a", key[1], "-w")
    return f"at the Mac: {' '.join(map(shlex.quote, words))} >/dev/null, Always Allow; else playbooks/store.yml"


def _unread(item: Dumped | None, lock: int) -> Reading:
    """An item whose value stays unseen, as its keychain is locked."""
    reason = "its keychain is locked" if lock in _LOCKED else f"its keychain is not available (status {lock})"
    remedy = f"{_UNLOCK} {item.place}" if item else _UNLOCK
    return _seen(item, "locked", reason=reason, remedy=remedy)


def _seen(
    item: Dumped | None, state: str, *, secret: Secret | None = None, reason: str = "", remedy: str = ""
) -> Reading:
    known = {} if item is None else {name: getattr(item, name) for name in _KNOWN}
    return Reading(state, secret=secret, exists=item is not None, reason=reason, remedy=remedy, **known)


def _proof(change: Change, said: Sequence[list[bytes]]) -> LatchkeyError | None:
    """What the tool shows afterwards is what counts, whatever the change itself returned."""
    *_made, answer = said
    if change.secret is None:
        if _status(answer) == _MISSING:
            return None
        return LatchkeyError("one of this name is still there", remedy="look in Keychain Access, and run again")
    if _shown(answer) == change.secret.reveal():
        return None
    status = next(filter(None, map(_status, said)), 0)
    remedy = _UNLOCK if status in _LOCKED else _allow(change.item.key)
    return LatchkeyError(f"the tool did not keep it (status {status})", remedy=remedy)
