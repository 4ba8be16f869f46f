# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from tests.unit.plugins.plugin_utils._declaration.declared import assert_error, compiled

ERRORS = {
    "empty list for a person": ("latchkey_roster: {alice: []}", "latchkey_roster.alice must be a mapping of"),
    "only unknown user": (
        "latchkey_credentials: {a: {only: {users: [alcie]}}}",
        'users: alcie is not on the roster, did you mean "alice"?',
    ),
    "only unknown group": (
        "{latchkey_roster: {alice: {groups: [writers]}}, latchkey_credentials: {a: {only: {groups: [writer]}}}}",
        'groups: writer is no group of the roster, did you mean "writers"?',
    ),
    "only unknown machine": (
        "latchkey_credentials: {a: {only: {machines: [mcas]}}}",
        'machines: mcas is no machine and no group of machines in the inventory, did you mean "macs"?',
    ),
    "roster name": ("latchkey_roster: {Alice: {}}", "latchkey_roster.Alice: a roster name has lower-case"),
    "roster key": (
        "latchkey_roster: {alice: {mail: x}}",
        'latchkey_roster.alice.mail: no such key, did you mean "email"?',
    ),
    "roster machine": (
        "latchkey_roster: {alice: {machines: [devmv]}}",
        'devmv is no machine and no group of machines in the inventory, did you mean "devvm"?',
    ),
    "roster shares account": (
        "latchkey_roster: {alice: {account: dev}, bob: {account: dev}}",
        "alice and bob share the account dev: give each an account of its own",
    ),
}


@pytest.mark.parametrize(("text", "expected"), ERRORS.values(), ids=ERRORS.keys())
def test_invalid_person_or_restriction_gives_an_error(text: str, expected: str) -> None:
    assert_error(text, expected)


def test_null_in_only_restricts_nothing_and_an_empty_list_of_machines_everything() -> None:
    (member,) = compiled("aws_config_profiles: {dev: {region: x, only: {users: null}}}")["members"]
    assert [section["name"] for section in member["aws"]["profiles"]] == ["dev"]
    assert compiled("latchkey_roster: {alice: {machines: []}}")["members"] == []


def test_without_a_roster_the_current_person_is_the_only_member() -> None:
    (member,) = compiled("latchkey_credentials: {a: {}}")["members"]
    assert (member["name"], member["account"], member["credentials"][0]["name"]) == ("alice", "alice", "a")


ONLY = {
    "user": ("{users: [alice]}", ["alice"]),
    "group": ("{groups: [writers]}", ["bob"]),
    "machine": ("{machines: [devvm]}", ["alice", "bob"]),
    "machine group": ("{machines: [linux]}", ["alice", "bob"]),
    "other machine": ("{machines: [macs]}", []),
    "all keys must match": ("{users: [alice], groups: [writers]}", []),
}


@pytest.mark.parametrize(("only", "people"), ONLY.values(), ids=ONLY.keys())
def test_only_selects_members_that_match_every_key(only: str, people: list[str]) -> None:
    result = compiled(
        f"{{latchkey_roster: {{alice: {{}}, bob: {{groups: [writers]}}}},"
        f" latchkey_credentials: {{a: {{only: {only}}}}}}}"
    )
    assert not result["errors"]
    assert [member["name"] for member in result["members"] if member["credentials"]] == people


def test_members_of_other_machines_are_left_out() -> None:
    result = compiled("latchkey_roster: {alice: {machines: [linux]}, bob: {machines: [mac]}, carol: {}}")
    assert [member["name"] for member in result["members"]] == ["alice", "carol"]


def test_user_selects_one_member() -> None:
    result = compiled("latchkey_roster: {alice: {}, bob: {account: robert}}", user="bob")
    assert [(member["name"], member["account"]) for member in result["members"]] == [("bob", "robert")]
