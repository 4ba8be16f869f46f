# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import dataclasses

import pytest
from ansible_collections.latchkey.workstation.plugins.plugin_utils._declaration.compile import compile_declaration

from tests.unit.plugins.plugin_utils._declaration.declared import MACHINE, assert_error, compiled

ERRORS = {
    "credentials no mapping": ("latchkey_credentials: [heroku]", "latchkey_credentials must be a mapping of names"),
    "same credential twice": (
        "{latchkey_credentials: {heroku: {}}, latchkey_credentials_team: {heroku: {}}}",
        "latchkey_credentials_team.heroku is declared twice, also as latchkey_credentials.heroku: remove one of them",
    ),
    "same number twice": (
        "{latchkey_credentials_a: {12: {}}, latchkey_credentials_b: {12: {}}}",
        "latchkey_credentials_b.12 is declared twice, also as latchkey_credentials_a.12: remove one of them",
    ),
    "empty list of credentials": (
        "latchkey_credentials_mine: []",
        "latchkey_credentials_mine must be a mapping of names",
    ),
    "empty text for credentials": ("latchkey_credentials: ''", "latchkey_credentials must be a mapping of names"),
    "false for jobs": ("latchkey_jobs: false", "latchkey_jobs must be a mapping of names"),
    "same person twice": (
        "{latchkey_roster_a: {alice: {}}, latchkey_roster_b: {alice: {}}}",
        "latchkey_roster_b.alice is declared twice, also as latchkey_roster_a.alice",
    ),
    "jobs": ("latchkey_jobs: {drift: {playbook: drift, at: '08:00'}}", "provisions no jobs yet"),
    "export twice": (
        "latchkey_credentials: {a: {keychain: {service: s, account: x}, export: T},"
        " b: {keychain: {service: s, account: y}, export: T}}",
        "the export of T to shells is declared by latchkey_credentials.a and latchkey_credentials.b: keep it in one",
    ),
    "item twice after filling": (
        "latchkey_credentials: {a: {keychain: {service: s, account: alice}},"
        " b: {keychain: {service: s, account: '{user}'}}}",
        "the keychain item s of alice is declared by latchkey_credentials.a and latchkey_credentials.b",
    ),
}


@pytest.mark.parametrize(("text", "expected"), ERRORS.values(), ids=ERRORS.keys())
def test_invalid_declaration_gives_an_error(text: str, expected: str) -> None:
    assert_error(text, expected)


def test_all_errors_are_returned_at_once() -> None:
    errors = compiled("latchkey_credentials: {a: {sorce: 1, required: x}, b: {warn_before: y}}")["errors"]
    assert len(errors) == 3


def test_errors_of_placeholders_and_conflicts_are_returned_with_the_others() -> None:
    text = """
    latchkey_roster: {alice: {}, bob: {}}
    latchkey_credentials:
      a: {sorce: 1}
      b: {about: '{usr}', export: T, source: [{file: ~/b}]}
      c: {export: T, source: [{file: ~/c}]}
      d: {export: S, keychain: {service: s, account: '{user}'}}
      e: {export: S, keychain: {service: s, account: '{user}'}}
    aws_config_profiles: {dev: {regoin: [{}]}, mac: {region: '{email}'}, "{user}": {region: x}}
    """
    twice = "is declared by latchkey_credentials"
    assert compiled(text)["errors"] == [
        'latchkey_credentials.a.sorce: no such key, did you mean "source"?',
        "aws_config_profiles.dev.regoin is not a valid value: "
        "use text, a number, true or false, a list, or a mapping of these",
        'latchkey_credentials.b.about: {usr} is no placeholder, did you mean "user"?',
        "aws_config_profiles.mac.region: {email} has no value: alice has no email on the roster",
        "aws_config_profiles.mac.region: {email} has no value: bob has no email on the roster",
        f"the export of T to shells {twice}.b and latchkey_credentials.c: keep it in one of them",
        f"the keychain item s of alice {twice}.d and latchkey_credentials.e: keep it in one of them",
        f"the export of S to shells {twice}.d and latchkey_credentials.e: keep it in one of them",
    ]


def test_an_invalid_roster_adds_no_errors_of_placeholders() -> None:
    (error,) = compiled("{latchkey_roster: {alice: {mail: a@b}}, latchkey_credentials: {a: {about: '{email}'}}}")[
        "errors"
    ]
    assert "latchkey_roster.alice.mail: no such key" in error


@pytest.mark.parametrize(("name", "hint"), [("herok", 'did you mean "heroku"?'), ("zzz", "known: heroku, xcode")])
def test_undeclared_credential_given_on_the_command_line_is_an_error(name: str, hint: str) -> None:
    variables = {"latchkey_credentials_a": {"heroku": {}, "xcode": {"only": {"machines": ["mac"]}}}}
    errors = compile_declaration(variables, MACHINE, credential=name)["errors"]
    assert errors == [
        f"credential={name} is not declared in the inventory, {hint} If another inventory was meant, name it with -i"
    ]
    assert compile_declaration(variables, MACHINE, credential="xcode")["errors"] == []


USERS = {
    "a roster": ("latchkey_roster: {alice: {}}", 'user=alcie is not on the roster of {}, did you mean "alice"? {}'),
    "no roster": (
        "",
        "user=alcie is not in {}: it has no roster, so that only alice is served. {}, or leave user out",
    ),
}


@pytest.mark.parametrize(("roster", "expected"), USERS.values(), ids=USERS)
@pytest.mark.parametrize("sources", [(), ("/etc/team",)], ids=["unknown inventory", "known inventory"])
def test_user_who_is_not_on_the_roster_is_an_error_that_names_the_inventory(
    roster: str, expected: str, sources: tuple[str, ...]
) -> None:
    inventory = "the inventory /etc/team" if sources else "the inventory"
    machine = dataclasses.replace(MACHINE, sources=sources)
    (error,) = compiled(roster, user="alcie", machine=machine)["errors"]
    assert error == expected.format(inventory, "If another inventory was meant, name it with -i")


DECLARES = {
    "nothing": ("", (False, False)),
    "nothing below their names": ("{latchkey_credentials_mine: null, aws_config_profiles: null}", (False, False)),
    "that there is none": ("{latchkey_credentials: {}, aws_config_profiles: null}", (True, False)),
    "that there is none, with a suffix": ("{latchkey_credentials: null, latchkey_credentials_mine: {}}", (True, False)),
    "sections": ("{latchkey_roster: {alice: {}}, aws_config_profiles: {dev: {region: x}}}", (False, True)),
    "no section": ("{latchkey_jobs: {}, aws_config_credentials: {}}", (False, True)),
}


@pytest.mark.parametrize(("text", "expected"), DECLARES.values(), ids=DECLARES.keys())
def test_declares_is_false_for_null_and_true_for_an_empty_mapping(text: str, expected: tuple[bool, bool]) -> None:
    result = compiled(text)
    assert not result["errors"]
    assert tuple(result["declares"][concern] for concern in ("credentials", "aws")) == expected
