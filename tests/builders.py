# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Builders of credentials, sources, members and resolvers in the shape that the modules' argument specs give them."""

from __future__ import annotations

import copy
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible_collections.latchkey.workstation.plugins.module_utils._core.argument_spec import members_spec
from ansible_collections.latchkey.workstation.plugins.module_utils._core.lookup import LookupResult
from ansible_collections.latchkey.workstation.plugins.module_utils._core.member import Member
from ansible_collections.latchkey.workstation.plugins.module_utils._exports.render import Programs
from ansible_collections.latchkey.workstation.plugins.module_utils._sources.resolver import Resolver

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = ["LookupResolver", "credential", "member", "programs", "resolver", "source"]

_CREDENTIAL = members_spec()["members"]["options"]["credentials"]["options"]


def credential(name: str, **options: Any) -> dict[str, Any]:
    """A credential with every key that the argument spec gives it; ``options`` are the declared ones."""
    return _complete(_CREDENTIAL, {"name": name, **options})


def source(kind: str, **options: Any) -> dict[str, Any]:
    """A source with every key of the argument spec."""
    return _complete(_CREDENTIAL["sources"]["options"], {"kind": kind, **options})


def member(home: Path | str, name: str = "alice", *, is_current_user: bool = True) -> Member:
    """A member whose account has the ids of this process."""
    return Member(name, name, str(home), os.getuid(), os.getgid(), "/bin/sh", is_current_user=is_current_user)


def resolver(
    home: Path | str, *, stored: LookupResult | None = None, environ: Mapping[str, str] | None = None
) -> Resolver:
    """A resolver whose store answers ``stored`` for every item, absent without it."""
    answer = stored or LookupResult("absent", reason="not kept")
    return Resolver(str(home), from_store=lambda _service, _account: answer, environ=environ)


def programs() -> Programs:
    """The shell programs of this checkout."""
    folder = Path(__file__).parents[1] / "roles/shell_exports/files"
    return Programs(library=(folder / "exports.sh").read_text(), run=(folder / "latchkey-run.sh").read_text())


class LookupResolver(Resolver):
    """A resolver that answers from a function instead of sources and a store."""

    def __init__(
        self,
        value: Callable[[Mapping[str, Any]], LookupResult] | None = None,
        first: Callable[[Sequence[Mapping[str, Any]]], LookupResult] | None = None,
    ) -> None:
        super().__init__("/nonexistent", from_store=lambda _service, _account: LookupResult("absent"))
        self._value, self._first = value, first

    def value(self, credential: Mapping[str, Any]) -> LookupResult:
        return self._value(credential) if self._value else super().value(credential)

    def first(self, sources: Any) -> LookupResult:
        return self._first(list(sources)) if self._first else super().first(sources)


def _complete(spec: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    unknown = values.keys() - spec.keys()
    assert not unknown, f"not in the argument spec: {sorted(unknown)}"
    found = {}
    for key, option in spec.items():
        value = copy.deepcopy(values.get(key, option.get("default")))
        if option.get("options") and isinstance(value, dict):
            value = _complete(option["options"], value)
        elif option.get("options") and isinstance(value, list):
            value = [_complete(option["options"], each) for each in value]
        found[key] = value
    return found
