# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Record of the sections and keys that this collection added to the AWS files.

``aws_config.json`` of the member's state folder lists them without values, by file, section and key. The entry of a key
is a keyed digest of the value that was last written, by which a later change by the user is detected.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._core import secrets
from .._core.secrets import Secret
from .._host.ownership import OwnershipRecord

if TYPE_CHECKING:
    from .._host.state import State

__all__ = ["HEADER", "OwnedKeys", "digest", "open_record"]

HEADER = "[]"  # stands for the section itself, which has no digest
OwnedKeys = dict[str, dict[str, str]]

_NAME = "aws_config"


def open_record(state: State) -> OwnershipRecord:
    """Load the record: ``{path: {item: {key: digest}}}``; LatchkeyError if it is damaged."""
    return OwnershipRecord(state, _NAME, fits=lambda data: all(_fits(owned) for owned in data.values()))


def digest(item: str, name: str, value: object, *, key: bytes | None) -> str:
    """Keyed digest to detect changes of the value of key ``name``; empty if there is no ``key``."""
    return secrets.digest(key, Secret("\0".join((item, name, str(value)))), purpose=_NAME) if key else ""


def _fits(owned: dict[str, dict[str, Any]]) -> bool:
    return all(isinstance(value, str) for keys in owned.values() for value in keys.values())
