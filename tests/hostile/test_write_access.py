# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Places that a member cannot write: named with cause and remedy before anything is tried, in check mode too."""

from __future__ import annotations

import contextlib
import os
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._host import files
from ansible_collections.latchkey.workstation.plugins.module_utils._host.state import State
from ansible_collections.latchkey.workstation.plugins.module_utils._host.write_access import (
    require_writable,
    shared_folder,
)

from tests.hostile.conftest import run_as, say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ansible_collections.latchkey.workstation.plugins.module_utils._core.member import Member
    from ansible_collections.latchkey.workstation.plugins.module_utils._core.report import MemberResult

    from tests.team import Account

pytestmark = pytest.mark.root


def refusal(account: Account, path: str) -> str:
    """Error of the test whether the account can write ``path`` below its home, empty if it can."""

    def work(member: Member, _entry: dict[str, Any]) -> MemberResult:
        require_writable(files.read(os.path.join(member.home, path)))
        return say("writable")

    return run_as([account], work)[account.name].report.msg.replace(str(account.home), "~")


@pytest.fixture
def folder(mallory: Account) -> Iterator[Path]:
    """A folder of the member with a file in it."""
    mallory.write("place 1/file", "before\n")
    yield mallory.home / "place 1"
    subprocess.run(["rm", "-rf", str(mallory.home / "place 1")], check=True)


OWN: dict[str, tuple[Callable[[Path], object], str]] = {
    "folder of root": (
        lambda folder: os.chown(folder, 0, 0),
        "~/place 1 belongs to root: sudo chown -R NAME '~/place 1'",
    ),
    "folder without write permission": (
        lambda folder: folder.chmod(0o500),
        "~/place 1 is not writable: chmod u+wx '~/place 1'",
    ),
    "file of root": (
        lambda folder: os.chown(folder / "file", 0, 0),
        "~/place 1/file belongs to root: sudo chown -R NAME '~/place 1/file'",
    ),
    "read-only file": (
        lambda folder: (folder / "file").chmod(0o400),
        "~/place 1/file is read-only: chmod u+w '~/place 1/file'",
    ),
}


@pytest.mark.parametrize(("spoil", "expected"), OWN.values(), ids=OWN.keys())
def test_owner_or_mode_is_named_with_its_remedy(
    mallory: Account, folder: Path, spoil: Callable[[Path], object], expected: str
) -> None:
    assert refusal(mallory, "place 1/file") == ""
    (folder / "file").chmod(0o644)
    spoil(folder)
    assert refusal(mallory, "place 1/file") == f"~/place 1/file cannot be written: {expected}".replace(
        "NAME", mallory.name
    )


def test_missing_folders_are_judged_by_the_first_that_exists(mallory: Account, folder: Path) -> None:
    assert refusal(mallory, "place 1/new/deep/file") == ""
    os.chown(folder, 0, 0)
    assert "~/place 1 belongs to root" in refusal(mallory, "place 1/new/deep/file")


def test_file_in_the_place_of_a_folder_is_named(mallory: Account, folder: Path) -> None:
    (folder / "sub").write_text("")

    def work(member: Member, _entry: dict[str, Any]) -> MemberResult:
        require_writable(files.Snapshot(f"{member.home}/place 1/sub/file", None))
        return say("writable")

    message = run_as([mallory], work)[mallory.name].report.msg.replace(str(mallory.home), "~")
    assert message.endswith("~/place 1/sub is not a folder: move it away: mv '~/place 1/sub' '~/place 1/sub.old'")


def test_foreign_folder_outside_the_home_is_never_to_be_chowned(mallory: Account) -> None:
    message = refusal(mallory, "/etc/latchkey-test/file")
    assert message == "/etc/latchkey-test/file cannot be written: /etc belongs to root: use a place of your own"


def test_folder_of_another_behind_a_link_is_never_to_be_chowned(mallory: Account, peggy: Account, folder: Path) -> None:
    peggy.write("private/file", "hers\n")
    (folder / "link").symlink_to(peggy.home)
    (peggy.home / "private").chmod(0o755)
    message = refusal(mallory, "place 1/link/private/new")
    assert message.endswith(f"/private belongs to {peggy.name}: use a place of your own")


SHARED: dict[str, tuple[Callable[[Path, Account, Account], object], str]] = {
    "own folder": (lambda *_: None, ""),
    "world-writable": (lambda place, *_: place.chmod(0o777), "chmod go-w"),
    "sticky": (lambda place, *_: place.chmod(0o1777), ""),
    "own group": (lambda place, *_: place.chmod(0o770), ""),
    "another group": (lambda place, me, other: (os.chown(place, me.uid, other.gid), place.chmod(0o770)), "chmod go-w"),
    "of another": (lambda place, _me, other: os.chown(place, other.uid, other.gid), "use another folder"),
    "of root": (lambda place, *_: os.chown(place, 0, 0), ""),
}


@pytest.mark.parametrize(("share", "expected"), SHARED.values(), ids=SHARED.keys())
def test_folder_that_others_can_write_is_named(
    mallory: Account, peggy: Account, folder: Path, share: Callable[..., object], expected: str
) -> None:
    mallory.write("place 1/sub/file", "")
    share(folder, mallory, peggy)

    def work(member: Member, _entry: dict[str, Any]) -> MemberResult:
        paths = [f"{member.home}/place 1/{name}" for name in ("file", "sub/file", "none/file")]
        return say("|".join(str(shared_folder(path) or "") for path in paths))

    messages = run_as([mallory], work)[mallory.name].report.items[0]["what"].replace(str(mallory.home), "~")
    for message in messages.split("|"):
        assert message.startswith("others can write ~/place 1 and replace what is below it" if expected else "")
        assert expected in message
        assert bool(message) == bool(expected)


@pytest.mark.parametrize("target", ["file", "."])
def test_immutable_flag_is_named_with_its_remedy(mallory: Account, folder: Path, target: str) -> None:
    place = folder / target
    if subprocess.run(["chattr", "+i", str(place)], check=False, capture_output=True).returncode:
        pytest.skip("this file system has no immutable flag")
    try:
        message = refusal(mallory, "place 1/file")
    finally:
        subprocess.run(["chattr", "-i", str(place)], check=True)
    assert "is immutable: sudo chattr -i -a '~/place 1" in message


@contextlib.contextmanager
def mounted(folder: Path, account: Account, options: str) -> Iterator[None]:
    own = f"mode=0755,uid={account.uid},gid={account.gid},{options}"
    if subprocess.run(["mount", "-t", "tmpfs", "-o", own, "none", str(folder)], check=False).returncode:
        pytest.skip("no file system can be mounted here")
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_read_only_file_system_is_named(mallory: Account, folder: Path) -> None:
    with mounted(folder, mallory, "ro"):
        message = refusal(mallory, "place 1/file")
    assert "cannot be written: the file system of ~/place 1 is read-only: mount it writable" in message


@pytest.mark.parametrize("options", ["size=16k", "nr_inodes=2"])
def test_full_file_system_is_named(mallory: Account, folder: Path, options: str) -> None:
    with mounted(folder, mallory, options):
        with contextlib.suppress(OSError), (folder / "fills").open("wb", buffering=0) as file:
            for _page in range(100):
                file.write(bytes(4096))
        message = refusal(mallory, "place 1/file")
    assert "cannot be written: the file system of ~/place 1 is full: free some space on it" in message


@pytest.mark.parametrize("check_mode", [True, False])
def test_state_folder_that_cannot_be_written_is_reported_in_check_mode_too(mallory: Account, check_mode: bool) -> None:
    state = mallory.home / ".local" / "state"
    state.mkdir(parents=True)
    os.chown(mallory.home / ".local", mallory.uid, mallory.gid)

    def work(member: Member, _entry: dict[str, Any]) -> MemberResult:
        with State(member.home, check_mode=check_mode).lock():
            return say("locked")

    try:
        message = run_as([mallory], work)[mallory.name].report.msg.replace(str(mallory.home), "~")
    finally:
        subprocess.run(["rm", "-rf", str(mallory.home / ".local")], check=True)
    assert message == (
        "~/.local/state/latchkey/lock cannot be written: ~/.local/state belongs to root: "
        f"sudo chown -R {mallory.name} ~/.local/state"
    )
