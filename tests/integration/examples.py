# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The worked examples as they ship, and what a run says of them."""

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
    """The example as the person's inventory, its issuers asked at their twins, with a file of the test's own beside."""
    folder = EXAMPLES / example
    person.write("inventory/hosts.yml", (folder / "hosts.yml").read_text())
    for path in sorted(folder.glob("group_vars/*/*.yml")):
        variables = yaml.safe_load(path.read_text()) or {}
        _ask_twins(variables, twins)
        person.write(f"inventory/{path.relative_to(folder)}", yaml.safe_dump(variables, sort_keys=False))
    person.write("inventory/group_vars/all/test.yml", yaml.safe_dump(more))


def _ask_twins(variables: dict[str, Any], twins: Twins) -> None:
    entries = [entry for value in variables.values() if isinstance(value, dict) for entry in value.values()]
    for check in [entry.get("check") or {} for entry in entries if isinstance(entry, dict)]:
        if check.get("provider") in _TWINS:
            check["base_url"] = twins.url(_TWINS[check["provider"]])


def verdict(done: CompletedProcess[str]) -> list[str]:
    """The lines of the table."""
    lines = done.stdout.splitlines()
    starts = [number for number, line in enumerate(lines) if line.startswith("== ")]
    assert len(starts) == 1, done.stdout + done.stderr
    rest = lines[starts[0] :]
    return rest[: next(number for number, line in enumerate(rest) if line.startswith(("ok: [", "fatal: [", "[ERROR]")))]


def blocks(lines: list[str]) -> dict[str, str]:
    """Each line that starts at the margin, with what is indented below it put behind it, on one line."""
    found: dict[str, str] = {}
    head = ""
    for line in lines[1:]:
        if line.startswith(" "):
            found[head] += f" {line.strip()}"
        else:
            head = line
            found[head] = ""
    return {head: text.strip() for head, text in found.items()}


def report(person: Person) -> dict[str, Any]:
    whole = json.loads((person.home / "report.json").read_text())
    assert isinstance(whole, dict)
    return whole


def outcomes(person: Person) -> dict[str, str]:
    return {check["name"]: check["outcome"] for check in report(person)["checks"]}


def managed(home: Path) -> dict[str, bytes]:
    """Every file of a home but those of Ansible's temporary folder and the test's own."""
    ours = {"report.json", "inventory", ".ansible"}
    files = (path for path in home.rglob("*") if path.is_file() and path.relative_to(home).parts[0] not in ours)
    return {str(path.relative_to(home)): path.read_bytes() for path in files}
