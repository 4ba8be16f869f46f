# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._core.lookup import LookupResult
from ansible_collections.latchkey.workstation.plugins.module_utils._core.secrets import Secret
from ansible_collections.latchkey.workstation.plugins.module_utils._keychain.plan import plan_absent, plan_present
from ansible_collections.latchkey.workstation.plugins.module_utils._stores.base import (
    ABSENT_ITEM,
    Item,
    Reading,
    Step,
)

ITEM = Item("service", "account")
OLD, NEW = Secret("old value"), Secret("new value")
FOUND = LookupResult("found", secret=NEW)
NOTHING = LookupResult("absent", reason="NAME is not set", remedy="store.yml")
BLOCKED = LookupResult("blocked", reason="vault is sealed", remedy="unseal it")
PREREQUISITE_MISSING = replace(BLOCKED, prerequisite_missing=True)
SAME = Reading("readable", secret=NEW, exists=True)
DIFFERENT = Reading("readable", secret=OLD, exists=True)
UNUSABLE = Reading("unusable", exists=True, reason="too short")
DENIED = Reading("denied", exists=True, reason="would ask", remedy="allow it")
AMBIGUOUS = Reading("ambiguous", exists=True, reason="2 items match", remedy="keep one")
UNKNOWN = Reading("unknown", reason="the tool failed", remedy="run it")
LOCKED = Reading("locked", exists=True, reason="is locked", remedy="unlock it")
LOCKED_ABSENT = replace(LOCKED, exists=False)
LOCKED_UNKNOWN = replace(LOCKED, exists=None)

# reading, wanted, last_written: state, action, blocked
PRESENCE = {
    "absent, found": (ABSENT_ITEM, FOUND, None, "write create"),
    "absent, nothing": (ABSENT_ITEM, NOTHING, None, "skipped"),
    "absent, blocked": (ABSENT_ITEM, BLOCKED, None, "unknown"),
    "absent, prerequisite missing": (ABSENT_ITEM, PREREQUISITE_MISSING, None, "skipped"),
    "readable, prerequisite missing": (DIFFERENT, PREREQUISITE_MISSING, None, "skipped"),
    "same": (SAME, FOUND, None, "ok"),
    "different": (DIFFERENT, FOUND, None, "write update"),
    "different, though last written": (DIFFERENT, FOUND, True, "write update"),
    "readable, nothing": (DIFFERENT, NOTHING, None, "ok"),
    "readable, blocked": (DIFFERENT, BLOCKED, None, "unknown"),
    "unfit, found": (UNUSABLE, FOUND, None, "write update"),
    "unfit, nothing": (UNUSABLE, NOTHING, None, "unknown"),
    "denied, found": (DENIED, FOUND, None, "unknown"),
    "denied, as last written": (DENIED, FOUND, True, "ok"),
    "denied, not as last written": (DENIED, FOUND, False, "blocked update"),
    "denied, nothing": (DENIED, NOTHING, None, "unknown"),
    "denied, blocked": (DENIED, BLOCKED, None, "unknown"),
    "locked, found": (LOCKED, FOUND, None, "unknown"),
    "locked, as last written": (LOCKED, FOUND, True, "ok"),
    "locked, not as last written": (LOCKED, FOUND, False, "blocked update"),
    "locked, nothing": (LOCKED, NOTHING, None, "unknown"),
    "locked and absent, found": (LOCKED_ABSENT, FOUND, None, "blocked create"),
    "locked and absent, as last written": (LOCKED_ABSENT, FOUND, True, "blocked create"),
    "locked and absent, nothing": (LOCKED_ABSENT, NOTHING, None, "skipped"),
    "locked and existence unknown, found": (LOCKED_UNKNOWN, FOUND, None, "unknown"),
    "locked and existence unknown, as last written": (LOCKED_UNKNOWN, FOUND, True, "ok"),
    "locked and existence unknown, not as last written": (LOCKED_UNKNOWN, FOUND, False, "blocked update"),
    "locked and existence unknown, nothing": (LOCKED_UNKNOWN, NOTHING, None, "unknown"),
    "ambiguous, found": (AMBIGUOUS, FOUND, None, "unknown"),
    "ambiguous, as last written": (AMBIGUOUS, FOUND, True, "unknown"),
    "ambiguous, not as last written": (AMBIGUOUS, FOUND, False, "blocked update"),
    "ambiguous, nothing": (AMBIGUOUS, NOTHING, None, "unknown"),
    "tool failed, found": (UNKNOWN, FOUND, None, "unknown"),
    "tool failed, as last written": (UNKNOWN, FOUND, True, "ok"),
    "tool failed, not as last written": (UNKNOWN, FOUND, False, "blocked update"),
    "tool failed, nothing": (UNKNOWN, NOTHING, None, "unknown"),
    "others can read it": (replace(SAME, readable_by_others=True), FOUND, None, "write update"),
}


NEEDS = {"blocked create": "does not exist yet; ", "blocked update": "differs from the value last written; "}


def decision_of(step: Step) -> str:
    word = "blocked" if step.blocked else step.state
    return f"{word} {step.change.action}" if step.change else word


@pytest.mark.parametrize(("reading", "wanted", "last_written", "decision"), PRESENCE.values(), ids=PRESENCE)
def test_plan_present(reading: Reading, wanted: LookupResult, last_written: bool | None, decision: str) -> None:
    step = plan_present(ITEM, reading, wanted, last_written=last_written)
    assert decision_of(step) == decision
    if decision.startswith(("unknown", "blocked")) and reading is not UNUSABLE:
        assert step.remedy
    if step.change:
        assert step.change.secret == NEW
    if step.blocked:
        assert step.what.startswith(NEEDS[decision])


@pytest.mark.parametrize(
    ("reading", "decision"),
    [
        (DENIED, "write recreate"),
        (replace(DIFFERENT, trusted=("/usr/bin/security",)), "write recreate"),
        (replace(SAME, trusted=("/usr/bin/security",)), "write recreate"),
        (replace(DIFFERENT, trusted=("/bin/bash", "/usr/bin/security")), "write update"),
        (replace(SAME, trusted=("/bin/bash",)), "ok"),
        (replace(DIFFERENT, trusted=None), "write update"),
        (LOCKED, "blocked update"),
        (AMBIGUOUS, "blocked update"),
        (ABSENT_ITEM, "write create"),
    ],
)
def test_a_value_entered_by_hand_recreates_an_item_without_its_trusted_apps(reading: Reading, decision: str) -> None:
    item = replace(ITEM, trusted_apps=("/bin/bash",))
    assert decision_of(plan_present(item, reading, FOUND, last_written=None, by_hand=True)) == decision
    assert "recreate" not in decision_of(plan_present(item, reading, FOUND, last_written=None))


@pytest.mark.parametrize("name", ["label", "kind", "comment"])
def test_a_description_is_compared_only_where_it_is_declared(name: str) -> None:
    reading = replace(SAME, **{name: "by hand"})  # type: ignore[arg-type]
    assert decision_of(plan_present(ITEM, reading, FOUND, last_written=None)) == "ok"
    for wanted in (FOUND, NOTHING):
        declared = replace(ITEM, **{name: "declared"})  # type: ignore[arg-type]
        step = plan_present(declared, reading, wanted, last_written=None)
        assert (decision_of(step), step.what) == ("write update", f"its {name} was different")
        assert step.change
        assert step.change.secret == NEW
    assert decision_of(plan_present(replace(ITEM, **{name: "by hand"}), reading, FOUND, last_written=None)) == "ok"  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("reading", "decision"),
    [
        (ABSENT_ITEM, "ok"),
        (SAME, "write remove"),
        (UNUSABLE, "write remove"),
        (DENIED, "write remove"),
        (LOCKED, "blocked remove"),
        (AMBIGUOUS, "blocked remove"),
        (UNKNOWN, "unknown"),
        (LOCKED_ABSENT, "ok"),
        (LOCKED_UNKNOWN, "unknown"),
    ],
)
def test_plan_absent(reading: Reading, decision: str) -> None:
    assert decision_of(plan_absent(ITEM, reading)) == decision
