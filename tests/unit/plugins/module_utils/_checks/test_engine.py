# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every check has in common: who is asked at all, how long, what is remembered and what is shown."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._checks import engine, observation, result_row
from ansible_collections.latchkey.workstation.plugins.module_utils._checks.base import (
    PASS,
    Check,
    Outcome,
    Provider,
    asks_value,
    references,
)
from ansible_collections.latchkey.workstation.plugins.module_utils._checks.registry import PROVIDERS
from ansible_collections.latchkey.workstation.plugins.module_utils._core import secrets
from ansible_collections.latchkey.workstation.plugins.module_utils._core.errors import LatchkeyError
from ansible_collections.latchkey.workstation.plugins.module_utils._core.lookup import LookupResult
from ansible_collections.latchkey.workstation.plugins.module_utils._core.secrets import Secret
from ansible_collections.latchkey.workstation.plugins.module_utils._host.state import State
from ansible_collections.latchkey.workstation.plugins.module_utils._members import serve as members_serve

from tests.twins.services import DAY, SCENARIOS
from tests.unit.plugins.module_utils._checks.bench import credential

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.twins.services import Twins
    from tests.unit.plugins.module_utils._checks.bench import Bench

GOOD, BAD = SCENARIOS["github"]["classic"].secret, SCENARIOS["github"]["bad"].secret
KEYCHAIN = {"service": "s", "account": "a", "trusted_apps": [], "state": "present"}
HANGS = 20  # seconds that only something takes that waits for ever
NOWHERE = {"provider": "github", "base_url": "http://127.0.0.1:9"}


def short(row: dict[str, Any]) -> tuple[str, str, str]:
    return row["outcome"], row["cause"], row["state"]


def github(twins: Twins) -> dict[str, Any]:
    return {"provider": "github", "base_url": twins.url("github")}


@pytest.fixture
def providers(monkeypatch: pytest.MonkeyPatch) -> dict[str, Provider]:
    """A provider of the test's own, beside the real ones."""
    monkeypatch.setitem(PROVIDERS, "own", Provider())
    return PROVIDERS


@pytest.fixture
def never() -> Iterator[threading.Event]:
    """Set when the test is over: what waits for it hangs."""
    event = threading.Event()
    yield event
    event.set()


# --- who is asked at all ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("category", ["human_only", "unused"])
def test_nothing_is_read_of_what_only_people_use(bench: Bench, category: str) -> None:
    bench.has("mine", "hunter22")
    bench.program("op", f"touch {bench.home}/invoked")
    checks = [None, NOWHERE, {"provider": "command", "argv": ["op", "whoami"]}]
    for check in checks:
        row = bench.run([credential("mine", check, category=category)])["mine"]
        assert short(row) == ("SKIP", category, "skipped")
        assert row["reason"]
    assert bench.asked_for == []
    assert not (bench.home / "invoked").exists()


@pytest.mark.parametrize(
    ("required", "expected"), [(True, ("FAIL", "absent", "failed")), (False, ("SKIP", "absent", "skipped"))]
)
@pytest.mark.parametrize("check", [None, NOWHERE])
def test_absent(bench: Bench, check: dict[str, Any] | None, required: bool, expected: tuple[str, str, str]) -> None:
    row = bench.run([credential("mine", check, required=required, keychain=KEYCHAIN, rotate="docs/rotate.md")])["mine"]
    assert short(row) == expected
    assert row["reason"] == "MINE is not set"
    assert row["rotate"] == "docs/rotate.md"
    store = "ansible-playbook playbooks/store.yml -e credential=mine"
    assert row["remedy"] == (store if required else "")


def test_a_remedy_names_the_user_where_there_are_several(bench: Bench) -> None:
    rows = bench.run_members({name: [credential("mine", NOWHERE, keychain=KEYCHAIN)] for name in ("alice", "bob")})
    assert rows["bob"]["mine"]["remedy"] == "ansible-playbook playbooks/store.yml -e credential=mine -e user=bob"


def test_what_is_not_kept_by_us_is_mended_at_its_source(bench: Bench) -> None:
    source = {"kind": "dotenv", "path": "~/app/.env", "key": "TOKEN"}
    row = bench.run([credential("mine", NOWHERE, sources=[source])])["mine"]
    assert row["remedy"] == "write a valid value to ~/app/.env as TOKEN"


FILED = {"kind": "file", "path": "~/filed.txt"}
SEED = {"kind": "env", "name": "MINE"}
STORE = "ansible-playbook playbooks/store.yml -e credential=mine"


@pytest.mark.parametrize(
    ("origin", "sources", "keychain", "remedy"),
    [
        ("file ~/filed.txt", [FILED], KEYCHAIN, "write a valid value to the file ~/filed.txt"),
        (
            "keychain theirs",
            [{"kind": "keychain", "service": "theirs"}],
            KEYCHAIN,
            "put a valid value into the keychain item theirs",
        ),
        ("keychain s", [FILED], KEYCHAIN, STORE),
        ("env MINE", [FILED, SEED], KEYCHAIN, STORE),
        ("", [], KEYCHAIN, STORE),
        ("env MINE", [FILED, SEED], None, "set the variable MINE to a valid value"),
        ("", [], None, "get a valid one from its issuer, and declare under rotate how"),
    ],
)
def test_a_value_is_mended_where_it_came_from(  # noqa: PLR0917 - a row of the table
    twins: Twins, bench: Bench, origin: str, sources: list[Any], keychain: Any, remedy: str
) -> None:
    bench.values["mine"] = LookupResult("found", origin, secret=Secret(BAD))
    row = bench.run([credential("mine", github(twins), sources=sources, keychain=keychain)])["mine"]
    assert (short(row), row["remedy"]) == (("FAIL", "rejected", "failed"), remedy)


def test_a_way_to_rotate_is_enough_of_a_way_out(twins: Twins, bench: Bench) -> None:
    bench.has("mine", BAD)
    row = bench.run([credential("mine", github(twins), rotate="docs/pat.md")])["mine"]
    assert (row["remedy"], row["rotate"]) == ("", "docs/pat.md")
    assert (bench.home / ".local/state/latchkey/attention").read_text().endswith("\n  docs/pat.md\n")


REFERS = {
    "provider": "http",
    "url": "https://example.com/",
    "headers": {"A": "{value} {credential.id1} {credential.id2}"},
}


def refers(bench: Bench, *users: str) -> dict[str, Any]:
    """The row of a credential whose check needs id1 and id2."""
    others = [credential(name, keychain=KEYCHAIN, required=False) for name in ("id1", "id2")]
    declared = [credential("mine", REFERS, sources=[FILED]), *others]
    return bench.run_members(dict.fromkeys(users or ("alice",), declared))["alice"]["mine"]


def test_a_credential_that_another_one_needs_is_named_with_its_own_way_out(bench: Bench) -> None:
    bench.has("mine", "hunter22")
    bench.has("id2", "hunter33")
    bench.values["id1"] = LookupResult("absent", reason="no keychain item s")
    fix = "ansible-playbook playbooks/store.yml -e credential=id1"
    row = refers(bench)
    assert (short(row), row["reason"], row["remedy"]) == (("FAIL", "absent", "failed"), "id1: no keychain item s", fix)
    assert refers(bench, "alice", "bob")["remedy"] == f"{fix} -e user=alice"
    bench.values["id1"] = LookupResult("absent", reason="ID1 is not set")
    assert refers(bench)["reason"] == "ID1 is not set"
    bench.values["id1"] = LookupResult("blocked", reason="it is locked", remedy="unlock it")
    row = refers(bench)
    assert (row["outcome"], row["reason"], row["remedy"]) == ("UNKNOWN", "id1: it is locked", "unlock it")
    bench.has("id1", b"\xff\xfe\xfd\xfc\xfb\xfa")
    row = refers(bench)
    assert (row["cause"], row["remedy"], row["reason"].startswith("id1: ")) == ("malformed", fix, True)


def test_its_own_absence_comes_first(bench: Bench) -> None:
    row = refers(bench)
    assert row["reason"] == "MINE is not set; ID1 is not set; ID2 is not set"
    assert row["remedy"] == "write a valid value to the file ~/filed.txt"


def test_a_check_with_no_value_of_its_own_is_mended_where_the_other_is(twins: Twins, bench: Bench) -> None:
    bench.has("token", SCENARIOS["widgets"]["unauthorized"].secret)
    headers = {"X-Api-Key": "{credential.token}", "X-Tenant": "acme", "X-Api-Version": "1"}
    check = {"provider": "http", "url": twins.url("widgets") + "/v1/me", "headers": headers}
    rows = bench.run([credential("mine", check), credential("token", keychain=KEYCHAIN)])
    assert rows["mine"]["remedy"] == "ansible-playbook playbooks/store.yml -e credential=token"


def test_present_without_a_check(bench: Bench) -> None:
    bench.has("mine", "hunter22")
    row = bench.run([credential("mine")])["mine"]
    assert (short(row), row["reason"]) == (("SKIP", "undeclared", "skipped"), "no check declared")
    assert len(row["fingerprint"]) == 8


def test_declared_as_absent(bench: Bench) -> None:
    row = bench.run([credential("mine", NOWHERE, keychain={**KEYCHAIN, "state": "absent"})])["mine"]
    assert short(row) == ("SKIP", "undeclared", "skipped")
    assert bench.asked_for == []


def test_a_locked_store_is_no_verdict(bench: Bench) -> None:
    bench.values["mine"] = LookupResult("blocked", reason="the keychain is locked", remedy="security unlock-keychain")
    row = bench.run([credential("mine", NOWHERE)])["mine"]
    assert short(row) == ("UNKNOWN", "locked", "unknown")
    assert (row["reason"], row["remedy"]) == ("the keychain is locked", "security unlock-keychain")


def test_a_source_that_this_machine_cannot_ask_is_a_skip(bench: Bench) -> None:
    bench.values["mine"] = LookupResult("blocked", reason="no botocore", remedy="install it", prerequisite_missing=True)
    row = bench.run([credential("mine", NOWHERE, required=True)])["mine"]
    assert (short(row), row["reason"]) == (("SKIP", "prerequisite", "skipped"), "no botocore")


def test_runbook_skips_of_infisical(bench: Bench) -> None:
    """All that is missing stands in one reason; required decides whether that is a failure."""
    check = {"provider": "infisical", "client_id": "{credential.id}", "project_id": "{credential.project}"}
    others = [credential("id", required=False), credential("project", required=False)]
    row = bench.run([credential("mine", check, required=False), *others])["mine"]
    assert (row["outcome"], row["reason"]) == ("SKIP", "MINE is not set; ID is not set; PROJECT is not set")
    bench.has("mine", "hunter22")
    row = bench.run([credential("mine", check), *others])["mine"]
    assert (row["outcome"], row["reason"]) == ("FAIL", "ID is not set; PROJECT is not set")
    bench.values["id"] = LookupResult("blocked", reason="locked")
    assert bench.run([credential("mine", check), *others])["mine"]["outcome"] == "UNKNOWN"


def test_each_value_is_looked_for_once(twins: Twins, bench: Bench) -> None:
    bench.has("tenant", "tenant-acme")
    check = {"provider": "http", "url": twins.url("widgets"), "headers": {"X-Tenant": "{credential.tenant}"}}
    bench.run([credential("tenant"), *(credential(f"c{n}", check) for n in range(10))])
    assert bench.asked_for == ["tenant"]


# --- what is shown ----------------------------------------------------------------------------------------------


def test_a_row_has_every_field_that_is_promised(twins: Twins, bench: Bench) -> None:
    secret = SCENARIOS["github"]["expires_soon"].secret
    row = bench.check("github", secret, base_url=twins.url("github"), warn_before=14 * DAY, rotate="docs/pat.md")
    assert row.pop("latency_ms") >= 0
    assert row.pop("expires_at").endswith("Z")
    assert len(row.pop("fingerprint")) == 8
    assert row == {
        "item": "mine",
        "state": "ok",
        "what": "valid",
        "remedy": "",
        "name": "mine",
        "provider": "github",
        "outcome": "PASS",
        "reason": "valid",
        "cause": "",
        "identity": "alice",
        "scopes": ["repo", "read:org"],
        "expires_in_days": 4,
        "warn": True,
        "last_validated": "",
        "rotate": "docs/pat.md",
    }


def test_a_refusal_in_full(twins: Twins, bench: Bench) -> None:
    row = bench.check("github", BAD, base_url=twins.url("github"), keychain=KEYCHAIN, rotate="docs/pat.md")
    assert short(row) == ("FAIL", "rejected", "failed")
    assert row["reason"] == "invalid, expired or revoked (HTTP 401)"
    assert (row["remedy"], row["rotate"]) == ("ansible-playbook playbooks/store.yml -e credential=mine", "docs/pat.md")
    assert (bench.reports["alice"].failed, bench.reports["alice"].msg) == (True, "FAIL mine")


@pytest.mark.parametrize(
    ("fail_on", "states"),
    [
        (["FAIL"], {"bad": "failed", "out": "unknown", "good": "ok", "none": "skipped"}),
        ([], {"bad": "unknown", "out": "unknown", "good": "ok", "none": "skipped"}),
        (["FAIL", "UNKNOWN"], {"bad": "failed", "out": "failed", "good": "ok", "none": "skipped"}),
        (["SKIP"], {"bad": "unknown", "out": "unknown", "good": "ok", "none": "failed"}),
    ],
)
def test_what_counts_as_a_failure(twins: Twins, bench: Bench, fail_on: list[str], states: dict[str, str]) -> None:
    for name, secret in {"bad": BAD, "out": GOOD, "good": GOOD}.items():
        bench.has(name, secret)
    declared = {name: credential(name, github(twins)) for name in ("bad", "good")}
    declared["out"] = credential("out", NOWHERE)
    declared["none"] = credential("none", NOWHERE, required=False)
    rows = bench.run(list(declared.values()), fail_on=fail_on)
    assert {name: row["state"] for name, row in rows.items()} == states
    assert bench.reports["alice"].failed is ("failed" in states.values())


def test_an_outage_is_unknown_and_names_its_host(bench: Bench) -> None:
    row = bench.check(**NOWHERE, value=GOOD)
    assert short(row) == ("UNKNOWN", "network", "unknown")
    assert row["reason"] == "127.0.0.1: it refused the connection"
    assert row["remedy"] == ""


@pytest.mark.parametrize(
    "value", ["ghp_with\nnewline", b"\xff\xfe\xfd\xfc\xfb\xfa", "ghp_with\x1bescape", "ghp_ünïcödé ✓"]
)
def test_a_value_that_cannot_be_sent_is_malformed_and_not_shown(twins: Twins, bench: Bench, value: str | bytes) -> None:
    row = bench.check("github", value, base_url=twins.url("github"), keychain=KEYCHAIN)
    assert short(row) == ("FAIL", "malformed", "failed")
    assert "store.yml" in row["remedy"]
    assert "ghp_" not in json.dumps(row)
    assert twins.requests == []


def test_a_fingerprint_is_the_members_own_and_stays(twins: Twins, bench: Bench) -> None:
    first = bench.check("github", GOOD, base_url=twins.url("github"))["fingerprint"]
    assert bench.check("github", GOOD, base_url=twins.url("github"))["fingerprint"] == first
    assert bench.check("github", BAD, base_url=twins.url("github"))["fingerprint"] != first
    (bench.home / ".local/state/latchkey/key").unlink()
    assert bench.check("github", GOOD, base_url=twins.url("github"))["fingerprint"] != first


def test_what_hides_values_is_made_once_and_not_for_each_row(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    spelled: list[Secret] = []
    monkeypatch.setattr(secrets, "_spellings", lambda secret: spelled.append(secret) or [secret.text()])
    for n in range(20):
        bench.has(f"c{n}", f"hunter22-{n:02}")
    bench.run([credential(f"c{n}") for n in range(20)])
    assert 20 <= len(spelled) <= 3 * 20


# --- all at once, and never late --------------------------------------------------------------------------------


def test_thirty_take_as_long_as_one(twins: Twins, bench: Bench) -> None:
    for n in range(30):
        bench.has(f"c{n}", f"{GOOD}{n:02}")
        twins.know("github", "classic", f"{GOOD}{n:02}")
    twins.break_("github", "delay", ms=300)
    started = time.monotonic()
    rows = bench.run([credential(f"c{n}", github(twins)) for n in range(30)])
    assert {row["outcome"] for row in rows.values()} == {"PASS"}
    assert time.monotonic() - started < 30 * 0.3
    assert len(twins.seen("github")) == 30


def test_one_that_never_answers_keeps_nobody_waiting(twins: Twins, bench: Bench) -> None:
    bench.has("good", GOOD)
    bench.has("hangs", SCENARIOS["heroku"]["valid"].secret)
    twins.break_("heroku", "stall")
    hangs = {"provider": "heroku", "base_url": twins.url("heroku")}
    started = time.monotonic()
    rows = bench.run([credential("hangs", hangs), credential("good", github(twins))], request_timeout=0.5, deadline=60)
    assert (rows["good"]["outcome"], short(rows["hangs"])) == ("PASS", ("UNKNOWN", "timeout", "unknown"))
    assert rows["hangs"]["reason"] == "127.0.0.1: no answer in time"
    assert time.monotonic() - started < HANGS


def test_the_deadline_holds_whatever_a_provider_does(
    bench: Bench, providers: dict[str, Provider], never: threading.Event
) -> None:
    providers["own"] = Provider(remote=lambda _check, _ask: Outcome(str(never.wait())))
    bench.has("mine", "hunter22")
    started = time.monotonic()
    row = bench.run([credential("mine", {"provider": "own"})], deadline=0.5)["mine"]
    assert (short(row), row["reason"]) == (("UNKNOWN", "timeout", "unknown"), "no answer within 0.5 s")
    providers["own"] = Provider(local=lambda _check, _here: Outcome(str(never.wait())))
    row = bench.run([credential("mine", {"provider": "own"})], deadline=0.5)["mine"]
    assert short(row) == ("UNKNOWN", "timeout", "unknown")
    assert time.monotonic() - started < HANGS


def test_a_slow_store_leaves_the_others_alone(
    bench: Bench, never: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(_credential: object) -> LookupResult:
        never.wait()
        return LookupResult("absent")

    monkeypatch.setattr(bench, "_value", read)
    bench.put("token", "x")
    file = {"provider": "file", "path": "~/token"}
    rows = bench.run([credential("slow", NOWHERE), credential("file", file)], request_timeout=0.5)
    assert (rows["file"]["outcome"], rows["slow"]["outcome"]) == ("PASS", "UNKNOWN")


@pytest.mark.parametrize("error", [ValueError("hunter22"), KeyError("hunter22"), LatchkeyError("said")])
@pytest.mark.parametrize("part", ["local", "remote"])
def test_a_provider_that_breaks_is_one_row(
    bench: Bench, providers: dict[str, Provider], part: str, error: Exception
) -> None:
    def broken(*_all: object) -> Outcome:
        raise error

    providers["own"] = replace(Provider(), **{part: broken})
    bench.has("mine", "hunter22")
    bench.put("token", "x")
    file = credential("file", {"provider": "file", "path": "~/token"})
    rows = bench.run([credential("mine", {"provider": "own"}), file])
    assert (rows["mine"]["outcome"], rows["file"]["outcome"]) == ("UNKNOWN", "PASS")
    assert "hunter22" not in json.dumps(rows)


def test_a_store_that_cannot_be_opened_is_told_on_every_row(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_all: object) -> None:
        raise LatchkeyError("the note of the keychain is damaged", remedy="remove it")

    monkeypatch.setattr(bench, "_open", refuse)
    row = bench.run([credential("mine", NOWHERE)])["mine"]
    assert (short(row)[:2], row["remedy"]) == (("UNKNOWN", "locked"), "remove it")


def test_the_same_question_is_put_once(twins: Twins, bench: Bench) -> None:
    """Several bad tries lock everybody out of GitHub, good tokens too."""
    bench.has("mine", BAD)
    rows = bench.run_members({f"m{n}": [credential("mine", github(twins))] for n in range(20)})
    assert {short(row["mine"])[:2] for row in rows.values()} == {("FAIL", "rejected")}
    assert len(twins.seen("github")) == 1


# --- members ----------------------------------------------------------------------------------------------------


def test_who_cannot_be_served_keeps_nobody(twins: Twins, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    real = members_serve._resolve_account

    def recognise(entry: dict[str, Any]) -> members_serve.Member:
        if entry["name"] == "bob":
            raise LatchkeyError("there is no account bob here")
        return real(entry)

    monkeypatch.setattr(members_serve, "_resolve_account", recognise)
    bench.has("mine", GOOD)
    rows = bench.run_members({"bob": [credential("mine", github(twins))], "alice": [credential("mine", github(twins))]})
    assert rows["alice"]["mine"]["outcome"] == "PASS"
    assert (rows["bob"], bench.reports["bob"].msg) == ({}, "there is no account bob here")


@pytest.mark.parametrize(
    "row",
    [
        None,
        {},
        {"outcome": "GREAT"},
        {"outcome": ["PASS"]},
        {
            "outcome": "PASS",
            "pending": "yes",
            "scopes": "all",
            "expires_at": 7,
            "fingerprint": "\x1b",
            "latency_ms": "x",
        },
    ],
)
def test_a_members_row_is_a_strangers_word(row: dict[str, Any] | None) -> None:
    seen = observation.from_wire(row)
    assert seen.pending is False
    assert seen.fingerprint == ""
    assert seen.outcome.state in {"UNKNOWN", PASS}


def test_member_cannot_trigger_an_undeclared_request(
    twins: Twins, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root asks with what the declaration says, whatever a member's process claims."""

    def look(*_all: object) -> members_serve.MemberResult:
        served = members_serve.MemberResult()
        for name in ("mine", "other", "undeclared"):
            served.report.add(name, "unknown", outcome="PASS", pending=True)
            served.values[name] = Secret(GOOD)
        return served

    monkeypatch.setattr(engine, "run_local", look)
    bench.put("token", "x")
    declared = [credential("mine", github(twins)), credential("other", {"provider": "file", "path": "~/token"})]
    rows = bench.run(declared)
    assert sorted(rows) == ["mine", "other"]
    assert (rows["mine"]["outcome"], rows["other"]["outcome"]) == ("PASS", "UNKNOWN")
    assert len(twins.requests) == 1


# --- a given value, one credential, what is remembered ----------------------------------------------------------


def test_a_given_value_is_checked_in_place_of_the_kept_one(twins: Twins, bench: Bench) -> None:
    bench.has("mine", BAD)
    rows = bench.run([credential("mine", github(twins)), credential("other", github(twins))], only="mine", given=GOOD)
    assert list(rows) == ["mine"]
    assert rows["mine"]["outcome"] == "PASS"
    assert bench.asked_for == []
    assert not (bench.home / ".local/state/latchkey/checks.json").exists()
    assert GOOD not in json.dumps(rows)


def test_only_one_is_checked_with_what_it_needs_of_others(twins: Twins, bench: Bench) -> None:
    scenario = SCENARIOS["infisical"]["valid"]
    bench.has("id", scenario.identity)
    check = {"provider": "infisical", "base_url": twins.url("infisical"), "client_id": "{credential.id}"}
    rows = bench.run([credential("mine", check), credential("id")], only="mine", given=scenario.secret)
    assert {name: row["outcome"] for name, row in rows.items()} == {"mine": "PASS"}


def note(bench: Bench) -> dict[str, Any]:
    path = bench.home / ".local/state/latchkey/checks.json"
    return dict(json.loads(path.read_text())) if path.exists() else {}


def test_last_validation_is_recorded(twins: Twins, bench: Bench) -> None:
    bench.has("good", GOOD)
    bench.has("bad", BAD)
    declared = [credential(name, github(twins)) for name in ("good", "bad")]
    bench.run(declared)
    assert list(note(bench)) == ["good"]
    when = note(bench)["good"]
    assert (bench.home / ".local/state/latchkey/checks.json").stat().st_mode & 0o777 == 0o600
    twins.break_("github", "status", status=503)
    rows = bench.run(declared)
    assert (rows["good"]["outcome"], rows["good"]["last_validated"]) == ("UNKNOWN", when)
    assert note(bench)["good"] == when
    assert [report.changed for report in bench.reports.values()] == [False]


def test_nothing_is_written_in_check_mode(twins: Twins, bench: Bench) -> None:
    row = bench.run([credential("mine", github(twins))], check_mode=True)["mine"]
    bench.has("mine", GOOD)
    row = bench.run([credential("mine", github(twins))], check_mode=True)["mine"]
    assert (row["outcome"], row["fingerprint"]) == ("PASS", "")
    assert list(bench.home.iterdir()) == []


def test_what_is_not_declared_any_more_is_forgotten(twins: Twins, bench: Bench) -> None:
    bench.has("old", GOOD)
    bench.has("new", GOOD)
    bench.run([credential("old", github(twins))])
    bench.run([credential("new", github(twins))])
    assert sorted(note(bench)) == ["new", "old"]
    bench.run([credential("new", github(twins))], exclusive=True)
    assert sorted(note(bench)) == ["new"]


def test_what_new_shells_show_follows_the_last_check_of_each(twins: Twins, bench: Bench) -> None:
    both = [credential(name, github(twins)) for name in ("one", "two")]

    def shown() -> list[str]:
        lines = (bench.home / ".local/state/latchkey/attention").read_text().splitlines()
        return [line.split(":")[1] for line in lines if line.startswith("latchkey: ")]

    bench.run(both)
    assert shown() == [" FAIL one", " FAIL two"]
    bench.has("one", GOOD)
    bench.run(both, only="one")
    assert shown() == [" FAIL two"]
    del bench.values["one"]
    bench.run(both, only="one")
    assert shown() == [" FAIL two", " FAIL one"]
    bench.run(both[1:])
    assert shown() == [" FAIL two"]


@pytest.mark.parametrize("damage", ["{", "[]", '{"mine": 7}', '{"mine": ["x"]}', '{"mine": "\\u001b[2J"}'])
def test_a_damaged_memory_is_only_a_memory(twins: Twins, bench: Bench, damage: str) -> None:
    bench.put(".local/state/latchkey/checks.json", damage)
    bench.has("mine", GOOD)
    row = bench.run([credential("mine", github(twins))])["mine"]
    assert (row["outcome"], row["last_validated"]) == ("PASS", "")


def test_unwritable_record_is_reported(twins: Twins, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_all: object) -> None:
        raise LatchkeyError("the disk is full")

    monkeypatch.setattr(State, "save", refuse)
    bench.has("mine", GOOD)
    rows = bench.run([credential("mine", github(twins))])
    assert (rows["mine"]["outcome"], rows["checks.json"]["state"]) == ("PASS", "unknown")
    assert "the disk is full" in rows["checks.json"]["what"]


def test_another_run_holds_up_no_verdict(twins: Twins, bench: Bench) -> None:
    """Neither where the key is there nor where it is not; what is not noted is said."""
    bench.has("mine", GOOD)
    for fingerprint in (0, 8):
        with State(str(bench.home), check_mode=False).lock():
            started = time.monotonic()
            rows = bench.run([credential("mine", github(twins))])
            assert time.monotonic() - started < HANGS
        assert (rows["mine"]["outcome"], len(rows["mine"]["fingerprint"])) == ("PASS", fingerprint)
        assert rows["checks.json"]["state"] == "unknown"
        assert "another run has held" in rows["checks.json"]["what"]
        assert bench.reports["alice"].failed is False
        bench.run([credential("mine", github(twins))])


@pytest.mark.parametrize("left", [".local", ".local/state/latchkey/key/folder"])
def test_where_nothing_can_be_kept_there_are_verdicts(twins: Twins, bench: Bench, left: str) -> None:
    bench.put(left, "")
    bench.has("mine", GOOD)
    row = bench.run([credential("mine", github(twins))])["mine"]
    assert (row["outcome"], row["fingerprint"]) == ("PASS", "")
    assert bench.reports["alice"].failed is False


def test_verdicts_are_recorded_while_an_issuer_keeps_the_run_waiting(
    twins: Twins, bench: Bench, never: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(PROVIDERS, "own", Provider(remote=lambda _check, _ask: Outcome(str(never.wait()))))
    bench.has("mine", "hunter22")
    bench.has("good", GOOD)
    rows = bench.run([credential("mine", {"provider": "own"}), credential("good", github(twins))], deadline=2)
    assert (rows["mine"]["outcome"], rows["good"]["outcome"]) == ("UNKNOWN", "PASS")
    assert list(note(bench)) == ["good"]
    assert "checks.json" not in rows


# --- words ------------------------------------------------------------------------------------------------------


def test_words_in_options() -> None:
    check = {
        "headers": {"A": "{value}", "B": ["x{credential.two}y", "{credential.one.x-2}"]},
        "url": "{other} ${value}",
    }
    assert asks_value(check) is True
    assert references(check) == ["two", "one.x-2"]
    assert references({"a": "{credential.}", "b": "{credential}", "c": 7, "d": None}) == []
    filled = Check({}, Secret("hunter22"), {"two": Secret("a/b c?d")})
    assert filled.fill("{value} {credential.two} {other} {user}") == "hunter22 a/b c?d {other} {user}"
    assert filled.fill("/{credential.two}", in_url=True) == "/a%2Fb%20c%3Fd"
    assert "hunter22" not in repr(filled)


def test_long_things_are_cut_and_in_one_line(tmp_path: Path) -> None:
    seen = observation.Observation(Outcome(PASS, "a\n\tb\x1b[2J" + "x" * 999, identity="y" * 999, scopes=["s"] * 999))
    row = result_row.to_result_row(credential("mine"), seen, str, fail_on=())
    assert row["reason"].startswith("a b [2Jx")
    assert (len(row["reason"]), len(row["identity"]), len(row["scopes"])) == (160, 160, 40)
