# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._core.argument_spec import SECURITY
from ansible_collections.latchkey.workstation.plugins.module_utils._host.state import State
from ansible_collections.latchkey.workstation.plugins.module_utils._sources.resolver import Resolver
from ansible_collections.latchkey.workstation.plugins.module_utils._stores.open import StoreReader, open_store_reader
from ansible_collections.latchkey.workstation.plugins.module_utils._stores.ownership import StoreRecord
from ansible_collections.latchkey.workstation.plugins.module_utils._stores.private_files import item_path

from tests.builders import credential, member

if TYPE_CHECKING:
    from pathlib import Path

SEEDED = [{"kind": "env", "name": "SEED"}]


def item(service: str, sources: list[dict[str, Any]], *, category: str = "") -> dict[str, Any]:
    return credential(service, sources=sources, category=category, keychain={"service": service, "account": ""})


def opened(home: Path, *credentials: dict[str, Any]) -> StoreReader:
    state = State(str(home), check_mode=True)
    return open_store_reader(member(home), StoreRecord(state), credentials, backend="files", security=SECURITY)


@pytest.mark.parametrize(("is_current_user", "state"), [(True, "found"), (False, "absent")])
def test_the_environment_is_read_for_oneself_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_current_user: bool, state: str
) -> None:
    monkeypatch.setenv("SEED", "a value of whoever runs this")
    one = item("s", SEEDED)
    person = member(tmp_path, is_current_user=is_current_user)
    assert Resolver.for_member(person, opened(tmp_path, one)).value(one).state == state


def test_what_is_read_is_every_item_in_use_once_and_others_when_asked(tmp_path: Path) -> None:
    elsewhere = [{"kind": "keychain", "service": "theirs", "account": "a"}]
    kept = opened(tmp_path, item("s", elsewhere), item("t", elsewhere), item("u", [], category="human_only"))
    assert sorted(kept.readings) == [("s", ""), ("t", ""), ("theirs", "a")]
    path = item_path(str(tmp_path), ("later", ""))
    (tmp_path / ".local/share/latchkey/keychain").mkdir(parents=True)
    with open(path, "w") as late:
        late.write("the value")
    assert kept.lookup("later", "").state == "found"


def test_a_name_that_is_none_is_an_answer_and_no_accident(tmp_path: Path) -> None:
    broken = item("s", [{"kind": "keychain", "service": "two\nlines", "account": ""}])
    found = Resolver.for_member(member(tmp_path), opened(tmp_path, broken)).value(broken)
    assert (found.state, "control character" in found.reason) == ("blocked", True)
