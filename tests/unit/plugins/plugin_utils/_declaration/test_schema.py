# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.latchkey.workstation.plugins.plugin_utils._declaration.compile import compile_declaration
from ansible_collections.latchkey.workstation.plugins.plugin_utils._declaration.schema import CREDENTIAL, MEMBER

from tests.unit.plugins.plugin_utils._declaration.declared import MACHINE, assert_error, compiled

ERRORS = {
    "unknown key, nearest valid": (
        "latchkey_credentials: {heroku: {sorce: []}}",
        'latchkey_credentials.heroku.sorce: no such key, did you mean "source"?',
    ),
    "unknown key, nothing near": (
        "latchkey_credentials: {heroku: {zzz: 1}}",
        "latchkey_credentials.heroku.zzz: no such key, known: about, category",
    ),
    "entry no mapping": ("latchkey_credentials: {heroku: text}", "latchkey_credentials.heroku must be a mapping of"),
    "false for an entry": (
        "latchkey_credentials: {secret1: false}",
        "latchkey_credentials.secret1 must be a mapping of",
    ),
    "zero for an entry": ("latchkey_credentials: {id1: 0}", "latchkey_credentials.id1 must be a mapping of"),
    "sources no list": ("latchkey_credentials: {a: {source: {env: A}}}", "a.source must be a list of sources"),
    "source of two kinds": (
        "latchkey_credentials: {a: {source: [{env: A, file: b}]}}",
        "a.source[0] must be a mapping of one kind",
    ),
    "source unknown": (
        "latchkey_credentials: {a: {source: [{dotnev: {}}]}}",
        'a.source[0].dotnev: no such source, did you mean "dotenv"?',
    ),
    "source key missing": (
        "latchkey_credentials: {a: {source: [{dotenv: {path: x}}]}}",
        "a.source[0].dotenv.key is missing",
    ),
    "source key unknown": (
        "latchkey_credentials: {a: {source: [{json: {path: x, pointer: /a, ptr: 1}}]}}",
        'a.source[0].json.ptr: no such key, did you mean "pointer"?',
    ),
    "env name": ("latchkey_credentials: {a: {source: [{env: 1A}]}}", "a.source[0].env must be the name of a variable"),
    "pointer": (
        "latchkey_credentials: {a: {source: [{json: {path: x, pointer: a.b}}]}}",
        "json.pointer must be a JSON pointer",
    ),
    "command text": (
        "latchkey_credentials: {a: {source: [{command: ls -l}]}}",
        "a.source[0].command must be a list of texts: the program",
    ),
    "command empty": (
        "latchkey_credentials: {a: {source: [{command: []}]}}",
        "a.source[0].command must be a list of texts: the program",
    ),
    "vault version": (
        "latchkey_credentials: {a: {source: [{vault: {path: p, field: f, version: x}}]}}",
        "vault.version must be a whole number",
    ),
    "keychain incomplete": ("latchkey_credentials: {a: {keychain: {service: s}}}", "a.keychain.account is missing"),
    "keychain service of two lines": (
        'latchkey_credentials: {a: {keychain: {service: "s\\nt", account: b}}}',
        "a.keychain.service must be one line of text",
    ),
    "source account of two lines": (
        'latchkey_credentials: {a: {source: [{keychain: {service: s, account: "b\\x7f"}}]}}',
        "keychain.account must be one line of text",
    ),
    "keychain apps": (
        "latchkey_credentials: {a: {keychain: {service: s, account: b, trusted_apps: /bin/bash}}}",
        "a.keychain.trusted_apps must be a list of texts",
    ),
    "keychain state": (
        "latchkey_credentials: {a: {keychain: {service: s, account: b, state: abset}}}",
        'a.keychain.state: abset is not known, did you mean "absent"?',
    ),
    "export name": (
        "latchkey_credentials: {a: {keychain: {service: s, account: b}, export: MY-TOKEN}}",
        "a.export.name must be the name of a variable",
    ),
    "export reserved": (
        "latchkey_credentials: {a: {keychain: {service: s, account: b}, export: LD_PRELOAD}}",
        "LD_PRELOAD is a variable of the shell itself",
    ),
    "check without provider": (
        "latchkey_credentials: {a: {check: heroku}}",
        "a.check must be a mapping with a provider",
    ),
    "required": ("latchkey_credentials: {a: {required: maybe}}", "a.required must be true or false"),
    "warn_before": ("latchkey_credentials: {a: {warn_before: 14}}", "a.warn_before must be a duration such as 10s"),
    "category": (
        "latchkey_credentials: {a: {category: human}}",
        'a.category: human is not known, did you mean "human_only"?',
    ),
    "only unknown key": (
        "latchkey_credentials: {a: {only: {user: [x]}}}",
        'a.only.user: no such key, did you mean "users"?',
    ),
}


@pytest.mark.parametrize(("text", "expected"), ERRORS.values(), ids=ERRORS.keys())
def test_invalid_entry_gives_an_error_with_key_and_nearest_word(text: str, expected: str) -> None:
    assert_error(text, expected)


WRONG = [0, 5, False, True, "", "x", [], [[]], [{}], [None], {}, {"x": 1}, {1: [2]}, [{"env": {}}], {"users": [{}]}]


@pytest.mark.parametrize("wrong", WRONG, ids=str)
def test_value_of_any_type_under_any_key_raises_nothing(wrong: Any) -> None:
    for key in CREDENTIAL:
        compile_declaration({"latchkey_credentials": {"a": {"export": "A", key: wrong}}}, MACHINE)
    for key in MEMBER:
        only = {"a": {"only": {"groups": ["writers"], "users": ["alice"]}}}
        compile_declaration({"latchkey_roster": {"alice": {key: wrong}}, "latchkey_credentials": only}, MACHINE)
    for variable in ("latchkey_roster", "latchkey_credentials", "latchkey_jobs", "aws_config_profiles"):
        compile_declaration({variable: wrong}, MACHINE)
        compile_declaration({variable: {"alice": wrong}}, MACHINE)
    for key in ("only", "state", "region", "source_profile"):
        compile_declaration({"aws_config_profiles": {"dev": {key: wrong}}}, MACHINE)
        compile_declaration({"aws_config_credentials": {"dev": {key: wrong}}}, MACHINE)


NUMBER, FLAG, NOTHING, DATE = (
    "a number",
    "true or false (as it does yes, no, on and off)",
    "nothing (null)",
    "a date",
)
UNQUOTED = {
    "false as a program": ("source: [{command: [false]}]", "source[0].command", FLAG),
    "yes as an argument": ("source: [{command: {argv: [echo, yes]}}]", "source[0].command.argv", FLAG),
    "number as an argument": ("source: [{command: [sleep, 1]}]", "source[0].command", NUMBER),
    "empty argument": ("source: [{command: [echo, ]}, {command: [echo, ~]}]", "source[1].command", NOTHING),
    "number as an account": ("keychain: {service: s, account: 012345}", "keychain.account", NUMBER),
    "number as a service": ("keychain: {service: 1.5, account: x}", "keychain.service", NUMBER),
    "no as a variable": ("export: no", "export.name", FLAG),
    "number as a path": ("source: [{file: 12}]", "source[0].file", NUMBER),
    "number as a parameter": ("source: [{ssm: 12}]", "source[0].ssm", NUMBER),
    "date as a text": ("about: 2026-05-01", "about", DATE),
    "number as a user": ("only: {users: [12]}", "only.users", NUMBER),
    "on as a machine": ("only: {machines: [on]}", "only.machines", FLAG),
    "number as a consumer": ("consumers: [ci, 7]", "consumers", NUMBER),
    "number in a check": ("check: {provider: heroku, base_url: x, needs: [1]}", "check.needs", NUMBER),
    "false as a check's program": ("check: {provider: command, argv: [false]}", "check.argv", FLAG),
}


@pytest.mark.parametrize(("entry", "where", "kind"), UNQUOTED.values(), ids=UNQUOTED)
def test_text_that_yaml_does_not_read_as_text_is_an_error_that_says_to_quote(entry: str, where: str, kind: str) -> None:
    errors = compiled(f"latchkey_credentials: {{a: {{{entry}}}}}")["errors"]
    (error,) = [each for each in errors if f"latchkey_credentials.a.{where} " in each]
    assert error.endswith(f", but YAML reads what is written there as {kind}: quote it")


QUOTED = {
    "required": ("required: 'false'", "required must be true or false, without quotes"),
    "version": (
        "source: [{vault: {path: p, field: f, version: '3'}}]",
        "version must be a whole number, without quotes",
    ),
}


@pytest.mark.parametrize(("entry", "expected"), QUOTED.values(), ids=QUOTED)
def test_quoted_flag_or_number_is_an_error_that_says_so(entry: str, expected: str) -> None:
    assert_error(f"latchkey_credentials: {{a: {{{entry}}}}}", expected)


@pytest.mark.parametrize("account", ["1001", "'a b'", "'../x'", r'"x\nFAIL"', "/x", "''"])
def test_account_of_a_person_that_is_no_account_name_is_an_error(account: str) -> None:
    assert_error(f"latchkey_roster: {{alice: {{account: {account}}}}}", "alice.account must be the name of an account")


@pytest.mark.parametrize("account", ["dev", "Alice.Smith", "alice@corp.example.com", r"CORP\alice", "svc-1$"])
def test_account_names_of_directories_are_valid(account: str) -> None:
    assert compiled(f"latchkey_roster: {{alice: {{account: '{account}'}}}}")["errors"] == []


HEADERS = ["Authorization", "authorization", "Cookie", "X-Api-Key", "PRIVATE-TOKEN", "CF-Access-Client-Secret"]


@pytest.mark.parametrize("header", HEADERS)
def test_literal_in_a_header_that_takes_a_secret_is_an_error(header: str) -> None:
    text = "latchkey_credentials: {a: {check: {provider: http, url: 'https://x.example.com', headers: {H: VALUE}}}}"
    text = text.replace("H:", f"{header}:")
    (error,) = compiled(text.replace("VALUE", "Bearer s3cr3t0f"))["errors"]
    assert error.startswith("latchkey_credentials.a.check.headers.")
    assert "takes a secret: write {value} or {credential.NAME}" in error
    assert "s3cr3t0f" not in error
    assert compiled(text.replace("VALUE", "'Bearer {value}'"))["errors"] == []
    assert compiled(text.replace(f"{header}:", "X-Tenant-Id:"))["errors"] == []
