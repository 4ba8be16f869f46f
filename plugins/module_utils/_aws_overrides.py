# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What somebody has in the credentials file that wins over the declared, or goes along with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.latchkey.workstation.plugins.module_utils._aws_declared import (
    PARTS_OF_A_KEY,
    TOKENS,
    VARIABLES,
)
from ansible_collections.latchkey.workstation.plugins.module_utils._aws_edit import get_value
from ansible_collections.latchkey.workstation.plugins.module_utils._errors import LatchkeyError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ansible_collections.latchkey.workstation.plugins.module_utils._aws_declared import Wanted
    from ansible_collections.latchkey.workstation.plugins.module_utils._aws_ini import Ini, Option, Section

__all__ = ["overrides"]


def overrides(wanted: Iterable[Wanted], credentials: Ini) -> Iterator[tuple[str, LatchkeyError]]:
    """Items of declared sections, each with what is not declared of its namesake in the finished ``credentials``."""
    wanted = [section for section in wanted if not section.absent]
    static = {section.name: section for section in wanted if section.kind == "credentials"}
    for section in wanted:
        twin = static.get(section.name)
        if twin and twin.held:
            continue
        known = {place.key for place in twin.settings} if twin else set()
        for there in credentials.find("credentials", section.name):
            found = _winning(section, there) if section.kind == "profile" else _stray_tokens(section, there)
            for option, said in found:
                if option.key not in known:
                    yield section.item, _told(credentials, option, said, section.name)


def _winning(wanted: Wanted, there: Section) -> Iterator[tuple[Option, str]]:
    """AWS takes a key of a profile from the credentials file where it stands in both."""
    for place, setting in wanted.settings.items():
        option = there.option(place.key)
        if option and get_value(there, place.key, place.below) != (setting.text if setting else None):
            yield option, f"there comes before the declared {place}"


def _stray_tokens(wanted: Wanted, there: Section) -> Iterator[tuple[Option, str]]:
    if wanted.kind == "credentials" and {place.key for place in wanted.settings} & (PARTS_OF_A_KEY - TOKENS):
        for option in there.options():
            if option.key in TOKENS:
                yield option, "is not declared, and may belong to another key than the declared one"


def _told(ini: Ini, option: Option, said: str, name: str) -> LatchkeyError:
    return LatchkeyError(
        f"{ini.path} line {option.number}: {option.key} {said}",
        remedy=f"take it out there, or declare it in {VARIABLES['credentials']}.{name} (null: not to be there)",
    )
