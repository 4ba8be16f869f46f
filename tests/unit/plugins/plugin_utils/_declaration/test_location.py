# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible_collections.latchkey.workstation.plugins.plugin_utils._declaration.compile import compile_declaration
from ansible_collections.latchkey.workstation.plugins.plugin_utils._declaration.roster import Machine

if TYPE_CHECKING:
    from pathlib import Path

pytest.importorskip("ansible._internal._datatag._tags", reason="this ansible-core has no origin tags")

MACHINE = Machine(host="devvm", groups=frozenset(), known=frozenset({"devvm"}), name="devvm", person="alice")
FILE = """\
latchkey_credentials_mine:
  heroku:
    about: x
    sorce: []
    check:
      provider: heroku
      base_ulr: x
  github:
    source:
      - env: A
      - dotnev: {}
    keychain:
      service: s
    only:
      users:
        - alice
        - alcie
  12: text
  twice: {}
  filled:
    about: "{usr}"
  two:
    export: A
    source: [{file: ~/a}]
  three:
    export: A
    source: [{file: ~/b}]
latchkey_credentials_team:
  twice: {}
latchkey_roster_ours:
  alice:
    account: a
  bob:
    account: a
aws_config_profiles:
  dev:
    region: x
    sso_account_id: 12345
    state: gone
  bare: text
latchkey_jobs: []
"""
ERRORS = {
    "4: latchkey_credentials_mine.heroku.sorce: no such key",
    "7: latchkey_credentials_mine.heroku.check.base_ulr: no such option",
    "11: latchkey_credentials_mine.github.source[1].dotnev: no such source",
    "12: latchkey_credentials_mine.github.keychain.account is missing",
    "17: latchkey_credentials_mine.github.only.users: alcie is not on the roster",
    "18: latchkey_credentials_mine.12 must be a mapping of",
    '21: latchkey_credentials_mine.filled.about: {usr} is no placeholder, did you mean "user"?',
    "29: latchkey_credentials_team.twice is declared twice, also as latchkey_credentials_mine.twice",
    "25: the export of A to shells is declared by latchkey_credentials_mine.two and latchkey_credentials_mine.three",
    "33: latchkey_roster_ours.bob.account: alice and bob share the account a",
    "38: aws_config_profiles.dev.sso_account_id is not text",
    "39: aws_config_profiles.dev.state: gone is not known",
    "40: aws_config_profiles.bare must be a mapping of keys",
    "41: latchkey_jobs must be a mapping of names",
}


@pytest.fixture(scope="module")
def errors(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    path: Path = tmp_path_factory.mktemp("all") / "mine.yml"
    path.write_text(textwrap.dedent(FILE))
    variables = DataLoader().load_from_file(str(path))
    return [error.removeprefix(f"{path}:") for error in compile_declaration(variables, MACHINE)["errors"]]


@pytest.mark.parametrize("expected", sorted(ERRORS))
def test_error_begins_with_file_line_and_path_of_keys(errors: list[str], expected: str) -> None:
    assert any(error.startswith(expected) for error in errors), errors


def test_every_mistake_is_one_error(errors: list[str]) -> None:
    assert len(errors) == len(ERRORS), errors
