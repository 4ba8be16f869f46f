# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils import _sources
from ansible_collections.latchkey.workstation.plugins.module_utils._child import Member
from ansible_collections.latchkey.workstation.plugins.module_utils._keychain_files import file_of
from ansible_collections.latchkey.workstation.plugins.module_utils._keychain_kept import Kept, open_kept
from ansible_collections.latchkey.workstation.plugins.module_utils._keychain_security_text import TOOL
from ansible_collections.latchkey.workstation.plugins.module_utils._state import State

if TYPE_CHECKING:
    from pathlib import Path

SEEDED = [{"kind": "env", "name": "SEED"}]


def credential(service: str, sources: list[dict[str, Any]], *, category: str = "") -> dict[str, Any]:
    return {
        "name": service,
        "sources": sources,
        "category": category,
        "keychain": {"service": service, "account": "", "state": "present"},
    }


def opened(home: Path, *credentials: dict[str, Any], oneself: bool = True) -> Kept:
    member = Member("alice", "alice", str(home), 1000, 1000, "/bin/sh", oneself=oneself)
    return open_kept(member, State(str(home), check_mode=True), credentials, backend="files", security=TOOL)


@pytest.mark.parametrize(("oneself", "state"), [(True, "found"), (False, "absent")])
def test_the_environment_is_read_for_oneself_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, oneself: bool, state: str
) -> None:
    monkeypatch.setenv("SEED", "a value of whoever runs this")
    one = credential("s", SEEDED)
    assert _sources.value_of(one, opened(tmp_path, one, oneself=oneself).readers()).state == state


def test_what_is_read_is_every_item_in_use_once_and_others_when_asked(tmp_path: Path) -> None:
    elsewhere = [{"kind": "keychain", "service": "theirs", "account": "a"}]
    kept = opened(
        tmp_path, credential("s", elsewhere), credential("t", elsewhere), credential("u", [], category="human_only")
    )
    assert sorted(kept.readings) == [("s", ""), ("t", ""), ("theirs", "a")]
    path = file_of(str(tmp_path), ("later", ""))
    (tmp_path / ".local/share/latchkey/keychain").mkdir(parents=True)
    with open(path, "w") as late:
        late.write("the value")
    assert kept.found("later", "").state == "found"


def test_a_name_that_is_none_is_an_answer_and_no_accident(tmp_path: Path) -> None:
    broken = credential("s", [{"kind": "keychain", "service": "two\nlines", "account": ""}])
    found = _sources.value_of(broken, opened(tmp_path, broken).readers())
    assert (found.state, "control character" in found.reason) == ("blocked", True)
