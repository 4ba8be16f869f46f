# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An item of ours into which somebody put another value is theirs when it is no longer declared."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.integration.conftest import Person

KEPT = ".local/share/latchkey/keychain/t+t"


@pytest.mark.parametrize("changed", [True, False])
def test_only_what_is_still_as_we_kept_it_is_removed(person: Person, changed: bool) -> None:
    token = {"source": [{"env": "TOKEN"}], "keychain": {"service": "t", "account": "t"}, "required": False}
    person.declare(latchkey_credentials={"token": token}, latchkey_keychain_backend="files")
    person.play("bootstrap.yml", env={"TOKEN": "made-by-latchkey"})
    if changed:
        person.write(KEPT, "put-in-by-hand", mode=0o600)
    person.declare(latchkey_credentials={}, latchkey_keychain_backend="files")
    done = person.play("bootstrap.yml")
    assert done.returncode == 0, done.stdout
    assert (person.home / KEPT).exists() is changed
    assert ("left alone: its value is not the one" in " ".join(done.stdout.split())) is changed


def test_a_closed_standard_input_is_no_value(person: Person) -> None:
    token = {"keychain": {"service": "t", "account": "t"}}
    person.declare(latchkey_credentials={"token": token}, latchkey_keychain_backend="files")
    script = f"ansible-playbook -i {person.home}/inventory playbooks/store.yml -e credential=token <&-"
    done = person.run(["sh", "-c", script], seconds=60)
    assert done.returncode != 0
    assert "no value was given" in done.stdout + done.stderr
