# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Failures injected at every step: errors name a file, a key and a remedy, and contain no secret."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any, Callable

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._checks.registry import validation_errors
from ansible_collections.latchkey.workstation.plugins.plugin_utils._declaration.compile import compile_declaration
from ansible_collections.latchkey.workstation.plugins.plugin_utils._declaration.roster import Machine

from tests.canary.scanner import find_canaries, make_canary
from tests.canary.scenario import BOOTSTRAP, ENV_FILE, PARAMETER, Scenario, item
from tests.canary.traced_home import VERBOSE, assert_no_leak

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.canary.aws import Aws
    from tests.integration.conftest import Person
    from tests.twins.services import Twins

STORE = "playbooks/store.yml"


@pytest.fixture
def scenario(person: Person, traced_folder: Path, twins: Twins, aws: Aws) -> Scenario:
    return Scenario(person, traced_folder, twins, aws)


def damage_sources(scenario: Scenario) -> list[str]:
    """Make sources truncated, binary, too large or unreadable, and make a source program fail and print its value."""
    canaries = scenario.canaries
    scenario.write(canaries["dotenv"], "project/.env", 'KEY="{}\n')
    scenario.write(canaries["json"], "secrets/tree.json", '{"a": [{"b": "{}"')
    scenario.write(canaries["filed"], "secrets/filed", "{}\x01")
    scenario.write(canaries["file"], "secrets/file", "{}" + "x" * (1 << 20))
    scenario.write(canaries["header"], "secrets/header", "{}\nand a second line\n")
    scenario.write(canaries["aws"], "secrets/aws", "{}\nand a second line\n")
    scenario.traced_home.person.write(
        "bin/print-value", "#!/bin/sh\ncd; cat secrets/tool; cat secrets/tool >&2; exit 7\n", mode=0o755
    )
    (scenario.home / scenario.store.place("foreign")).chmod(0)
    return ["quote", "not JSON", "ended with 7", "larger than", "no header", "Permission denied"]


def block_targets(scenario: Scenario) -> list[str]:
    """Put a folder, a file of the person or a damaged file where the run writes."""
    canaries = scenario.canaries
    for place in (".zshrc", scenario.store.place("tool")):
        (scenario.home / place).mkdir(parents=True)
    scenario.write(canaries["filed"], ENV_FILE, "MINE='{}'\n")
    scenario.write(canaries["tool"], ".local/bin/latchkey-run", "#!/bin/sh\n# {}\n")
    scenario.write(canaries["aws"], ".aws/credentials", "[reader]\nregion = {}\n[reader]\nregion = {}\n")
    scenario.traced_home.person.own()
    return ["not a regular file", "exists and was not made by latchkey.workstation", "twice"]


def damage_ownership_records(scenario: Scenario) -> list[str]:
    """Replace the ownership records by invalid JSON, or by JSON of another shape, that holds a secret."""
    for name, text in (
        ("keychain", '{"items": ["{}"'),
        ("exports", '["{}"]'),
        ("checks", "{}"),
        ("aws_config", '"{}"'),
    ):
        scenario.write(
            scenario.canaries["dotenv"],
            f".local/state/latchkey/{name}.json",
            text,
            "x" + scenario.canaries["github"].value,
        )
        scenario.before["github"] = {*scenario.before["github"], f".local/state/latchkey/{name}.json"}
        scenario.before["dotenv"].discard(f".local/state/latchkey/{name}.json")
    return ["is damaged"]


def make_folders_read_only(scenario: Scenario) -> list[str]:
    """Make every folder that the run writes to read-only."""
    for folder in (".local/share/latchkey/keychain", ".config", ".aws", ".local/bin"):
        (scenario.home / folder).mkdir(parents=True, exist_ok=True)
        (scenario.home / folder).chmod(0o500)
    scenario.traced_home.person.own()
    return ["cannot be written", "chmod u+w"]


def return_tokens_in_errors(scenario: Scenario) -> list[str]:
    """Let issuers reject the token and return it in the body, and let a command check print its input."""
    heroku, github, header = (scenario.canaries[name].value for name in ("heroku", "github", "header"))
    echoed = {"id": "unauthorized", "message": f"no such token {heroku}", heroku: [heroku], "error": {"a": heroku}}
    scenario.twins.break_("heroku", "json", status=401, value=echoed)
    scenario.twins.break_("github", "escapes", taint=github, names=("login", "name", "message", "id", "email"))
    scenario.twins.break_("widgets", "redirect", to=f"http://localhost:9/{header}?token={header}")
    echo = ["/bin/sh", "-c", "tee /dev/stderr; exit 1"]
    check = {"provider": "command", "argv": echo, "stdin": "{value} {credential.github}"}
    scenario.declare(filed={"source": [{"file": "~/secrets/filed"}], "keychain": item("filed"), "check": check})
    return ["FAIL heroku", "FAIL filed", "ended with 1"]


def return_tokens_as_identity(scenario: Scenario) -> list[str]:
    """Let issuers return the token where identity, scopes and expiry are read; one answers with an error status."""
    heroku, github, header = (scenario.canaries[name].value for name in ("heroku", "github", "header"))
    scenario.twins.break_("heroku", "json", status=403, value={"id": heroku, "message": heroku})
    scenario.twins.break_("github", "json", status=200, value={"login": github, "id": github, "name": [github]})
    me = {"ok": True, "user": header, "scopes": [header, f"read {header}"], "key": {"expires_at": header}}
    scenario.twins.break_("widgets", "json", status=200, value=me)
    headers = {"X-Api-Key": "{value}", "X-Tenant": "1", "X-Api-Version": "1"}
    asked = {"identity": "/user", "scopes": "/scopes", "expires": "/key/expires_at", "json": {"/ok": True}}
    check = {"provider": "http", "url": scenario.twins.url("widgets") + "/v1/me", "headers": headers, **asked}
    scenario.declare(header={"source": [{"file": "~/secrets/header"}], "keychain": item("header"), "check": check})
    return ["heroku"]


def return_values_in_aws_errors(scenario: Scenario) -> list[str]:
    """Let AWS reject with the value in every field, as JSON instead of XML, so that botocore's exception quotes it."""
    value = scenario.canaries["ssm"].value
    refusal = json.dumps(
        {"__type": value, "message": value, "Error": {"Code": value, "Message": value}, value: value}
    ).encode()
    scenario.aws.judge = lambda _asked, _status, _body: (400, refusal)
    return ["the response is not from AWS", "UNKNOWN whoami"]


def return_malformed_parameters(scenario: Scenario) -> list[str]:
    """Return a parameter that is no JSON although a pointer is declared, and one that holds a NUL byte."""
    value = scenario.canaries["ssm"].value
    large = json.dumps({"Parameter": {"Name": "/large", "Value": value + "\0", "Type": value}}).encode()
    scenario.aws.judge = lambda asked, status, body: (200, large) if b"/large" in asked else (status, body)
    into, other = (
        {"source": [scenario.aws.source(name, **more)], "keychain": item(name.strip("/"))}
        for name, more in ((PARAMETER, {"pointer": "/a"}), ("/large", {}))
    )
    scenario.declare(ssm=into, large=other)
    return ["is not JSON that can be read", "holds a NUL byte"]


FAULTS: dict[str, Callable[[Scenario], list[str]]] = {
    "damaged sources": damage_sources,
    "tokens in issuers' errors": return_tokens_in_errors,
}
MORE_FAULTS: dict[str, Callable[[Scenario], list[str]]] = {
    "blocked targets": block_targets,
    "damaged ownership records": damage_ownership_records,
    "read-only folders": make_folders_read_only,
    "tokens as identity, scopes and expiry": return_tokens_as_identity,
    "values in errors of AWS": return_values_in_aws_errors,
    "malformed parameters": return_malformed_parameters,
}
# Faults after which only outcomes of checks are missing.
WITHOUT_FAILURES = {return_tokens_as_identity, return_values_in_aws_errors, return_malformed_parameters}


def assert_within(found: dict[str, set[str]], allowed: dict[str, set[str]]) -> None:
    assert not {(name, place) for name, places in found.items() for place in places - allowed.get(name, set())}


def cases(some: Mapping[str, Any], more: Mapping[str, Any]) -> list[Any]:
    """Parameters of a test: ``more`` are left out of ./test.sh without a suite."""
    return [
        *(pytest.param(*_listed(value), id=name) for name, value in some.items()),
        *(pytest.param(*_listed(value), id=name, marks=pytest.mark.thorough) for name, value in more.items()),
    ]


def _listed(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)


@pytest.mark.parametrize("inject", cases(FAULTS, MORE_FAULTS))
def test_failed_run_reports_the_cause_and_no_secret(
    scenario: Scenario, inject: Callable[[Scenario], list[str]]
) -> None:
    expected = inject(scenario)
    run = scenario.traced_home.play(BOOTSTRAP, *VERBOSE)
    assert not scenario.traced_home.leaks(run)
    assert_within(scenario.traced_home.places(), scenario.converged())
    assert run.code in ({0, 2} if inject in WITHOUT_FAILURES else {2}), run.text[-3000:]
    assert [text for text in expected if text not in run.text] == []


# Simulates a bug in code that handles values: the exception's text holds all arguments.
CRASH = """
import {module}
def broken(*arguments, **more):
    raise RuntimeError(f"unexpected {{arguments!r}} {{more!r}}")
{module}.{function} = broken
"""
# Python of the modules alone: the starter keeps PYTHONPATH from Ansible.
BROKEN_PYTHON = """#!/bin/sh
PYTHONPATH={folder} exec {python} "$@"
"""
BUGS = {
    "a run, in a digest": (BOOTSTRAP, "hmac", "new"),
    "storing, in a digest": (STORE, "hmac", "new"),
}
MORE_BUGS = {
    "a run, in a rename": (BOOTSTRAP, "os", "rename"),
    "a run, in a program": (BOOTSTRAP, "subprocess", "Popen"),
    "a run, in redaction": (BOOTSTRAP, "base64", "b64encode"),
    "storing, in a rename": (STORE, "os", "rename"),
}


@pytest.mark.parametrize(("playbook", "module", "function"), cases(BUGS, MORE_BUGS))
def test_traceback_of_a_crash_contains_no_secret(scenario: Scenario, playbook: str, module: str, function: str) -> None:
    traced_home = scenario.traced_home
    traced_home.person.write("broken/sitecustomize.py", CRASH.format(module=module, function=function))
    wrapper = BROKEN_PYTHON.format(folder=scenario.home / "broken", python=sys.executable)
    interpreter = traced_home.person.write("broken/python", wrapper, mode=0o755)
    canary, arguments = make_canary("typed"), []
    if playbook == STORE:
        traced_home.shell, arguments = {}, ["-e", "credential=env"]
    arguments += ["-e", f"ansible_python_interpreter={interpreter}"]
    run = traced_home.play(playbook, *arguments, *VERBOSE, stdin=canary.value)
    assert not traced_home.leaks(run)
    assert "RuntimeError" in run.text, "the injected bug was not reached"
    assert_within(traced_home.places(), scenario.converged(typed={scenario.store.place("env")}))


def misplaced(secret: str) -> dict[str, Any]:
    """Return a declaration with ``secret`` in every place where a person might paste it by mistake."""
    return {
        "latchkey_credentials": {
            "a": {"source": secret},
            "b": {"source": [secret]},
            "c": {"source": [{"env": secret}], "export": secret, "keychain": secret, "check": secret},
            "d": {"source": [{"dotenv": {"path": "~/x", "key": secret}}], "export": {"name": secret, "file": "~/x"}},
            "e": {"source": [{"json": {"path": "~/x", "pointer": secret}}], "check": {"provider": secret}},
            "f": {"source": [{"command": secret}], "keychain": {**item("f"), "state": secret}},
            "g": {"source": [{"file": {"path": "~/x", "mode": secret}}], "category": secret, "only": secret},
            "h": {"required": secret, "warn_before": secret, "consumers": secret, "only": {"machines": secret}},
            "i": {"only": {"machines": [secret], "users": [secret], "groups": [secret]}},
            "j": {"check": {"provider": "heroku", "base_url": secret}},
            "k": {"check": {"provider": "http", "url": secret, "method": secret, "headers": secret, "status": secret}},
            "l": secret,
        },
        "latchkey_roster": {"alice": {"account": [secret], "machines": secret, "groups": secret, "vars": secret}},
        "aws_config_credentials": {"reader": {"aws_secret_access_key": secret}, "writer": secret},
        "aws_config_profiles": {"one": {"aws_session_token": secret}, "two": secret},
    }


PASTED = {"a token": make_canary("pasted", size=60, odd=False), "a long text": make_canary("long", size=300)}


@pytest.mark.parametrize("name", PASTED)
def test_declaration_errors_do_not_echo_a_misplaced_secret(scenario: Scenario, name: str) -> None:
    traced_home = scenario.traced_home
    scenario.traced_home.person.declare(**misplaced(PASTED[name].value))
    run = traced_home.play(BOOTSTRAP, *VERBOSE)
    assert_no_leak(traced_home, run, 2)
    assert "Nothing was touched" in run.text


@pytest.mark.parametrize("name", PASTED)
@pytest.mark.parametrize("entry", [*"abcdefghijkl"])
def test_error_of_a_single_entry_does_not_echo_a_misplaced_secret(entry: str, name: str) -> None:
    """With one entry no error can hide another one's text."""
    whole = misplaced(PASTED[name].value)["latchkey_credentials"]
    machine = Machine(host="devvm", groups=frozenset(), known=frozenset({"devvm"}), name="devvm", person="alice")
    compiled = compile_declaration({"latchkey_credentials": {entry: whole[entry]}}, machine)
    errors = list(compiled["errors"])
    if isinstance(whole[entry], dict) and isinstance(whole[entry].get("check"), dict):
        errors += validation_errors(whole[entry]["check"], [entry])
    assert errors
    assert not list(find_canaries("\n".join(errors).encode()))


def test_value_that_store_refuses_is_not_shown(scenario: Scenario) -> None:
    traced_home = scenario.traced_home
    traced_home.shell = {}
    short = make_canary("short", size=60, odd=False)
    # Refused because of an authoritative source, a folder in place of the file, and the issuer.
    run = traced_home.play(STORE, "-e", "credential=json", *VERBOSE, stdin=short.value)
    assert_no_leak(traced_home, run, 2)
    assert "is the authority" in run.text
    (scenario.home / scenario.store.place("env")).mkdir()
    scenario.twins.break_("heroku", "json", status=401, value={"id": short.value, "message": short.value})
    for name in ("env", "heroku"):
        assert_no_leak(traced_home, traced_home.play(STORE, "-e", f"credential={name}", *VERBOSE, stdin=short.value), 2)
    assert traced_home.places() == scenario.before
