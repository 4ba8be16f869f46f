# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._core.errors import LatchkeyError
from ansible_collections.latchkey.workstation.plugins.module_utils._host.ownership import OwnershipRecord
from ansible_collections.latchkey.workstation.plugins.module_utils._host.state import State

if TYPE_CHECKING:
    from pathlib import Path


def opened(home: Path, *, check_mode: bool = False) -> OwnershipRecord:
    return OwnershipRecord(State(str(home), check_mode=check_mode), "made", fits=lambda _data: True)


def test_a_record_without_a_file_is_empty(tmp_path: Path) -> None:
    assert opened(tmp_path).data == {}


def test_an_intent_is_saved_at_once_and_keeps_what_was_recorded(tmp_path: Path) -> None:
    record = opened(tmp_path)
    record.record_written({"files": ["a"], "keys": {"x": {"k": "1"}}, "other": {"stays": True}})
    record.record_intent({"files": ["b", "a"], "keys": {"x": {"k": "2", "l": "3"}, "y": {}}})
    assert (
        opened(tmp_path).data
        == record.data
        == {
            "files": ["a", "b"],
            "keys": {"x": {"k": "2", "l": "3"}, "y": {}},
            "other": {"stays": True},
        }
    )


def test_what_was_written_replaces_an_entry_and_an_empty_one_is_dropped(tmp_path: Path) -> None:
    record = opened(tmp_path)
    record.record_intent({"files": ["a", "b"], "keys": {"x": {}}})
    record.record_written({"files": ["b"], "keys": {}})
    assert opened(tmp_path).data == record.data == {"files": ["b"]}


def test_check_mode_records_in_memory_only(tmp_path: Path) -> None:
    record = opened(tmp_path, check_mode=True)
    record.record_intent({"files": ["a"]})
    assert record.data == {"files": ["a"]}
    assert list(tmp_path.iterdir()) == []


def fits_not(_data: dict[str, Any]) -> bool:
    return False


def fits_raises(data: dict[str, Any]) -> bool:
    return bool(data["absent"]["deeper"])


@pytest.mark.parametrize(
    "fits", [fits_not, fits_raises, lambda data: data["files"].items() is None, lambda _: int("x")]
)
def test_a_record_of_another_shape_is_damaged_and_stays(tmp_path: Path, fits: Any) -> None:
    opened(tmp_path).record_written({"files": ["a"]})
    file = tmp_path / ".local/state/latchkey/made.json"
    before = file.read_bytes()
    with pytest.raises(
        LatchkeyError, match=r"/made\.json is damaged: remove it: what the collection made counts as your own then"
    ):
        OwnershipRecord(State(str(tmp_path), check_mode=False), "made", fits=fits)
    assert file.read_bytes() == before
