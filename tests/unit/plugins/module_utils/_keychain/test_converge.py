# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Convergence of a store of private files: sources, removals and values that nobody else has."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._core.errors import LatchkeyError
from ansible_collections.latchkey.workstation.plugins.module_utils._core.secrets import Secret
from ansible_collections.latchkey.workstation.plugins.module_utils._keychain.converge import converge
from ansible_collections.latchkey.workstation.plugins.module_utils._stores.private_files import item_path

from tests import builders
from tests.builders import source

if TYPE_CHECKING:
    from pathlib import Path

STORE = "ansible-playbook playbooks/store.yml -e credential="


class Home:
    """A home whose values are kept in private files."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.user: dict[str, Any] = {}

    def converge(self, *credentials: dict[str, Any], **options: Any) -> list[tuple[str, str, str, str]]:
        """Rows of one run: item, state, what, remedy."""
        chosen = {"exclusive": True, "value": None, "check_mode": False, **options}
        member = builders.member(self.path, **self.user)
        report = converge(member, credentials, backend="files", security="/usr/bin/security", **chosen)
        return [(row["item"], row["state"], row["what"], row["remedy"]) for row in report.items]

    def stored(self, service: str) -> bytes | None:
        path = self.path / item_path(str(self.path), (service, "me"))
        return path.read_bytes() if path.exists() else None

    def recorded(self) -> list[str]:
        """Services of the recorded items."""
        record = json.loads((self.path / ".local/state/latchkey/keychain.json").read_text())
        return [row["service"] for row in record.get("items", [])]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    (tmp_path / "token").write_text("value of the token")
    return Home(tmp_path)


def credential(name: str, *sources: dict[str, Any], state: str = "present", **options: Any) -> dict[str, Any]:
    item = {"service": name, "account": "me", "state": state}
    return builders.credential(name, sources=list(sources), keychain=item, **options)


TOKEN = source("file", path="~/token")


def test_value_of_the_source_is_stored_once(home: Home) -> None:
    assert home.converge(credential("a", TOKEN)) == [("a", "changed", "created", "")]
    assert home.stored("a") == b"value of the token"
    assert home.converge(credential("a", TOKEN)) == [("a", "ok", "", "")]


def test_nothing_declared_and_nothing_recorded_writes_nothing(home: Home) -> None:
    assert home.converge() == []
    assert not (home.path / ".local").exists()


@pytest.mark.parametrize(("is_current_user", "user"), [(True, ""), (False, " -e user=alice")])
def test_absent_value_names_its_source_and_the_command_that_stores_one(
    home: Home, is_current_user: bool, user: str
) -> None:
    home.user = {"is_current_user": is_current_user}
    (row,) = home.converge(credential("a", source("file", path="~/none")))
    assert row == ("a", "skipped", "no value yet: there is no ~/none", f"{STORE}a{user}")


def test_source_of_an_absent_or_unused_credential_is_not_read(home: Home) -> None:
    asked = source("command", argv=["/bin/sh", "-c", f"touch {home.path}/asked; echo value-of-it"])
    rows = home.converge(credential("a", asked, state="absent"), credential("b", asked, category="unused"))
    assert [row[1] for row in rows] == ["ok", "skipped"]
    assert not (home.path / "asked").exists()


def test_item_that_is_no_longer_declared_is_removed_where_its_source_had_the_value(home: Home) -> None:
    home.converge(credential("a", TOKEN))
    assert home.converge() == [("a (me) in files", "changed", "removed", "")]
    assert (home.stored("a"), home.recorded()) == (None, [])


def test_only_copy_that_is_no_longer_declared_is_kept_and_named(home: Home) -> None:
    home.converge(credential("a"), only="a", value=Secret("by hand"))
    for _run in range(2):
        ((item, state, what, remedy),) = home.converge()
        assert (item, state, remedy) == ("a (me) in files", "ok", f"to remove it: {STORE}a -e state=absent")
        assert what == "a is no longer declared; its value is kept, as no authoritative source has it"
    assert home.stored("a") == b"by hand"


def test_value_that_somebody_changed_is_kept_once_it_is_no_longer_declared(home: Home) -> None:
    home.converge(credential("a", TOKEN))
    (home.path / item_path(str(home.path), ("a", "me"))).write_bytes(b"of somebody else")
    ((_item, state, what, _remedy),) = home.converge()
    assert (state, what.split(":")[0]) == ("ok", "not removed")
    assert (home.stored("a"), home.recorded()) == (b"of somebody else", [])


def test_removal_by_name_removes_the_item_and_its_record(home: Home) -> None:
    home.converge(credential("a", TOKEN), credential("b", TOKEN))
    assert home.converge(credential("a", TOKEN), only="a", remove=True) == [("a", "changed", "removed", "")]
    assert (home.stored("a"), home.recorded()) == (None, ["b"])


def test_removal_of_an_item_that_is_gone_forgets_it(home: Home) -> None:
    home.converge(credential("a", TOKEN))
    (home.path / item_path(str(home.path), ("a", "me"))).unlink()
    assert home.converge(only="a", remove=True) == [("a (me) in files", "ok", "does not exist", "")]
    assert home.recorded() == []


def test_removal_in_check_mode_keeps_item_and_record(home: Home) -> None:
    home.converge(credential("a", TOKEN))
    assert home.converge(only="a", remove=True, check_mode=True) == [("a (me) in files", "changed", "removed", "")]
    assert (home.stored("a"), home.recorded()) == (b"value of the token", ["a"])


def test_removal_of_an_unknown_name_suggests_a_stored_one(home: Home) -> None:
    home.converge(credential("heroku", TOKEN))
    with pytest.raises(LatchkeyError, match="nothing is stored for herok") as caught:
        home.converge(only="herok", remove=True)
    assert "heroku" in caught.value.remedy


def test_new_name_of_an_item_takes_its_value_along(home: Home) -> None:
    home.converge(credential("a"), only="a", value=Secret("by hand"))
    moved = builders.credential("a", keychain={"service": "new", "account": "me"})
    rows = home.converge(moved)
    assert [(item, state) for item, state, *_rest in rows] == [("a", "changed"), ("a (me) in files", "changed")]
    assert (home.stored("new"), home.stored("a"), home.recorded()) == (b"by hand", None, ["new"])


def test_blocked_source_writes_nothing(home: Home) -> None:
    home.converge(credential("a", TOKEN))
    (home.path / "token").write_text("abc")
    ((_item, state, what, _remedy),) = home.converge(credential("a", TOKEN))
    assert (state, home.stored("a")) == ("unknown", b"value of the token")
    assert "~/token" in what


def test_item_that_existed_before_is_not_replaced_by_the_environment(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.converge(credential("b", TOKEN))
    path = home.path / item_path(str(home.path), ("a", "me"))
    path.write_bytes(b"value from before")
    path.chmod(0o600)
    monkeypatch.setenv("A", "value of the environment")
    assert home.converge(credential("a", source("env", name="A")), exclusive=False) == [("a", "ok", "", "")]
    assert home.stored("a") == b"value from before"


def test_item_that_cannot_be_read_counts_as_last_written(home: Home) -> None:
    home.converge(credential("a", TOKEN))
    path = home.path / item_path(str(home.path), ("a", "me"))
    path.unlink()
    path.mkdir()
    for _run in range(2):
        ((_item, state, what, _remedy),) = home.converge(credential("a", TOKEN))
        assert (state, what) == ("ok", f"as last written; {path} is not a regular file")
