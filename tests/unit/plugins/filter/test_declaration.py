# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.latchkey.workstation.plugins.filter.declaration import (
    credential_check_members,
    declaration,
)

VARIABLES = {"latchkey_credentials": {"heroku": {}, "xcode": {"only": {"machines": ["mac"]}}}}
GROUPS = {"all": ["devvm", "mac"]}


@pytest.fixture
def compiled() -> dict[str, Any]:
    result = declaration(VARIABLES, host="devvm", groups=GROUPS, person="alice")
    assert result["errors"] == []
    return result


def names(members: list[dict[str, Any]]) -> list[list[str]]:
    return [[credential["name"] for credential in member["credentials"]] for member in members]


@pytest.mark.parametrize("only", ["", "heroku", "xcode"])
def test_credential_check_members_keeps_every_credential_of_the_machine(compiled: dict[str, Any], only: str) -> None:
    """The check of one credential may refer to the values of others."""
    assert names(credential_check_members(compiled, only=only)) == [["heroku"]]


def test_undeclared_credential_is_an_error_of_the_declaration() -> None:
    result = declaration(
        VARIABLES, host="devvm", groups=GROUPS, person="alice", credential="herku", inventories=["/etc/team/"]
    )
    assert result["errors"] == [
        'credential=herku is not declared in the inventory /etc/team, did you mean "heroku"?'
        " If another inventory was meant, name it with -i"
    ]


def test_undeclared_name_raises_in_credential_check_members(compiled: dict[str, Any]) -> None:
    with pytest.raises(AnsibleFilterError, match=r'credential=herku is not declared, did you mean "heroku"\?'):
        credential_check_members(compiled, only="herku")
