# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Text formats of the macOS tool ``security``: command lines it reads, values and items it prints."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .._core.argument_spec import SECURITY
from .._core.errors import LatchkeyError

if TYPE_CHECKING:
    from .._core.secrets import Secret
    from .base import Change, Key

__all__ = ["DumpedItem", "change_commands", "command_line", "find_command", "parse_dump", "parse_value"]

_LONGEST_LINE = 4094
_MOST_WORDS = 32
_OWN_PARTITION = "apple-tool:"
_ATTRIBUTE = re.compile(rb'    (?:"(svce|acct|desc|icmt)"|0x0000(0007) )<blob>=(.*)')
_NAMES = {b"svce": "service", b"acct": "account", b"desc": "kind", b"icmt": "comment", b"0007": "label"}
_VALUE = re.compile(rb'0x((?:[0-9A-F]{2})+)(?: .*)?|"(.*)"|', re.DOTALL)
_REPORT = "report it with the macOS version"
_APPLICATION = re.compile(rb"            \d+: (.+) \(OK\)")


@dataclass
class DumpedItem:
    """A generic password as ``dump-keychain`` prints it, without its value.

    ``trusted`` lists the programs of its access list; None if every program is allowed. ``readable_unasked``: this
    tool may read the value without a dialog. Both are known only from a dump with ``-a``.
    """

    keychain_path: str
    service: str = ""
    account: str = ""
    label: str | None = None
    kind: str | None = None
    comment: str | None = None
    trusted: tuple[str, ...] | None = ()
    readable_unasked: bool = False

    @property
    def key(self) -> Key:
        return (self.service, self.account)


def command_line(*words: bytes | str) -> bytes:
    """Quote ``words`` as one line for ``security -i``.

    Raises LatchkeyError for a line break in a word and for more bytes or words than the tool reads.
    """
    quoted = []
    for word in words:
        raw = word.encode(errors="surrogateescape") if isinstance(word, str) else word
        if re.search(rb"[\0\r\n]", raw):
            raise LatchkeyError("the macOS tool takes no line break in a text")
        quoted.append(b'"' + re.sub(rb'(["\\])', rb"\\\1", raw) + b'"')
    text = b" ".join(quoted)
    if len(text) > _LONGEST_LINE:
        raise LatchkeyError(
            f"the macOS tool takes {_LONGEST_LINE} bytes for a value and its texts, these would need {len(text)}",
            remedy="keep it in a file: latchkey_keychain_backend: files",
        )
    if len(words) > _MOST_WORDS:
        raise LatchkeyError("the macOS tool takes no more trusted apps at once", remedy="declare fewer of them")
    return text + b"\n"


def change_commands(change: Change) -> list[bytes]:
    """Commands that make ``change``; the last one reads the item back."""
    item, before, path = change.item, change.before, change.before.keychain_path
    # An update with a value resets the partition list of the item, and with it what "Always Allow" had entered.
    same_value = change.action == "update" and change.secret == before.secret
    remove = command_line("delete-generic-password", "-a", item.account, "-s", item.service, *_optional(path))
    commands = [remove] if change.action in {"remove", "recreate"} else []
    if change.secret is not None:
        texts = {"-l": item.label, "-D": item.kind, "-j": item.comment}
        if change.action == "update":
            # An update without -l replaces the label by the service; kind and comment are kept.
            texts["-l"] = item.label if item.label is not None else before.label
            access = ["-U"]
        else:
            kept = {"-l": before.label, "-D": before.kind, "-j": before.comment}
            texts = {flag: kept[flag] if text is None else text for flag, text in texts.items()}
            access = [word for app in dict.fromkeys((*item.trusted_apps, SECURITY)) for word in ("-T", app)]
        described = [word for flag, text in texts.items() if text is not None for word in (flag, text)]
        words = ["add-generic-password", "-a", item.account, "-s", item.service, *described]
        value = () if same_value else _value_option(change.secret)
        commands.append(command_line(*words, *value, *access, *_optional(path)))
    # After a removal the search covers all keychains, to find a second item of the same name.
    check = find_command(item.key, path) if change.secret is not None else find_command(item.key, "", value=False)
    return [*commands, check]


def find_command(key: Key, keychain_path: str, *, value: bool = True) -> bytes:
    """Command that looks an item up, in all keychains of the search list without a path, and prints its value."""
    shown = ("-g",) if value else ()
    return command_line("find-generic-password", "-s", key[0], "-a", key[1], *shown, *_optional(keychain_path))


def parse_value(printed: bytes) -> bytes | None:
    """Bytes of a printed value or attribute: ``"text"``, ``0xHEX  "te\\170t"``, nothing if empty; None for <NULL>.

    Raises LatchkeyError for any other format.
    """
    if printed == b"<NULL>":
        return None
    found = _VALUE.fullmatch(printed)
    if found is None:
        raise LatchkeyError("the macOS tool printed a value in an unknown format", remedy=_REPORT)
    return bytes.fromhex(found[1].decode()) if found[1] is not None else found[2] or b""


def parse_dump(out: bytes) -> list[DumpedItem]:
    """Generic passwords of a dump, in its order."""
    records = re.split(rb"^keychain: ", out, flags=re.MULTILINE)[1:]
    return [_parse_record(record.split(b"\n")) for record in records if b'\nclass: "genp"\n' in record]


def _parse_record(lines: list[bytes]) -> DumpedItem:
    item = DumpedItem(keychain_path=_text(lines[0]) or "")
    for row in lines:
        attribute = _ATTRIBUTE.fullmatch(row)
        if attribute:
            setattr(item, _NAMES[attribute[1] or attribute[2]], _text(attribute[3]))
    # One block per entry of the access list; entries look like "    entry 0:".
    entries = re.split(rb"^    entry \d+:\n", b"\n".join(lines), flags=re.MULTILINE)[1:]
    readers = [entry for entry in entries if b" decrypt" in _rights(entry)]
    partitions = [entry for entry in entries if b" partition_id" in _rights(entry)]
    everybody = any(b"\n        applications: <null>" in entry for entry in readers)
    item.trusted = (
        None if everybody else tuple(app.decode(errors="replace") for e in readers for app in _APPLICATION.findall(e))
    )
    admitted = any(_admits_tool(entry) for entry in readers)
    in_partition = any(_OWN_PARTITION.encode() in _description(entry).split(b", ") for entry in partitions)
    item.readable_unasked = admitted and (in_partition or b"version: 256" in lines)
    return item


def _admits_tool(entry: bytes) -> bool:
    """True if this entry of an access list lets ``/usr/bin/security`` in without a password dialog."""
    everybody = b"\n        applications: <null>" in entry
    listed = SECURITY.encode() in _APPLICATION.findall(entry)
    return b"\n        don't-require-password\n" in entry and (everybody or listed)


def _rights(entry: bytes) -> bytes:
    return b" " + entry.split(b"\n", 1)[0].partition(b": ")[2]


def _description(entry: bytes) -> bytes:
    found = re.search(rb"^        description: (.*)$", entry, flags=re.MULTILINE)
    return found[1] if found else b""


def _value_option(secret: Secret) -> tuple[str, bytes]:
    raw = secret.reveal()
    return ("-X", raw.hex().encode()) if re.search(rb"[^\x20-\x7e]", raw) else ("-w", raw)


def _optional(keychain_path: str) -> tuple[str, ...]:
    return (keychain_path,) if keychain_path else ()


def _text(printed: bytes) -> str | None:
    value = parse_value(printed)
    return None if value is None else value.decode(errors="surrogateescape")
