# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from ansible_collections.latchkey.workstation.plugins.plugin_utils._declaration.compile import compile_declaration
from ansible_collections.latchkey.workstation.plugins.plugin_utils._declaration.variables import (
    KNOWN,
    unknown_variables,
)

from tests.unit.plugins.plugin_utils._declaration.declared import MACHINE

ROLES = Path(__file__).resolve().parents[5] / "roles"

MISSPELT = {
    "latchkey_rooster": "latchkey_roster",
    "latchkey_credential_team": "latchkey_credentials_team",
    "latchkey_machin": "latchkey_machine",
    "latchkey_vault_uri": "latchkey_vault_url",
    "aws_config_profile": "aws_config_profiles",
    "aws_config_profiles_team": "aws_config_profiles",
    "keychain_exclusiv": "keychain_exclusive",
    "shell_exports_login_hok": "shell_exports_login_hook",
    "shell_export_login_hook": "shell_exports_login_hook",
    "credentials_check_fail_on": "credential_check_fail_on",
    "credential_check_dead_line": "credential_check_deadline",
    "declaration_usr": "declaration_user",
    "vault_token_preiod": "vault_token_period",
    "launchd_agent_launchctl": "launchd_agents_launchctl",
    "systemd_units_systemctrl": "systemd_units_systemctl",
    "aws_parameters_access": "aws_parameter_access",
    "lachkey_credentials": "latchkey_credentials",
    "latchkeys_roster": "latchkey_roster",
    "latch_key_roster": "latchkey_roster",
    "LATCHKEY_ROSTER": "latchkey_roster",
}


@pytest.mark.parametrize(("name", "nearest"), MISSPELT.items(), ids=MISSPELT)
def test_misspelt_variable_is_an_error_with_the_nearest_name(name: str, nearest: str) -> None:
    assert unknown_variables([name]) == [f'{name}: no such variable, did you mean "{nearest}"?']


OTHERS = [
    *("vault_db_password", "vault_token", "systemd_timesyncd_servers", "aws_region", "keychain_path", "runtime_user"),
    *(
        "shell_type",
        "credential_store",
        "launchd_jobs",
        "declaration_of_intent",
        "latch",
        "lookup_key",
        "user",
        "ansible_user",
        "inventory_hostname",
    ),
]


@pytest.mark.parametrize("name", OTHERS)
def test_variable_of_another_role_is_no_error(name: str) -> None:
    assert unknown_variables([name]) == []


@pytest.mark.parametrize("name", ["latchkey_logins", "latchkey_alerts_team", "latchkey_job_manager"])
def test_variable_of_a_later_version_is_an_error(name: str) -> None:
    assert unknown_variables([name]) == [f"{name}: this version does not use this variable yet, leave it out"]


def test_suffixed_variables_are_known() -> None:
    assert unknown_variables(["latchkey_credentials_mine", "latchkey_roster_team", "latchkey_jobs_x"]) == []


def test_misspelt_variable_is_an_error_of_the_declaration() -> None:
    assert len(compile_declaration({}, MACHINE, names=["latchkey_rooster"])["errors"]) == 1


def test_every_default_of_every_role_is_known() -> None:
    names = {name for path in ROLES.glob("*/defaults/main.yml") for name in yaml.safe_load(path.read_text())} - {
        "declaration"
    }
    assert names
    assert names - KNOWN == set()
