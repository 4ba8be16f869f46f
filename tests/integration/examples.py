# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Installation of an example inventory into a home, and readers of a run's summary and report."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import yaml

from tests.integration.conftest import CHECKOUT

if TYPE_CHECKING:
    from pathlib import Path
    from subprocess import CompletedProcess

    from tests.integration.conftest import Person
    from tests.twins.services import Twins

EXAMPLES = CHECKOUT / "inventory/examples"
_TWINS = {
    "cloudflare_user_token": "cloudflare",
    "gh": "github",
    "github": "github",
    "heroku": "heroku",
    "infisical": "infisical",
}


def install(person: Person, example: str, twins: Twins, **more: object) -> None:
    """Write the example as the person's inventory, with the twins as issuers and ``more`` as additional variables."""
    folder = EXAMPLES / example
    person.write("inventory/hosts.yml", (folder / "hosts.yml").read_text())
    for path in sorted(folder.glob("group_vars/*/*.yml")):
        variables = yaml.safe_load(path.read_text()) or {}
        _use_twins(variables, twins)
        person.write(f"inventory/{path.relative_to(folder)}", yaml.safe_dump(variables, sort_keys=False))
    person.write("inventory/group_vars/all/test.yml", yaml.safe_dump(more))


def _use_twins(variables: dict[str, Any], twins: Twins) -> None:
    entries = [entry for value in variables.values() if isinstance(value, dict) for entry in value.values()]
    for check in [entry.get("check") or {} for entry in entries if isinstance(entry, dict)]:
        if check.get("provider") in _TWINS:
            check["base_url"] = twins.url(_TWINS[check["provider"]])


def verdict(done: CompletedProcess[str]) -> list[str]:
    """Return the lines of the summary."""
    lines = done.stdout.splitlines()
    starts = [number for number, line in enumerate(lines) if line.startswith("== ")]
    assert len(starts) == 1, done.stdout + done.stderr
    rest = lines[starts[0] :]
    return rest[: next(number for number, line in enumerate(rest) if line.startswith("inventory: "))]


def blocks(lines: list[str]) -> dict[str, str]:
    """Return the indented lines below each unindented line, joined into one, without the line breaks of commands."""
    found: dict[str, str] = {}
    head = ""
    for line in lines[1:]:
        if line.startswith(" "):
            text = line.removesuffix("\\").strip()
            found[head] += f" {text}"
        else:
            head = line
            found[head] = ""
    return {head: text.strip() for head, text in found.items()}


def report(person: Person) -> dict[str, Any]:
    content = json.loads((person.home / "report.json").read_text())
    assert isinstance(content, dict)
    return content


def outcomes(person: Person) -> dict[str, str]:
    return {check["name"]: check["outcome"] for check in report(person)["checks"]}


def managed(home: Path) -> dict[str, bytes]:
    """Return every file of a home except the test's own and those of Ansible's temporary folder."""
    excluded = {"report.json", "inventory", ".ansible"}
    files = (path for path in home.rglob("*") if path.is_file() and path.relative_to(home).parts[0] not in excluded)
    return {str(path.relative_to(home)): path.read_bytes() for path in files}
