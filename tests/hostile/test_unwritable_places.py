# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check mode of every surface reports the rows of the real run for places in a home that cannot be written."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._aws_files import converge as aws_files
from ansible_collections.latchkey.workstation.plugins.module_utils._core.errors import LatchkeyError
from ansible_collections.latchkey.workstation.plugins.module_utils._core.report import MemberResult, Report
from ansible_collections.latchkey.workstation.plugins.module_utils._exports.converge import Exports
from ansible_collections.latchkey.workstation.plugins.module_utils._exports.managed_files import ManagedFiles
from ansible_collections.latchkey.workstation.plugins.module_utils._host.state import State
from ansible_collections.latchkey.workstation.plugins.module_utils._keychain import converge as keychain

from tests import builders
from tests.hostile.conftest import run_as

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ansible_collections.latchkey.workstation.plugins.module_utils._core.member import Member

    from tests.team import Account

pytestmark = pytest.mark.root

STATE = ".local/state/latchkey"
STORE = ".local/share/latchkey/keychain"
FOLDERS = {
    "": ".zshrc",
    ".aws": ".aws/config",
    ".local/bin": ".local/bin/latchkey-run",
    ".local/share/latchkey": ".local/share/latchkey/exports.sh",
    "env": "env/a.env",
    STORE: f"{STORE}/service+me",
    f"{STATE}/previous": f"{STATE}/previous/.zshrc",
    STATE: f"{STATE}/exports.json",
}
FILES = [*FOLDERS.values(), ".aws/credentials", f"{STATE}/keychain.json", f"{STATE}/aws_config.json"]
PROGRAMS = builders.programs()  # of the checkout, which other accounts may be unable to reach


def surfaces(member: Member, *, check_mode: bool) -> Report:
    """Rows of the three surfaces that write to a home, each with something to write in every place."""
    item = {"service": "service", "account": "me"}
    exports = [{"name": "A"}, {"name": "B", "file": "~/env/a.env"}]
    one = builders.credential("one", sources=[builders.source("file", path="~/token")], keychain=item, exports=exports)
    declared: dict[str, Any] = {"sso_sessions": [], "profiles": [section("a")], "static": [section("b")]}
    home = member.home
    run: dict[str, Callable[[], Report]] = {
        "keychain": lambda: keychain.converge(
            *(member, [one]), backend="files", security="security", exclusive=True, value=None, check_mode=check_mode
        ),
        "exports": lambda: export(member, one, check_mode=check_mode),
        "aws": lambda: aws_files.converge(
            *(home, declared),
            paths=(f"{home}/.aws/config", f"{home}/.aws/credentials"),
            resolver=None,
            exclusive=True,
            check_mode=check_mode,
        ),
    }
    report = Report()
    report.items = [row for name, surface in run.items() for row in rows(name, surface)]
    return report


def rows(name: str, surface: Callable[[], Report]) -> list[dict[str, Any]]:
    try:
        return surface().items
    except LatchkeyError as error:
        report = Report()
        report.add_error(name, error)
        return report.items


def section(name: str) -> dict[str, Any]:
    return {"name": name, "state": "present", "settings": {"region": "eu-west-1"}}


def export(member: Member, credential: dict[str, Any], *, check_mode: bool) -> Report:
    report, state = Report(), State(member.home, check_mode=check_mode)
    with state.lock():
        Exports(
            ManagedFiles(report, state, home=member.home, check_mode=check_mode),
            PROGRAMS,
            store_place=lambda service, account: ("kept", f"{member.home}/{STORE}/{service}+{account}"),
            resolver=builders.resolver(member.home, stored=None),
            find_zdotdir=lambda: member.home,
        ).converge([{**credential, "keychain": None}])
    return report


@pytest.fixture
def home(mallory: Account) -> Iterator[Path]:
    """A home with the folders of every place, some of their files, and nothing that a run wrote."""
    mallory.write("token", "value of the token")
    for name in (".zshrc", f"{STATE}/previous/other", ".aws/config", "env/other", f"{STORE}/other", ".local/bin/other"):
        mallory.write(name, "# mine\n")
    yield mallory.home
    mallory.home.chmod(0o700)
    for each in mallory.home.iterdir():
        shutil.rmtree(each) if each.is_dir() and not each.is_symlink() else each.unlink()


def results(account: Account, *, check_mode: bool) -> list[tuple[str, ...]]:
    def work(member: Member, _entry: dict[str, Any]) -> MemberResult:
        return MemberResult(surfaces(member, check_mode=check_mode))

    report = run_as([account], work)[account.name].report
    assert report.items, report.msg
    return [tuple(str(row[key]) for key in ("item", "state", "what", "remedy")) for row in report.items]


def require_equal_failures(account: Account) -> None:
    foreseen = results(account, check_mode=True)
    real = results(account, check_mode=False)
    assert foreseen == real
    unmade = [row for row in real if row[1] in {"failed", "unknown"}]
    assert unmade
    assert all(remedy for *_row, remedy in unmade)


def own_by_root(place: Path) -> None:
    os.chown(place, 0, 0)


def close(place: Path) -> None:
    place.chmod(0o500)


def replace_by_file(place: Path) -> None:
    shutil.rmtree(place)
    place.write_text("")


def take_away(place: Path) -> None:
    """Remove the folder and give the one above it to root, so that it cannot be made."""
    shutil.rmtree(place)
    os.chown(place.parent, 0, 0)


_SPOILED_FOLDERS = [
    pytest.param(folder, spoil, id=f"{spoil.__name__} {folder or 'home'}")
    for folder in FOLDERS
    for spoil in (own_by_root, close, replace_by_file, take_away)
    if folder or spoil is close
    if not (spoil is take_away and "/" not in folder)
]


@pytest.mark.parametrize(("folder", "spoil"), _SPOILED_FOLDERS)
def test_folder_that_cannot_be_written(
    mallory: Account, home: Path, folder: str, spoil: Callable[[Path], object]
) -> None:
    spoil(home / folder)
    require_equal_failures(mallory)


@pytest.mark.parametrize("folder", [folder for folder in FOLDERS if folder])
def test_read_only_file_system(mallory: Account, home: Path, folder: str) -> None:
    own = f"ro,mode=0755,uid={mallory.uid},gid={mallory.gid}"
    if subprocess.run(["mount", "-t", "tmpfs", "-o", own, "none", str(home / folder)], check=False).returncode:
        pytest.skip("no file system can be mounted here")
    try:
        require_equal_failures(mallory)
    finally:
        subprocess.run(["umount", str(home / folder)], check=True)


def make_folder(target: Path) -> None:
    target.unlink(missing_ok=True)
    target.mkdir()


def make_read_only(target: Path) -> None:
    target.chmod(0o400)


def make_root_own(target: Path) -> None:
    os.chown(target, 0, 0)
    target.chmod(0o644)


@pytest.mark.parametrize("spoil", [make_folder, make_read_only, make_root_own])
@pytest.mark.parametrize("target", FILES)
def test_file_that_cannot_be_replaced(
    mallory: Account, home: Path, target: str, spoil: Callable[[Path], object]
) -> None:
    if not (home / target).exists():
        mallory.write(target, "{}" if target.endswith(".json") else "")
    with contextlib.suppress(FileNotFoundError):
        (home / target).chmod(0o644)
    spoil(home / target)
    require_equal_failures(mallory)
