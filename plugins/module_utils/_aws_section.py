# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One section of an AWS file on its way from what it is to what it has to be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ansible_collections.latchkey.workstation.plugins.module_utils._aws_declared import (
    KEPT,
    PARTS_OF_A_KEY,
    Place,
    Setting,
    Wanted,
)
from ansible_collections.latchkey.workstation.plugins.module_utils._aws_edit import (
    add_section,
    drop_value,
    get_value,
    header_of,
    remove_section,
    set_value,
)
from ansible_collections.latchkey.workstation.plugins.module_utils._aws_note import HEADER, digest
from ansible_collections.latchkey.workstation.plugins.module_utils._aws_parse import refuse_double
from ansible_collections.latchkey.workstation.plugins.module_utils._aws_shown import shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ansible_collections.latchkey.workstation.plugins.module_utils._aws_ini import (
        Ini,
        Section,
        Value,
    )

__all__ = ["Edit", "Row"]


@dataclass(frozen=True)
class Row:
    """A section and what becomes of it, or why something of it is left alone."""

    item: str
    state: str
    what: str
    remedy: str = ""


class Edit:
    """A section on its way; ``made`` is what of it is ours, ``before`` and ``after`` show the keys that change."""

    def __init__(self, ini: Ini, item: str, made: Mapping[str, str], *, key: bytes | None) -> None:
        self.item = item
        self.made = dict(made)
        self.rows: list[Row] = []
        self.before = self.after = ""
        self._ini = ini
        self._key = key
        self._kind, self._name = item.split(" ", 1)
        found = ini.find(self._kind, self._name)
        if len(found) > 1:
            refuse_double(ini, found[0], found[1])
        self._section = found[0] if found else None
        self._existed = bool(found)
        self._set: list[str] = []
        self._dropped: list[str] = []
        self._theirs: set[str] = set()
        self._gone: list[str] = []
        self._new: list[str] = []

    def forget(self, declared: Mapping[str, Wanted]) -> None:
        """Remove what is ours; the section too, where it is ours, nothing else is in it, and nobody needs it."""
        user = self._user(declared)
        if user:
            said = f"left alone, though no longer declared: [{user.header}] names it"
            self.rows.append(Row(self.item, "ok", said, "declare it, or let that profile name another"))
            return
        self._drop_made(keep=set())
        if self._section and HEADER in self.made and not self._section.options():
            self._remove(self._section)
        if self._dropped:
            self._close(f"{self._told()}, no longer declared")
        self._leave()
        self.made = {}

    def converge(self, wanted: Wanted) -> None:
        if wanted.held:
            return
        if wanted.absent:
            self._clear()
        else:
            self._fill(wanted)
        self._close(self._told())
        self._leave()

    def _clear(self) -> None:
        """Remove the section, whoever wrote what is in it."""
        if self._section:
            for key, value in self._section.values().items():
                self._show(self._gone, Place(key), value)
            self._remove(self._section)
        self.made = {}

    def _fill(self, wanted: Wanted) -> None:
        self._drop_made(keep={str(place) for place in wanted.settings})
        if self._section is None:
            self._section = add_section(self._ini, self._kind, self._name)
            self.made[HEADER] = ""
            self._set.append(HEADER)
        for place, setting in wanted.settings.items():
            if setting is None:
                self._drop(place)
            elif setting is not KEPT:
                self._put(self._section, place, setting)

    def _put(self, section: Section, place: Place, setting: Setting) -> None:
        old = get_value(section, place.key, place.below)
        if old is None or str(place) in self.made:
            self.made[str(place)] = self._digest(str(place), setting.text)
        if old == setting.text:
            return
        whole = get_value(section, place.key)
        if old is not None:
            self._show(self._gone, place, old, setting=setting)
        elif isinstance(whole, str):
            self._show(self._gone, Place(place.key), whole)
        set_value(self._ini, section, place.key, setting.text, below=place.below)
        self._set.append(str(place))
        self._show(self._new, place, setting.text, setting=setting)

    def _drop(self, place: Place) -> None:
        self.made.pop(str(place), None)
        old = get_value(self._section, place.key, place.below) if self._section else None
        if self._section and old is not None:
            self._show(self._gone, place, old)
            drop_value(self._ini, self._section, place.key, place.below)
            self._dropped.append(str(place))

    def _drop_made(self, *, keep: set[str]) -> None:
        """Remove what is ours, but for values that somebody has changed: there may be no other copy of them."""
        leaving = self.made.keys() - keep - {HEADER}
        self._theirs = {place for place in leaving if self._is_theirs(place)}
        if self._theirs & PARTS_OF_A_KEY:
            self._theirs |= leaving & PARTS_OF_A_KEY
        for place in sorted(leaving - self._theirs):
            self._drop(Place.of(place))
        for place in self._theirs:
            del self.made[place]

    def _is_theirs(self, name: str) -> bool:
        place = Place.of(name)
        there = get_value(self._section, place.key, place.below) if self._section else None
        return there is not None and self._digest(name, there) not in {"", self.made[name]}

    def _digest(self, place: str, value: Value) -> str:
        return digest(self.item, place, value, key=self._key)

    def _user(self, declared: Mapping[str, Wanted]) -> Section | None:
        """Whose profile names this session of ours, without the declaration saying so."""
        if self._kind != "sso-session" or HEADER not in self.made:
            return None
        named = (section for section in self._ini.sections if section.values().get("sso_session") == self._name)
        wanted = ((section, declared.get(" ".join(section.identity or ()))) for section in named)
        return next((user for user, told in wanted if not (told and Place("sso_session") in told.settings)), None)

    def _remove(self, section: Section) -> None:
        remove_section(self._ini, section)
        self._section = None
        self._dropped.append(HEADER)

    def _show(self, lines: list[str], place: Place, value: Value, *, setting: Setting | None = None) -> None:
        if isinstance(value, dict):
            for below, text in value.items():
                self._show(lines, Place(place.key, below), text, setting=setting)
        else:
            lines.append(f"{place} = {shown(place, value, setting, key=self._key)}\n")

    def _told(self) -> str:
        if HEADER in self._set:
            return "made"
        if HEADER in self._dropped:
            return "removed"
        parts = (("set", self._set), ("removed", self._dropped))
        return "; ".join(f"{verb} {', '.join(places)}" for verb, places in parts if places)

    def _close(self, what: str) -> None:
        self.rows.append(Row(self.item, "changed" if what else "ok", what))
        header = f"[{header_of(self._kind, self._name)}]\n"
        if what and self._existed:
            self.before = header + "".join(self._gone)
        if what and self._section:
            self.after = header + "".join(self._new)

    def _leave(self) -> None:
        if self._theirs:
            said = f"{', '.join(sorted(self._theirs))} left alone: somebody has put another value there"
            self.rows.append(Row(self.item, "ok", said, "remove it yourself if nobody needs it"))
