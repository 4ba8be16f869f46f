# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The language of the macOS tool ``security``: words of a command line, values it prints, items it dumps."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ansible_collections.latchkey.workstation.plugins.module_utils._errors import LatchkeyError

if TYPE_CHECKING:
    from ansible_collections.latchkey.workstation.plugins.module_utils._keychain import Change, Key
    from ansible_collections.latchkey.workstation.plugins.module_utils._secrets import Secret

__all__ = ["TOOL", "Dumped", "commands", "decoded", "dumped", "find", "line"]

TOOL = "/usr/bin/security"
_LONGEST_LINE = 4094
_MOST_WORDS = 32
_OWN_PARTITION = "apple-tool:"
_ATTRIBUTE = re.compile(rb'    (?:"(svce|acct|desc|icmt)"|0x0000(0007) )<blob>=(.*)')
_NAMES = {b"svce": "service", b"acct": "account", b"desc": "kind", b"icmt": "comment", b"0007": "label"}
_APPLICATION = re.compile(rb"            \d+: (.+) \(OK\)")


@dataclass
class Dumped:
    """An item as ``dump-keychain -a`` shows it, without its value; ``trusted`` is None where every program is."""

    place: str
    service: str = ""
    account: str = ""
    label: str | None = None
    kind: str | None = None
    comment: str | None = None
    trusted: tuple[str, ...] | None = ()
    quiet: bool = False
    """Whether this tool may read the value without anybody being asked."""


def line(*words: bytes | str) -> bytes:
    """One command for ``security -i``; what does not fit is refused, never cut."""
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


def commands(change: Change) -> list[bytes]:
    """The commands of a change, the last of which shows what has become of the item."""
    item, before, place = change.item, change.before, change.before.place
    remove = line("delete-generic-password", "-a", item.account, "-s", item.service, *_last(place))
    commands = [remove] if change.action in {"remove", "recreate"} else []
    if change.secret is not None:
        texts = {"-l": item.label, "-D": item.kind, "-j": item.comment}
        if change.action == "update":
            # An update rewrites the label whether it is given or not, and keeps the rest.
            texts["-l"] = item.label if item.label is not None else before.label
            access = ["-U"]
        else:
            kept = {"-l": before.label, "-D": before.kind, "-j": before.comment}
            texts = {flag: kept[flag] if text is None else text for flag, text in texts.items()}
            access = [word for app in dict.fromkeys((*item.trusted_apps, TOOL)) for word in ("-T", app)]
        described = [word for flag, text in texts.items() if text is not None for word in (flag, text)]
        words = ["add-generic-password", "-a", item.account, "-s", item.service, *described]
        commands.append(line(*words, *_value(change.secret), *access, *_last(place)))
    # Without a place the look after a removal finds a second item of the same name too.
    look = find(item.key, place) if change.secret is not None else find(item.key, "", value=False)
    return [*commands, look]


def _value(secret: Secret) -> tuple[str, bytes]:
    raw = secret.reveal()
    return ("-X", raw.hex().encode()) if re.search(rb"[^\x20-\x7e]", raw) else ("-w", raw)


def find(key: Key, place: str, *, value: bool = True) -> bytes:
    return line("find-generic-password", "-s", key[0], "-a", key[1], *(("-g",) if value else ()), *_last(place))


def _last(place: str) -> tuple[str, ...]:
    return (place,) if place else ()


def decoded(shown: bytes) -> bytes | None:
    """What ``"text"`` or ``0xHEX  "te\\170t"`` stands for; nothing is the empty value, ``<NULL>`` is None."""
    if shown == b"<NULL>":
        return None
    if shown.startswith(b"0x"):
        return bytes.fromhex(shown[2:].split(b" ", 1)[0].decode("ascii", "replace"))
    return shown[1:-1]


def dumped(out: bytes) -> list[Dumped]:
    """The generic passwords of a dump, in the order in which they are found."""
    records = re.split(rb"^keychain: ", out, flags=re.MULTILINE)[1:]
    return [_record(record.split(b"\n")) for record in records if b'\nclass: "genp"\n' in record]


def _record(lines: list[bytes]) -> Dumped:
    item = Dumped(place=_text(lines[0]) or "")
    for shown in lines:
        attribute = _ATTRIBUTE.fullmatch(shown)
        if attribute:
            setattr(item, _NAMES[attribute[1] or attribute[2]], _text(attribute[3]))
    # One block per entry of the access list; entries look like "    entry 0:".
    entries = re.split(rb"^    entry \d+:\n", b"\n".join(lines), flags=re.MULTILINE)[1:]
    readers = [entry for entry in entries if b" decrypt" in _rights(entry)]
    partitions = [entry for entry in entries if b" partition_id" in _rights(entry)]
    anybody = any(b"\n        applications: <null>" in entry for entry in readers)
    item.trusted = (
        None if anybody else tuple(app.decode(errors="replace") for e in readers for app in _APPLICATION.findall(e))
    )
    unasked = any(_is_open(entry) for entry in readers)
    member = any(_OWN_PARTITION.encode() in _description(entry).split(b", ") for entry in partitions)
    item.quiet = unasked and (member or b"version: 256" in lines)
    return item


def _is_open(entry: bytes) -> bool:
    """This entry lets the tool in, and asks nobody."""
    anybody = b"\n        applications: <null>" in entry
    listed = TOOL.encode() in _APPLICATION.findall(entry)
    return b"\n        don't-require-password\n" in entry and (anybody or listed)


def _rights(entry: bytes) -> bytes:
    return b" " + entry.split(b"\n", 1)[0].partition(b": ")[2]


def _description(entry: bytes) -> bytes:
    found = re.search(rb"^        description: (.*)$", entry, flags=re.MULTILINE)
    return found[1] if found else b""


def _text(shown: bytes) -> str | None:
    value = decoded(shown)
    return None if value is None else value.decode(errors="surrogateescape")
