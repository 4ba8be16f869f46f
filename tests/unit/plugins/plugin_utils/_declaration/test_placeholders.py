# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from tests.unit.plugins.plugin_utils._declaration.declared import assert_error, compiled

ERRORS = {
    "placeholder": (
        "latchkey_credentials: {a: {source: [{file: '~/{usr}'}]}}",
        'latchkey_credentials.a.source[0].file: {usr} is no placeholder, did you mean "user"?',
    ),
    "placeholder var": (
        "{latchkey_roster: {alice: {vars: {unit: a, blue: b}}}, latchkey_credentials: {a: {rotate: '{vars.team}'}}}",
        "latchkey_credentials.a.rotate: {vars.team} has no value: alice has vars.blue, vars.unit",
    ),
    "placeholder var, of none": (
        "latchkey_credentials: {a: {rotate: '{vars.team}'}}",
        "{vars.team} has no value: alice has no vars on the roster",
    ),
    "placeholder no email": (
        "latchkey_credentials: {a: {about: '{email}'}}",
        "latchkey_credentials.a.about: {email} has no value: alice has no email on the roster",
    ),
    "placeholder in path": (
        "{latchkey_roster: {alice: {vars: {team: ../bob}}},"
        " latchkey_credentials: {a: {source: [{dotenv: {path: '~/{vars.team}/.env', key: A}}]}}}",
        "a.source[0].dotenv.path: {vars.team} of alice cannot be used in a path",
    ),
}


@pytest.mark.parametrize(("text", "expected"), ERRORS.values(), ids=ERRORS.keys())
def test_placeholder_that_cannot_be_replaced_gives_an_error(text: str, expected: str) -> None:
    assert_error(text, expected)


PATHS = {
    "trusted app": (
        "latchkey_credentials",
        '{keychain: {service: s, account: x, trusted_apps: ["/opt/{vars.d}"]}}',
    ),
    "program": ("latchkey_credentials", '{source: [{command: ["~/bin/{vars.d}"]}]}'),
    "argument": ("latchkey_credentials", '{source: [{command: {argv: [cat, "--from=/etc/{vars.d}"]}}]}'),
    "file": ("latchkey_credentials", '{source: [{file: "~/{vars.d}"}]}'),
    "env file": ("latchkey_credentials", '{source: [{env: X}], export: {name: X, file: "~/{vars.d}"}}'),
    "CA bundle": ("aws_config_profiles", '{ca_bundle: "/etc/{vars.d}/ca.pem"}'),
    "token file": ("aws_config_profiles", '{web_identity_token_file: "~/{vars.d}"}'),
    "another file": ("aws_config_profiles", '{some_tools_file: "{vars.d}"}'),
    "AWS program": ("aws_config_profiles", '{credential_process: "/opt/{vars.d}/tool --for {user}"}'),
}


@pytest.mark.parametrize(("variable", "entry"), PATHS.values(), ids=PATHS.keys())
@pytest.mark.parametrize("value", ["../bob", "..", "*"])
def test_placeholder_in_a_path_with_slash_dots_or_wildcard_is_an_error(variable: str, entry: str, value: str) -> None:
    text = f"{{latchkey_roster: {{alice: {{vars: {{d: '{value}'}}}}}}, {variable}: {{a: {entry}}}}}"
    (error,) = compiled(text)["errors"]
    assert error.startswith(f"{variable}.a.")
    assert "{vars.d} of alice cannot be used in a path: it is empty, or contains /, .. or a wildcard" in error
    assert compiled(text.replace(value, "bob"))["errors"] == []


def test_placeholder_outside_a_path_may_hold_a_slash() -> None:
    text = """
    latchkey_roster: {alice: {vars: {entry: work/heroku}}}
    latchkey_credentials: {a: {about: 'see {vars.entry}', source: [{command: [pass, show, '{vars.entry}']}]}}
    """
    (member,) = compiled(text)["members"]
    assert member["credentials"][0]["sources"][0]["argv"][2] == "work/heroku"


def test_known_placeholders_are_replaced_and_other_braces_stay() -> None:
    (member,) = compiled(
        """
        latchkey_roster: {alice: {email: alice@example.com, vars: {team: blue}}}
        latchkey_credentials:
          a:
            about: '{user} {email} {machine} {vars.team} {home} ${HOME} {} {"a": 1} {{ x }}'
            check:
              provider: http
              url: https://x.example.com
              headers: {Authorization: 'Bearer {value}', X: '{credential.a}'}
        """
    )["members"]
    (credential,) = member["credentials"]
    assert credential["about"] == 'alice alice@example.com devvm blue {home} ${HOME} {} {"a": 1} {{ x }}'
    assert credential["check"]["headers"] == {"Authorization": "Bearer {value}", "X": "{credential.a}"}


def test_account_given_by_a_placeholder_is_valid() -> None:
    (member,) = compiled(
        """
        latchkey_roster: {alice: {vars: {account: "111122223333"}}}
        aws_config_profiles: {dev: {sso_account_id: "{vars.account}", region: eu-west-1}}
        """
    )["members"]
    assert member["aws"]["profiles"][0]["settings"]["sso_account_id"] == "111122223333"
