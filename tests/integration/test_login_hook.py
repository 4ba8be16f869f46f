# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The login hook: a new interactive zsh prints what the last check found wrong."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.integration.shells import needs
from tests.twins.services import serve

if TYPE_CHECKING:
    from subprocess import CompletedProcess

    from tests.integration.conftest import Person

TOKEN = "HRKU-AA" + "t" * 58


def new_terminal(person: Person, *arguments: str) -> CompletedProcess[str]:
    return person.run(["zsh", *arguments, "-c", "print -r -- ready"])


def test_new_terminal_prints_a_failure_and_nothing_otherwise(person: Person) -> None:
    needs("zsh")
    with serve() as twins:
        twins.know("heroku", "valid", TOKEN)
        check = {"provider": "heroku", "base_url": twins.url("heroku")}
        person.write("key", TOKEN)
        person.declare(
            latchkey_credentials={"heroku": {"source": [{"file": "~/key"}], "check": check}},
            shell_exports_login_hook=True,
        )
        person.play("bootstrap.yml")
        assert new_terminal(person, "-i").stderr == ""
        person.write("key", TOKEN[:-1] + "x")
        assert person.play("playbooks/check.yml", "--check").returncode != 0
        assert new_terminal(person, "-i").stderr == ""
        person.play("playbooks/check.yml")
        said = new_terminal(person, "-i")
        assert said.stderr.startswith("latchkey: FAIL heroku: "), said.stderr
        assert "write a valid value to the file ~/key" in said.stderr
        assert said.stdout == "ready\n"
        assert new_terminal(person).stderr == ""
        person.write("key", TOKEN)
        person.play("playbooks/check.yml")
        assert new_terminal(person, "-i").stderr == ""
    block = (person.home / ".zshrc").read_text()
    assert "attention" in block
    person.declare(latchkey_credentials={})
    person.play("bootstrap.yml")
    assert not (person.home / ".zshrc").exists()


@pytest.mark.thorough
def test_stored_value_is_no_longer_reported(person: Person) -> None:
    needs("zsh")
    with serve() as twins:
        twins.know("heroku", "valid", TOKEN)
        check = {"provider": "heroku", "base_url": twins.url("heroku")}
        credentials = {
            name: {"keychain": {"service": name, "account": "me"}, "check": check} for name in ("heroku", "other")
        }
        credentials["plain"] = {"keychain": {"service": "plain", "account": "me"}}
        person.declare(
            latchkey_credentials=credentials, shell_exports_login_hook=True, latchkey_keychain_backend="files"
        )
        assert person.play("bootstrap.yml").returncode != 0
        said = new_terminal(person, "-i").stderr
        assert "FAIL heroku" in said
        assert "FAIL other" in said
        assert "FAIL plain" in said
        for name in ("heroku", "plain"):
            command = next(line for line in said.splitlines() if line.endswith(f"-e credential={name}"))
            assert person.run(["sh", "-c", f"cd / && {command}"], stdin=TOKEN).returncode == 0
        said = new_terminal(person, "-i").stderr
        assert "FAIL heroku" not in said
        assert "FAIL plain" not in said
        assert "FAIL other" in said
        noted = json.loads((person.home / ".local/state/latchkey/checks.json").read_text())
        assert list(noted) == ["heroku"]
