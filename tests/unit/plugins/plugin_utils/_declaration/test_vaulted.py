# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from ansible.module_utils._internal._datatag import AnsibleTagHelper
from ansible.parsing import vault
from ansible.parsing.dataloader import DataLoader
from ansible_collections.latchkey.workstation.plugins.plugin_utils._declaration.compile import compile_declaration

from tests.unit.plugins.plugin_utils._declaration.declared import MACHINE

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "a-vaulted-value"
PLACES = {
    "about": ("latchkey_credentials: {a: {about: VAULTED}}", "latchkey_credentials.a.about"),
    "value where a source belongs": ("latchkey_credentials: {a: {source: VAULTED}}", "latchkey_credentials.a.source"),
    "unknown key": ("latchkey_credentials: {a: {value: VAULTED}}", "latchkey_credentials.a.value"),
    "argument": (
        "latchkey_credentials: {a: {source: [{command: [x, VAULTED]}]}}",
        "latchkey_credentials.a.source[0].command[1]",
    ),
    "header of a check": (
        "latchkey_credentials: {a: {check: {provider: http, url: 'https://x.example.com', headers: {X: VAULTED}}}}",
        "latchkey_credentials.a.check.headers.X",
    ),
    "merged variable": ("latchkey_credentials_b: {a: {about: VAULTED}}", "latchkey_credentials_b.a.about"),
    "variable of a person": ("latchkey_roster: {alice: {vars: {pin: VAULTED}}}", "latchkey_roster.alice.vars.pin"),
    "AWS key": (
        "aws_config_credentials: {r: {aws_secret_access_key: VAULTED}}",
        "aws_config_credentials.r.aws_secret_access_key",
    ),
    "AWS setting": ("aws_config_profiles: {dev: {region: VAULTED}}", "aws_config_profiles.dev.region"),
    "whole variable": ("latchkey_credentials: VAULTED", "latchkey_credentials"),
}


def tagged(value: Any) -> Any:
    """Replace each text VAULTED by a secret with the tag of a decrypted vaulted scalar, as filters get it."""
    if isinstance(value, dict):
        return {key: tagged(each) for key, each in value.items()}
    if isinstance(value, list):
        return [tagged(each) for each in value]
    if value != "VAULTED":
        return value
    tags = AnsibleTagHelper.tags(value)
    return AnsibleTagHelper.tag(SECRET, [*tags, vault.VaultedValue(ciphertext="$ANSIBLE_VAULT;1.1;AES256")])


@pytest.mark.parametrize(("text", "where"), PLACES.values(), ids=PLACES)
def test_vaulted_value_anywhere_is_an_error_without_the_value(tmp_path: Path, text: str, where: str) -> None:
    path = tmp_path / "all.yml"
    path.write_text(text)
    result = compile_declaration(tagged(DataLoader().load_from_file(str(path))), MACHINE)
    errors = [error for error in result["errors"] if "encrypted with ansible-vault" in error]
    assert len(errors) == 1
    assert errors[0].startswith(f"{path}:1: {where} is encrypted")
    assert SECRET not in str(result)
