# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Running checks as the module does, for the person who runs the tests, with values handed in."""

from __future__ import annotations

import json
import os
import pwd
from typing import TYPE_CHECKING, Any

from ansible_collections.latchkey.workstation.plugins.module_utils._checks.engine import CheckRun, check_all
from ansible_collections.latchkey.workstation.plugins.module_utils._checks.local import CheckRequest
from ansible_collections.latchkey.workstation.plugins.module_utils._checks.registry import (
    PROVIDERS,
    normalise,
    validation_errors,
)
from ansible_collections.latchkey.workstation.plugins.module_utils._checks.result_row import ANYWHERE
from ansible_collections.latchkey.workstation.plugins.module_utils._core.lookup import LookupResult
from ansible_collections.latchkey.workstation.plugins.module_utils._core.secrets import Secret

from tests import builders
from tests.builders import LookupResolver

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from ansible_collections.latchkey.workstation.plugins.module_utils._core.report import Report

__all__ = ["Bench", "credential"]


def credential(name: str, check: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """A credential with a normalised check."""
    return builders.credential(name, check=check and normalise(check), **more)


_MENDED_HERE = {"command", "docker", "file", "gh", "ssh_agent", "tailscale", "wrangler"}


def _has_a_way_out(row: Mapping[str, Any]) -> bool:
    """Every failure says what to do next, and of what a machine shows something better than what fits everything."""
    if row.get("outcome") != "FAIL":
        return True
    return bool(row["remedy"] or row["rotate"]) and (row["provider"] not in _MENDED_HERE or row["remedy"] != ANYWHERE)


class Bench:
    """A home, and everything a check may find there."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.values: dict[str, LookupResult] = {}
        self.asked_for: list[str] = []
        self.reports: dict[str, Report] = {}

    def put(self, path: str, content: str | bytes | dict[str, Any], mode: int = 0o600) -> Path:
        file = self.home / path
        file.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(content) if isinstance(content, dict) else content
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        file.chmod(mode)
        return file

    def program(self, name: str, script: str) -> Path:
        return self.put(f"bin/{name}", f"#!/bin/sh\n{script}\n", 0o700)

    def has(self, name: str, value: str | bytes) -> None:
        self.values[name] = LookupResult("found", secret=Secret(value))

    def check(self, provider: str, value: str | bytes = "", *, name: str = "mine", **options: Any) -> dict[str, Any]:
        """One check of one credential, and its row."""
        more = {key: options.pop(key) for key in ("required", "warn_before", "rotate", "keychain") if key in options}
        plan = options.pop("plan", {})
        declared = {"provider": provider, **options}
        assert validation_errors(declared, [name, *self.values]) == []
        if value:
            self.has(name, value)
        others = [credential(each, category="unused") for each in self.values if each != name]
        return self.run([credential(name, declared, **more), *others], **plan)[name]

    def run(
        self,
        credentials: list[dict[str, Any]],
        *,
        check_mode: bool = False,
        only: str = "",
        given: str = "",
        planned: Iterable[str] = (),
        **plan: Any,
    ) -> dict[str, dict[str, Any]]:
        """All checks of one member, rows by name; ``planned`` are items that the run would write."""
        mode: dict[str, Any] = {"check_mode": check_mode or bool(planned), "planned": {"alice": frozenset(planned)}}
        return self.run_members({"alice": credentials}, only=only, given=given, **mode, **plan)["alice"]

    def run_members(
        self,
        members: dict[str, list[dict[str, Any]]],
        *,
        check_mode: bool = False,
        only: str = "",
        given: str = "",
        planned: Mapping[str, frozenset[str]] | None = None,
        **plan: Any,
    ) -> dict[str, dict[str, dict[str, Any]]]:
        asked = CheckRequest(
            self._open,
            PROVIDERS,
            only=only,
            given=Secret(given) if given else None,
            check_mode=check_mode,
            planned=planned or {},
        )
        me = pwd.getpwuid(os.geteuid()).pw_name
        entries = [{"name": name, "account": me, "credentials": each} for name, each in members.items()]
        self.reports = check_all(entries, CheckRun(asked, **plan))
        rows = {name: {row["item"]: row for row in report.items} for name, report in self.reports.items()}
        assert not [row for each in rows.values() for row in each.values() if not _has_a_way_out(row)]
        return rows

    def _open(self, _member: object, _credentials: object) -> LookupResolver:
        return LookupResolver(value=self._value)

    def _value(self, declared: Mapping[str, Any]) -> LookupResult:
        self.asked_for.append(declared["name"])
        absent = LookupResult("absent", reason=f"{declared['name'].upper()} is not set")
        return self.values.get(declared["name"], absent)
