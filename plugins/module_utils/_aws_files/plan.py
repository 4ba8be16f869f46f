# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Compute the new content of one AWS file from its declared sections, without writing anything."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .editor import render_verified
from .parser import parse
from .section import SectionEdit, SectionResult

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .declared import WantedSection
    from .ini import Ini
    from .ownership import OwnedKeys

__all__ = ["FilePlan", "plan_file"]


@dataclass
class FilePlan:
    """New content of a file.

    ``ini`` is the edited file and ``data`` its bytes, ``owned`` the keys this collection owns after the write,
    ``results`` one or more lines per section, ``before`` and ``after`` the diff with secrets masked.
    """

    ini: Ini
    data: bytes = b""
    owned: OwnedKeys = field(default_factory=dict)
    results: list[SectionResult] = field(default_factory=list)
    before: str = ""
    after: str = ""

    @property
    def changed(self) -> bool:
        return any(result.state == "changed" for result in self.results)

    def written(self) -> Ini:
        """The new content parsed again, with the line numbers it has in the written file."""
        return parse(self.data, path=self.ini.path, credentials=self.ini.credentials)

    def add(self, edit: SectionEdit) -> None:
        self.results += edit.results
        self.before += edit.before
        self.after += edit.after
        if edit.owned:
            self.owned[edit.item] = edit.owned


def plan_file(
    ini: Ini,
    *,
    wanted: Sequence[WantedSection],
    owned: OwnedKeys,
    exclusive: bool,
    key: bytes | None,
) -> FilePlan:
    """Edit ``ini`` to match ``wanted``; with ``exclusive`` remove owned keys of sections that are not in it.

    ``owned`` is the ownership before the edit, ``key`` the secret key of digests and fingerprints (None: values cannot
    be compared). Raises LatchkeyError where an edit would change what AWS reads elsewhere in the file.
    """
    plan = FilePlan(ini)
    declared = {section.item: section for section in wanted}
    for section in wanted:
        edit = SectionEdit(ini, section.item, owned.get(section.item, {}), key=key)
        edit.apply(section)
        plan.add(edit)
    for item in sorted(owned.keys() - declared.keys()):  # profiles before the sessions they refer to
        if exclusive:
            edit = SectionEdit(ini, item, owned[item], key=key)
            edit.remove_owned(declared)
            plan.add(edit)
        else:
            plan.owned[item] = owned[item]
    plan.data = render_verified(ini) if plan.changed else ini.render()
    return plan
