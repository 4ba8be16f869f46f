# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A declaration with every kind of source, store, export and check, and the files that may hold each canary."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.canary.scanner import Canary, make_canary
from tests.canary.stores import ACCOUNT, Files, Store
from tests.canary.traced_home import TracedHome

if TYPE_CHECKING:
    from pathlib import Path

    from tests.canary.aws import Aws
    from tests.integration.conftest import Person
    from tests.twins.services import Twins

__all__ = ["BOOTSTRAP", "EXPORTED", "KEPT", "PARAMETER", "Places", "Scenario", "item"]

BOOTSTRAP = "bootstrap.yml"
KEPT = ("env", "dotenv", "json", "tool", "item", "filed", "ssm", "heroku", "header")
EXPORTED = {
    "FROM_ENV": "env",
    "FROM_DOTENV": "dotenv",
    "FROM_FILE": "file",
    "FROM_TOOL": "tool",
    "FROM_ITEM": "item",
    "FROM_SSM": "ssm",
}
PARAMETER = "/canary"
ENV_FILE = ".config/one.env"

Places = dict[str, set[str]]


def item(service: str, **more: object) -> dict[str, object]:
    return {"service": service, "account": ACCOUNT, **more}


class Scenario:
    """A home with a canary in every source, and the declaration that reads them."""

    def __init__(self, person: Person, folder: Path, twins: Twins, aws: Aws, *, store: type[Store] = Files) -> None:
        self.store = store(person)
        self.twins = twins
        self.aws = aws
        size = self.store.size
        self.canaries = {
            name: make_canary(name, size=size) for name in ("env", "dotenv", "file", "json", "tool", "item", "filed")
        }
        self.canaries |= {name: make_canary(name, size=60, odd=False) for name in ("heroku", "github", "aws")}
        self.canaries["header"] = make_canary("header", size=min(size, 3500), odd=False)
        # A standard parameter holds at most 4 KiB.
        self.canaries["ssm"] = make_canary("ssm", size=min(size, 4096))
        shell = {"CANARY_ENV": self.canaries["env"], "HEROKU_TOKEN": self.canaries["heroku"]}
        self.traced_home = TracedHome(person, folder, shell=shell, wrapped=self.store.wrapped)
        self.home = self.traced_home.home
        self.before: Places = {}
        self._plant()
        self._register_values()
        self.declare()

    def declare(self, **changes: Any) -> None:
        """Write the declaration; ``changes`` replace credentials by name."""
        self.traced_home.person.declare(
            **self.store.variables,
            latchkey_credentials={**self._credentials(), **changes},
            aws_config_credentials={
                "reader": {"aws_access_key_id": "AKIAEXAMPLE", "aws_secret_access_key": {"file": "~/secrets/aws"}}
            },
        )

    def converged(self, **changes: set[str]) -> Places:
        """Return the files that hold each canary after a run."""
        return _together(
            self.before,
            {name: {self.store.place(name)} for name in KEPT},
            {"dotenv": {ENV_FILE}, "filed": {ENV_FILE}, "aws": {".aws/credentials"}},
            changes,
        )

    def stored(self, canary: Canary, name: str) -> Places:
        """Return the files that hold each canary after store.yml stored ``canary`` for ``name``."""
        files: Places = {"dotenv": {ENV_FILE}, "filed": {ENV_FILE}}
        return _together(self.before, files, {canary.name: {self.store.place(name)}})

    def write(self, canary: Canary, path: str, text: str = "{}", value: str = "") -> None:
        self.traced_home.person.write(path, text.replace("{}", value or canary.value), mode=0o600)
        self.before.setdefault(canary.name, set()).add(path)

    def _plant(self) -> None:
        for name in ("file", "tool", "filed", "header", "github", "aws"):
            self.write(self.canaries[name], f"secrets/{name}", "{}\n")
        for name, path, text in (
            ("dotenv", "project/.env", 'OTHER=1\nexport KEY="{}" # comment\n'),
            ("json", "secrets/tree.json", '{"a": [{"b": "{}"}]}'),
        ):
            self.write(self.canaries[name], path, text, escaped(self.canaries[name]))
        self.store.put("foreign", self.canaries["item"])
        self.before["item"] = {self.store.place("foreign")}
        self.traced_home.person.write("bin/print-value", '#!/bin/sh\ncat "$HOME/secrets/tool"\n', mode=0o755)

    def _register_values(self) -> None:
        known = (("heroku", "valid", "heroku"), ("github", "classic", "github"), ("widgets", "valid", "header"))
        for service, scenario, name in known:
            self.twins.know(service, scenario, self.canaries[name].value)
        self.aws.put_parameter(PARAMETER, self.canaries["ssm"])

    def _credentials(self) -> dict[str, Any]:
        heroku = {"provider": "heroku", "base_url": self.twins.url("heroku")}
        github = {"provider": "github", "base_url": self.twins.url("github")}
        headers = {"X-Api-Key": "{value}", "X-Tenant": "{credential.github}", "X-Api-Version": "1"}
        widgets = {"provider": "http", "url": self.twins.url("widgets") + "/v1/me", "headers": headers}
        command = {"provider": "command", "argv": ["/usr/bin/grep", "-q", "."], "stdin": "{value}"}
        dotenv = {"path": "~/project/.env", "key": "KEY"}
        return {
            "env": {"source": [{"env": "CANARY_ENV"}], "keychain": item("env"), "export": "FROM_ENV"},
            "dotenv": {
                "source": [{"dotenv": dotenv}],
                "keychain": item("dotenv", label="a label", comment="a comment"),
                "export": ["FROM_DOTENV", {"name": "FROM_DOTENV", "file": f"~/{ENV_FILE}"}],
                "check": command,
            },
            "file": {"source": [{"file": "~/secrets/file"}], "export": "FROM_FILE"},
            "json": {
                "source": [{"json": {"path": "~/secrets/tree.json", "pointer": "/a/0/b"}}],
                "keychain": item("json"),
            },
            "tool": {"source": [{"command": ["~/bin/print-value"]}], "keychain": item("tool"), "export": "FROM_TOOL"},
            "item": {"source": [{"keychain": item("foreign")}], "keychain": item("item"), "export": "FROM_ITEM"},
            "filed": {
                "source": [{"file": "~/secrets/filed"}],
                "keychain": item("filed"),
                "export": {"name": "FILED", "file": f"~/{ENV_FILE}"},
            },
            "heroku": {"source": [{"env": "HEROKU_TOKEN"}], "keychain": item("heroku"), "check": heroku},
            "github": {"source": [{"file": "~/secrets/github"}], "check": github},
            "header": {"source": [{"file": "~/secrets/header"}], "keychain": item("header"), "check": widgets},
            "ssm": {"source": [self.aws.source(PARAMETER)], "keychain": item("ssm"), "export": "FROM_SSM"},
            "whoami": {"check": self.aws.identity(), "required": False},
        }


def escaped(canary: Canary) -> str:
    """Return the value escaped for double quotes of both JSON and dotenv."""
    return json.dumps(canary.value, ensure_ascii=False)[1:-1]


def _together(*several: Places) -> Places:
    """Merge; empty names (a store without a file per item) are left out."""
    names = {name for places in several for name in places}
    found = {name: {place for places in several for place in places.get(name, set()) if place} for name in names}
    return {name: places for name, places in found.items() if places}
