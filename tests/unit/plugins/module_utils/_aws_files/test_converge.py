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
from ansible_collections.latchkey.workstation.plugins.module_utils._core.errors import LatchkeyError
from ansible_collections.latchkey.workstation.plugins.module_utils._core.lookup import LookupResult
from ansible_collections.latchkey.workstation.plugins.module_utils._host import atomic_write, files

from tests.unit.plugins.module_utils._aws_files.aws_home import READER, SECRET, Home

FIXTURES = Path(__file__).parents[4] / "fixtures/aws"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_sections_are_created_and_removed_with_their_files_left_empty(home: Home) -> None:
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


def test_an_empty_declaration_writes_nothing(home: Home) -> None:
    home.config.write_text("no ini at all")
    assert home.converge().items == []
    assert not (home.home / ".local").exists()


def test_check_mode_reports_the_same_items_and_writes_nothing(home: Home) -> None:
    home.config.write_text("[default]\nregion = x\n")
    home.config.parent.chmod(0o755)
    foreseen = home.converge(profiles={"default": {"region": "y"}}, static=READER, check_mode=True)
    assert sorted(path.name for path in home.home.rglob("*")) == [".aws", "config"]
    assert home.config.read_text() == "[default]\nregion = x\n"
    assert mode(home.config.parent) == 0o755
    assert home.converge(profiles={"default": {"region": "y"}}, static=READER).items == foreseen.items


def test_a_duplicate_section_is_an_error_with_the_lines_to_delete(home: Home) -> None:
    data = (FIXTURES / "heredoc-twice.credentials.ini").read_bytes()
    home.credentials.write_bytes(data)
    with pytest.raises(LatchkeyError) as caught:
        home.converge(static={"claude-creds-reader": {"region": "us-west-2"}})
    assert str(caught.value) == (
        f"{home.credentials} has [claude-creds-reader] twice, in line 5 and in line 10: "
        "they are equal: delete lines 10 to 13"
    )
    home.credentials.write_bytes(b"".join(data.splitlines(keepends=True)[:9]))
    home.credentials.chmod(0o600)
    assert not home.converge(static={"claude-creds-reader": {"region": "us-west-2"}}).changed


def test_an_existing_section_follows_its_source_and_is_never_removed(home: Home) -> None:
    data = f"[default]\nregion=x\n[reader]\naws_access_key_id=AKIAI44QH8DHBEXAMPLE\naws_secret_access_key={SECRET}"
    home.credentials.write_text(data + "\nregion=us-west-2")
    home.credentials.chmod(0o600)
    assert home.rows(static=READER) == {"credentials reader": ("ok", "")}
    home.found = LookupResult.of(SECRET[::-1].encode(), "file ~/key")
    report = home.converge(static=READER)
    assert [row["what"] for row in report.items] == ["set aws_secret_access_key"]
    assert home.credentials.read_text() == data.replace(SECRET, SECRET[::-1]) + "\nregion=us-west-2"
    assert SECRET not in repr(report) and SECRET[::-1] not in repr(report)  # noqa: PT018
    ((before, after),) = [(row["before"], row["after"]) for row in report.diff]
    assert before != after
    assert "<secret " in before
    assert not home.converge().changed


def test_a_broken_reference_prevents_all_writes(home: Home) -> None:
    report = home.converge(profiles={"dev": {"sso_session": "corp"}}, static=READER)
    assert [row["state"] for row in report.items] == ["failed"]
    assert "there is no such [sso-session]; nothing was written" in report.msg
    assert not home.credentials.exists()


def test_a_credential_process_is_found_in_the_users_own_bin_folder(home: Home) -> None:
    declared = {"tool": {"credential_process": "give-credentials --json"}}
    assert home.converge(profiles=declared).failed
    program = home.home / ".local/bin/give-credentials"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    assert not home.converge(profiles=declared).failed


def test_a_readable_credentials_file_and_folder_are_restricted(home: Home) -> None:
    home.credentials.write_text("[reader]\nregion = us-west-2\n")
    home.credentials.chmod(0o644)
    home.config.parent.chmod(0o755)
    rows = home.rows(static={"reader": {"region": "us-west-2"}})
    assert rows[str(home.credentials)] == ("changed", "mode 0600: other users could read it")
    assert rows[str(home.config.parent)] == ("changed", "mode 0700: other users could list it")
    assert (mode(home.credentials), mode(home.config.parent)) == (0o600, 0o700)
    assert not home.converge(static={"reader": {"region": "us-west-2"}}).changed


def test_the_folder_is_restricted_by_descriptor_and_not_by_path(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, other = home.config.parent, home.home / "other"
    folder.chmod(0o755)
    other.mkdir(mode=0o755)
    fchmod, chmod = os.fchmod, os.chmod

    def swap() -> None:
        if not folder.is_symlink():
            folder.rename(home.home / "moved")
            folder.symlink_to(other)

    def swap_and_fchmod(fd: int, wanted: int) -> None:
        if stat.S_ISDIR(os.fstat(fd).st_mode):
            swap()
        fchmod(fd, wanted)

    def swap_and_chmod(path: str, wanted: int) -> None:
        swap()
        chmod(path, wanted)

    monkeypatch.setattr(os, "fchmod", swap_and_fchmod)
    monkeypatch.setattr(os, "chmod", swap_and_chmod)
    home.converge(static={"reader": {"region": "us-west-2"}})
    assert (mode(other), mode(home.home / "moved")) == (0o755, 0o700)


@pytest.mark.root
@pytest.mark.parametrize("check_mode", [True, False])
def test_an_open_folder_of_another_account_is_reported_in_both_modes(home: Home, check_mode: bool) -> None:
    folder = home.config.parent
    folder.chmod(0o755)
    os.chown(folder, 65534, -1)
    report = home.converge(static={"reader": {"region": "us-west-2"}}, check_mode=check_mode)
    (row,) = [row for row in report.items if "belongs to another account" in row["what"]]
    assert (row["state"], row["remedy"]) == ("failed", f"as its owner: chmod 700 {folder}")
    assert mode(folder) == 0o755


@pytest.mark.root
def test_a_path_in_a_remedy_is_quoted_for_the_shell(tmp_path: Path) -> None:
    (tmp_path / "a ;touch x").mkdir()
    home = Home(tmp_path / "a ;touch x")
    home.config.parent.chmod(0o755)
    os.chown(home.config.parent, 65534, -1)
    report = home.converge(static={"reader": {"region": "us-west-2"}}, check_mode=True)
    assert [row["remedy"] for row in report.items if row["remedy"]] == [
        f"as its owner: chmod 700 '{home.config.parent}'"
    ]


def test_the_mode_of_a_config_file_is_kept(home: Home) -> None:
    home.config.write_text("[default]\n")
    home.config.chmod(0o644)
    home.config.parent.chmod(0o755)
    home.converge(profiles={"default": {"region": "x"}})
    assert (mode(home.config), mode(home.config.parent)) == (0o644, 0o755)


def test_a_symbolic_link_is_kept_and_its_target_edited(home: Home) -> None:
    target = home.home / "dotfiles"
    target.write_text("[default]\n")
    home.config.symlink_to(target)
    home.converge(profiles={"default": {"region": "x"}})
    assert home.config.is_symlink()
    assert target.read_text() == "[default]\nregion = x\n"


def test_a_byte_order_mark_is_kept_and_reported_as_failed(home: Home) -> None:
    home.config.write_bytes((FIXTURES / "byte-order-mark.ini").read_bytes())
    report = home.converge(profiles={"dev": {"region": "x"}})
    assert home.config.read_bytes().startswith(b"\xef\xbb\xbf[default]")
    assert b"[profile dev]" in home.config.read_bytes()
    assert "begins with a byte order mark" in report.msg


def test_the_previous_version_is_kept_unless_it_may_hold_a_secret(home: Home) -> None:
    previous = home.home / ".local/state/latchkey/previous"
    home.config.write_text(f"[default]\nAWS_SECRET_ACCESS_KEY = {SECRET}\n")
    home.credentials.write_text("[reader]\n")
    home.converge(profiles={"dev": {"region": "x"}}, static=READER)
    assert not previous.exists()
    home.config.write_text("[default]\nregion = x\n")
    home.converge(profiles={"dev": {"region": "x"}}, static=READER)
    assert [path.read_text() for path in previous.iterdir()] == ["[default]\nregion = x\n"]


def test_ownership_is_recorded_before_the_write(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def die(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    real = atomic_write.write
    monkeypatch.setattr(
        atomic_write,
        "write",
        lambda before, *rest, **more: die() if ".aws" in before.path else real(before, *rest, **more),
    )
    with pytest.raises(KeyboardInterrupt):
        home.converge(static=READER)
    note = json.loads((home.home / ".local/state/latchkey/aws_config.json").read_text())
    assert note[str(home.credentials)]["credentials reader"]


def test_a_damaged_ownership_record_is_an_error(home: Home) -> None:
    home.converge(profiles={"dev": {"region": "x"}})
    note = home.home / ".local/state/latchkey/aws_config.json"
    note.write_text(json.dumps({str(home.config): ["dev"]}))
    with pytest.raises(LatchkeyError, match=f"^{note} is damaged: "):
        home.converge(profiles={"dev": {"region": "x"}})


def test_a_concurrent_change_before_the_rename_is_kept_and_the_edit_repeated(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.config.write_text("[default]\nregion = x\n")
    os.utime(home.config, (0, 0))
    compare, times = atomic_write._check_unchanged, iter(range(100))

    def rewritten(before: Any, folder: int) -> None:
        if before.path == str(home.config) and next(times) < 3:
            home.config.write_text(home.config.read_text() + "# another program\n")
        compare(before, folder)

    monkeypatch.setattr(atomic_write, "_check_unchanged", rewritten)
    report = home.converge(profiles={"dev": {"region": "y"}})
    assert [row["what"] for row in report.items] == ["created"]
    assert home.config.read_text() == (
        "[default]\nregion = x\n" + "# another program\n" * 3 + "\n[profile dev]\nregion = y\n"
    )


def test_a_file_that_keeps_changing_fails_and_the_other_file_is_written(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    compare = atomic_write._check_unchanged

    def rewritten(before: Any, folder: int) -> None:
        if before.path == str(home.config):
            home.config.write_text((before.data or b"").decode() + "# x\n")
        compare(before, folder)

    monkeypatch.setattr(atomic_write, "_check_unchanged", rewritten)
    report = home.converge(profiles={"dev": {"region": "y"}}, static=READER)
    states = {row["item"]: row["state"] for row in report.items}
    assert states == {str(home.config): "failed", "credentials reader": "changed"}
    assert "another program" in report.msg


def test_an_emptied_file_is_left_to_its_writer(home: Home) -> None:
    home.config.write_bytes(b"")
    filling = threading.Timer(0.3, home.config.write_text, ["[default]\nregion = x\n"])
    filling.start()
    home.converge(profiles={"dev": {"region": "y"}})
    filling.join()
    assert home.config.read_text() == "[default]\nregion = x\n\n[profile dev]\nregion = y\n"


def test_a_file_that_shrinks_during_the_read_is_read_again(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.config.write_text("[default]\nregion = x\n")
    os.utime(home.config, (0, 0))
    read, times = files.read, iter(range(100))

    def torn(path: str, *, follow: bool = False) -> Any:
        found = read(path, follow=follow)
        return dataclasses.replace(found, data=b"") if path == str(home.config) and next(times) < 3 else found

    monkeypatch.setattr(files, "read", torn)
    monkeypatch.setattr(atomic_write, "_check_unchanged", lambda *_: None)
    home.converge(profiles={"dev": {"region": "y"}})
    assert home.config.read_text() == "[default]\nregion = x\n\n[profile dev]\nregion = y\n"


def test_an_edit_that_is_overwritten_at_once_is_repeated(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    write, times = atomic_write.write, iter(range(100))

    def undone(before: Any, data: bytes, **more: Any) -> None:
        write(before, data, **more)
        if before.path == str(home.config) and next(times) < 2:
            home.config.write_text("# theirs\n")

    monkeypatch.setattr(atomic_write, "write", undone)
    report = home.converge(profiles={"dev": {"region": "y"}})
    assert [row["what"] for row in report.items] == ["created"]
    assert home.config.read_text() == "# theirs\n\n[profile dev]\nregion = y\n"


def test_a_concurrent_addition_is_kept_and_the_result_is_changed(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    write = atomic_write.write

    def added(before: Any, data: bytes, **more: Any) -> None:
        write(before, data, **more)
        if before.path == str(home.config):
            home.config.write_text(data.decode() + "# theirs\n")

    monkeypatch.setattr(atomic_write, "write", added)
    report = home.converge(profiles={"dev": {"region": "y"}})
    assert [(row["state"], row["what"]) for row in report.items] == [("changed", "created")]
    assert home.config.read_text() == "[profile dev]\nregion = y\n# theirs\n"


def test_a_folder_with_another_name_keeps_its_mode(home: Home) -> None:
    home.credentials = home.home / "work/credentials"
    home.credentials.parent.mkdir(mode=0o755)
    home.converge(static=READER)
    assert mode(home.credentials.parent) == 0o755


def test_dev_null_without_declared_credentials_is_accepted(home: Home) -> None:
    home.credentials = Path(os.devnull)
    rows = home.rows(profiles={"dev": {"region": "x"}})
    assert rows == {"profile dev": ("changed", "created")}
    with pytest.raises(LatchkeyError, match="/dev/null is not a regular file"):
        home.converge(static=READER)
    assert os.path.samefile(home.credentials, "/dev/null")
