# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import shlex
import socket
import stat
import subprocess
from pathlib import Path
from typing import Callable

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._host import files
from ansible_collections.latchkey.workstation.plugins.module_utils._host.files import FilesError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "file"
    path.write_bytes(b"before\n")
    return path


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("~", "/h"),
        ("~/a", "/h/a"),
        ("~/../a", "/a"),
        ("a/b", "/h/a/b"),
        ("/a//b/./c", "/a/b/c"),
        ("~bob/a", "/h/~bob/a"),
    ],
)
def test_expand(path: str, expected: str) -> None:
    assert files.expand(path, "/h") == expected


def test_missing_file_gives_an_empty_snapshot(tmp_path: Path) -> None:
    for name in ("none", "no/folder"):
        snapshot = files.read(str(tmp_path / name))
        assert snapshot.data is None
        assert snapshot.mode is None


def test_repr_of_a_snapshot_hides_the_content(path: Path) -> None:
    assert "before" not in repr(files.read(str(path)))


def make_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))


TRAPS: dict[str, tuple[Callable[[Path], object], str]] = {
    "a folder": (Path.mkdir, "is not a regular file"),
    "a FIFO": (os.mkfifo, "is not a regular file"),
    "a socket": (make_socket, "No such device"),
    "a link": (lambda path: path.symlink_to("file"), "is a symbolic link"),
    "a link to itself": (lambda path: path.symlink_to("trap"), "is a symbolic link"),
    "larger than a mebibyte": (lambda path: path.write_bytes(bytes((1 << 20) + 1)), "is larger than 1024 KiB"),
}


@pytest.mark.parametrize(("put", "expected"), TRAPS.values(), ids=TRAPS.keys())
def test_anything_but_a_small_regular_file_is_an_error(
    path: Path, put: Callable[[Path], object], expected: str
) -> None:
    trap = path.with_name("trap")
    put(trap)
    with pytest.raises(FilesError, match=expected):
        files.read(str(trap))


def test_path_below_a_file_is_no_file(path: Path) -> None:
    assert files.read(str(path / "x")) == files.Snapshot(str(path / "x"), None)


def test_file_of_one_mebibyte_is_read(path: Path) -> None:
    path.write_bytes(bytes(1 << 20))
    assert len(files.read(str(path)).data or b"") == 1 << 20


def test_device_is_an_error() -> None:
    with pytest.raises(FilesError, match="not a regular file") as caught:
        files.read("/dev/zero")
    assert caught.value.remedy == "move it away: mv /dev/zero /dev/zero.old"
    with pytest.raises(FilesError, match="not a regular file") as caught:
        files.read("/dev/zero", named=True)
    assert caught.value.remedy == "name another file"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may do everything")
def test_unreadable_file_has_a_remedy_that_runs(path: Path) -> None:
    path.chmod(0)
    with pytest.raises(FilesError, match="Permission denied") as caught:
        files.read(str(path))
    subprocess.run(shlex.split(caught.value.remedy), check=True)
    assert files.read(str(path)).data == b"before\n"
    with pytest.raises(FilesError, match="Permission denied") as caught:
        files.read("/etc/shadow")
    assert caught.value.remedy == "see who may read it: ls -ld /etc/shadow"


def test_circular_links_are_an_error(path: Path) -> None:
    path.with_name("a").symlink_to("b")
    path.with_name("b").symlink_to("a")
    with pytest.raises(FilesError, match="is a symbolic link"):
        files.read(str(path.with_name("a")), follow=True)


@pytest.mark.root
def test_link_to_a_file_of_another_owner_is_an_error(path: Path) -> None:
    os.chown(path, 1, 1)
    link = path.with_name("link")
    link.symlink_to(path)
    with pytest.raises(FilesError, match="a file of somebody else: replace the link"):
        files.read(str(link), follow=True)


def test_missing_folders_get_mode_0700_and_existing_ones_keep_theirs(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    files.ensure_folder(str(tmp_path / "a/b/c"))
    assert [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("", "a", "a/b", "a/b/c")] == [
        0o755,
        *[0o700] * 3,
    ]
    files.ensure_folder(str(tmp_path / "a/b/c"), mode=0o755)
    assert stat.S_IMODE((tmp_path / "a/b/c").stat().st_mode) == 0o700


@pytest.mark.parametrize("place", ["file", "file/below", "dangling", "dangling/below"])
def test_folder_below_a_file_or_dangling_link_is_an_error(path: Path, place: str) -> None:
    path.with_name("dangling").symlink_to("nowhere")
    with pytest.raises(FilesError, match="is not a folder"):
        files.ensure_folder(str(path.parent / place))
