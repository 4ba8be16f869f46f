# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A value moves on with its credential when its place is declared anew, and never goes before it has arrived."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._core.errors import LatchkeyError
from ansible_collections.latchkey.workstation.plugins.module_utils._host.state import State
from ansible_collections.latchkey.workstation.plugins.module_utils._sources.resolver import Resolver
from ansible_collections.latchkey.workstation.plugins.module_utils._stores import private_files
from ansible_collections.latchkey.workstation.plugins.module_utils._stores.open import open_store_reader
from ansible_collections.latchkey.workstation.plugins.module_utils._stores.ownership import StoreRecord

from tests.integration.keychains import Person, source
from tests.integration.keychains import credential as kept_as

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ansible_collections.latchkey.workstation.plugins.module_utils._core.lookup import LookupResult
    from ansible_collections.latchkey.workstation.plugins.module_utils._core.report import Report
    from ansible_collections.latchkey.workstation.plugins.module_utils._stores.base import Change, Key


class Keeper(Person):
    """Somebody whose items are private files."""

    def __init__(self, home: Path) -> None:
        super().__init__(home, backend="files")

    def path(self, service: str) -> Path:
        return Path(private_files.item_path(str(self.home), (service, "me")))

    def value(self, name: str, *declared: dict[str, Any]) -> LookupResult:
        """What checks and exports find of the credential ``name``."""
        state = State(str(self.home), check_mode=True)
        kept = open_store_reader(self.member, StoreRecord(state), declared, backend="files", security=self.security)
        return Resolver.for_member(self.member, kept).value(next(each for each in declared if each["name"] == name))

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

    monkeypatch.setattr(private_files.PrivateFiles, "apply", refuse)
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
    assert "may be the only copy" in str(report.items)
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


def test_an_undeclared_value_without_a_source_is_kept_and_reported_each_run(keeper: Keeper) -> None:
    for _run in range(2):
        report = keeper.converge()
        assert states(report) == {"a (me) in files": "ok", "b (me) in files": "ok"}
        assert report.items[0]["what"].startswith("one is no longer declared")
        assert report.items[0]["remedy"].endswith("store.yml -e credential=one -e state=absent")
    assert keeper.kept() == {"a": "the value of one", "b": "the value of two"}


def test_an_undeclared_value_that_a_source_had_is_removed(keeper: Keeper) -> None:
    sourced = credential("one", "c", keeper.write("f", "of the source"))
    keeper.converge(sourced, credential("two", "b"))
    assert states(keeper.converge(credential("two", "b"))) == {"two": "ok", "c (me) in files": "changed"}
    assert keeper.kept() == {"b": "the value of two"}


@pytest.mark.parametrize("another_run", [True, False])
@pytest.mark.parametrize("left", [None, "another value", ""])
def test_a_value_that_its_source_lost_counts_as_the_only_copy(
    keeper: Keeper, left: str | None, another_run: bool
) -> None:
    sourced = credential("one", "c", keeper.write("f", "of the source"))
    keeper.converge(sourced, credential("two", "b"))
    if left is None:
        (keeper.home / "f").unlink()
        if another_run:
            keeper.converge(sourced, credential("two", "b"))
    else:
        keeper.write("f", left)
    report = keeper.converge(credential("two", "b"))
    assert keeper.kept()["c"] == "of the source"
    assert report.items[-1]["what"] == "one is no longer declared; its value is kept, as no authoritative source has it"


def test_one_of_several_sources_that_has_the_value_is_enough(keeper: Keeper) -> None:
    sources = [keeper.write("f", "of the source"), keeper.write("g", "of the source")]
    keeper.converge(credential("one", "c", *sources), credential("two", "b"))
    (keeper.home / "f").unlink()
    keeper.converge(credential("two", "b"))
    assert keeper.kept() == {"b": "the value of two"}


def test_a_stored_item_that_a_run_made_is_no_other_copy_of_another_item(keeper: Keeper) -> None:
    keeper.converge(
        credential("two", "b"), credential("one", "c", {"kind": "keychain", "service": "b", "account": "me"})
    )
    assert keeper.kept()["c"] == "the value of two"
    keeper.converge(credential("other", "x"))
    assert keeper.kept()["b"] == keeper.kept()["c"] == "the value of two"


def test_a_record_of_an_earlier_version_counts_as_one_without_sources(keeper: Keeper) -> None:
    keeper.converge(credential("one", "c", keeper.write("f", "of the source")), credential("two", "b"))
    record = keeper.home / ".local/state/latchkey/keychain.json"
    content = json.loads(record.read_text())
    for row in content["items"]:
        row["authority"] = bool(row.pop("sources"))
    record.write_text(json.dumps(content))
    keeper.converge()
    assert keeper.kept()["c"] == "of the source"


def test_a_credential_that_is_still_declared_without_an_item_keeps_its_value(keeper: Keeper) -> None:
    keeper.converge(credential("two", "b"))
    assert keeper.kept()["a"] == "the value of one"


@pytest.mark.parametrize("declared", [True, False])
def test_remove_removes_every_item_of_the_credential_and_no_other(keeper: Keeper, declared: bool) -> None:
    given = [credential("one", "a"), credential("two", "b")] if declared else []
    seen = keeper.converge(*given, only="one", remove=True, exclusive=False, check_mode=True)
    assert [row["state"] for row in seen.items] == ["changed"]
    assert keeper.kept() == {"a": "the value of one", "b": "the value of two"}
    keeper.converge(*given, only="one", remove=True, exclusive=False)
    assert keeper.kept() == {"b": "the value of two"}
    assert keeper.value("two", credential("two", "b")).state == "found"


def test_remove_of_an_unknown_name_is_an_error_that_suggests_a_known_one(keeper: Keeper) -> None:
    with pytest.raises(LatchkeyError, match='nothing is stored for onee: did you mean "one"'):
        keeper.converge(only="onee", remove=True)


def test_remove_keeps_an_item_that_holds_the_value_of_another_credential(keeper: Keeper) -> None:
    with pytest.raises(LatchkeyError, match="still holds the value of two"):
        keeper.converge(credential("one", "b"), credential("two", "c"), only="one", remove=True)
    assert keeper.kept() == {"a": "the value of one", "b": "the value of two"}


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
