# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils import _report
from ansible_collections.latchkey.workstation.plugins.module_utils._errors import LatchkeyError
from ansible_collections.latchkey.workstation.plugins.module_utils._report import Report, Served, attempt, clean, result
from ansible_collections.latchkey.workstation.plugins.module_utils._secrets import MASK, Secret
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


def test_what_is_sent_arrives() -> None:
    report = Report(msg="one thing", failed=True, diff=[DIFF])
    report.add(
        "heroku", "changed", "kept", remedy="none", scopes=["read", "write"], days=3, rate=0.5, last=None, ok=True
    )
    assert Report.decode(report.encode()) == report


def test_as_many_rows_as_are_allowed_arrive() -> None:
    whole = sent(items=[ITEM] * _report._MOST, diff=[DIFF] * _report._MOST)
    assert len(Report.decode(whole).items) == _report._MOST == 5_000


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
def test_another_shape_is_an_error(data: bytes) -> None:
    with pytest.raises(LatchkeyError, match="its process answered with"):
        Report.decode(data)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(), lambda v: st.lists(v) | st.dictionaries(st.text(), v)
    )
)
def test_whatever_is_sent_is_a_report_or_an_error(value: Any) -> None:
    whole, item = json.dumps(value).encode(), sent(items=value)
    for data in (whole, item, sent(diff=value), sent(items=[value]), row(state=value)):
        with contextlib.suppress(LatchkeyError):
            assert isinstance(Report.decode(data), Report)


def test_what_arrives_is_clean_in_names_and_values() -> None:
    report = Report(msg="\x1b[31mred")
    report.add("a\u202eb", "ok", "\x00c\x9b", words=["\x07d"])
    arrived = Report.decode(report.encode())
    assert arrived.msg == "[31mred"
    assert arrived.items[0]["item"] == "ab"
    assert arrived.items[0]["what"] == "c"
    assert arrived.items[0]["words"] == ["d"]


@given(st.text())
def test_clean_keeps_what_people_read(text: str) -> None:
    cleaned = clean(text)
    assert clean(cleaned) == cleaned
    assert not any(ord(c) < 32 and c not in "\n\t" for c in cleaned)
    assert not any(0x7F <= ord(c) < 0xA0 or 0xD800 <= ord(c) < 0xE000 for c in cleaned)
    assert cleaned.encode().decode() == cleaned


def test_clean_keeps_letters_of_every_script_and_cuts_what_is_long() -> None:
    assert clean("grüße\t漢字\n🗝") == "grüße\t漢字\n🗝"
    assert len(clean("x" * 300_000)) == 200_000


def many(count: int, what: str, **states: int) -> Report:
    """``count`` rows that are ok, apart from the numbers in ``states``."""
    report = Report()
    for number in range(count):
        state = next((state for state, place in states.items() if place == number), "ok")
        report.add(f"item {number}", state, what)
    return report


def test_what_fits_is_sent_as_it_is() -> None:
    report = many(_report._MOST, "x" * 100, changed=3)
    assert Report.decode(report.encode()) == report


@pytest.mark.parametrize(
    ("count", "what"),
    [(6_000, "short"), (3_000, "x" * 500), (3_000, "漢" * 90), (9_000, "y" * 900)],
    ids=["many", "long", "longer as JSON", "both"],
)
def test_what_does_not_fit_is_counted_and_what_was_changed_or_failed_is_sent(count: int, what: str) -> None:
    data = many(count, what, changed=count - 1, failed=count - 2).encode()
    assert len(data) + 8 <= _report.LONGEST
    arrived = Report.decode(data)
    *told, last = arrived.items
    assert [row["item"] for row in told[-2:]] == [f"item {count - 2}", f"item {count - 1}"]
    assert [row["item"] for row in told[:2]] == ["item 0", "item 1"]
    assert last == {"item": f"{count - len(told):,} more", "state": "ok", "what": last["what"], "remedy": ""}
    assert arrived.changed


def test_changes_too_many_to_tell_of_each_are_changes() -> None:
    report = Report()
    for number in range(6_000):
        report.add(f"item {number}", "changed", "made")
    arrived = Report.decode(report.encode())
    assert {row["state"] for row in arrived.items} == {"changed"}
    assert arrived.items[-1]["item"] == f"{6_001 - len(arrived.items):,} more"


def test_one_row_that_is_too_long_is_counted() -> None:
    report = many(3, "short")
    report.add("giant", "changed", "x" * 2_000_000)
    arrived = Report.decode(report.encode())
    assert [(row["item"], row["state"]) for row in arrived.items[3:]] == [("1 more", "changed")]


def test_diffs_give_way_to_items() -> None:
    report = many(1_000, "x" * 500, changed=999)
    report.diff = [{"before": "", "after": "y" * 100_000}] * 20
    arrived = Report.decode(report.encode())
    assert arrived.items == report.items
    assert 1 < len(arrived.diff) < 20
    assert arrived.diff[-1]["after"] == f"{21 - len(arrived.diff)} more\n"


def test_a_long_message_is_cut() -> None:
    arrived = Report.decode(Report(failed=True, msg="🗝" * 1_000_000).encode())
    assert arrived.failed
    assert arrived.msg == "🗝" * 10_000


def test_secrets_are_in_no_part_of_what_is_sent() -> None:
    report = Report(msg=f"it is {VALUE}", diff=[{"before": VALUE, "after": json.dumps(VALUE)}])
    report.add(VALUE, "ok", VALUE, remedy=VALUE, words=[VALUE])
    data = report.encode(secret for secret in [Secret(VALUE)])
    assert b"horse" not in data
    assert data.count(MASK.encode()) == 7


def test_a_secret_put_into_a_row_by_mistake_is_not_sent() -> None:
    report = Report()
    report.add("a", "ok", value=Secret(VALUE))
    with pytest.raises(TypeError):
        report.encode()


def test_changed_is_what_its_rows_say() -> None:
    report = Report()
    report.add("a", "ok")
    assert not report.changed
    report.add("b", "changed")
    assert report.changed


def test_a_failure_says_what_to_do() -> None:
    report = Report.failure(LatchkeyError("the file is damaged", remedy="mend it"))
    assert report.failed
    assert report.msg == "the file is damaged: mend it"


def test_the_result_names_members_and_keeps_diffs_apart() -> None:
    good, bad = Report(diff=[DIFF]), Report(failed=True, msg="no home")
    good.add("a", "changed")
    answer = result("keychain", {"alice": good, "bob": bad}, unserved="fail")
    assert answer["failed"]
    assert answer["changed"]
    assert answer["msg"] == "bob: no home"
    assert answer["members"]["alice"]["changed"]
    assert not answer["members"]["bob"]["changed"]
    assert answer["members"]["bob"]["failed"]
    assert answer["diff"] == [{**DIFF, "before_header": "alice: keychain", "after_header": "alice: keychain"}]
    assert not any("diff" in member for member in answer["members"].values())


def test_who_could_not_be_served_may_be_reported_only() -> None:
    answer = result("keychain", {"bob": Report(failed=True, msg="no home")}, unserved="report")
    assert not answer["failed"]
    assert answer["msg"] == "bob: no home"


def test_what_is_raised_becomes_a_failed_report_and_a_bug_shows_its_type_only() -> None:
    def refuse() -> Served:
        raise LatchkeyError("the file is damaged", remedy="mend it")

    def crash() -> Served:
        raise ValueError(VALUE)

    assert attempt(lambda: Served(Report(msg="fine"))).report.msg == "fine"
    assert attempt(refuse).report == Report(failed=True, msg="the file is damaged: mend it")
    assert attempt(crash).report == Report(failed=True, msg="unexpected ValueError in its process")
