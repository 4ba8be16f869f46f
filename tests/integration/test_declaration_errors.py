# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Errors of a declaration as a run of the real playbooks shows them: nothing is touched and no secret appears."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from ansible.parsing import vault

from tests.integration.examples import managed

if TYPE_CHECKING:
    from subprocess import CompletedProcess

    from tests.integration.conftest import Person

SECRET = "a-vaulted-value"
TOKEN = {"token": {"source": [{"env": "TOKEN"}], "keychain": {"service": "t", "account": "me"}}}


@pytest.fixture
def declared(person: Person) -> Person:
    person.declare(latchkey_credentials=TOKEN, latchkey_keychain_backend="files")
    return person


def errors(person: Person, *arguments: str) -> str:
    """Run bootstrap.yml; assert that it fails and writes nothing; return its output on one line."""
    before = managed(person.home)
    done: CompletedProcess[str] = person.play("bootstrap.yml", *arguments, env={"TOKEN": "value-of-token"})
    assert done.returncode != 0, done.stdout
    assert managed(person.home) == before
    return " ".join((done.stdout + done.stderr).split())


@pytest.mark.parametrize("name", ["latchkey_credentails", "lachkey_roster", "shell_exports_login_hok"])
def test_misspelt_variable_given_by_extra_vars_is_an_error(declared: Person, name: str) -> None:
    assert f"-e {name}=… is not known, did you mean" in errors(declared, "-e", f"{name}=x")


@pytest.mark.parametrize("name", ["latchkey_credentails", "lachkey_roster", "shell_exports_login_hok"])
def test_misspelt_variable_in_a_file_of_extra_vars_is_an_error(declared: Person, name: str) -> None:
    more = declared.write("more.yml", f"{name}: x\n")
    assert f"{name}: no such variable, did you mean" in errors(declared, "-e", f"@{more}")


def test_unknown_user_is_an_error_that_names_the_inventory_and_the_option(declared: Person) -> None:
    text = errors(declared, "-e", "user=nobody-here")
    assert f"is not in the inventory {declared.home}/inventory" in text
    assert "it has no roster" in text
    assert "name it with -i, or leave user out" in text


def test_unknown_credential_is_an_error_that_names_the_inventory(declared: Person) -> None:
    text = errors(declared, "-e", "credential=tokn")
    assert f'credential=tokn is not declared in the inventory {declared.home}/inventory, did you mean "token"?' in text


def test_vaulted_value_is_an_error_and_is_never_shown(declared: Person) -> None:
    secrets = [("default", vault.VaultSecret(b"password"))]
    encrypted = vault.VaultLib(secrets).encrypt(SECRET, secrets[0][1]).decode().replace("\n", "\\n")
    declared.write("password", "password")
    text = f'latchkey_credentials_mine:\n  other:\n    about: !vault "{encrypted}"\n'
    path = declared.write("inventory/group_vars/all/mine.yml", text)
    arguments = ["--vault-password-file", str(declared.home / "password"), "-vvv"]
    output = errors(declared, *arguments)
    assert f"{path}:3: latchkey_credentials_mine.other.about is encrypted with ansible-vault" in output
    assert SECRET not in output
