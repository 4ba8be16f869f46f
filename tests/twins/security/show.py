# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tool prints of an item: its value, its attributes, its access control."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from .gate import SELF

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .store import Item, Keychain

__all__ = ["THERE", "access", "block", "encoded", "plain"]

THERE = (SELF, "/bin/bash")
"""Programs every Mac has; they count as present wherever the twin runs."""

DECRYPT = "decrypt derive export_clear export_wrapped mac sign"
INTEGRITY = "9f" * 32


def plain(value: bytes) -> bytes:
    """`-w`: one byte outside printable ASCII turns the whole value into bare lower-case hexadecimal."""
    return value if all(0x20 <= byte <= 0x7E for byte in value) else value.hex().encode()


def encoded(value: bytes) -> bytes:
    """`-g` and every attribute: a backslash counts as unprintable here."""
    printable = [0x20 <= byte <= 0x7E and byte != ord("\\") for byte in value]
    if all(printable):
        return b'"%s"' % value if value else b""
    shown = b"0x" + value.hex().upper().encode() + b" "
    if any(printable):
        octal = (bytes([byte]) if fine else b"\\%03o" % byte for byte, fine in zip(value, printable))
        shown += b' "%s"' % b"".join(octal)
    return shown


def block(keychain: Keychain, item: Item, *, modern: bool) -> bytes:
    """Text of an item's attribute block."""
    rows: Iterable[tuple[str, bytes | str | None]] = (
        ("0x00000007 <blob>", item.label),
        ("0x00000008 <blob>", None),
        ('"acct"<blob>', item.account),
        ('"cdat"<timedate>', _date(item.created)),
        ('"crtr"<uint32>', item.creator),
        ('"cusi"<sint32>', None),
        ('"desc"<blob>', item.kind),
        ('"gena"<blob>', item.generic),
        ('"icmt"<blob>', item.comment),
        ('"invi"<sint32>', None),
        ('"mdat"<timedate>', _date(item.modified)),
        ('"nega"<sint32>', None),
        ('"prot"<blob>', None),
        ('"scrp"<sint32>', None),
        ('"svce"<blob>', item.service),
        ('"type"<uint32>', item.type),
    )
    lines = [
        b"keychain: " + encoded(os.fsencode(keychain.path)),
        b"version: 512" if modern else b"version: 256",
        b'class: "genp"',
        b"attributes:",
    ]
    for name, value in rows:
        lines.append(b"    " + name.encode() + b"=" + _shown(value))
    return b"\n".join(lines) + b"\n"


def access(item: Item, *, modern: bool) -> bytes:
    """Text of an item's access list: five entries, three where there is neither integrity nor a partition list."""
    entries: list[tuple[str, str, list[str] | None]] = [
        ("encrypt", item.description, None),
        (DECRYPT, item.description, item.apps),
    ]
    if modern:
        entries += [("integrity", INTEGRITY, None), ("partition_id", ", ".join(item.partitions), None)]
    entries.append(("change_acl", item.description, []))
    lines = [f"access: {len(entries)} entries"]
    for number, (rights, description, apps) in enumerate(entries):
        lines += [
            f"    entry {number}:",
            f"        authorizations ({len(rights.split())}): {rights}",
            "        don't-require-password",
            f"        description: {description}",
            "        applications: <null>" if apps is None else f"        applications ({len(apps)}):",
        ]
        for place, app in enumerate(apps or []):
            lines += _application(place, app)
    return os.fsencode("\n".join(lines) + "\n")


def _application(place: int, app: str) -> list[str]:
    if not app.startswith("/"):
        return [f'            {place}: "{app}"']
    good = app in THERE or Path(app).exists()
    identifier = "com.apple." + Path(app).name
    return [
        f"            {place}: {app} {'(OK)' if good else '(status -67068)'}",
        f'                requirement: identifier "{identifier}" and anchor apple',
    ]


def _shown(value: bytes | str | None) -> bytes:
    if value is None:
        return b"<NULL>"
    return value if isinstance(value, bytes) else encoded(os.fsencode(value))


def _date(stamp: str) -> bytes:
    value = stamp.encode() + b"\0"
    return b'0x%s  "%s\\000"' % (value.hex().upper().encode(), stamp.encode())
