# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The collection as Galaxy installs it, where there is no checkout and no playbooks folder to name."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.integration.conftest import CHECKOUT

if TYPE_CHECKING:
    from tests.integration.conftest import Person


@pytest.fixture
def collections(person: Person) -> str:
    root = person.home / "collections/ansible_collections/latchkey/workstation"
    for name in ("meta", "playbooks", "plugins", "roles"):
        shutil.copytree(CHECKOUT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    person.own()
    return str(person.home / "collections")


def test_the_way_out_is_named_as_it_can_be_typed(person: Person, collections: str) -> None:
    person.declare(
        latchkey_credentials={"token": {"keychain": {"service": "t", "account": "me"}}},
        latchkey_keychain_backend="files",
    )
    own = str(person.write("ansible.cfg", ""))
    env = {"ANSIBLE_COLLECTIONS_PATH": collections, "ANSIBLE_CONFIG": own, "COLUMNS": "100"}
    failed = person.play("latchkey.workstation.bootstrap", env=env)
    assert failed.returncode != 0
    fix = "ansible-playbook latchkey.workstation.store -e credential=token"
    assert fix in failed.stdout
    stored = person.play(*fix.split()[1:], env=env, stdin="the-value-of-token")
    assert stored.returncode == 0, stored.stdout
    assert person.play("latchkey.workstation.bootstrap", env=env).returncode == 0
