# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What declared sections make of an AWS file: its new bytes, what is ours in it, and what people may see of that."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ansible_collections.latchkey.workstation.plugins.module_utils._aws_edit import finish
from ansible_collections.latchkey.workstation.plugins.module_utils._aws_parse import parse
from ansible_collections.latchkey.workstation.plugins.module_utils._aws_section import Edit, Row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ansible_collections.latchkey.workstation.plugins.module_utils._aws_declared import Wanted
    from ansible_collections.latchkey.workstation.plugins.module_utils._aws_ini import Ini
    from ansible_collections.latchkey.workstation.plugins.module_utils._aws_note import Made

__all__ = ["Plan", "plan"]


@dataclass
class Plan:
    """``made`` names what is ours; ``before`` and ``after`` show the keys that change, secrets masked."""

    ini: Ini
    data: bytes = b""
    made: Made = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    before: str = ""
    after: str = ""

    @property
    def changed(self) -> bool:
        return any(row.state == "changed" for row in self.rows)

    def written(self) -> Ini:
        """What stands there once it is written, with its own lines."""
        return parse(self.data, path=self.ini.path, credentials=self.ini.credentials)

    def add(self, edit: Edit) -> None:
        self.rows += edit.rows
        self.before += edit.before
        self.after += edit.after
        if edit.made:
            self.made[edit.item] = edit.made


def plan(
    ini: Ini,
    *,
    wanted: Sequence[Wanted],
    made: Made,
    exclusive: bool,
    key: bytes | None,
) -> Plan:
    """Edit ``ini`` into what is wanted; ``made`` is what the plan before this one left.

    ``key`` is that of fingerprints and digests; without one nobody can tell that a value of ours was changed.
    """
    draft = Plan(ini)
    declared = {section.item: section for section in wanted}
    for section in wanted:
        edit = Edit(ini, section.item, made.get(section.item, {}), key=key)
        edit.converge(section)
        draft.add(edit)
    for item in sorted(made.keys() - declared.keys()):  # profiles before the sessions they name
        if exclusive:
            edit = Edit(ini, item, made[item], key=key)
            edit.forget(declared)
            draft.add(edit)
        else:
            draft.made[item] = made[item]
    draft.data = finish(ini) if draft.changed else ini.render()
    return draft
