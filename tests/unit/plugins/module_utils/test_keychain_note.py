# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._errors import LatchkeyError
from ansible_collections.latchkey.workstation.plugins.module_utils._keychain_note import Entry, Note
from ansible_collections.latchkey.workstation.plugins.module_utils._secrets import Secret
from ansible_collections.latchkey.workstation.plugins.module_utils._state import State

if TYPE_CHECKING:
    from pathlib import Path

KEY = b"k" * 32
PLACE = ("files", ("service", "account"))
VALUE = Secret("the value")


def test_a_note_says_whether_a_value_is_the_one_last_kept_and_never_the_value(tmp_path: Path) -> None:
    state = State(str(tmp_path), check_mode=False)
    note = Note("files")
    note.announce(PLACE, "token", made=True)
    assert note.applied(PLACE, VALUE, by=KEY) is None
    note.remember(PLACE, "token", VALUE, by=KEY)
    note.save(state)
    kept = Note.load(state)
    assert kept == note
    assert kept.entries[PLACE].made
    assert kept.applied(PLACE, VALUE, by=KEY) is True
    assert kept.applied(PLACE, Secret("another value"), by=KEY) is False
    for place, value, key in ((PLACE, None, KEY), (PLACE, VALUE, None), (("files", ("service", "you")), VALUE, KEY)):
        assert kept.applied(place, value, by=key) is None
    assert "the value" not in (tmp_path / ".local/state/latchkey/keychain.json").read_text()


def test_digests_of_one_value_differ_from_item_to_item() -> None:
    note = Note("files")
    note.remember(PLACE, "token", VALUE, by=KEY)
    note.remember(("files", ("service", "you")), "token", VALUE, by=KEY)
    assert len({entry.digest for entry in note.entries.values()}) == 2


def test_what_was_there_before_is_never_ours_and_what_we_made_stays_ours() -> None:
    note = Note("files")
    note.remember(PLACE, "token", VALUE, by=KEY)
    note.announce(PLACE, "token", made=False)
    assert note.entries[PLACE] == Entry("", made=False, credential="token")
    note.announce(PLACE, "token", made=True)
    note.announce(PLACE, "token", made=False)
    note.remember(PLACE, "token", VALUE, by=KEY)
    assert note.entries[PLACE].made


def test_nothing_is_written_in_check_mode_nor_where_nothing_is_kept(tmp_path: Path) -> None:
    Note("files", {PLACE: Entry("", made=True)}).save(State(str(tmp_path), check_mode=True))
    Note().save(State(str(tmp_path), check_mode=False))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "text", ["[]", "no json", '{"items": 1}', '{"items": ["x"]}', '{"items": [{"service": "s"}]}', '{"items": "abc"}',
             '{"items": [{"backend": [], "service": "s", "account": "a", "digest": "", "made": true}]}']
)  # fmt: skip
def test_a_damaged_note_is_said_with_its_path(tmp_path: Path, text: str) -> None:
    folder = tmp_path / ".local/state/latchkey"
    folder.mkdir(parents=True)
    (folder / "keychain.json").write_text(text)
    with pytest.raises(LatchkeyError, match=r"keychain\.json is damaged"):
        Note.load(State(str(tmp_path), check_mode=False))


def test_a_note_is_short_and_readable(tmp_path: Path) -> None:
    Note("files", {PLACE: Entry("ab", made=True, credential="token")}).save(State(str(tmp_path), check_mode=False))
    item = {"backend": "files", "service": "service", "account": "account"}
    assert json.loads((tmp_path / ".local/state/latchkey/keychain.json").read_text()) == {
        "backend": "files",
        "items": [{**item, "digest": "ab", "made": True, "credential": "token"}],
    }
