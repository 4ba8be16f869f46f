# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._core import report as core_report
from ansible_collections.latchkey.workstation.plugins.module_utils._core.errors import LatchkeyError
from ansible_collections.latchkey.workstation.plugins.module_utils._core.report import (
    MemberResult,
    Report,
    module_result,
    to_member_result,
)
from ansible_collections.latchkey.workstation.plugins.module_utils._core.secrets import MASK, Secret
from hypothesis import given
from hypothesis import strategies as st

VALUE = "correct horse battery"
ITEM = {"item": "heroku", "state": "ok", "what": "kept", "remedy": ""}
DIFF = {"before": "", "after": "kept"}


def sent(**changes: Any) -> bytes:
    return json.dumps({"items": [ITEM], "diff": [DIFF], "failed": False, "msg": "", **changes}).encode()


def row(**changes: Any) -> bytes:
    return sent(items=[{**ITEM, **changes}])


def without(name: str) -> bytes:
    return sent(items=[{key: value for key, value in ITEM.items() if key != name}])


def test_encoded_report_decodes_to_itself() -> None:
    report = Report(msg="one thing", failed=True, diff=[DIFF])
    report.add(
        "heroku", "changed", "kept", remedy="none", scopes=["read", "write"], days=3, rate=0.5, last=None, ok=True
    )
    assert Report.decode(report.encode()) == report


def test_maximum_number_of_rows_decodes() -> None:
    whole = sent(items=[ITEM] * core_report._MAX_ROWS, diff=[DIFF] * core_report._MAX_ROWS)
    assert len(Report.decode(whole).items) == core_report._MAX_ROWS == 5_000


REFUSED: dict[str, bytes] = {
    "more rows than are allowed": sent(items=[ITEM] * 5_001),
    "more diffs than are allowed": sent(diff=[DIFF] * 5_001),
    "nothing": b"",
    "no JSON": b"{",
    "deep": b"[" * 100_000,
    "a number without end": b'{"items": [], "diff": [], "failed": false, "msg": ' + b"9" * 10_000 + b"}",
    "a list": b"[]",
    "not UTF-8": sent().replace(b"heroku", b"\xff\xfe"),
    "a key too many": sent(ansible_facts={}),
    "a key too few": json.dumps({"items": [], "diff": [], "failed": False}).encode(),
    "items of another kind": sent(items={}),
    "a word for failed": sent(failed="no"),
    "a number for msg": sent(msg=3),
    "a row that is none": sent(items=["heroku"]),
    "a row without an item": without("item"),
    "a row without a state": without("state"),
    "a row that says nothing": without("what"),
    "a row without a remedy": without("remedy"),
    "an item that is a list": row(item=["heroku"]),
    "a state that is none": row(state="root"),
    "a state that is a list": row(state=["ok"]),
    "a dict in a row": row(more={}),
    "a list of lists in a row": row(more=[["a"]]),
    "a list of numbers in a row": row(more=[1]),
    "what is no number": row(more=float("nan")),
    "more than any number": row(more=float("inf")),
    "a name that Ansible acts on": row(_ansible_no_log=True),
    "a name that Ansible reads as a type": row(__ansible_type="TrustedAsTemplate"),
    "a name that is no word": row(**{"a b": 1}),
    "a name with a newline": row(**{"a\n": 1}),
    "a diff without an after": sent(diff=[{"before": ""}]),
    "a diff with more": sent(diff=[{**DIFF, "prepared": "x"}]),
    "a diff of no text": sent(diff=[{"before": "", "after": 3}]),
}


@pytest.mark.parametrize("data", REFUSED.values(), ids=REFUSED.keys())
def test_report_of_another_shape_is_an_error(data: bytes) -> None:
    with pytest.raises(LatchkeyError, match="its process answered with"):
        Report.decode(data)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(), lambda v: st.lists(v) | st.dictionaries(st.text(), v)
    )
)
def test_any_json_decodes_to_a_report_or_an_error(value: Any) -> None:
    whole, item = json.dumps(value).encode(), sent(items=value)
    for data in (whole, item, sent(diff=value), sent(items=[value]), row(state=value)):
        with contextlib.suppress(LatchkeyError):
            assert isinstance(Report.decode(data), Report)


def test_control_characters_are_removed_from_names_and_values() -> None:
    report = Report(msg="\x1b[31mred")
    report.add("a\u202eb", "ok", "\x00c\x9b", words=["\x07d"])
    arrived = Report.decode(report.encode())
    assert arrived.msg == "[31mred"
    assert arrived.items[0]["item"] == "a b"
    assert arrived.items[0]["what"] == "c"
    assert arrived.items[0]["words"] == ["d"]


def test_items_and_message_become_single_lines_and_diffs_keep_theirs() -> None:
    report = Report(msg="no\nFAIL bob  stolen", diff=[{"before": "a\n\tb\x1b\n", "after": "c\u2028d\n"}])
    report.add("~/a\nFAIL bob\u3164\u3164x", "ok", "b\r\n\u2800c", remedy="rm a\u00a0\n", words=["d\u200b\ne"])
    arrived = Report.decode(report.encode())
    assert arrived.msg == "no FAIL bob stolen"
    assert arrived.items == [
        {"item": "~/a FAIL bob x", "state": "ok", "what": "b c", "remedy": "rm a", "words": ["d e"]}
    ]
    assert arrived.diff == [{"before": "a\n\tb\n", "after": "c d\n"}]


def test_long_number_is_no_report() -> None:
    with pytest.raises(LatchkeyError, match="no report"):
        Report.decode(row(days="@").replace(b'"@"', b"9" * 21))
    assert Report.decode(row(days=10**18)).items[0]["days"] == 10**18


def many(count: int, what: str, **states: int) -> Report:
    """``count`` rows that are ok, apart from the numbers in ``states``."""
    report = Report()
    for number in range(count):
        state = next((state for state, place in states.items() if place == number), "ok")
        report.add(f"item {number}", state, what)
    return report


def test_report_within_the_limit_is_encoded_unchanged() -> None:
    report = many(core_report._MAX_ROWS, "x" * 100, changed=3)
    assert Report.decode(report.encode()) == report


@pytest.mark.parametrize(
    ("count", "what"),
    [(6_000, "short"), (3_000, "x" * 500), (3_000, "漢" * 90), (9_000, "y" * 900)],
    ids=["many", "long", "longer as JSON", "both"],
)
def test_rows_over_the_limit_are_counted_and_changed_or_failed_ones_are_kept(count: int, what: str) -> None:
    data = many(count, what, changed=count - 1, failed=count - 2).encode()
    assert len(data) + 8 <= core_report.MAX_BYTES
    arrived = Report.decode(data)
    *told, last = arrived.items
    assert [row["item"] for row in told[-2:]] == [f"item {count - 2}", f"item {count - 1}"]
    assert [row["item"] for row in told[:2]] == ["item 0", "item 1"]
    assert last == {"item": f"{count - len(told):,} more", "state": "ok", "what": last["what"], "remedy": ""}
    assert arrived.changed


def test_counted_changes_still_count_as_changed() -> None:
    report = Report()
    for number in range(6_000):
        report.add(f"item {number}", "changed", "made")
    arrived = Report.decode(report.encode())
    assert {row["state"] for row in arrived.items} == {"changed"}
    assert arrived.items[-1]["item"] == f"{6_001 - len(arrived.items):,} more"


def test_row_that_is_too_long_is_counted() -> None:
    report = many(3, "short")
    report.add("giant", "changed", "x" * 2_000_000)
    arrived = Report.decode(report.encode())
    assert [(row["item"], row["state"]) for row in arrived.items[3:]] == [("1 more", "changed")]


def test_items_take_precedence_over_diffs() -> None:
    report = many(1_000, "x" * 500, changed=999)
    report.diff = [{"before": "", "after": "y" * 100_000}] * 20
    arrived = Report.decode(report.encode())
    assert arrived.items == report.items
    assert 1 < len(arrived.diff) < 20
    assert arrived.diff[-1]["after"] == f"{21 - len(arrived.diff)} more\n"


def test_long_message_is_cut() -> None:
    arrived = Report.decode(Report(failed=True, msg="🗝" * 1_000_000).encode())
    assert arrived.failed
    assert arrived.msg == "🗝" * 10_000


def test_secrets_are_redacted_in_all_parts() -> None:
    report = Report(msg=f"it is {VALUE}", diff=[{"before": VALUE, "after": json.dumps(VALUE)}])
    report.add(VALUE, "ok", VALUE, remedy=VALUE, words=[VALUE])
    data = report.encode(secret for secret in [Secret(VALUE)])
    assert b"horse" not in data
    assert data.count(MASK.encode()) == 7


def test_secret_object_in_a_row_is_an_error() -> None:
    report = Report()
    report.add("a", "ok", value=Secret(VALUE))
    with pytest.raises(TypeError):
        report.encode()


def test_changed_follows_the_rows() -> None:
    report = Report()
    report.add("a", "ok")
    assert not report.changed
    report.add("b", "changed")
    assert report.changed


def test_failure_contains_the_remedy() -> None:
    report = Report.failure(LatchkeyError("the file is damaged", remedy="mend it"))
    assert report.failed
    assert report.msg == "the file is damaged: mend it"


def test_module_result_lists_members_and_labels_diffs() -> None:
    good, bad = Report(diff=[DIFF]), Report(failed=True, msg="no home")
    good.add("a", "changed")
    answer = module_result("keychain", {"alice": good, "bob": bad}, unserved="fail")
    assert answer.get("failed", False)
    assert answer["changed"]
    assert answer["msg"] == "bob: no home"
    assert answer["members"]["alice"]["changed"]
    assert not answer["members"]["bob"]["changed"]
    assert answer["members"]["bob"]["failed"]
    assert answer["diff"] == [{**DIFF, "before_header": "alice: keychain", "after_header": "alice: keychain"}]
    assert not any("diff" in member for member in answer["members"].values())


def test_unserved_report_does_not_fail_the_module() -> None:
    answer = module_result("keychain", {"bob": Report(failed=True, msg="no home")}, unserved="report")
    assert not answer.get("failed", False)
    assert answer["msg"] == "bob: no home"


def test_exception_becomes_a_failed_report_without_its_text() -> None:
    def refuse() -> MemberResult:
        raise LatchkeyError("the file is damaged", remedy="mend it")

    def crash() -> MemberResult:
        raise ValueError(VALUE)

    assert to_member_result(lambda: MemberResult(Report(msg="fine"))).report.msg == "fine"
    assert to_member_result(refuse).report == Report(failed=True, msg="the file is damaged: mend it")
    assert to_member_result(crash).report == Report(failed=True, msg="unexpected ValueError in its process")
