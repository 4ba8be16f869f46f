# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.latchkey.workstation.plugins.plugin_utils._verdict import (
    needs_a_person,
    read_results,
    render,
)


def surface(name: str, *rows: dict[str, Any], member: str = "alice", **more: Any) -> dict[str, Any]:
    served = {"changed": False, "failed": False, "msg": "", "items": list(rows), **more}
    return {"surface": name, "started": "2026-11-22T08:00:00+00:00", "members": {member: served}}


def item(name: str, state: str, what: str = "", remedy: str = "") -> dict[str, Any]:
    return {"item": name, "state": state, "what": what, "remedy": remedy}


def check(name: str, outcome: str, reason: str = "", **more: Any) -> dict[str, Any]:
    row = {"name": name, "outcome": outcome, "reason": reason, "cause": "", "remedy": "", "rotate": "", "warn": False}
    return {**item(name, "ok"), **row, **more}


def lines(*results: dict[str, Any], check_mode: bool = False, width: int = 72) -> list[str]:
    report = read_results({str(n): result for n, result in enumerate(results)}, check_mode=check_mode)
    return [line for line, _colour in render("devvm", report, width=width)]


def test_what_needs_a_person_comes_first_and_what_is_fine_is_a_count() -> None:
    shown = lines(
        surface("keychain", item("heroku", "ok"), item("github", "changed", "stored")),
        surface(
            "credential_check",
            check("github", "PASS"),
            check("heroku", "FAIL", "HTTP 401", remedy="store.yml -e credential=heroku", rotate="docs/heroku.md"),
            check("infisical", "SKIP", "not installed"),
        ),
    )
    assert shown == [
        "== devvm",
        "FAIL heroku",
        "  HTTP 401",
        "  fix: store.yml -e credential=heroku",
        "  rotate: docs/heroku.md",
        "CHANGED keychain github: stored",
        "SKIP infisical: not installed",
        "PASS 1: github",
        "as declared: 1",
    ]


def test_a_change_is_drift_in_check_mode() -> None:
    result = surface("keychain", item("heroku", "changed", "would be stored"))
    assert "DRIFT keychain heroku: would be stored" in lines(result, check_mode=True)
    assert read_results({"r": result}, check_mode=True)["items"][0]["state"] == "drift"


def test_one_outage_is_one_block() -> None:
    blind = [check(f"c{n}", "UNKNOWN", f"host{n} did not answer", cause="network") for n in range(30)]
    shown = lines(surface("credential_check", *blind))
    assert sum(line.startswith("UNKNOWN") for line in shown) == 1
    assert "c29" in "".join(shown)


def test_a_locked_keychain_is_not_an_outage() -> None:
    shown = lines(surface("credential_check", *[check(f"c{n}", "UNKNOWN", "locked", cause="locked") for n in range(2)]))
    assert sum(line.startswith("UNKNOWN") for line in shown) == 2


def test_forty_columns_are_enough() -> None:
    shown = lines(
        surface(
            "credential_check",
            check(
                "cloudflare_access_mgmt",
                "FAIL",
                "the issuer says it is expired since 2026-11-01",
                remedy="do this " * 9,
            ),
            *[check(f"credential_{n}", "PASS") for n in range(20)],
        ),
        width=40,
    )
    assert max(map(len, shown)) <= 40


def test_whoever_was_not_served_is_named() -> None:
    result = surface("keychain", member="carol", failed=True, msg="its home is a file")
    shown = lines(result, surface("keychain", item("a", "ok")))
    assert shown[1:3] == ["FAIL carol", "  its home is a file"]
    assert needs_a_person(read_results({"r": result}, check_mode=False), fail_on=["FAIL"]) == ["carol"]


def test_whoever_is_left_alone_is_told_of_once_and_fails_nothing() -> None:
    row = item("", "unknown", "not served")
    left = [
        surface(name, row, member=member, failed=True, msg="somebody else: only root serves others")
        for name in ("keychain", "shell_exports")
        for member in ("bob", "carol")
    ]
    report = read_results(dict(enumerate(left)), check_mode=False)
    assert lines(*left)[1:] == ["UNKNOWN bob, carol", "  somebody else: only root serves others"]
    assert needs_a_person(report, fail_on=["FAIL"]) == []


def test_expiring_soon_is_a_warning_and_no_failure() -> None:
    dying = check("heroku", "PASS", warn=True, expires_in_days=3, expires_at="2026-11-25T00:00:00Z", rotate="r.md")
    assert lines(surface("credential_check", dying))[1:] == [
        "WARN heroku",
        "  dies in 3 days (2026-11-25T00:00:00Z)",
        "  rotate: r.md",
    ]
    assert (
        needs_a_person(read_results({"r": surface("credential_check", dying)}, check_mode=False), fail_on=["FAIL"])
        == []
    )


@pytest.mark.parametrize(
    ("days", "told"),
    [(-1, "has just ended"), (0, "dies today"), (1, "dies in 1 day"), (2, "dies in 2 days"), (14, "dies in 14 days")],
)
def test_how_soon_is_said_in_words(days: int, told: str) -> None:
    dying = check("jwt", "PASS", warn=True, expires_in_days=days, expires_at="2026-11-25T00:00:00Z")
    assert lines(surface("credential_check", dying))[1:] == ["WARN jwt", f"  {told} (2026-11-25T00:00:00Z)"]


@pytest.mark.parametrize(("outcome", "fails"), [("FAIL", True), ("UNKNOWN", False), ("SKIP", False), ("PASS", False)])
def test_only_fail_fails(outcome: str, fails: bool) -> None:
    report = read_results({"r": surface("credential_check", check("a", outcome))}, check_mode=False)
    assert bool(needs_a_person(report, fail_on=["FAIL"])) is fails


def test_results_of_a_task_with_several_are_read() -> None:
    report = read_results(
        {"r": {"results": [surface("keychain", item("a", "ok"))]}, "x": {"surface": 1}}, check_mode=False
    )
    assert len(report["items"]) == 1


def test_what_a_check_tells_is_not_told_again() -> None:
    note = surface("keychain", item("heroku", "skipped", "no value yet", "store it"), item("x", "ok", "odd", "look"))
    shown = lines(note, surface("credential_check", check("heroku", "FAIL", "absent")))
    assert shown[-3:] == ["NOTE keychain x: odd", "  fix: look", "as declared: 2"]


def test_a_note_for_several_members_has_every_way_out() -> None:
    rows = [surface("keychain", item("a", "skipped", "no value", f"store {n}"), member=f"m{n}") for n in (1, 2)]
    assert lines(*rows)[1:4] == ["NOTE m1, m2/keychain a: no value", "  fix: store 1", "  fix: store 2"]


def test_what_is_unknown_for_one_reason_is_one_block_with_every_way_out() -> None:
    waiting = [item(name, "unknown", "would ask", f"allow {name}") for name in ("a", "b")]
    checks = [check(name, "UNKNOWN", "keychain would ask", cause="locked") for name in ("a", "c")]
    assert lines(surface("keychain", *waiting), surface("credential_check", *checks))[1:] == [
        "UNKNOWN keychain a, b",
        "  would ask",
        "  fix: allow a",
        "  fix: allow b",
        "UNKNOWN c",
        "  keychain would ask",
    ]


def test_what_is_alike_for_several_members_is_one_line() -> None:
    names = [f"member{n:02}" for n in range(20)]
    made = [item(name, "changed", "made") for name in ("~/.zshrc", "heroku")]
    some = [surface("shell_exports", *made, member=name) for name in names]
    other = surface("shell_exports", item("~/.zshrc", "changed", "changed"), item("heroku", "ok"), member="zoe")
    everybody = ", ".join(names)
    assert lines(*some, other, width=400)[1:] == [
        f"CHANGED {everybody}/shell_exports ~/.zshrc: made",
        f"CHANGED {everybody}/shell_exports heroku: made",
        "CHANGED zoe/shell_exports ~/.zshrc: changed",
        "as declared: 1",
    ]
    assert len(read_results(dict(enumerate(some)), check_mode=True)["items"]) == 40
    assert lines(*some, width=400, check_mode=True)[1] == f"DRIFT {everybody}/shell_exports ~/.zshrc: made"


def test_nothing_declared_is_said() -> None:
    assert lines(surface("keychain")) == ["== devvm", "nothing is declared here"]


def test_a_check_is_kept_with_every_field_that_programs_read() -> None:
    row = check("github", "PASS", fingerprint="0a1b2c3d", latency_ms=7, last_validated="2026-11-22T08:00:00Z")
    (kept,) = read_results({"a": surface("credential_check", row)}, check_mode=False)["checks"]
    fields = ("member", "name", "outcome", "fingerprint", "latency_ms", "last_validated")
    assert [kept[field] for field in fields] == ["alice", "github", "PASS", "0a1b2c3d", 7, "2026-11-22T08:00:00Z"]
