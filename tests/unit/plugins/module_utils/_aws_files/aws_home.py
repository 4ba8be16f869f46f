# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A home to bring AWS files of, and what sources find there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.latchkey.workstation.plugins.module_utils._aws_files.converge import converge
from ansible_collections.latchkey.workstation.plugins.module_utils._core.lookup import LookupResult

from tests.builders import LookupResolver

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from ansible_collections.latchkey.workstation.plugins.module_utils._core.report import Report

SECRET = "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY"
FILE = {"kind": "file", "path": "~/key"}
ENV = {"kind": "env", "name": "KEY"}
READER = {"reader": {"aws_access_key_id": "AKIAI44QH8DHBEXAMPLE", "aws_secret_access_key": FILE, "region": "us-west-2"}}


class Home:
    """A home with AWS files; ``values`` is what sources find, by path or name, and ``found`` what all others do."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.config = home / ".aws/config"
        self.credentials = home / ".aws/credentials"
        self.found = LookupResult.of(SECRET.encode(), "file ~/key")
        self.values: dict[str, LookupResult] = {}
        self.config.parent.mkdir(mode=0o700)

    def look(self, sources: Sequence[Mapping[str, Any]]) -> LookupResult:
        places = [source.get("path") or source["name"] for source in sources]
        return self.values.get(places[0], self.found) if places else LookupResult("absent")

    def converge(
        self, *, profiles: Any = None, static: Any = None, sso_sessions: Any = None, check_mode: bool = False
    ) -> Report:
        def sections(declared: Any) -> list[dict[str, Any]]:
            return [
                {"name": name, "state": "present" if settings is not None else "absent", "settings": settings or {}}
                for name, settings in (declared or {}).items()
            ]

        return converge(
            str(self.home),
            {"sso_sessions": sections(sso_sessions), "profiles": sections(profiles), "static": sections(static)},
            paths=(str(self.config), str(self.credentials)),
            resolver=LookupResolver(first=self.look),
            exclusive=True,
            check_mode=check_mode,
        )

    def rows(self, **declared: Any) -> dict[str, tuple[str, str]]:
        return {row["item"]: (row["state"], row["what"]) for row in self.converge(**declared).items}
