# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Search for vaulted scalars (``!vault``) in the declaration.

Ansible decrypts a vaulted scalar on the controller. Its value would stand in clear text in module arguments and in the
compiled declaration, so each one is an error. ansible-core marks such values with a tag.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .location import Location, entries

try:
    from ansible.parsing.vault import VaultedValue
except ImportError:
    VaultedValue = None

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["vaulted_values"]


def vaulted_values(variable: str, declared: Any) -> Iterator[str]:
    """Yield an error for each vaulted scalar in ``declared``, the value of ``variable``."""
    named = [(entry.where, entry.value) for entry in entries(variable, declared, [])]
    for where in [found for start, value in named or [(Location(variable), declared)] for found in _find(start, value)]:
        yield (
            f"{where} is encrypted with ansible-vault, and would stand in clear text on every machine: "
            "put the value where the machine reads it, and declare that place as its source"
        )


def _find(where: Location, value: Any) -> Iterator[Location]:
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _find(where.below(key), each)
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _find(where.below(index), each)
    elif VaultedValue is not None and VaultedValue.get_tag(value):
        yield where.at(value)
