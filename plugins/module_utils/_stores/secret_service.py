# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Store of a Linux desktop's Secret Service through ``secret-tool``.

An item is readable and writable only if it is the only match and its attributes are exactly those written here, service
and account: the tool itself would pick one of several matches, and replace or remove all of them. The tool answers
alike for a missing and for a locked item, so the lock of the default collection is read first, over D-Bus. A label is
stored; kind and comment are not.
"""

from __future__ import annotations

import os
import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .._core.errors import LatchkeyError
from .._core.secrets import Secret
from .._host import command
from .base import ABSENT_ITEM, Change, Item, Key, Reading

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["SearchResult", "SecretService", "parse_search"]

_LONGEST = 8191
_SECONDS = 10
_UNLOCK = "log in at the desktop, or run gnome-keyring-daemon --unlock and type the password of the keyring"
_NOT_RUNNING = "is in the Secret Service, which does not run in this session"
_ELSEWHERE = "run this in the desktop session, or declare latchkey_keychain_backend: files"
_DBUS_SEND = ("dbus-send", "--session", "--print-reply", "--reply-timeout=5000")
_IS_RUNNING = (
    *("--dest=org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus.NameHasOwner"),
    "string:org.freedesktop.secrets",
)
_SECRETS = "--dest=org.freedesktop.secrets"
_GET = "org.freedesktop.DBus.Properties.Get"
_IS_LOCKED = (
    *(_SECRETS, "/org/freedesktop/secrets/aliases/default", _GET),
    *("string:org.freedesktop.Secret.Collection", "string:Locked"),
)
_DEFAULT_COLLECTION = (
    *(_SECRETS, "/org/freedesktop/secrets", "org.freedesktop.Secret.Service.ReadAlias", "string:default"),
)
_DATE = rb"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"
# secret-tool itself writes this schema with every item.
_END = re.compile(rb"\ncreated = %s\nmodified = %s\n(schema = org\.freedesktop\.Secret\.Generic\n)?\Z" % (_DATE, _DATE))


@dataclass(frozen=True)
class SearchResult:
    """Result of a search for an item: ``absent``, ``single`` or ``ambiguous``.

    A single match has a ``label`` and ``number``, the last component of its object path. ``reason`` explains an
    ambiguous one.
    """

    state: str
    label: str = ""
    number: str = ""
    reason: str = ""


def parse_search(item: Item, finished: command.Finished) -> SearchResult:
    """Parse the output of ``secret-tool search --all`` for ``item``.

    The tool prints the attributes of all matches to its error stream, one line each, so a single match without further
    attributes is one whose lines there are exactly two. Raises LatchkeyError for every output that is not documented.
    """
    if finished.code:
        raise LatchkeyError(f"cannot be read: secret-tool search {finished.status}", remedy=_search_command(item))
    if not finished.out and not finished.err:
        return SearchResult("absent")
    lines = sorted(finished.err.split(b"\n"))
    expected = sorted([b"", *(b"attribute.%s = %s" % (name, text) for name, text in _attributes(item))])
    if lines == expected:
        head = re.match(rb"\[(?:[^\n]*/)?([^/\n]+)\]\nlabel = ([^\n]*)\n", finished.out)
        if head and _END.search(finished.out):
            return SearchResult("single", head[2].decode(errors="replace"), head[1].decode(errors="replace"))
        if head and b"\nschema = " in finished.out:
            return SearchResult("ambiguous", reason="has a schema that this collection did not write")
    elif finished.out and set(lines) >= set(expected):
        matches = min(lines.count(line) for line in expected if line)
        if matches > 1:
            return SearchResult("ambiguous", reason=f"is ambiguous: {matches} items have this service and account")
        if any(line.startswith(b"attribute.") for line in lines if line not in expected):
            return SearchResult("ambiguous", reason="has attributes that this collection did not write")
    raise LatchkeyError("secret-tool search printed an unknown answer", remedy=_search_command(item))


class SecretService:
    """The Secret Service on the member's session bus."""

    name = "secret_service"
    description_fields: tuple[str, ...] = ("label",)

    def __init__(self, *, uid: int) -> None:
        self._bus = _session_bus(uid)

    def read(self, items: Sequence[Item]) -> Mapping[Key, Reading]:
        unavailable = self.unavailable() if items else None
        return {item.key: unavailable or self._read(item) for item in items}

    def unavailable(self) -> Reading | None:
        """Reading of every item while the service cannot be used, else None; the service is never started."""
        if not self._bus:
            return Reading("locked", reason="needs a session bus, and this session has none", remedy=_ELSEWHERE)
        missing = next((tool for tool in ("secret-tool", "dbus-send") if not command.find(tool)), None)
        if missing:
            return Reading("locked", reason=f"needs {missing}", remedy="install it (libsecret-tools, dbus-bin)")
        try:
            if b"boolean true" not in self._ask(_IS_RUNNING).out:
                return Reading("locked", reason=_NOT_RUNNING, remedy=_ELSEWHERE)
            answer = self._ask(_IS_LOCKED)
        except LatchkeyError as error:
            return Reading("locked", reason=error.message, remedy=_UNLOCK)
        if not answer.code and b"boolean false" in answer.out:
            return None
        locked = b"boolean true" in answer.out
        return Reading("locked", reason="is locked" if locked else "has no default collection", remedy=_UNLOCK)

    def refusal(self, change: Change) -> LatchkeyError | None:
        if change.secret and len(change.secret.reveal()) > _LONGEST:
            return LatchkeyError(
                f"the value has {len(change.secret.reveal())} bytes and secret-tool takes {_LONGEST}",
                remedy="keep it in a file: latchkey_keychain_backend: files",
            )
        return None

    def apply(self, changes: Sequence[Change]) -> Mapping[Key, LatchkeyError | None]:
        return {change.item.key: self._apply(change) for change in changes}

    def remove_leftovers(self) -> None:
        """Do nothing: the tool leaves no temporary files."""

    def _read(self, item: Item) -> Reading:
        return self._inspect(item)[0]

    def _inspect(self, item: Item) -> tuple[Reading, str]:
        """Reading of one item, and the last component of its object path."""
        try:
            found = parse_search(item, self._tool("search", item, "--all"))
            value = self._value(item) if found.state == "single" else b""
        except LatchkeyError as error:
            return Reading("unknown", reason=error.message, remedy=error.remedy or _UNLOCK), ""
        if found.state == "absent":
            return ABSENT_ITEM, ""
        if found.state == "ambiguous":
            return Reading("ambiguous", exists=True, reason=found.reason, remedy=_ambiguous_remedy(item)), ""
        try:
            return Reading("readable", secret=Secret(value), exists=True, label=found.label), found.number
        except LatchkeyError as error:
            reading = Reading("unusable", exists=True, reason=error.message, remedy=error.remedy, label=found.label)
            return reading, found.number

    def _value(self, item: Item) -> bytes:
        finished = self._tool("lookup", item)
        if finished.code:
            raise LatchkeyError(f"cannot be read: secret-tool lookup {finished.status}", remedy=_search_command(item))
        return finished.out

    def _apply(self, change: Change) -> LatchkeyError | None:
        item = change.item
        try:
            self._require_unchanged(change)
            if change.secret is None:
                self._tool("clear", item)
            else:
                label = next(text for text in (item.label, change.before.label, item.service) if text is not None)
                self._tool("store", item, f"--label={label}", stdin=change.secret.reveal())
            after = self._read(item)
        except LatchkeyError as error:
            return error
        if after.state == ("readable" if change.secret else "absent") and after.secret == change.secret:
            return None
        if after.reason:
            return LatchkeyError(f"after the write the item {after.reason}", remedy=after.remedy)
        return LatchkeyError("the Secret Service does not return the value written to it", remedy=_search_command(item))

    def _require_unchanged(self, change: Change) -> None:
        """Raise LatchkeyError unless the item is as it was read, and in the collection that the tool writes to."""
        item, before = change.item, change.before
        now, number = self._inspect(item)
        if (now.state, now.secret) != (before.state, before.secret):
            message = f"the item {now.reason}" if now.reason else "another program changed the item meanwhile"
            raise LatchkeyError(message, remedy=now.remedy or "run again")
        if now.state == "absent":
            return
        default = re.search(rb'object path "([^"\n]+)"', self._ask(_DEFAULT_COLLECTION).out)
        path = f"{default[1].decode(errors='replace')}/{number}" if default else ""
        question = (_SECRETS, path, _GET, "string:org.freedesktop.Secret.Item", "string:Attributes")
        attributes = self._ask(question).out if path else b""
        if not all(b'string "%s"' % text in attributes for _name, text in _attributes(item)):
            message = "the item is in another collection than the default one, which secret-tool cannot write"
            raise LatchkeyError(message, remedy="move it to the default keyring, or remove it there")

    def _ask(self, question: Sequence[str]) -> command.Finished:
        return command.run([*_DBUS_SEND, *question], env=self._bus, seconds=_SECONDS)

    def _tool(self, action: str, item: Item, *options: str, stdin: bytes = b"") -> command.Finished:
        argv = ["secret-tool", action, *options, "--", "service", item.service, "account", item.account]
        return command.run(argv, stdin=stdin, env={**self._bus, "LC_ALL": "C.UTF-8"}, seconds=_SECONDS)


def _attributes(item: Item) -> tuple[tuple[bytes, bytes], ...]:
    """Names and values of the attributes that an item is written with."""
    return ((b"service", item.service.encode()), (b"account", item.account.encode()))


def _search_command(item: Item) -> str:
    """Remedy that lists the matches; the tool prints their attributes to its error stream and the values not."""
    words = ("secret-tool", "search", "--all", "--", "service", item.service, "account", item.account)
    return f"list the matches: {shlex.join(words)} >/dev/null"


def _ambiguous_remedy(item: Item) -> str:
    return (
        f"keep one item with only these two attributes, or declare another service or account; {_search_command(item)}"
    )


def _session_bus(uid: int) -> dict[str, str]:
    """Environment with the address of the user's session bus, empty if there is none; no bus is started."""
    address = os.environ.get("DBUS_SESSION_BUS_ADDRESS")
    socket = f"/run/user/{uid}/bus"
    if not address and os.path.exists(socket) and os.lstat(socket).st_uid == uid:
        address = f"unix:path={socket}"
    return {"DBUS_SESSION_BUS_ADDRESS": address} if address else {}
