# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
import yaml
from ansible_collections.latchkey.workstation.plugins.plugin_utils._declaration import compile_declaration
from ansible_collections.latchkey.workstation.plugins.plugin_utils._people import Machine
from ansible_collections.latchkey.workstation.plugins.plugin_utils._schema import CREDENTIAL, MEMBER

MACHINE = Machine(
    host="devvm",
    groups=frozenset({"all", "linux"}),
    known=frozenset({"devvm", "mac", "all", "linux", "macs"}),
    name="devvm",
    person="alice",
)


def compiled(text: str, *, user: str = "", machine: Machine = MACHINE) -> dict[str, Any]:
    return compile_declaration(yaml.safe_load(text) or {}, machine, user=user)


ERRORS = {
    "unknown key, nearest valid": (
        "latchkey_credentials: {heroku: {sorce: []}}",
        'latchkey_credentials.heroku.sorce: no such key, did you mean "source"?',
    ),
    "unknown key, nothing near": (
        "latchkey_credentials: {heroku: {zzz: 1}}",
        "latchkey_credentials.heroku.zzz: no such key, known: about, category",
    ),
    "credentials no mapping": ("latchkey_credentials: [heroku]", "latchkey_credentials must be a mapping of names"),
    "entry no mapping": ("latchkey_credentials: {heroku: text}", "latchkey_credentials.heroku must be a mapping of"),
    "same credential twice": (
        "{latchkey_credentials: {heroku: {}}, latchkey_credentials_team: {heroku: {}}}",
        "latchkey_credentials_team.heroku is there already, as latchkey_credentials.heroku: keep one of them",
    ),
    "same number twice": (
        "{latchkey_credentials_a: {12: {}}, latchkey_credentials_b: {12: {}}}",
        "latchkey_credentials_b.12 is there already, as latchkey_credentials_a.12: keep one of them",
    ),
    "empty list of credentials": (
        "latchkey_credentials_mine: []",
        "latchkey_credentials_mine must be a mapping of names",
    ),
    "empty text for credentials": ("latchkey_credentials: ''", "latchkey_credentials must be a mapping of names"),
    "false for jobs": ("latchkey_jobs: false", "latchkey_jobs must be a mapping of names"),
    "zero AWS sections": ("aws_config_profiles: 0", "aws_config_profiles must be a mapping of names"),
    "false for an entry": (
        "latchkey_credentials: {secret1: false}",
        "latchkey_credentials.secret1 must be a mapping of",
    ),
    "zero for an entry": ("latchkey_credentials: {id1: 0}", "latchkey_credentials.id1 must be a mapping of"),
    "empty list for a person": ("latchkey_roster: {alice: []}", "latchkey_roster.alice must be a mapping of"),
    "false for an AWS section": (
        "aws_config_profiles: {dev: false}",
        "aws_config_profiles.dev must be a mapping of keys",
    ),
    "same person twice": (
        "{latchkey_roster_a: {alice: {}}, latchkey_roster_b: {alice: {}}}",
        "latchkey_roster_b.alice is there already, as latchkey_roster_a.alice",
    ),
    "credential name": ('latchkey_credentials: {"../x": {}}', "a credential's name is letters"),
    "sources no list": ("latchkey_credentials: {a: {source: {env: A}}}", "a.source must be a list of sources"),
    "source of two kinds": ("latchkey_credentials: {a: {source: [{env: A, file: b}]}}", "a.source[0] must be one of"),
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
    "env name": ("latchkey_credentials: {a: {source: [{env: 1A}]}}", "env.name must be the name of a variable"),
    "pointer": (
        "latchkey_credentials: {a: {source: [{json: {path: x, pointer: a.b}}]}}",
        "json.pointer must be a JSON pointer",
    ),
    "command text": ("latchkey_credentials: {a: {source: [{command: ls -l}]}}", "argv must be a list: the program"),
    "command empty": ("latchkey_credentials: {a: {source: [{command: []}]}}", "argv must be a list: the program"),
    "vault version": (
        "latchkey_credentials: {a: {source: [{vault: {path: p, field: f, version: x}}]}}",
        "vault.version must be a whole number",
    ),
    "keychain incomplete": ("latchkey_credentials: {a: {keychain: {service: s}}}", "a.keychain.account is missing"),
    "keychain apps": (
        "latchkey_credentials: {a: {keychain: {service: s, account: b, trusted_apps: /bin/bash}}}",
        "a.keychain.trusted_apps must be a list of words",
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
        "LD_PRELOAD belongs to the shell",
    ),
    "export without a place": (
        "latchkey_credentials: {a: {source: [{command: [x]}], export: TOKEN}}",
        "a.export: shells have no place to read it from",
    ),
    "export of what only a command prints": (
        "latchkey_credentials: {a: {source: [{env: X}, {command: [x]}, {file: ~/x}], export: X}}",
        "a.export: shells have no place to read it from",
    ),
    "export of somebody else's item": (
        "latchkey_credentials: {a: {source: [{keychain: {service: s, account: b}}], export: X}}",
        "a.export: shells have no place to read it from",
    ),
    "check without provider": (
        "latchkey_credentials: {a: {check: heroku}}",
        "a.check must be a mapping with a provider",
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
    "only unknown user": (
        "latchkey_credentials: {a: {only: {users: [alcie]}}}",
        'users: alcie is not known here, did you mean "alice"?',
    ),
    "only unknown group": (
        "{latchkey_roster: {alice: {groups: [writers]}}, latchkey_credentials: {a: {only: {groups: [writer]}}}}",
        'groups: writer is not known here, did you mean "writers"?',
    ),
    "only unknown machine": (
        "latchkey_credentials: {a: {only: {machines: [mcas]}}}",
        'machines: mcas is not known here, did you mean "macs"?',
    ),
    "roster name": ("latchkey_roster: {Alice: {}}", "latchkey_roster.Alice: a roster name is lower-case"),
    "roster key": (
        "latchkey_roster: {alice: {mail: x}}",
        'latchkey_roster.alice.mail: no such key, did you mean "email"?',
    ),
    "roster machine": (
        "latchkey_roster: {alice: {machines: [devmv]}}",
        'devmv is not known here, did you mean "devvm"?',
    ),
    "roster shares account": (
        "latchkey_roster: {alice: {account: dev}, bob: {account: dev}}",
        "alice and bob share the account dev",
    ),
    "jobs": ("latchkey_jobs: {drift: {playbook: drift, at: '08:00'}}", "provisions no jobs yet"),
    "placeholder": (
        "latchkey_credentials: {a: {source: [{file: '~/{usr}'}]}}",
        'latchkey_credentials.a.source[0].file: {usr} is nobody\'s word, did you mean "user"?',
    ),
    "placeholder var": (
        "{latchkey_roster: {alice: {vars: {unit: a, blue: b}}}, latchkey_credentials: {a: {rotate: '{vars.team}'}}}",
        "latchkey_credentials.a.rotate: {vars.team} is not known: alice has vars.blue, vars.unit",
    ),
    "placeholder var, of none": (
        "latchkey_credentials: {a: {rotate: '{vars.team}'}}",
        "{vars.team} is not known: alice has no vars on the roster",
    ),
    "placeholder no email": (
        "latchkey_credentials: {a: {about: '{email}'}}",
        "latchkey_credentials.a.about: {email} is not known: the roster gives alice no email",
    ),
    "placeholder in path": (
        "{latchkey_roster: {alice: {vars: {team: ../bob}}},"
        " latchkey_credentials: {a: {source: [{dotenv: {path: '~/{vars.team}/.env', key: A}}]}}}",
        "a.source[0].dotenv.path: {vars.team} of alice has no place in a path",
    ),
    "AWS sections no mapping": ("aws_config_profiles: [dev]", "aws_config_profiles must be a mapping of names"),
    "AWS section no mapping": ("aws_config_profiles: {dev: text}", "aws_config_profiles.dev must be a mapping of keys"),
    "AWS state": (
        "aws_config_sso_sessions: {corp: {state: gone}}",
        "aws_config_sso_sessions.corp.state: gone is not known",
    ),
    "AWS source": (
        "aws_config_credentials: {reader: {aws_access_key_id: {jsn: {}}}}",
        'aws_config_credentials.reader.aws_access_key_id.jsn: no such source, did you mean "json"?',
    ),
    "AWS literal secret": (
        "aws_config_credentials: {reader: {aws_secret_access_key: abc}}",
        "aws_config_credentials.reader.aws_secret_access_key is a secret: declare it in aws_config_credentials, with",
    ),
    "AWS literal secret with a brace": (
        "aws_config_credentials: {reader: {AWS_SECRET_ACCESS_KEY: 'ab{cdef'}}",
        "aws_config_credentials.reader.aws_secret_access_key is a secret: declare it in aws_config_credentials, with",
    ),
    "AWS key": ("aws_config_profiles: {dev: {'a b': x}}", "aws_config_profiles.dev has a key that is no word"),
    "AWS only": (
        "aws_config_credentials: {writer: {only: {machines: [wirters]}}}",
        "aws_config_credentials.writer.only.machines: wirters is not known here",
    ),
    "export twice": (
        "latchkey_credentials: {a: {keychain: {service: s, account: x}, export: T},"
        " b: {keychain: {service: s, account: y}, export: T}}",
        "the export of T to shells is wanted by latchkey_credentials.a and latchkey_credentials.b: give it to one",
    ),
    "AWS section twice after filling": (
        "aws_config_profiles: {'{user}-p': {region: x}, alice-p: {region: y}}",
        "the section alice-p of aws_config_profiles is wanted by"
        " aws_config_profiles.{user}-p and aws_config_profiles.alice-p: give it to one",
    ),
    "item twice after filling": (
        "latchkey_credentials: {a: {keychain: {service: s, account: alice}},"
        " b: {keychain: {service: s, account: '{user}'}}}",
        "the keychain item s of alice is wanted by latchkey_credentials.a and latchkey_credentials.b",
    ),
}


@pytest.mark.parametrize(("text", "expected"), ERRORS.values(), ids=ERRORS.keys())
def test_error_names_variable_entry_key_and_nearest_word(text: str, expected: str) -> None:
    result = compiled(text)
    assert any(expected in error for error in result["errors"]), result["errors"]
    assert result["members"] == []


def test_all_errors_are_told_at_once() -> None:
    errors = compiled("latchkey_credentials: {a: {sorce: 1, required: x}, b: {warn_before: y}}")["errors"]
    assert len(errors) == 3


def test_what_filling_in_brings_up_is_told_at_once_too() -> None:
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
    twice = "is wanted by latchkey_credentials"
    assert compiled(text)["errors"] == [
        'latchkey_credentials.a.sorce: no such key, did you mean "source"?',
        "aws_config_profiles.dev.regoin is no value: write text, a number, true or false, a list or a block of these",
        'latchkey_credentials.b.about: {usr} is nobody\'s word, did you mean "user"?',
        "aws_config_profiles.mac.region: {email} is not known: the roster gives alice no email",
        "aws_config_profiles.mac.region: {email} is not known: the roster gives bob no email",
        f"the export of T to shells {twice}.b and latchkey_credentials.c: give it to one",
        f"the keychain item s of alice {twice}.d and latchkey_credentials.e: give it to one",
        f"the export of S to shells {twice}.d and latchkey_credentials.e: give it to one",
    ]


def test_where_the_roster_does_not_hold_nothing_is_filled_in() -> None:
    (error,) = compiled("{latchkey_roster: {alice: {mail: a@b}}, latchkey_credentials: {a: {about: '{email}'}}}")[
        "errors"
    ]
    assert "latchkey_roster.alice.mail: no such key" in error


WRONG = [0, 5, False, True, "", "x", [], [[]], [{}], [None], {}, {"x": 1}, {1: [2]}, [{"env": {}}], {"users": [{}]}]


@pytest.mark.parametrize("wrong", WRONG, ids=str)
def test_nothing_that_is_declared_crashes(wrong: Any) -> None:
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


def test_only_null_is_no_limit() -> None:
    (member,) = compiled("aws_config_profiles: {dev: {region: x, only: {users: null}}}")["members"]
    assert [section["name"] for section in member["aws"]["profiles"]] == ["dev"]
    assert compiled("latchkey_roster: {alice: {machines: []}}")["members"] == []


EXPORTS = {
    "env seeds, a file is live": "{source: [{env: X}, {dotenv: {path: ~/.env, key: X}}], export: X}",
    "to an env file only": "{source: [{command: [x]}], export: {name: X, file: ~/x.env}}",
    "to env files only": "{source: [{env: X}], export: [{name: X, file: ~/x.env}, {name: Y, file: ~/x.env}]}",
    "kept": "{keychain: {service: s, account: x}, export: X}",
}


@pytest.mark.parametrize("entry", EXPORTS.values(), ids=EXPORTS.keys())
def test_what_can_be_exported(entry: str) -> None:
    assert compiled(f"latchkey_credentials: {{a: {entry}}}")["errors"] == []


@pytest.mark.parametrize(("name", "hint"), [("herok", 'did you mean "heroku"?'), ("zzz", "known: heroku, xcode")])
def test_a_credential_to_run_for_that_is_declared_nowhere(name: str, hint: str) -> None:
    variables = {"latchkey_credentials_a": {"heroku": {}, "xcode": {"only": {"machines": ["mac"]}}}}
    errors = compile_declaration(variables, MACHINE, credential=name)["errors"]
    assert errors == [f"credential={name} is not declared, {hint}"]
    assert compile_declaration(variables, MACHINE, credential="xcode")["errors"] == []


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
def test_placeholders_bring_no_way_into_a_path(variable: str, entry: str, value: str) -> None:
    text = f"{{latchkey_roster: {{alice: {{vars: {{d: '{value}'}}}}}}, {variable}: {{a: {entry}}}}}"
    (error,) = compiled(text)["errors"]
    assert error.startswith(f"{variable}.a.")
    assert "{vars.d} of alice has no place in a path: it may hold no /, .. or wildcard" in error
    assert compiled(text.replace(value, "bob"))["errors"] == []


def test_what_is_no_path_may_hold_anything() -> None:
    text = """
    latchkey_roster: {alice: {vars: {entry: work/heroku}}}
    latchkey_credentials: {a: {about: 'see {vars.entry}', source: [{command: [pass, show, '{vars.entry}']}]}}
    """
    (member,) = compiled(text)["members"]
    assert member["credentials"][0]["sources"][0]["argv"][2] == "work/heroku"


@pytest.mark.parametrize("roster", ["latchkey_roster: {alice: {}}", ""])
def test_unknown_user_is_an_error(roster: str) -> None:
    assert 'did you mean "alice"?' in compiled(roster, user="alcie")["errors"][0]


NAMES = {
    "latchkey_credential_team": 'no such variable, did you mean "latchkey_credentials_team"?',
    "latchkey_rooster": 'no such variable, did you mean "latchkey_roster"?',
    "aws_config_profile": 'no such variable, did you mean "aws_config_profiles"?',
}


@pytest.mark.parametrize(("name", "expected"), NAMES.items(), ids=NAMES.keys())
def test_a_variable_that_is_spelled_wrong_is_an_error(name: str, expected: str) -> None:
    errors = compile_declaration({}, MACHINE, names=["latchkey_credentials_mine", "latchkey_machine", name])["errors"]
    assert errors == [f"{name}: {expected}"]


DECLARES = {
    "nothing": ("", (False, False)),
    "nothing below their names": ("{latchkey_credentials_mine: null, aws_config_profiles: null}", (False, False)),
    "that there is none": ("{latchkey_credentials: {}, aws_config_profiles: null}", (True, False)),
    "that there is none, with a suffix": ("{latchkey_credentials: null, latchkey_credentials_mine: {}}", (True, False)),
    "sections": ("{latchkey_roster: {alice: {}}, aws_config_profiles: {dev: {region: x}}}", (False, True)),
    "no section": ("{latchkey_jobs: {}, aws_config_credentials: {}}", (False, True)),
}


@pytest.mark.parametrize(("text", "expected"), DECLARES.values(), ids=DECLARES.keys())
def test_nothing_declared_and_declared_none_are_two_things(text: str, expected: tuple[bool, bool]) -> None:
    result = compiled(text)
    assert not result["errors"]
    assert tuple(result["declares"][concern] for concern in ("credentials", "aws")) == expected


def test_empty_roster_is_the_person_who_runs_it() -> None:
    (member,) = compiled("latchkey_credentials: {a: {}}")["members"]
    assert (member["name"], member["account"], member["credentials"][0]["name"]) == ("alice", "alice", "a")


def test_short_and_long_forms_compile_to_the_same() -> None:
    short = compiled("latchkey_credentials: {a: {source: [{env: A}, {file: f}, {command: [x]}, {ssm: /p}]}}")
    long = compiled(
        "latchkey_credentials: {a: {source: "
        "[{env: {name: A}}, {file: {path: f}}, {command: {argv: [x]}}, {ssm: {name: /p}}]}}"
    )
    assert not short["errors"]
    assert short == long


def test_words_are_filled_in_and_other_braces_left_alone() -> None:
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


ONLY = {
    "user": ("{users: [alice]}", ["alice"]),
    "group": ("{groups: [writers]}", ["bob"]),
    "machine": ("{machines: [devvm]}", ["alice", "bob"]),
    "machine group": ("{machines: [linux]}", ["alice", "bob"]),
    "other machine": ("{machines: [macs]}", []),
    "all keys must match": ("{users: [alice], groups: [writers]}", []),
}


@pytest.mark.parametrize(("only", "people"), ONLY.values(), ids=ONLY.keys())
def test_only(only: str, people: list[str]) -> None:
    result = compiled(
        f"{{latchkey_roster: {{alice: {{}}, bob: {{groups: [writers]}}}},"
        f" latchkey_credentials: {{a: {{only: {only}}}}}}}"
    )
    assert not result["errors"]
    assert [member["name"] for member in result["members"] if member["credentials"]] == people


def test_members_are_on_their_machines_only() -> None:
    result = compiled("latchkey_roster: {alice: {machines: [linux]}, bob: {machines: [mac]}, carol: {}}")
    assert [member["name"] for member in result["members"]] == ["alice", "carol"]


def test_user_limits_a_run_to_one_member() -> None:
    result = compiled("latchkey_roster: {alice: {}, bob: {account: robert}}", user="bob")
    assert [(member["name"], member["account"]) for member in result["members"]] == [("bob", "robert")]


def test_durations_are_seconds() -> None:
    (member,) = compiled("latchkey_credentials: {a: {warn_before: 14d}}")["members"]
    assert member["credentials"][0]["warn_before"] == 14 * 86400


def test_aws_sections_are_filled_in_and_limited_like_credentials() -> None:
    (member,) = compiled(
        """
        aws_config_sso_sessions: {corp: {sso_region: eu-west-1}}
        aws_config_profiles: {"dev-{user}": {region: eu-west-1}, mac: {region: x, only: {machines: [macs]}}}
        aws_config_credentials:
          reader: {aws_access_key_id: {env: KEY}, region: us-west-2, state: present}
        """
    )["members"]
    assert [section["name"] for section in member["aws"]["profiles"]] == ["dev-alice"]
    assert member["aws"]["static"] == [
        {
            "name": "reader",
            "state": "present",
            "settings": {"aws_access_key_id": [{"kind": "env", "name": "KEY"}], "region": "us-west-2"},
        }
    ]


def test_an_item_is_taken_from_where_its_credential_takes_it() -> None:
    """Then it need not be kept yet."""
    (member,) = compiled(
        """
        latchkey_credentials:
          id: {source: [{env: KEY}, {file: ~/id}], keychain: {service: id, account: "{user}"}}
          old: {source: [{file: ~/old}], keychain: {service: old, account: me, state: absent}}
          idle: {source: [{file: ~/idle}], keychain: {service: idle, account: me}, category: unused}
        aws_config_credentials:
          reader:
            aws_access_key_id: {keychain: {service: id, account: "{user}"}}
            aws_secret_access_key: [{keychain: {service: old, account: me}}, {keychain: {service: idle, account: me}}]
            aws_session_token: {keychain: {service: elsewhere, account: me}}
        """
    )["members"]
    settings = member["aws"]["static"][0]["settings"]
    assert {key: [source["kind"] for source in sources] for key, sources in settings.items()} == {
        "aws_access_key_id": ["env", "file", "keychain"],
        "aws_secret_access_key": ["keychain", "keychain"],
        "aws_session_token": ["keychain"],
    }


def test_an_account_may_be_a_word_of_the_members() -> None:
    (member,) = compiled(
        """
        latchkey_roster: {alice: {vars: {account: "111122223333"}}}
        aws_config_profiles: {dev: {sso_account_id: "{vars.account}", region: eu-west-1}}
        """
    )["members"]
    assert member["aws"]["profiles"][0]["settings"]["sso_account_id"] == "111122223333"
