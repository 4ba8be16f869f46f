# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Records of the last checks in a member's state folder."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._checks import history
from ansible_collections.latchkey.workstation.plugins.module_utils._core.errors import LatchkeyError
from ansible_collections.latchkey.workstation.plugins.module_utils._host.state import State

from tests.builders import member

if TYPE_CHECKING:
    from pathlib import Path

ENTRY = {"credentials": [{"name": "a"}, {"name": "b"}]}


def row(name: str, outcome: str) -> dict[str, Any]:
    more = {"identity": "alice@example.com", "fingerprint": "0123abcd"}
    return {"name": name, "outcome": outcome, "reason": "rejected", "remedy": "renew it", "rotate": "", **more}


def record(home: Path, *rows: dict[str, Any], exclusive: bool = False, whole: bool = True) -> dict[str, Any]:
    """The value that crosses the pipe, after it was recorded."""
    value = json.loads(json.dumps(history.to_record(rows, exclusive=exclusive, whole=whole)))
    history.record(member(home), ENTRY, value)
    return dict(value)


def read(home: Path, name: str) -> str:
    return (home / ".local/state/latchkey" / name).read_text()


def test_passed_checks_are_recorded_with_the_moment_of_the_run(tmp_path: Path) -> None:
    value = record(tmp_path, row("a", "PASS"), row("b", "FAIL"))
    assert json.loads(read(tmp_path, "checks.json")) == {"a": value["now"]}
    assert history.last_validated(State(str(tmp_path), check_mode=True)) == {"a": value["now"]}
    assert read(tmp_path, "attention") == "latchkey: FAIL b: rejected\n  renew it\n"


def test_identities_and_fingerprints_are_not_sent_to_the_record(tmp_path: Path) -> None:
    value = record(tmp_path, row("a", "PASS"))
    assert "alice@example.com" not in json.dumps(value)
    assert "0123abcd" not in json.dumps(value)


@pytest.mark.parametrize(("exclusive", "kept"), [(True, ["a"]), (False, ["a", "old"])])
def test_undeclared_credentials_are_forgotten_only_by_an_exclusive_run(
    tmp_path: Path, exclusive: bool, kept: list[str]
) -> None:
    record(tmp_path, row("old", "PASS"))
    record(tmp_path, row("a", "PASS"), exclusive=exclusive)
    assert sorted(json.loads(read(tmp_path, "checks.json"))) == kept


def test_damaged_record_counts_as_empty_and_is_replaced(tmp_path: Path) -> None:
    record(tmp_path, row("a", "PASS"))
    (tmp_path / ".local/state/latchkey/checks.json").write_text("[")
    assert history.last_validated(State(str(tmp_path), check_mode=True)) == {}
    record(tmp_path, row("b", "PASS"))
    assert list(json.loads(read(tmp_path, "checks.json"))) == ["b"]


def test_record_that_cannot_be_written_raises(tmp_path: Path) -> None:
    (tmp_path / ".local").write_text("a file")
    with pytest.raises(LatchkeyError):
        record(tmp_path, row("a", "PASS"))


STORE = "ansible-playbook playbooks/store.yml -e credential=b"


@pytest.mark.parametrize(
    ("command", "remedy", "shown"),
    [
        ("/c/ansible-playbook -i /inv", STORE, "/c/ansible-playbook -i /inv playbooks/store.yml -e credential=b"),
        ("", STORE, f"on the controller: {STORE}"),
        ("/c/ansible-playbook", f"{STORE} -e user=alice", f"on the controller: {STORE} -e user=alice"),
        ("/c/ansible-playbook", "renew it", "renew it"),
    ],
)
def test_command_in_the_notice_is_complete_or_names_where_it_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, remedy: str, shown: str
) -> None:
    monkeypatch.setenv("LATCHKEY_PLAYBOOK_COMMAND", command)
    record(tmp_path, {**row("b", "FAIL"), "remedy": remedy})
    assert read(tmp_path, "attention") == f"latchkey: FAIL b: rejected\n  {shown}\n"
