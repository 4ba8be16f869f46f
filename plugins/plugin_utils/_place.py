# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where something stands in the declaration, so that an error can begin with it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable, NamedTuple

from ansible_collections.latchkey.workstation.plugins.module_utils._words import shown

try:
    from ansible._internal._datatag._tags import Origin
except ImportError:
    Origin = None

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["Claims", "Entry", "Place", "entries", "sound"]

_NAME = re.compile(r"[A-Za-z0-9_.{} -]{1,64}")


@dataclass(frozen=True)
class Place:
    """A variable and the keys that lead on from it; ``origin`` is file:line of the last of them that Ansible tells."""

    path: str
    origin: str = ""

    def __str__(self) -> str:
        return f"{self.origin}: {self.path}" if self.origin else self.path

    def below(self, *keys: Any) -> Place:
        """What stands there under ``keys``, or under a number in a list."""
        place = self
        for key in keys:
            step = f"[{key}]" if isinstance(key, int) else f".{shown(key)}"
            place = Place(place.path + step, _origin_of(key) or place.origin)
        return place

    def at(self, value: object) -> Place:
        """The same place, with the line of ``value``."""
        return Place(self.path, _origin_of(value) or self.origin)

    def told(self, text: str, entry: Mapping[str, Any]) -> str:
        """The error ``text`` about ``entry``, which stands here: with the line of the key of it that comes next."""
        rest = text[len(self.path) + 1 :] if text.startswith(f"{self.path}.") else ""
        keys = [key for key in entry if re.match(rf"{re.escape(str(key))}\b", rest)]
        return str(Place(text, self.below(*keys[-1:]).origin))


Claims = dict[str, list[Place]]  # of what a member may have only one, and who takes it


class Entry(NamedTuple):
    """What is declared under a name."""

    name: str
    where: Place
    value: Any


def entries(variable: str, declared: Any, errors: list[str]) -> list[Entry]:
    """The entries of a variable; null has none."""
    if declared is None:
        return []
    if not isinstance(declared, dict):
        errors.append(f"{Place(variable).at(declared)} must be a mapping of names to entries")
        return []
    return [Entry(str(name), _named(variable, name), entry) for name, entry in declared.items()]


def sound(declared: Iterable[Entry], check: Callable[[Entry, list[str]], None], errors: list[str]) -> list[Entry]:
    """Those with which ``check`` finds nothing wrong."""
    good = []
    for entry in declared:
        wrong: list[str] = []
        check(entry, wrong)
        errors += wrong
        good += [] if wrong else [entry]
    return good


def _named(variable: str, name: object) -> Place:
    return Place(f"{variable}.{name if _NAME.fullmatch(str(name)) else shown(name)}").at(name)


def _origin_of(value: object) -> str:
    tag = Origin.get_tag(value) if Origin else None
    return f"{tag.path}:{tag.line_num}" if tag and tag.path and tag.line_num else ""
