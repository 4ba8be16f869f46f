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
def test_everything_of_this_machine_whatever_is_asked_for(compiled: dict[str, Any], only: str) -> None:
    """The others lend their values, and what is another machine's is nothing to do here."""
    assert names(credential_check_members(compiled, only=only)) == [["heroku"]]


def test_a_name_on_the_command_line_that_is_declared_nowhere() -> None:
    result = declaration(VARIABLES, host="devvm", groups=GROUPS, person="alice", credential="herku")
    assert result["errors"] == ['credential=herku is not declared, did you mean "heroku"?']


def test_a_name_that_is_declared_nowhere(compiled: dict[str, Any]) -> None:
    with pytest.raises(AnsibleFilterError, match=r'credential=herku is not declared, did you mean "heroku"\?'):
        credential_check_members(compiled, only="herku")
