# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._core.lookup import LookupResult
from ansible_collections.latchkey.workstation.plugins.module_utils._core.secrets import Secret
from ansible_collections.latchkey.workstation.plugins.module_utils._host.state import State
from ansible_collections.latchkey.workstation.plugins.module_utils._keychain.migration import (
    Migration,
    OldItem,
    plan_migration,
    undeclared_locations,
)
from ansible_collections.latchkey.workstation.plugins.module_utils._stores.base import ABSENT_ITEM, Item, Reading, Step
from ansible_collections.latchkey.workstation.plugins.module_utils._stores.ownership import StoreRecord
from ansible_collections.latchkey.workstation.plugins.module_utils._stores.private_files import PrivateFiles
from ansible_collections.latchkey.workstation.plugins.module_utils._stores.writer import PlannedChange

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ansible_collections.latchkey.workstation.plugins.module_utils._stores.base import Location

KEY = b"k" * 32
A, B, C = (("files", (service, "me")) for service in "abc")
FOUND = LookupResult("found", secret=Secret("of an authority"))
NONE = LookupResult("absent")


def holding(value: str) -> Reading:
    return Reading("readable", secret=Secret(value), exists=True)


@pytest.fixture
def record(tmp_path: Path) -> StoreRecord:
    """Item a was created for one, item b for two, each with its value."""
    record = StoreRecord(State(str(tmp_path), check_mode=True))
    for location, name in ((A, "one"), (B, "two")):
        record.record_intent(location, name, made=True, sources=())
        record.record_written(location, name, Secret(f"value of {name}"), key=KEY, sources=())
    return record


def plan(
    record: StoreRecord,
    readings: Mapping[Location, Reading],
    declared: Mapping[str, Location],
    authorities: Mapping[str, LookupResult] | None = None,
) -> Migration:
    return plan_migration(record, readings, declared, authorities or {}, key=KEY)


BOTH = {A: holding("value of one"), B: holding("value of two")}


def test_nothing_migrates_where_the_declaration_is_as_recorded(record: StoreRecord) -> None:
    got = plan(record, BOTH, {"one": A, "two": B})
    assert (got.occupied, got.replaceable, got.old_items, got.obsolete) == ({}, frozenset(), [], [])


def test_an_item_that_is_not_declared_any_more_gives_its_value_and_can_be_removed(record: StoreRecord) -> None:
    declared = {"one": C, "two": B}
    assert undeclared_locations(record, declared) == [A]
    got = plan(record, {**BOTH, C: ABSENT_ITEM}, declared)
    assert got.previous_values["one"] == Secret("value of one")
    assert [(old.location, old.credential, old.unchanged) for old in got.old_items] == [(A, "one", True)]


def test_an_old_item_with_another_value_is_marked_as_changed(record: StoreRecord) -> None:
    (old,) = plan(record, {**BOTH, A: holding("by hand")}, {"two": B}).old_items
    assert old.unchanged is False


def test_a_gone_item_and_an_adopted_one_are_obsolete_and_not_removed(record: StoreRecord) -> None:
    record.record_written(C, "three", Secret("adopted value"), key=KEY, sources=())
    got = plan(record, {A: ABSENT_ITEM, B: BOTH[B], C: holding("adopted value")}, {"two": B})
    assert (got.old_items, got.obsolete) == ([], [A, C])


def test_items_of_another_store_are_compared_by_store_and_key(record: StoreRecord) -> None:
    elsewhere = ("secret_service", A[1])
    record.record_intent(elsewhere, "one", made=True, sources=())
    got = plan(record, {**BOTH, elsewhere: holding("value of one")}, {"one": A, "two": B})
    assert [(old.location, old.unchanged) for old in got.old_items] == [(elsewhere, None)]


@pytest.mark.parametrize(
    ("authorities", "occupied", "replaceable"),
    [({}, {"one": "two"}, set()), ({"two": NONE}, {"one": "two"}, set()), ({"two": FOUND}, {}, {"one"})],
)
def test_an_item_with_the_only_copy_of_another_credential_is_occupied(
    record: StoreRecord, authorities: dict[str, LookupResult], occupied: dict[str, str], replaceable: set[str]
) -> None:
    got = plan(record, {**BOTH, C: ABSENT_ITEM}, {"one": B, "two": C}, authorities)
    assert (got.occupied, got.replaceable) == (occupied, replaceable)


@pytest.mark.parametrize(("moved", "occupied"), [(holding("value of two"), {}), (ABSENT_ITEM, {"one": "two"})])
def test_an_item_is_free_once_the_other_credential_is_in_its_own(
    record: StoreRecord, moved: Reading, occupied: dict[str, str]
) -> None:
    record.record_written(C, "two", Secret("value of two"), key=KEY, sources=())
    assert plan(record, {**BOTH, C: moved}, {"one": B, "two": C}).occupied == occupied


def test_an_absent_item_is_never_occupied(record: StoreRecord) -> None:
    assert plan(record, {A: BOTH[A], B: ABSENT_ITEM, C: ABSENT_ITEM}, {"one": B, "two": C}).occupied == {}


def new_item(tmp_path: Path, only_copy: str | None) -> PlannedChange:
    secret = Secret(only_copy) if only_copy else None
    return PlannedChange("one", Item("c", "me"), Step("ok"), PrivateFiles(str(tmp_path)), "one", secret)


@pytest.mark.parametrize(
    ("unchanged", "only_copy", "expected"),
    [(True, "of the item", False), (True, "another one", True), (False, None, False)],
)
def test_an_old_item_of_a_declared_credential_is_compared_with_the_new_one(
    tmp_path: Path, unchanged: bool, only_copy: str | None, expected: bool
) -> None:
    old = OldItem(A, "one", holding("of the item"), unchanged, sources=())
    assert old.holds_other_value(new_item(tmp_path, only_copy)) is expected


@pytest.mark.parametrize(("unchanged", "expected"), [(True, False), (None, False), (False, True)])
def test_an_old_item_of_an_undeclared_credential_is_compared_with_the_value_last_written(
    unchanged: bool | None, expected: bool
) -> None:
    assert OldItem(A, "one", holding("of the item"), unchanged, sources=()).holds_other_value(None) is expected
