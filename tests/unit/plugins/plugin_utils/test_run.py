# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.latchkey.workstation.plugins.plugin_utils._run import Machine, Run, summary
from ansible_collections.latchkey.workstation.plugins.plugin_utils._verdict import About, Page, make_report


def item(state: str, name: str = "x") -> dict[str, Any]:
    return {"member": "alice", "surface": "keychain", "item": name, "state": state, "what": "what"}


def check(outcome: str, name: str = "c") -> dict[str, Any]:
    row = {"reason": "", "cause": "", "remedy": "", "rotate": "", "warn": False}
    return {"member": "alice", "name": name, "outcome": outcome, **row}


def machine(name: str, *rows: dict[str, Any], needs: list[str] | None = None, **more: Any) -> Machine:
    parts: dict[str, list[dict[str, Any]]] = {
        "items": [row for row in rows if "state" in row],
        "checks": [row for row in rows if "outcome" in row],
    }
    report = make_report(name, parts, "ok", About("check", check_mode=False))
    return Machine(name, report, is_judged=True, needs=needs or [], **more)


def lines(*machines: Machine, columns: int = 80) -> list[str]:
    run = Run()
    run.machines = {each.name: each for each in machines}
    return [line for line, _colour in summary(run, changed=0, inventory="~/inv", page=Page(columns))]


@pytest.mark.parametrize(
    ("machines", "sentence"),
    [
        ([machine("a", item("ok"), check("PASS"))], "All well: 2 of 2."),
        (
            [machine("a", item("ok"), check("SKIP"), check("UNKNOWN"))],
            "Nothing needs you: 1 of 3 well, 1 skipped, 1 unknown.",
        ),
        ([machine("a", check("SKIP"), check("SKIP"))], "Nothing needs you: 2 of 2 skipped."),
        ([machine("a", item("drift"), check("PASS"))], "1 of 2 would change; nothing was written."),
        ([machine("a", check("FAIL"), check("PASS"), needs=["c"])], "1 of 2 needs you: c. (exit 2)"),
        (
            [machine("a", check("FAIL", "f"), check("FAIL", "g"), needs=["f", "g"]), machine("b", check("PASS"))],
            "2 of 3 need you: a: f, a: g. (exit 2)",
        ),
        ([Machine("a", unreachable="no route"), machine("b", check("PASS"))], "1 of 2 machines not seen: a. (exit 4)"),
        (
            [Machine("a", problems=[("declaration", ["x"])], is_refused=True)],
            "1 of 1 machines have an error to correct first: a. (exit 64)",
        ),
        ([Machine("a", problems=[("store", ["refused"])])], "1 of 1 machines not finished: a. (exit 2)"),
        ([], "Nothing was run: no machine matched."),
        ([machine("a")], "Nothing is declared, so there was nothing to do."),
    ],
)
def test_the_last_line_is_one_sentence(machines: list[Machine], sentence: str) -> None:
    shown = lines(*machines)
    assert shown[-1] == sentence
    assert shown[-2] == "inventory: ~/inv (changed=0)"


def test_an_unreachable_machine_is_one_line_of_the_width() -> None:
    shown = lines(Machine("web1", unreachable="ssh: connect to host " + "x" * 90 + " port 22"), columns=40)
    assert [line for line in shown if line.startswith("UNREACHABLE web1: ssh: connect to")]
    assert len(shown) == 3
    assert max(map(len, shown)) <= 40


def test_a_problem_is_shown_below_its_machine() -> None:
    failed = Machine("devvm", problems=[("declaration", ["Nothing was touched.", "all.yml:3: no such key"])])
    assert lines(failed)[:4] == ["== devvm", "FAIL declaration", "  Nothing was touched.", "  all.yml:3: no such key"]


def test_a_declaration_error_wins_over_an_unreachable_machine_and_that_over_a_failure() -> None:
    run = Run()
    run.machines = {"a": machine("a", needs=["c"])}
    assert run.exit_status == 2
    run.machines["b"] = Machine("b", unreachable="x")
    assert run.exit_status == 4
    run.machines["c"] = Machine("c", problems=[("declaration", [])], is_refused=True)
    assert run.exit_status == 64


def test_a_machine_without_a_verdict_has_a_report() -> None:
    run = Run()
    run.machines = {
        "a": machine("a"),
        "b": Machine("b", unreachable="no route"),
        "c": Machine("c", problems=[("declaration", ["wrong"])], is_refused=True),
    }
    found = dict(run.missing_reports())
    assert [(name, report["verdict"], report["exit_code"], report["errors"]) for name, report in found.items()] == [
        ("b", "unreachable", 4, ["no route"]),
        ("c", "error", 64, ["declaration: wrong"]),
    ]


def failed(role: str, result: dict[str, Any], error: Any = None) -> Machine:
    """The machine of a run in which a task of ``role`` failed."""
    run = Run()
    named = SimpleNamespace(get_name=lambda *, include_role_fqcn: f"l.w.{role}" if include_role_fqcn else role)
    task = SimpleNamespace(action="assert", _role=named)
    host = SimpleNamespace(get_name=lambda: "a")
    run.failed(SimpleNamespace(host=host, task=task, result=result, exception=error))
    return run.machines["a"]


def event(context: str | None, cause: Any = None) -> Any:
    chain = SimpleNamespace(event=cause) if cause else None
    return SimpleNamespace(formatted_source_context=context, chain=chain)


@pytest.mark.parametrize(
    ("error", "place"),
    [
        (None, ""),
        (event("Origin: <unknown>\n\n{{ x }}"), ""),
        (event("Origin: /c/ansible_collections/latchkey/workstation/roles/declaration/tasks/main.yml:2:3\n\n2 a"), ""),
        (event("Origin: /inv/all.yml:3:12\n\n3 about: x"), "/inv/all.yml:3:12: "),
        (event("Origin: /role/main.yml:1:1", event(None, event("Origin: /inv/a b.yml:3:12\n"))), "/inv/a b.yml:3:12: "),
    ],
)
def test_an_error_of_the_declaration_names_the_innermost_known_place(error: Any, place: str) -> None:
    summary = error and SimpleNamespace(event=error)
    machine = failed("declaration", {"msg": "Task failed: 'x' is undefined"}, summary)
    assert machine.problems == [("declaration", [f"{place}'x' is undefined"])]
    assert machine.is_refused
    other = failed("keychain", {"msg": "x"}, summary)
    assert (other.problems, other.is_refused) == ([("keychain", ["x"])], False)


def test_a_crashed_module_is_reported_with_the_last_line_of_its_error() -> None:
    result = {"msg": "MODULE FAILURE", "module_stderr": "Traceback\nFirst\nKeyError: [Errno 2] 'x'\n\n"}
    assert failed("keychain", result).problems == [("keychain", ["MODULE FAILURE", "KeyError: 'x'"])]


def test_a_usage_error_of_a_task_is_an_error_to_correct() -> None:
    assert failed("keychain", {"msg": ["a", "b"], "usage_error": True}).is_refused
