# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import dataclasses
import json
import os
import stat
import threading
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils import _files
from ansible_collections.latchkey.workstation.plugins.module_utils._errors import LatchkeyError
from ansible_collections.latchkey.workstation.plugins.module_utils._found import Found

from tests.unit.plugins.module_utils.aws_home import READER, SECRET, Home

FIXTURES = Path(__file__).parents[3] / "fixtures/aws"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_from_nothing_and_back(home: Home) -> None:
    report = home.converge(profiles={"dev": {"region": "x"}}, static=READER)
    assert (report.changed, report.failed, len(report.diff)) == (True, False, 2)
    assert SECRET in home.credentials.read_text()
    assert SECRET not in repr(report)
    assert (mode(home.config), mode(home.credentials)) == (0o600, 0o600)
    again = home.converge(profiles={"dev": {"region": "x"}}, static=READER)
    assert (again.changed, again.diff) == (False, [])
    assert home.converge().changed
    assert (home.config.read_text(), home.credentials.read_text()) == ("", "")
    assert (home.home / ".local/state/latchkey/aws_config.json").read_text() == "{}\n"


def test_nothing_declared_touches_nothing(home: Home) -> None:
    home.config.write_text("no ini at all")
    assert home.converge().items == []
    assert not (home.home / ".local").exists()


def test_check_mode_writes_nothing_and_says_the_same(home: Home) -> None:
    home.config.write_text("[default]\nregion = x\n")
    home.config.parent.chmod(0o755)
    foreseen = home.converge(profiles={"default": {"region": "y"}}, static=READER, check_mode=True)
    assert sorted(path.name for path in home.home.rglob("*")) == [".aws", "config"]
    assert home.config.read_text() == "[default]\nregion = x\n"
    assert mode(home.config.parent) == 0o755
    assert home.converge(profiles={"default": {"region": "y"}}, static=READER).items == foreseen.items


def test_a_heredoc_run_twice_is_an_error_that_says_how_to_mend_it(home: Home) -> None:
    data = (FIXTURES / "heredoc-twice.credentials.ini").read_bytes()
    home.credentials.write_bytes(data)
    with pytest.raises(LatchkeyError) as caught:
        home.converge(static={"claude-creds-reader": {"region": "us-west-2"}})
    assert str(caught.value) == (
        f"{home.credentials} has [claude-creds-reader] twice, in line 5 and in line 10: "
        "they say the same: delete lines 10 to 13"
    )
    home.credentials.write_bytes(b"".join(data.splitlines(keepends=True)[:9]))
    home.credentials.chmod(0o600)
    assert not home.converge(static={"claude-creds-reader": {"region": "us-west-2"}}).changed


def test_a_section_made_by_hand_is_adopted_follows_its_source_and_stays(home: Home) -> None:
    data = f"[default]\nregion=x\n[reader]\naws_access_key_id=AKIAI44QH8DHBEXAMPLE\naws_secret_access_key={SECRET}"
    home.credentials.write_text(data + "\nregion=us-west-2")
    home.credentials.chmod(0o600)
    assert home.rows(static=READER) == {"credentials reader": ("ok", "")}
    home.found = Found.of(SECRET[::-1].encode(), "file ~/key")
    report = home.converge(static=READER)
    assert [row["what"] for row in report.items] == ["set aws_secret_access_key"]
    assert home.credentials.read_text() == data.replace(SECRET, SECRET[::-1]) + "\nregion=us-west-2"
    assert SECRET not in repr(report) and SECRET[::-1] not in repr(report)  # noqa: PT018
    ((before, after),) = [(row["before"], row["after"]) for row in report.diff]
    assert before != after
    assert "<secret " in before
    assert not home.converge().changed


def test_a_reference_to_nothing_stops_everything(home: Home) -> None:
    report = home.converge(profiles={"dev": {"sso_session": "corp"}}, static=READER)
    assert [row["state"] for row in report.items] == ["failed"]
    assert "there is no such [sso-session]; nothing was written" in report.msg
    assert not home.credentials.exists()


def test_a_program_is_looked_for_where_people_keep_theirs(home: Home) -> None:
    declared = {"tool": {"credential_process": "give-credentials --json"}}
    assert home.converge(profiles=declared).failed
    program = home.home / ".local/bin/give-credentials"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    assert not home.converge(profiles=declared).failed


def test_credentials_that_others_could_read_are_closed(home: Home) -> None:
    home.credentials.write_text("[reader]\nregion = us-west-2\n")
    home.credentials.chmod(0o644)
    home.config.parent.chmod(0o755)
    rows = home.rows(static={"reader": {"region": "us-west-2"}})
    assert rows[str(home.credentials)] == ("changed", "others could read it: 0600")
    assert rows[str(home.config.parent)] == ("changed", "others could look into it: 0700")
    assert (mode(home.credentials), mode(home.config.parent)) == (0o600, 0o700)
    assert not home.converge(static={"reader": {"region": "us-west-2"}}).changed


def test_the_mode_of_a_config_file_is_its_owners_business(home: Home) -> None:
    home.config.write_text("[default]\n")
    home.config.chmod(0o644)
    home.config.parent.chmod(0o755)
    home.converge(profiles={"default": {"region": "x"}})
    assert (mode(home.config), mode(home.config.parent)) == (0o644, 0o755)


def test_a_linked_file_stays_a_link(home: Home) -> None:
    target = home.home / "dotfiles"
    target.write_text("[default]\n")
    home.config.symlink_to(target)
    home.converge(profiles={"default": {"region": "x"}})
    assert home.config.is_symlink()
    assert target.read_text() == "[default]\nregion = x\n"


def test_a_byte_order_mark_stays_and_is_told(home: Home) -> None:
    home.config.write_bytes((FIXTURES / "byte-order-mark.ini").read_bytes())
    report = home.converge(profiles={"dev": {"region": "x"}})
    assert home.config.read_bytes().startswith(b"\xef\xbb\xbf[default]")
    assert b"[profile dev]" in home.config.read_bytes()
    assert "begins with a byte order mark" in report.msg


def test_the_version_before_is_kept_unless_it_holds_a_secret(home: Home) -> None:
    previous = home.home / ".local/state/latchkey/previous"
    home.config.write_text(f"[default]\nAWS_SECRET_ACCESS_KEY = {SECRET}\n")
    home.credentials.write_text("[reader]\n")
    home.converge(profiles={"dev": {"region": "x"}}, static=READER)
    assert not previous.exists()
    home.config.write_text("[default]\nregion = x\n")
    home.converge(profiles={"dev": {"region": "x"}}, static=READER)
    assert [path.read_text() for path in previous.iterdir()] == ["[default]\nregion = x\n"]


def test_what_will_be_ours_is_noted_before_it_is_written(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def die(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    real = _files.write
    monkeypatch.setattr(
        _files, "write", lambda before, *rest, **more: die() if ".aws" in before.path else real(before, *rest, **more)
    )
    with pytest.raises(KeyboardInterrupt):
        home.converge(static=READER)
    note = json.loads((home.home / ".local/state/latchkey/aws_config.json").read_text())
    assert note[str(home.credentials)]["credentials reader"]


def test_a_damaged_note_is_an_error(home: Home) -> None:
    home.converge(profiles={"dev": {"region": "x"}})
    note = home.home / ".local/state/latchkey/aws_config.json"
    note.write_text(json.dumps({str(home.config): ["dev"]}))
    with pytest.raises(LatchkeyError, match=f"^{note} is damaged: "):
        home.converge(profiles={"dev": {"region": "x"}})


def test_a_change_at_the_last_moment_is_kept_and_the_edit_made_again(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.config.write_text("[default]\nregion = x\n")
    os.utime(home.config, (0, 0))
    compare, times = _files._compare, iter(range(100))

    def rewritten(before: Any) -> None:
        if before.path == str(home.config) and next(times) < 3:
            home.config.write_text(home.config.read_text() + "# another program\n")
        compare(before)

    monkeypatch.setattr(_files, "_compare", rewritten)
    report = home.converge(profiles={"dev": {"region": "y"}})
    assert [row["what"] for row in report.items] == ["made"]
    assert home.config.read_text() == (
        "[default]\nregion = x\n" + "# another program\n" * 3 + "\n[profile dev]\nregion = y\n"
    )


def test_a_file_that_never_rests_is_an_error_that_keeps_the_other(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    compare = _files._compare

    def rewritten(before: Any) -> None:
        if before.path == str(home.config):
            home.config.write_text((before.data or b"").decode() + "# x\n")
        compare(before)

    monkeypatch.setattr(_files, "_compare", rewritten)
    report = home.converge(profiles={"dev": {"region": "y"}}, static=READER)
    states = {row["item"]: row["state"] for row in report.items}
    assert states == {str(home.config): "failed", "credentials reader": "changed"}
    assert "another program" in report.msg


def test_a_file_that_is_emptied_to_be_filled_is_waited_for(home: Home) -> None:
    home.config.write_bytes(b"")
    filling = threading.Timer(0.3, home.config.write_text, ["[default]\nregion = x\n"])
    filling.start()
    home.converge(profiles={"dev": {"region": "y"}})
    filling.join()
    assert home.config.read_text() == "[default]\nregion = x\n\n[profile dev]\nregion = y\n"


def test_a_file_that_shrank_while_it_was_read_is_read_again(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.config.write_text("[default]\nregion = x\n")
    os.utime(home.config, (0, 0))
    read, times = _files.read, iter(range(100))

    def torn(path: str, *, follow: bool = False) -> Any:
        found = read(path, follow=follow)
        return dataclasses.replace(found, data=b"") if path == str(home.config) and next(times) < 3 else found

    monkeypatch.setattr(_files, "read", torn)
    monkeypatch.setattr(_files, "_compare", lambda _: None)
    home.converge(profiles={"dev": {"region": "y"}})
    assert home.config.read_text() == "[default]\nregion = x\n\n[profile dev]\nregion = y\n"


def test_what_another_program_undoes_at_once_is_done_again(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    write, times = _files.write, iter(range(100))

    def undone(before: Any, data: bytes, **more: Any) -> None:
        write(before, data, **more)
        if before.path == str(home.config) and next(times) < 2:
            home.config.write_text("# theirs\n")

    monkeypatch.setattr(_files, "write", undone)
    report = home.converge(profiles={"dev": {"region": "y"}})
    assert [row["what"] for row in report.items] == ["made"]
    assert home.config.read_text() == "# theirs\n\n[profile dev]\nregion = y\n"


def test_what_another_program_adds_at_once_leaves_our_change_a_change(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = _files.write

    def added(before: Any, data: bytes, **more: Any) -> None:
        write(before, data, **more)
        if before.path == str(home.config):
            home.config.write_text(data.decode() + "# theirs\n")

    monkeypatch.setattr(_files, "write", added)
    report = home.converge(profiles={"dev": {"region": "y"}})
    assert [(row["state"], row["what"]) for row in report.items] == [("changed", "made")]
    assert home.config.read_text() == "[profile dev]\nregion = y\n# theirs\n"


def test_a_folder_that_is_not_awss_own_stays_open(home: Home) -> None:
    home.credentials = home.home / "work/credentials"
    home.credentials.parent.mkdir(mode=0o755)
    home.converge(static=READER)
    assert mode(home.credentials.parent) == 0o755


def test_no_credentials_file_at_all_is_fine_where_none_is_declared(home: Home) -> None:
    home.credentials = Path(os.devnull)
    rows = home.rows(profiles={"dev": {"region": "x"}})
    assert rows == {"profile dev": ("changed", "made")}
    with pytest.raises(LatchkeyError, match="/dev/null is not a regular file"):
        home.converge(static=READER)
    assert os.path.samefile(home.credentials, "/dev/null")
