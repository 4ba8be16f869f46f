# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A value moves on with its credential when its place is declared anew, and never goes before it has arrived."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils import _keychain_files, _sources
from ansible_collections.latchkey.workstation.plugins.module_utils._errors import LatchkeyError
from ansible_collections.latchkey.workstation.plugins.module_utils._keychain_kept import open_kept
from ansible_collections.latchkey.workstation.plugins.module_utils._state import State

from tests.integration.keychains import Person, source
from tests.integration.keychains import credential as kept_as

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ansible_collections.latchkey.workstation.plugins.module_utils._found import Found
    from ansible_collections.latchkey.workstation.plugins.module_utils._keychain import Change, Key
    from ansible_collections.latchkey.workstation.plugins.module_utils._report import Report


class Keeper(Person):
    """Somebody whose items are private files."""

    def __init__(self, home: Path) -> None:
        super().__init__(home, backend="files")

    def path(self, service: str) -> Path:
        return Path(_keychain_files.file_of(str(self.home), (service, "me")))

    def value(self, name: str, *declared: dict[str, Any]) -> Found:
        """What checks and exports find of the credential ``name``."""
        state = State(str(self.home), check_mode=True)
        kept = open_kept(self.member, state, declared, backend="files", security=self.security)
        return _sources.value_of(next(each for each in declared if each["name"] == name), kept.readers())

    def kept(self) -> dict[str, str]:
        return {path.name.partition("+")[0]: path.read_text() for path in self.path("x").parent.iterdir()}


def credential(name: str, service: str, *sources: dict[str, Any], **keychain: Any) -> dict[str, Any]:
    return {**kept_as(service, *sources, **keychain), "name": name}


@pytest.fixture
def keeper(tmp_path: Path) -> Keeper:
    keeper = Keeper(tmp_path)
    keeper.converge(credential("one", "a"), value="the value of one", exclusive=False)
    keeper.converge(credential("two", "b"), value="the value of two", exclusive=False)
    return keeper


def states(report: Report) -> dict[str, str]:
    return {row["item"]: row["state"] for row in report.items}


def test_a_new_name_of_an_item_takes_its_value_along(keeper: Keeper) -> None:
    declared = (credential("one", "new"), credential("two", "b"))
    seen = keeper.converge(*declared, check_mode=True)
    assert keeper.kept() == {"a": "the value of one", "b": "the value of two"}
    done = keeper.converge(*declared)
    assert states(seen) == states(done) == {"one": "changed", "two": "ok", "a (me) in files": "changed"}
    assert keeper.kept() == {"new": "the value of one", "b": "the value of two"}
    assert not keeper.converge(*declared).changed


def test_what_cannot_arrive_does_not_leave(keeper: Keeper, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_self: object, changes: Sequence[Change]) -> dict[Key, LatchkeyError | None]:
        return {change.item.key: LatchkeyError("the disk is full") for change in changes}

    monkeypatch.setattr(_keychain_files.Files, "apply", refuse)
    report = keeper.converge(credential("one", "new"), credential("two", "b"))
    assert states(report) == {"one": "failed", "two": "ok"}
    assert keeper.kept() == {"a": "the value of one", "b": "the value of two"}


def test_two_that_change_places_lose_nothing(keeper: Keeper) -> None:
    report = keeper.converge(credential("one", "b"), credential("two", "a"))
    assert states(report) == {"one": "failed", "two": "failed"}
    assert "still holds the value of two" in report.msg
    assert keeper.kept() == {"a": "the value of one", "b": "the value of two"}
    for declared in [("c", "b"), ("c", "a"), ("b", "a")]:
        keeper.converge(*map(credential, ("one", "two"), declared))
    assert keeper.kept() == {"b": "the value of one", "a": "the value of two"}


def test_a_place_that_has_become_free_is_taken_in_the_next_run(keeper: Keeper) -> None:
    declared = (credential("one", "b"), credential("two", "c"))
    assert states(keeper.converge(*declared)) == {"one": "failed", "two": "changed"}
    keeper.converge(*declared)
    assert keeper.kept() == {"b": "the value of one", "c": "the value of two"}
    assert not keeper.converge(*declared).changed


def test_what_comes_from_elsewhere_needs_no_care(keeper: Keeper) -> None:
    one, two = (keeper.write(name, f"the value of {name}") for name in ("one", "two"))
    keeper.converge(credential("one", "b", one), credential("two", "a", two))
    assert keeper.kept() == {"b": "the value of one", "a": "the value of two"}


def test_an_item_that_somebody_made_there_is_adopted(keeper: Keeper) -> None:
    keeper.path("own").write_text("somebody's own")
    keeper.path("own").chmod(0o600)
    report = keeper.converge(credential("one", "own"), credential("two", "b"))
    assert states(report) == {"one": "ok", "two": "ok", "a (me) in files": "ok"}
    assert "may be kept nowhere else" in str(report.items)
    assert keeper.kept() == {"own": "somebody's own", "a": "the value of one", "b": "the value of two"}
    assert states(keeper.converge(credential("one", "own"), credential("two", "b"))) == {"one": "ok", "two": "ok"}


def test_of_two_old_places_only_the_one_that_moved_goes(keeper: Keeper) -> None:
    keeper.converge(credential("one", "c"), credential("two", "b"), exclusive=False)
    keeper.converge(credential("one", "c"), value="a newer value", exclusive=False)
    keeper.converge(credential("one", "d"), credential("two", "b"))
    assert keeper.kept() == {"d": "a newer value", "a": "the value of one", "b": "the value of two"}


def test_what_cannot_be_read_any_more_is_not_replaced_by_a_seed(
    keeper: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEED", "an old shell's value")
    keeper.path("a").unlink()
    keeper.path("a").mkdir()
    keeper.converge(credential("one", "new", source("env", name="SEED")), credential("two", "b"))
    assert keeper.path("a").exists()


def test_a_new_name_of_a_credential_keeps_its_item(keeper: Keeper) -> None:
    assert not keeper.converge(credential("first", "a"), credential("two", "b")).changed
    keeper.converge(credential("first", "new"), credential("two", "b"))
    assert keeper.kept() == {"new": "the value of one", "b": "the value of two"}


def test_one_that_is_not_to_be_there_goes_from_where_it_was(keeper: Keeper) -> None:
    keeper.converge(credential("one", "new", state="absent"), credential("two", "b"))
    assert keeper.kept() == {"b": "the value of two"}


def test_what_nobody_declares_any_more_goes_unless_somebody_changed_it(keeper: Keeper) -> None:
    keeper.path("b").write_text("put in by hand")
    keeper.converge()
    assert keeper.kept() == {"b": "put in by hand"}


def test_what_somebody_changed_and_is_declared_elsewhere_moves_as_it_is(keeper: Keeper) -> None:
    keeper.path("a").write_text("put in by hand")
    keeper.converge(credential("one", "new"), credential("two", "b"))
    assert keeper.kept() == {"new": "put in by hand", "b": "the value of two"}


def test_what_is_not_in_use_any_more_stays_where_it_is(keeper: Keeper) -> None:
    keeper.converge(credential("one", "a", category="unused"), credential("two", "b"))
    assert keeper.kept() == {"a": "the value of one", "b": "the value of two"}


def test_what_is_about_to_move_is_found_where_it_still_is(keeper: Keeper) -> None:
    declared = (credential("one", "new"), credential("two", "b"))
    found = keeper.value("one", *declared)
    assert found.secret is not None
    assert found.secret.text() == "the value of one"


def test_nobody_is_given_the_value_of_another(keeper: Keeper) -> None:
    """A check would send it to the other's issuer, a shell would export it under the other's name."""
    declared = (credential("one", "b"), credential("two", "a"))
    for name, other in (("one", "two"), ("two", "one")):
        found = keeper.value(name, *declared)
        assert (found.state, other in found.reason) == ("blocked", True)


def test_a_value_put_in_by_hand_does_not_replace_that_of_another(keeper: Keeper) -> None:
    declared = (credential("one", "b"), credential("two", "c"))
    report = keeper.converge(*declared, value="a new value", only="one", exclusive=False)
    assert (report.failed, "still holds the value of two" in report.msg) == (True, True)
    assert keeper.kept() == {"a": "the value of one", "b": "the value of two"}


def test_a_store_that_never_kept_anything_is_not_what_was_used_before(keeper: Keeper) -> None:
    declared = (credential("one", "a"), credential("two", "b"))
    report = keeper.converge(*declared, backend="secret_service")
    assert {row["state"] for row in report.items} == {"unknown"}
    assert states(keeper.converge(*declared, backend="auto")) == {"one": "ok", "two": "ok"}
