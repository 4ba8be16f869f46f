# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._core.errors import LatchkeyError
from ansible_collections.latchkey.workstation.plugins.module_utils._core.secrets import Secret
from ansible_collections.latchkey.workstation.plugins.module_utils._host.state import State
from ansible_collections.latchkey.workstation.plugins.module_utils._stores.ownership import (
    RecordedItem,
    StoreRecord,
)

if TYPE_CHECKING:
    from pathlib import Path

KEY = b"k" * 32
LOCATION = ("files", ("service", "account"))
OTHER = ("files", ("service", "you"))
VALUE = Secret("the value")
SOURCES = ({"kind": "file", "path": "~/f"},)


@pytest.fixture
def state(tmp_path: Path) -> State:
    return State(str(tmp_path), check_mode=False)


@pytest.fixture
def record(state: State) -> StoreRecord:
    record = StoreRecord(state)
    record.backend = "files"
    return record


def file_of(tmp_path: Path) -> Path:
    return tmp_path / ".local/state/latchkey/keychain.json"


def test_a_saved_record_recognises_the_written_value_without_containing_it(
    tmp_path: Path, state: State, record: StoreRecord
) -> None:
    record.record_intent(LOCATION, "token", made=True, sources=SOURCES)
    assert record.is_last_written(LOCATION, VALUE, key=KEY) is None
    record.record_written(LOCATION, "token", VALUE, key=KEY, sources=SOURCES)
    record.save()
    loaded = StoreRecord(state)
    assert (loaded.backend, loaded.items) == (record.backend, record.items)
    assert loaded.items[LOCATION].made
    assert loaded.is_last_written(LOCATION, VALUE, key=KEY) is True
    assert loaded.is_last_written(LOCATION, Secret("another value"), key=KEY) is False
    assert "the value" not in file_of(tmp_path).read_text()


@pytest.mark.parametrize(
    ("location", "value", "key"), [(LOCATION, None, KEY), (LOCATION, VALUE, None), (OTHER, VALUE, KEY)]
)
def test_is_last_written_is_none_without_value_key_or_recorded_item(
    record: StoreRecord, location: tuple[str, tuple[str, str]], value: Secret | None, key: bytes | None
) -> None:
    record.record_written(LOCATION, "token", VALUE, key=KEY, sources=SOURCES)
    assert record.is_last_written(location, value, key=key) is None


def test_equal_values_of_two_items_have_different_digests(record: StoreRecord) -> None:
    record.record_written(LOCATION, "token", VALUE, key=KEY, sources=SOURCES)
    record.record_written(OTHER, "token", VALUE, key=KEY, sources=SOURCES)
    assert len({item.digest for item in record.items.values()}) == 2


def test_an_adopted_item_stays_adopted_and_a_created_one_stays_created(record: StoreRecord) -> None:
    record.record_written(LOCATION, "token", VALUE, key=KEY, sources=SOURCES)
    record.record_intent(LOCATION, "token", made=False, sources=SOURCES)
    assert record.items[LOCATION] == RecordedItem("", made=False, credential="token", sources=SOURCES)
    record.record_intent(LOCATION, "token", made=True, sources=SOURCES)
    record.record_intent(LOCATION, "token", made=False, sources=SOURCES)
    record.record_written(LOCATION, "token", VALUE, key=KEY, sources=SOURCES)
    assert record.items[LOCATION].made


def test_owner_and_location_of_are_found_per_store(record: StoreRecord) -> None:
    record.record_written(LOCATION, "token", VALUE, key=KEY, sources=SOURCES)
    assert record.owner(LOCATION) == "token"
    assert record.owner(OTHER) == ""
    assert record.location_of("files", "token") == LOCATION[1]
    assert record.location_of("keychain", "token") is None


@pytest.mark.parametrize(
    ("name", "declared", "owner"),
    [("other", ("token", "other"), "token"), ("token", ("token", "other"), ""), ("other", ("other",), "")],
)
def test_a_conflicting_owner_is_another_declared_credential(
    record: StoreRecord, name: str, declared: tuple[str, ...], owner: str
) -> None:
    record.record_written(LOCATION, "token", VALUE, key=KEY, sources=SOURCES)
    assert record.conflicting_owner(LOCATION, name, declared) == owner


def test_nothing_is_written_in_check_mode(tmp_path: Path) -> None:
    record = StoreRecord(State(str(tmp_path), check_mode=True))
    record.backend = "files"
    record.record_intent(LOCATION, "token", made=True, sources=SOURCES)
    record.save()
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_written_without_a_backend(tmp_path: Path, state: State) -> None:
    StoreRecord(state).save()
    assert list(tmp_path.iterdir()) == []
    assert not StoreRecord.exists(state)


@pytest.mark.parametrize(
    "text", ["[]", "no json", '{"items": 1}', '{"items": ["x"]}', '{"items": [{"service": "s"}]}', '{"items": "abc"}',
             '{"items": [{"backend": [], "service": "s", "account": "a", "digest": "", "made": true}]}']
)  # fmt: skip
def test_a_damaged_record_is_an_error_with_its_path(tmp_path: Path, state: State, text: str) -> None:
    file_of(tmp_path).parent.mkdir(parents=True)
    file_of(tmp_path).write_text(text)
    with pytest.raises(LatchkeyError, match=r"keychain\.json is damaged"):
        StoreRecord(state)


def test_the_record_is_a_short_json_object(tmp_path: Path, record: StoreRecord) -> None:
    record.items[LOCATION] = RecordedItem("ab", made=True, credential="token")
    record.save()
    item = {"backend": "files", "service": "service", "account": "account"}
    assert json.loads(file_of(tmp_path).read_text()) == {
        "backend": "files",
        "items": [{**item, "digest": "ab", "made": True, "credential": "token", "sources": []}],
    }


def test_a_record_of_an_earlier_version_loads_without_authorities(tmp_path: Path, state: State) -> None:
    item = {"backend": "files", "service": "service", "account": "account", "digest": "ab", "made": True}
    file_of(tmp_path).parent.mkdir(parents=True)
    file_of(tmp_path).write_text(json.dumps({"backend": "files", "items": [{**item, "credential": "token"}]}))
    assert StoreRecord(state).items == {LOCATION: RecordedItem("ab", made=True, credential="token")}
