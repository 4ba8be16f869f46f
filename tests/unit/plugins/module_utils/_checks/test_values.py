# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Values of checks: looked up once, and what a check without a value comes to."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._checks.values import Values, missing
from ansible_collections.latchkey.workstation.plugins.module_utils._core.errors import LatchkeyError, Prerequisite
from ansible_collections.latchkey.workstation.plugins.module_utils._core.lookup import LookupResult
from ansible_collections.latchkey.workstation.plugins.module_utils._core.secrets import Secret

from tests.builders import LookupResolver, credential, source
from tests.builders import resolver as build_resolver

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ansible_collections.latchkey.workstation.plugins.module_utils._sources.resolver import Resolver

    from tests.unit.plugins.module_utils._checks.bench import Bench

FOUND = LookupResult("found", "file ~/x", secret=Secret("hunter22"))


def test_value_is_looked_up_once_by_many_threads() -> None:
    opened, looked_up = [], []

    def look_up(declared: Mapping[str, Any]) -> LookupResult:
        looked_up.append(declared["name"])
        return FOUND

    def open_resolver() -> Resolver:
        opened.append(1)
        return LookupResolver(value=look_up)

    values = Values(open_resolver, {})
    threads = [threading.Thread(target=values.get, args=(credential(name),)) for name in ("a", "b") * 20]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(opened), sorted(looked_up)) == (1, ["a", "b"])
    assert values.secrets() == [Secret("hunter22")] * 2
    assert (values.origin("a"), values.origin("never looked up")) == ("file ~/x", "")


def test_given_value_opens_no_resolver() -> None:
    def refuse() -> Resolver:
        raise AssertionError

    assert Values(refuse, {"a": FOUND}).get(credential("a")) == FOUND


def test_resolver_that_cannot_be_opened_blocks_the_lookup() -> None:
    def refuse() -> Resolver:
        raise LatchkeyError("the store is damaged", remedy="mend it")

    lookup = Values(refuse, {}).get(credential("a"))
    assert (lookup.state, lookup.reason, lookup.remedy) == ("blocked", "the store is damaged", "mend it")


ABSENT = LookupResult("absent", reason="A is not set")
LOCKED = LookupResult("blocked", reason="the keychain is locked", remedy="unlock it")
NO_LIBRARY = LookupResult.blocked(Prerequisite("no botocore"), "ssm /a")
SHORT = LookupResult.of(b"abc", "env A")


@pytest.mark.parametrize(
    ("lookup", "required", "expected"),
    [
        (FOUND, True, None),
        (ABSENT, True, ("ABSENT", "absent")),
        (ABSENT, False, ("ABSENT", "absent")),
        (LOCKED, True, ("UNKNOWN", "locked")),
        (NO_LIBRARY, True, ("SKIP", "prerequisite")),
        (SHORT, True, ("FAIL", "malformed")),
        (SHORT, False, ("UNKNOWN", "malformed")),
    ],
)
def test_check_without_a_value(lookup: LookupResult, required: bool, expected: tuple[str, str] | None) -> None:
    outcome = missing({"a": lookup}, own="a", required=required)
    assert (outcome and (outcome.state, outcome.cause)) == expected


# Sources that give a required credential no usable value, and the verdict of its check.
UNUSABLE = {
    "only source's program is absent": ([source("command", argv=["latchkey-no-such", "read", "x"])], "FAIL", "absent"),
    "file is absent": ([source("file", path="~/none")], "FAIL", "absent"),
    "value has 3 characters": ([source("file", path="~/short")], "FAIL", "malformed"),
    "value has a NUL": ([source("file", path="~/nul")], "FAIL", "malformed"),
    "document is damaged": ([source("json", path="~/short", pointer="/a")], "FAIL", "malformed"),
    "program fails": ([source("command", argv=["false"])], "UNKNOWN", "locked"),
    "program cannot be started": ([source("command", argv=["~/script"])], "UNKNOWN", "locked"),
}


@pytest.mark.parametrize("case", UNUSABLE)
def test_required_credential_without_a_usable_value(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    sources, outcome, cause = UNUSABLE[case]
    bench.put("short", "abc\n")
    bench.put("nul", b"secret\0value")
    bench.put("script", "#!/no/such/interpreter\n", 0o700)
    monkeypatch.setattr(bench, "_open", lambda *_all: build_resolver(tmp_path, environ={}))
    row = bench.run([credential("mine", sources=sources)])["mine"]
    assert (row["outcome"], row["cause"]) == (outcome, cause), row["reason"]
    optional = bench.run([credential("mine", sources=sources, required=False)])["mine"]
    assert optional["outcome"] == {"absent": "SKIP"}.get(cause, "UNKNOWN")


def test_malformed_value_is_replaced_where_it_comes_from(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.put("short", "abc\n")
    monkeypatch.setattr(bench, "_open", lambda *_all: build_resolver(tmp_path, environ={}))
    sources = [source("command", argv=["latchkey-no-such"]), source("file", path="~/short")]
    row = bench.run([credential("mine", sources=sources)])["mine"]
    assert row["reason"] == "file ~/short: the value has 3 characters; fewer than 6 characters are refused"
    assert row["remedy"] == "write a valid value to the file ~/short"


def test_source_whose_program_is_absent_leads_to_the_next(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench, "_open", lambda *_all: build_resolver(tmp_path, environ={"E": "hunter22"}))
    sources = [source("command", argv=["latchkey-no-such", "show", "x"]), source("env", name="E")]
    row = bench.run([credential("mine", sources=sources)])["mine"]
    assert (row["outcome"], row["reason"]) == ("SKIP", "no check declared")


def test_source_that_does_not_answer_in_time_has_cause_timeout() -> None:
    error = LatchkeyError("pass did not answer within 10 s")
    error.cause = "timeout"
    outcome = missing({"a": LookupResult.blocked(error, "command pass")}, own="a", required=True)
    assert outcome
    assert (outcome.state, outcome.cause) == ("UNKNOWN", "timeout")


@pytest.mark.parametrize(("mode", "expected"), [(0o600, []), (0o640, ["own file"]), (0o604, ["own file"]), (0o611, [])])
@pytest.mark.parametrize("kind", ["file", "dotenv", "json"])
def test_source_that_other_accounts_can_read_is_reported_with_its_remedy(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, mode: int, expected: list[str], kind: str
) -> None:
    content = {"file": "hunter22", "dotenv": "KEY=hunter22\n", "json": '{"key": "hunter22"}'}[kind]
    bench.put("own file", content, mode)
    monkeypatch.setattr(bench, "_open", lambda *_all: build_resolver(bench.home, environ={}))
    own = source(kind, path="~/own file", **{"dotenv": {"key": "KEY"}, "json": {"pointer": "/key"}}.get(kind, {}))
    rows = bench.run([credential(name, sources=[own]) for name in ("one", "two")])
    warned = {name: row for name, row in rows.items() if name not in ("one", "two")}
    assert list(warned) == [f"{bench.home}/{name}" for name in expected]
    assert [(row["state"], row["remedy"]) for row in warned.values()] == [
        ("ok", f"chmod go= '{bench.home}/{name}'") for name in expected
    ]
    assert bench.reports["alice"].failed is False
