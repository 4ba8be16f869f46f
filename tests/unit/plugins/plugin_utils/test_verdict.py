# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._core.text import single_line
from ansible_collections.latchkey.workstation.plugins.plugin_utils._verdict import (
    About,
    Commands,
    Page,
    command_lines,
    make_report,
    needs_a_person,
    read_results,
    render,
    report_path,
)

SCHEMA = json.loads((Path(__file__).parents[4] / "docs/report.schema.json").read_text())


STORE = "ansible-playbook playbooks/store.yml -e credential=heroku"


def surface(name: str, *rows: dict[str, Any], member: str = "alice", **more: Any) -> dict[str, Any]:
    served = {"changed": False, "failed": False, "msg": "", "items": list(rows), **more}
    return {"surface": name, "begun": "2026-11-22T08:00:00+00:00", "members": {member: served}}


def item(name: str, state: str, what: str = "", remedy: str = "") -> dict[str, Any]:
    return {"item": name, "state": state, "what": what, "remedy": remedy}


def check(name: str, outcome: str, reason: str = "", **more: Any) -> dict[str, Any]:
    row = {"name": name, "outcome": outcome, "reason": reason, "cause": "", "remedy": "", "rotate": "", "warn": False}
    return {**item(name, "ok"), **row, **more}


def lines(*results: dict[str, Any], check_mode: bool = False, width: int = 72, detailed: bool = False) -> list[str]:
    report = read_results({str(n): result for n, result in enumerate(results)}, check_mode=check_mode)
    return [line for line, _colour in render("devvm", report, Page(width, width, detailed))]


def test_what_needs_a_person_comes_first_and_what_is_fine_is_a_count() -> None:
    shown = lines(
        surface("keychain", item("heroku", "ok"), item("github", "changed", "stored")),
        surface(
            "credential_check",
            check("github", "PASS"),
            check("heroku", "FAIL", "HTTP 401", remedy=STORE, rotate="docs/heroku.md"),
            check("infisical", "SKIP", "not installed"),
        ),
    )
    assert shown == [
        "== devvm",
        "FAIL heroku",
        "  HTTP 401",
        "  fix: ansible-playbook playbooks/store.yml -e credential=heroku",
        "  rotate: docs/heroku.md",
        "CHANGED keychain github: stored",
        "SKIP infisical: not installed",
        "PASS 1: github",
        "as declared: 1 of 2 items",
    ]


def test_many_reasons_of_skipped_checks_are_shown_with_details_only() -> None:
    skipped = [check(f"c{n:02}", "SKIP", f"there is no ~/file{n:02}") for n in range(20)]
    few, several, many = (surface("credential_check", *skipped[:count]) for count in (3, 4, 20))
    assert lines(few)[1:] == [f"SKIP {row['name']}: {row['reason']}" for row in skipped[:3]]
    assert lines(several, width=100)[1:] == [
        "SKIP c00: there is no ~/file00; c01: there is no ~/file01; c02: there is no ~/file02; c03: there is",
        "  no ~/file03",
    ]
    assert (
        " ".join(" ".join(lines(many)[1:]).split()) == f"SKIP {', '.join(row['name'] for row in skipped)}: -v shows why"
    )
    assert lines(many, detailed=True)[1:] == [f"SKIP {row['name']}: {row['reason']}" for row in skipped]


def test_checks_named_as_the_tool_that_is_missing_share_a_reason() -> None:
    rows = [
        check("gh", "SKIP", "gh CLI not installed"),
        check("aws_cli", "SKIP", "aws CLI not installed"),
        check("wrangler", "SKIP", "wrangler is not logged in"),
        check("token", "SKIP", "op CLI not installed"),
    ]
    result = surface("credential_check", *rows)
    assert lines(result)[1:] == [
        "SKIP gh, aws_cli: not installed",
        "SKIP wrangler: not logged in",
        "SKIP token: op CLI not installed",
    ]
    assert lines(result, detailed=True)[1:] == [f"SKIP {row['name']}: {row['reason']}" for row in rows]


def test_a_change_is_drift_in_check_mode() -> None:
    result = surface("keychain", item("heroku", "changed", "would be stored"))
    assert "WOULD CHANGE keychain heroku: would be stored" in lines(result, check_mode=True)
    assert read_results({"r": result}, check_mode=True)["items"][0]["state"] == "drift"


@pytest.mark.parametrize(
    ("what", "shown"), [("made", "WOULD CREATE keychain a"), ("removed", "WOULD REMOVE keychain a")]
)
def test_check_mode_uses_words_for_what_would_be(what: str, shown: str) -> None:
    assert shown in lines(surface("keychain", item("a", "changed", what)), check_mode=True)
    assert f"CHANGED keychain a: {what}" in lines(surface("keychain", item("a", "changed", what)))


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


def test_unserved_member_has_one_row_and_does_not_fail() -> None:
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
        "  expires in 3 days (2026-11-25T00:00:00Z)",
        "  rotate: r.md",
    ]
    assert (
        needs_a_person(read_results({"r": surface("credential_check", dying)}, check_mode=False), fail_on=["FAIL"])
        == []
    )


@pytest.mark.parametrize(
    ("days", "told"),
    [
        (-1, "has just expired"),
        (0, "expires today"),
        (1, "expires in 1 day"),
        (2, "expires in 2 days"),
        (14, "expires in 14 days"),
    ],
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


def test_note_is_omitted_if_a_check_reports_it() -> None:
    note = surface("keychain", item("heroku", "skipped", "no value yet", "store it"), item("x", "ok", "odd", "look"))
    shown = lines(note, surface("credential_check", check("heroku", "FAIL", "absent")))
    assert shown[-3:] == ["NOTE keychain x: odd", "  hint: look", "as declared: 2 of 2 items"]


def test_a_note_for_several_members_has_every_way_out() -> None:
    rows = [surface("keychain", item("a", "skipped", "no value", f"store {n}"), member=f"m{n}") for n in (1, 2)]
    assert lines(*rows)[1:4] == ["NOTE m1, m2/keychain a: no value", "  hint: store 1", "  hint: store 2"]


def test_what_is_unknown_for_one_reason_is_one_block_with_every_way_out() -> None:
    waiting = [item(name, "unknown", "would ask", f"allow {name}") for name in ("a", "b")]
    checks = [check(name, "UNKNOWN", "keychain would ask", cause="locked") for name in ("a", "c")]
    assert lines(surface("keychain", *waiting), surface("credential_check", *checks))[1:] == [
        "UNKNOWN keychain a, b",
        "  would ask",
        "  hint: allow a",
        "  hint: allow b",
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
        "as declared: 1 of 42 items",
    ]
    assert len(read_results(dict(enumerate(some)), check_mode=True)["items"]) == 40
    assert lines(*some, width=400, check_mode=True)[1] == f"WOULD CREATE {everybody}/shell_exports ~/.zshrc"


def test_nothing_declared_is_said() -> None:
    assert lines(surface("keychain")) == ["== devvm", "nothing is declared here"]


def test_a_check_is_kept_with_every_field_that_programs_read() -> None:
    row = check("github", "PASS", fingerprint="0a1b2c3d", latency_ms=7, last_validated="2026-11-22T08:00:00Z")
    (kept,) = read_results({"a": surface("credential_check", row)}, check_mode=False)["checks"]
    fields = ("member", "name", "outcome", "fingerprint", "latency_ms", "last_validated")
    assert [kept[field] for field in fields] == ["alice", "github", "PASS", "0a1b2c3d", 7, "2026-11-22T08:00:00Z"]


BLANK = "a\n== forged\u2028b\u2800\u3164\u00a0\t c"


def test_every_run_of_blanks_is_one_blank() -> None:
    assert single_line(BLANK) == "a == forged b c"
    rows = surface("keychain", item(BLANK, "failed", BLANK, BLANK), member="bob")
    tests = surface("credential_check", check("x", "FAIL", BLANK, remedy=BLANK, rotate=BLANK))
    shown = lines(rows, tests)
    assert [line for line in shown if line.startswith("==")] == ["== devvm"]
    report = read_results({"a": rows, "b": tests}, check_mode=False)
    kept = [text for part in report.values() for row in part for text in row.values() if isinstance(text, str)]
    assert kept.count("a == forged b c") == 6
    assert not [text for text in kept if "\n" in text]


def test_a_long_word_is_broken_at_the_width() -> None:
    shown = lines(surface("keychain", item("x" * 200, "failed", "y" * 200)), width=40)
    assert max(map(len, shown)) == 40


ODD = "/srv/it's;touch $(id -u)/inv"


@pytest.mark.parametrize(
    ("commands", "member", "expected"),
    [
        (Commands(), "", "ansible-playbook playbooks/store.yml -e credential=heroku"),
        (
            Commands(program="/c/.venv/bin/ansible-playbook", inventories=["/inv"], machine="vm"),
            "alice",
            "/c/.venv/bin/ansible-playbook -i /inv playbooks/store.yml -e credential=heroku -e user=alice --limit vm",
        ),
        (
            Commands(variable_files=["/v/a b.yml"], machine="vm"),
            "",
            r"ansible-playbook playbooks/store.yml -e credential=heroku -e @/v/a\ b.yml --limit vm",
        ),
        (Commands(installed=True), "", "ansible-playbook latchkey.workstation.store -e credential=heroku"),
        (
            Commands(inventories=[ODD]),
            "",
            r"ansible-playbook -i /srv/it\'s\;touch\ \$\(id\ -u\)/inv playbooks/store.yml -e credential=heroku",
        ),
    ],
)
def test_a_remedy_becomes_the_whole_command(commands: Commands, member: str, expected: str) -> None:
    assert commands.complete(STORE, member, name_member=bool(member)) == expected


def test_a_member_is_named_once_and_other_remedies_stay() -> None:
    named = "ansible-playbook playbooks/store.yml -e credential=a -e user=bob"
    assert Commands().complete(named, "alice", name_member=True) == named
    assert Commands().complete("chmod u+w x", "alice", name_member=True) == "chmod u+w x"
    assert Commands(installed=True).complete(f"remove it: {named}", "bob") == (
        "remove it: ansible-playbook latchkey.workstation.store -e credential=a -e user=bob"
    )


@pytest.mark.parametrize(
    ("remedy", "expected"),
    [
        (STORE, STORE),
        ("chmod go= '/home/al/a b'", """su - al -c 'chmod go= '"'"'/home/al/a b'"'"''"""),
        ("move it away: mv a b", "move it away: su - al -c 'mv a b'"),
        ("install zsh", "install zsh"),
        ("ansible-playbook -i /home/mallory/inv x.yml", "su - al -c 'ansible-playbook -i /home/mallory/inv x.yml'"),
    ],
)
def test_commands_for_a_member_whom_another_user_serves_run_as_the_account(remedy: str, expected: str) -> None:
    assert Commands(accounts={"alice": "al"}).complete(remedy, "alice") == expected
    assert Commands(accounts={"alice": "al"}).complete(remedy, "bob") == remedy


@pytest.mark.parametrize(
    ("remedy", "shown"),
    [
        ("chmod go= ~/x", ["  fix: chmod go= ~/x"]),
        ("ssh-add", ["  fix: ssh-add"]),
        ("/c/.venv/bin/ansible-playbook x.yml", ["  fix: /c/.venv/bin/ansible-playbook x.yml"]),
        ("move it away: mv a b", ["  hint: move it away", "  fix: mv a b"]),
        ("install it from https://cli.github.com", ["  hint: install it from https://cli.github.com"]),
        ("keep it in a file: latchkey_keychain_backend: files",) * 2,
        ("chmod 'x", ["  hint: chmod 'x"]),
    ],
)
def test_a_command_is_told_apart_from_a_sentence(remedy: str, shown: list[str] | str) -> None:
    expected = [f"  hint: {shown}"] if isinstance(shown, str) else shown
    assert lines(surface("keychain", item("a", "failed", "what", remedy)))[3:] == expected


def test_a_quoted_word_longer_than_a_line_is_broken_at_the_right_margin() -> None:
    shown = list(command_lines("  fix: ", "chmod go= '/srv/a folder with blanks/token.env'", 32))
    assert shown == ["  fix: chmod go= \\", "    /srv/a\\ folder\\ with\\ blank\\", "s/token.env"]


@pytest.mark.parametrize("columns", [0, 20, 21, 22, 40, 80, 200])
@pytest.mark.parametrize(
    "inventory", ["/tmp/inv", ODD, "/" + "long" * 30, 'say "x"', "back\\slash\\\\", "'" * 30, "ü é"]
)
def test_a_broken_command_is_the_same_to_a_shell(inventory: str, columns: int) -> None:
    command = Commands(program="/c/.venv/bin/ansible-playbook", inventories=[inventory]).complete(STORE, "")
    shown = "\n".join(command_lines("  ", command, columns))
    printed = subprocess.run(
        ["sh", "-c", f"set -- {shown.lstrip()}\nprintf '%s\\n' \"$@\""], capture_output=True, text=True, check=True
    )
    assert printed.stdout.splitlines()[1:3] == ["-i", inventory]
    assert printed.stdout.splitlines()[3:] == ["playbooks/store.yml", "-e", "credential=heroku"]
    assert not columns or max(map(len, shown.splitlines())) <= columns


def test_each_of_several_machines_has_a_report_of_its_own(tmp_path: Path) -> None:
    assert report_path(f"{tmp_path}/r.json", "web/1", several=True) == f"{tmp_path}/r.web_1.json"
    assert report_path(f"{tmp_path}/r.json", "web/1", several=False) == f"{tmp_path}/r.json"


@pytest.mark.parametrize(("verdict", "status"), [("ok", 0), ("fail", 2), ("unreachable", 4), ("error", 64)])
def test_a_report_follows_its_schema(verdict: str, status: int) -> None:
    rows = [
        surface("keychain", item("a", "changed", "made"), item("b", "failed", "x", "y")),
        surface("credential_check", check("c", "PASS", fingerprint="0a1b2c3d", expires_in_days=3, scopes=["repo"])),
    ]
    parts = {**read_results(dict(enumerate(rows)), check_mode=True), "errors": ["x"]}
    report = make_report("devvm", parts, verdict, About("check", check_mode=True, started="2026-01-02T03:04:05+00:00"))
    assert report["exit_code"] == status
    assert report["run"]["started"] == "2026-01-02T03:04:05+00:00"
    jsonschema.validate(report, SCHEMA)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**report, "verdict": "good"}, SCHEMA)
