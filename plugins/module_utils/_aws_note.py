# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What we made in the AWS files, without values: of each key a digest of what was last written or seen as declared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ansible_collections.latchkey.workstation.plugins.module_utils import _secrets
from ansible_collections.latchkey.workstation.plugins.module_utils._errors import LatchkeyError
from ansible_collections.latchkey.workstation.plugins.module_utils._secrets import Secret

if TYPE_CHECKING:
    from ansible_collections.latchkey.workstation.plugins.module_utils._state import State

__all__ = ["HEADER", "Made", "Note", "digest"]

HEADER = "[]"  # the section itself, which has no digest
Made = dict[str, dict[str, str]]

_NAME = "aws_config"


@dataclass(frozen=True)
class Note:
    """``aws_config.json`` in a member's state folder, by file, section and key."""

    state: State

    def is_empty(self) -> bool:
        return not self.state.load(_NAME)

    def made(self, path: str) -> Made:
        """What is ours in the file at ``path``."""
        made = self.state.load(_NAME).get(path, {})
        if not isinstance(made, dict) or not all(_is_digests(places) for places in made.values()):
            path = self.state.path(f"{_NAME}.json")
            raise LatchkeyError(f"{path} is damaged", remedy="remove it: what we made counts as your own then")
        return made

    def announce(self, path: str, made: Made) -> None:
        """This is about to be written; what was ours still is."""
        known = self.made(path)
        self.remember(path, {item: {**known.get(item, {}), **made.get(item, {})} for item in {**known, **made}})

    def remember(self, path: str, made: Made) -> None:
        note = {**self.state.load(_NAME), path: made}
        self.state.save(_NAME, {path: made for path, made in note.items() if made})


def digest(item: str, place: str, value: object, *, key: bytes | None) -> str:
    """What tells one value of a place from another; empty without a ``key``."""
    return _secrets.digest(key, Secret("\0".join((item, place, str(value)))), purpose=_NAME) if key else ""


def _is_digests(places: Any) -> bool:
    return isinstance(places, dict) and all(isinstance(one, str) for one in places.values())
