# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from tests.unit.plugins.plugin_utils._declaration.declared import assert_error, compiled

ERRORS = {
    "credential name": ('latchkey_credentials: {"../x": {}}', "a credential's name has letters"),
    "export without a place": (
        "latchkey_credentials: {a: {source: [{command: [x]}], export: TOKEN}}",
        "a.export: shells cannot read the value",
    ),
    "export of what only a command prints": (
        "latchkey_credentials: {a: {source: [{env: X}, {command: [x]}, {file: ~/x}], export: X}}",
        "a.export: shells cannot read the value",
    ),
    "export of somebody else's item": (
        "latchkey_credentials: {a: {source: [{keychain: {service: s, account: b}}], export: X}}",
        "a.export: shells cannot read the value",
    ),
    "check of an unknown provider": (
        "latchkey_credentials: {a: {check: {provider: herokuu}}}",
        'latchkey_credentials.a.check.provider: herokuu is not known, did you mean "heroku"?',
    ),
    "check with an unknown option": (
        "latchkey_credentials: {a: {check: {provider: heroku, base_ulr: x}}}",
        'latchkey_credentials.a.check.base_ulr: no such option of heroku, did you mean "base_url"?',
    ),
    "check of another credential": (
        "latchkey_credentials: {a: {check: {provider: infisical, client_id: '{credential.b}'}}}",
        "latchkey_credentials.a.check.{credential.b} is not declared",
    ),
}


@pytest.mark.parametrize(("text", "expected"), ERRORS.values(), ids=ERRORS.keys())
def test_invalid_credential_gives_an_error(text: str, expected: str) -> None:
    assert_error(text, expected)


EXPORTS = {
    "env seeds, a file is live": "{source: [{env: X}, {dotenv: {path: ~/.env, key: X}}], export: X}",
    "to an env file only": "{source: [{command: [x]}], export: {name: X, file: ~/x.env}}",
    "to env files only": "{source: [{env: X}], export: [{name: X, file: ~/x.env}, {name: Y, file: ~/x.env}]}",
    "kept": "{keychain: {service: s, account: x}, export: X}",
}


@pytest.mark.parametrize("entry", EXPORTS.values(), ids=EXPORTS.keys())
def test_export_with_a_readable_place_is_valid(entry: str) -> None:
    assert compiled(f"latchkey_credentials: {{a: {entry}}}")["errors"] == []


def test_short_and_long_forms_of_a_source_compile_to_the_same() -> None:
    short = compiled("latchkey_credentials: {a: {source: [{env: A}, {file: f}, {command: [x]}, {ssm: /p}]}}")
    long = compiled(
        "latchkey_credentials: {a: {source: "
        "[{env: {name: A}}, {file: {path: f}}, {command: {argv: [x]}}, {ssm: {name: /p}}]}}"
    )
    assert not short["errors"]
    assert short == long


def test_duration_is_compiled_to_seconds() -> None:
    (member,) = compiled("latchkey_credentials: {a: {warn_before: 14d}}")["members"]
    assert member["credentials"][0]["warn_before"] == 14 * 86400
