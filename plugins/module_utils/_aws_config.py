# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What declared sections make of an AWS file: its new bytes, what is ours in it, and what people may see of that."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ansible_collections.latchkey.workstation.plugins.module_utils._aws_declared import KEPT, Place, Setting, Wanted
from ansible_collections.latchkey.workstation.plugins.module_utils._aws_edit import (
    add_section,
    drop_value,
    finish,
    get_value,
    header_of,
    remove_section,
    set_value,
)
from ansible_collections.latchkey.workstation.plugins.module_utils._aws_parse import refuse_double
from ansible_collections.latchkey.workstation.plugins.module_utils._aws_shown import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ansible_collections.latchkey.workstation.plugins.module_utils._aws_ini import (
        Ini,
        Section,
        Value,
    )

__all__ = ["Plan", "Row", "plan"]

_HEADER = "[]"  # in the record of what we made: the section itself


@dataclass(frozen=True)
class Row:
    """A section and what becomes of it; ``what`` is empty where it is as declared."""

    item: str
    what: str = ""


@dataclass
class Plan:
    """``made`` names what is ours; ``before`` and ``after`` show the keys that change, secrets masked."""

    ini: Ini
    data: bytes = b""
    made: dict[str, list[str]] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    before: str = ""
    after: str = ""

    @property
    def changed(self) -> bool:
        return any(row.what for row in self.rows)


def plan(
    ini: Ini,
    *,
    wanted: Sequence[Wanted],
    made: Mapping[str, Sequence[str]],
    exclusive: bool,
    key: bytes | None,
) -> Plan:
    """Edit ``ini`` into what is wanted; ``made`` is what the plan before this one left.

    ``key`` is that of fingerprints.
    """
    draft = Plan(ini)
    declared = {section.item for section in wanted}
    for item in made:
        if item not in declared and exclusive:
            _Edit(draft, item, made[item], key=key).forget()
        elif item not in declared:
            draft.made[item] = list(made[item])
    for section in wanted:
        _Edit(draft, section.item, made.get(section.item, ()), key=key).converge(section)
    draft.data = finish(ini) if draft.changed else ini.render()
    return draft


class _Edit:
    """One section on its way from what it is to what it has to be."""

    def __init__(self, draft: Plan, item: str, made: Iterable[str], *, key: bytes | None) -> None:
        self._draft = draft
        self._item = item
        self._key = key
        self._kind, self._name = item.split(" ", 1)
        found = draft.ini.find(self._kind, self._name)
        if len(found) > 1:
            refuse_double(draft.ini, found[0], found[1])
        self._section = found[0] if found else None
        self._made = set(made)
        self._existed = bool(found)
        self._set: list[str] = []
        self._dropped: list[str] = []
        self._before: list[str] = []
        self._after: list[str] = []

    def forget(self) -> None:
        """Remove what is ours; the section too, where it is ours and nothing else is in it."""
        self._drop_made(keep=set())
        if self._section and _HEADER in self._made and not self._section.options():
            self._remove(self._section)
        if self._dropped:
            self._close(f"{self._told()}, no longer declared")

    def converge(self, wanted: Wanted) -> None:
        if wanted.held:
            self._draft.made[self._item] = sorted(self._made)
            return
        if not wanted.absent:
            self._fill(wanted)
        elif self._section:
            for key, value in self._section.values().items():
                self._show(self._before, Place(key), value)
            self._remove(self._section)
        if self._section and self._made:
            self._draft.made[self._item] = sorted(self._made)
        self._close(self._told())

    def _fill(self, wanted: Wanted) -> None:
        self._drop_made(keep={str(place) for place in wanted.settings})
        if self._section is None:
            self._section = add_section(self._draft.ini, self._kind, self._name)
            self._made.add(_HEADER)
            self._set.append(_HEADER)
        for place, setting in wanted.settings.items():
            if setting is None:
                self._drop(place)
            elif setting is not KEPT:
                self._put(self._section, place, setting)

    def _put(self, section: Section, place: Place, setting: Setting) -> None:
        old = get_value(section, place.key, place.below)
        if old == setting.text:
            return
        if old is None:
            self._made.add(str(place))
        replaced = old if place.below is None else old or get_value(section, place.key)
        if isinstance(replaced, str) or (replaced and place.below is None):
            self._show(self._before, place, replaced, setting=setting)
        set_value(self._draft.ini, section, place.key, setting.text, below=place.below)
        self._set.append(str(place))
        self._show(self._after, place, setting.text, setting=setting)

    def _drop(self, place: Place) -> None:
        self._made.discard(str(place))
        old = get_value(self._section, place.key, place.below) if self._section else None
        if self._section and old is not None:
            self._show(self._before, place, old)
            drop_value(self._draft.ini, self._section, place.key, place.below)
            self._dropped.append(str(place))

    def _drop_made(self, *, keep: set[str]) -> None:
        for place in sorted(self._made - keep - {_HEADER}):
            self._drop(Place.of(place))

    def _remove(self, section: Section) -> None:
        remove_section(self._draft.ini, section)
        self._section = None
        self._dropped.append(_HEADER)

    def _show(self, lines: list[str], place: Place, value: Value, *, setting: Setting | None = None) -> None:
        if isinstance(value, dict):
            for below, text in value.items():
                self._show(lines, Place(place.key, below), text, setting=setting)
        else:
            lines.append(f"{place} = {shown(place, value, setting, key=self._key)}\n")

    def _told(self) -> str:
        if _HEADER in self._set:
            return "made"
        if _HEADER in self._dropped:
            return "removed"
        parts = (("set", self._set), ("removed", self._dropped))
        return "; ".join(f"{verb} {', '.join(places)}" for verb, places in parts if places)

    def _close(self, what: str) -> None:
        self._draft.rows.append(Row(self._item, what))
        header = f"[{header_of(self._kind, self._name)}]\n"
        if what and self._existed:
            self._draft.before += header + "".join(self._before)
        if what and self._section:
            self._draft.after += header + "".join(self._after)
