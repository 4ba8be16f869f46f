# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Locations in the declaration, with which every error begins: ``file:line: variable.entry.key``.

File and line come from the origin tag that ansible-core puts on values it reads from YAML. Without such a tag (values
of ``-e``, another ansible-core) a location is the path of keys alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable, NamedTuple

from ansible_collections.latchkey.workstation.plugins.module_utils._core.validation import safe_to_echo

try:
    from ansible._internal._datatag._tags import Origin
except ImportError:
    Origin = None

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["Claims", "Entry", "Location", "UniqueKey", "entries", "shown_name", "shown_names", "valid_entries"]

_NAME = re.compile(r"[A-Za-z0-9_.{}@~/:+ -]{1,100}")


@dataclass(frozen=True)
class Location:
    """A path of keys that begins with a variable; ``origin`` is the file:line of its last key or value that has one."""

    path: str
    origin: str = ""

    def __str__(self) -> str:
        return f"{self.origin}: {self.path}" if self.origin else self.path

    def below(self, *keys: Any) -> Location:
        """Return the location of the value under ``keys``: keys of mappings and indices of lists."""
        location = self
        for key in keys:
            step = f"[{key}]" if isinstance(key, int) else f".{safe_to_echo(key)}"
            location = Location(location.path + step, _origin_of(key) or location.origin)
        return location

    def at(self, value: object) -> Location:
        """Return the same path with the file and line of ``value``."""
        return Location(self.path, _origin_of(value) or self.origin)

    def for_error(self, text: str, entry: Mapping[str, Any]) -> str:
        """Return the error ``text`` about ``entry``, the value at this location, with file and line in front.

        ``text`` begins with the path of this location. If a key of ``entry`` follows, the line is that of the key.
        """
        rest = text[len(self.path) + 1 :] if text.startswith(f"{self.path}.") else ""
        keys = [key for key in entry if re.match(rf"{re.escape(str(key))}\b", rest)]
        return str(Location(text, self.below(*keys[-1:]).origin))


class UniqueKey(NamedTuple):
    """Key that only one entry of a member may declare, such as a keychain item; ``template`` formats it for errors."""

    template: str
    names: tuple[str, ...]

    @property
    def text(self) -> str:
        return self.template.format(*map(shown_name, self.names))


Claims = dict[UniqueKey, list[Location]]  # the entries of a member that declare each key


class Entry(NamedTuple):
    """One declared entry: its name in the variable, its location and its value."""

    name: str
    where: Location
    value: Any


def entries(variable: str, declared: Any, errors: list[str]) -> list[Entry]:
    """Return the entries of ``variable``. ``declared`` is its value: a mapping, or null for none; else an error."""
    if declared is None:
        return []
    if not isinstance(declared, dict):
        errors.append(f"{Location(variable).at(declared)} must be a mapping of names to entries")
        return []
    return [Entry(str(name), _entry_location(variable, name), entry) for name, entry in declared.items()]


def valid_entries(
    declared: Iterable[Entry], check: Callable[[Entry, list[str]], None], errors: list[str]
) -> list[Entry]:
    """Return the entries for which ``check`` adds no error; its errors are added to ``errors``."""
    valid = []
    for entry in declared:
        own_errors: list[str] = []
        check(entry, own_errors)
        errors += own_errors
        valid += [] if own_errors else [entry]
    return valid


def shown_name(name: object) -> str:
    """Return a declared name, account, service or path as an error shows it: long or unusual ones are left out."""
    return str(name) if _NAME.fullmatch(str(name)) else safe_to_echo(name)


def shown_names(names: Iterable[str]) -> list[str]:
    """Return those of ``names`` that an error may list as known."""
    return [name for name in names if _NAME.fullmatch(name)]


def _entry_location(variable: str, name: object) -> Location:
    return Location(f"{variable}.{shown_name(name)}").at(name)


def _origin_of(value: object) -> str:
    tag = Origin.get_tag(value) if Origin else None
    return f"{tag.path}:{tag.line_num}" if tag and tag.path and tag.line_num else ""
