# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._core.errors import LatchkeyError
from ansible_collections.latchkey.workstation.plugins.module_utils._core.report import Report
from ansible_collections.latchkey.workstation.plugins.module_utils._core.secrets import Secret
from ansible_collections.latchkey.workstation.plugins.module_utils._host.state import State
from ansible_collections.latchkey.workstation.plugins.module_utils._stores.base import (
    ABSENT_ITEM,
    Change,
    Item,
    Reading,
    Step,
)
from ansible_collections.latchkey.workstation.plugins.module_utils._stores.ownership import RecordedItem, StoreRecord
from ansible_collections.latchkey.workstation.plugins.module_utils._stores.private_files import PrivateFiles, item_path
from ansible_collections.latchkey.workstation.plugins.module_utils._stores.writer import PlannedChange, Writer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ansible_collections.latchkey.workstation.plugins.module_utils._stores.base import Key

ITEM = Item("s", "me")
LOCATION = ("files", ITEM.key)
VALUE = Secret("the value")
CREATE = Step("write", "created", change=Change("create", ITEM, ABSENT_ITEM, VALUE))
KEPT = Reading("readable", secret=VALUE, exists=True)


def writer(home: Path, *, check_mode: bool = False) -> Writer:
    state = State(str(home), check_mode=check_mode)
    record = StoreRecord(state)
    record.backend = "files"
    return Writer(record, state.key(), Report(), check_mode)


def planned(home: Path, step: Step, store: PrivateFiles | None = None) -> PlannedChange:
    return PlannedChange("token", ITEM, step, store or PrivateFiles(str(home)), "token")


def states(writing: Writer) -> list[tuple[str, str]]:
    return [(row["state"], row["what"]) for row in writing.report.items]


def test_a_change_is_made_recorded_and_reported_with_a_fingerprint(tmp_path: Path) -> None:
    writing = writer(tmp_path)
    assert writing.write([planned(tmp_path, CREATE)]) == {"token"}
    assert Path(item_path(str(tmp_path), ITEM.key)).read_bytes() == VALUE.reveal()
    assert states(writing) == [("changed", "created")]
    assert writing.record.is_last_written(LOCATION, VALUE, key=writing.key) is True
    (row,) = writing.report.diff
    assert row["before"] == "s (me): absent\n"
    assert VALUE.text() not in row["after"]


def test_in_check_mode_a_change_is_reported_and_nothing_is_written(tmp_path: Path) -> None:
    writing = writer(tmp_path, check_mode=True)
    assert writing.write([planned(tmp_path, CREATE)]) == {"token"}
    assert states(writing) == [("changed", "created")]
    assert list(tmp_path.iterdir()) == []


class Refusing(PrivateFiles):
    """A store that can make no change, and that notes what is recorded when it is asked to."""

    def __init__(self, home: str) -> None:
        super().__init__(home)
        self.home = home
        self.recorded: list[dict[object, RecordedItem]] = []

    def apply(self, changes: Sequence[Change]) -> Mapping[Key, LatchkeyError | None]:
        self.recorded.append(dict(StoreRecord(State(self.home, check_mode=True)).items))
        return {change.item.key: LatchkeyError("disk full", remedy="make room") for change in changes}


def test_an_item_is_recorded_as_created_before_it_is_written(tmp_path: Path) -> None:
    store = Refusing(str(tmp_path))
    writer(tmp_path).write([planned(tmp_path, CREATE, store)])
    assert store.recorded == [{LOCATION: RecordedItem("", made=True, credential="token")}]


def test_a_failed_change_is_reported_and_what_was_recorded_before_stays(tmp_path: Path) -> None:
    writing = writer(tmp_path)
    before = RecordedItem("digest", made=True, credential="token")
    writing.record.items[LOCATION] = before
    update = Step("write", "changed", change=Change("update", ITEM, KEPT, Secret("another value")))
    assert writing.write([planned(tmp_path, update, Refusing(str(tmp_path)))]) == set()
    assert states(writing) == [("failed", "disk full")]
    assert writing.record.items == {LOCATION: before}


def test_a_removed_item_is_forgotten(tmp_path: Path) -> None:
    writing = writer(tmp_path)
    writing.write([planned(tmp_path, CREATE)])
    remove = Step("write", "removed", change=Change("remove", ITEM, KEPT))
    assert writing.write([planned(tmp_path, remove)]) == {"token"}
    assert writing.record.items == {}
    assert not Path(item_path(str(tmp_path), ITEM.key)).exists()


LOCKED = Step("write", "its keychain is locked", change=CREATE.change, blocked=True)
TOO_LONG = Step("write", "created", change=Change("create", ITEM, ABSENT_ITEM, Secret("x" * (1 + (1 << 20)))))


@pytest.mark.parametrize(
    ("step", "check_mode", "state"),
    [
        (LOCKED, True, "unknown"),
        (LOCKED, False, "failed"),
        (TOO_LONG, True, "failed"),
        (TOO_LONG, False, "failed"),
    ],
    ids=["locked, check mode", "locked", "refused by the store, check mode", "refused by the store"],
)
def test_a_change_that_cannot_be_made_fails_and_one_of_a_locked_store_is_unknown_in_check_mode(
    tmp_path: Path, step: Step, check_mode: bool, state: str
) -> None:
    writing = writer(tmp_path, check_mode=check_mode)
    assert writing.write([planned(tmp_path, step)]) == set()
    assert [row["state"] for row in writing.report.items] == [state]
    assert not Path(item_path(str(tmp_path), ITEM.key)).exists()


@pytest.mark.parametrize(("step", "in_order"), [(Step("ok"), {"token"}), (Step("skipped", "no value"), set())])
def test_only_an_item_as_declared_is_in_order(tmp_path: Path, step: Step, in_order: set[str]) -> None:
    assert writer(tmp_path).write([planned(tmp_path, step)]) == in_order
