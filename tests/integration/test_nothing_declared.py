# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An inventory that by a slip declares nothing takes nothing away; one that says that nothing is wanted does."""

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
MADE = {
    *(".zshrc", ".local/bin/latchkey-run", ".local/share/latchkey/exports.sh"),
    ".local/share/latchkey/keychain/t+me",
}
SLIPS = {
    "variables that are not found": {},
    "all of it in comments": {"latchkey_credentials_mine": None, "aws_config_profiles": None},
}


@pytest.mark.parametrize("slip", SLIPS.values(), ids=SLIPS)
def test_a_slip_takes_nothing_away(person: Person, slip: dict[str, None]) -> None:
    person.declare(**DECLARED)
    assert person.play("bootstrap.yml", env={"TOKEN": "made-by-latchkey"}).returncode == 0
    before = managed(person.home)
    person.declare(**slip)
    done = person.play("bootstrap.yml")
    assert done.returncode == 0, done.stdout
    assert "changed=0" in done.stdout
    assert managed(person.home) == before

    person.declare(latchkey_credentials={}, aws_config_profiles={}, latchkey_keychain_backend="files")
    done = person.play("bootstrap.yml")
    assert done.returncode == 0, done.stdout
    assert before.keys() >= MADE
    assert not MADE & managed(person.home).keys()
    assert "dev" not in (person.home / ".aws/config").read_text()
