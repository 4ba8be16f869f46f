# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run without a declaration removes nothing; an empty mapping removes what was made except a value's only copy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.integration.examples import managed

if TYPE_CHECKING:
    from tests.integration.conftest import Person

TOKEN = {"source": [{"env": "TOKEN"}], "keychain": {"service": "t", "account": "me"}, "export": "TOKEN"}
DECLARED = {
    "latchkey_keychain_backend": "files",
    "latchkey_credentials_mine": {"token": TOKEN},
    "aws_config_profiles": {"dev": {"region": "eu-west-1"}},
}
MADE = {".zshrc", ".local/bin/latchkey-run", ".local/share/latchkey/exports.sh"}
ONLY_COPY = ".local/share/latchkey/keychain/t+me"
NO_DECLARATION = [
    pytest.param({}, id="no variables", marks=pytest.mark.thorough),
    pytest.param({"latchkey_credentials_mine": None, "aws_config_profiles": None}, id="null variables"),
]


@pytest.mark.parametrize("variables", NO_DECLARATION)
def test_nothing_is_removed_until_an_empty_mapping_is_declared(person: Person, variables: dict[str, None]) -> None:
    person.declare(**DECLARED)
    assert person.play("bootstrap.yml", env={"TOKEN": "made-by-latchkey"}).returncode == 0
    before = managed(person.home)
    person.declare(**variables)
    done = person.play("bootstrap.yml")
    assert done.returncode == 0, done.stdout
    assert "changed=0" in done.stdout
    assert managed(person.home) == before

    person.declare(latchkey_credentials={}, aws_config_profiles={}, latchkey_keychain_backend="files")
    done = person.play("bootstrap.yml")
    assert done.returncode == 0, done.stdout
    assert before.keys() >= MADE
    assert not MADE & managed(person.home).keys()
    assert managed(person.home)[ONLY_COPY] == before[ONLY_COPY]
    assert "dev" not in (person.home / ".aws/config").read_text()
