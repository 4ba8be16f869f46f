# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import errno
import os
import socket
import stat
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils import _files
from ansible_collections.latchkey.workstation.plugins.module_utils._files import ChangedMeanwhile, FilesError
from hypothesis import given
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = os.geteuid() == 0
needs_root = pytest.mark.skipif(not ROOT, reason="needs root")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "file"
    path.write_bytes(b"before\n")
    return path


def write(path: Path, data: bytes, **more: Any) -> None:
    _files.write(_files.read(str(path)), data, **more)


def leftovers(folder: Path) -> list[str]:
    return [entry.name for entry in folder.iterdir() if entry.name.startswith(".latchkey-")]


# Reading


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
    assert _files.expand(path, "/h") == expected


def test_what_is_not_there_is_no_error(tmp_path: Path) -> None:
    for name in ("none", "no/folder"):
        snapshot = _files.read(str(tmp_path / name))
        assert snapshot.data is None
        assert snapshot.mode is None


def test_a_snapshot_shows_no_content(path: Path) -> None:
    assert "before" not in repr(_files.read(str(path)))


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
def test_traps_are_errors(path: Path, put: Callable[[Path], object], expected: str) -> None:
    trap = path.with_name("trap")
    put(trap)
    with pytest.raises(FilesError, match=expected):
        _files.read(str(trap))


def test_nothing_is_below_a_file(path: Path) -> None:
    with pytest.raises(FilesError, match="Not a directory"):
        _files.read(str(path / "x"))


def test_a_mebibyte_is_read(path: Path) -> None:
    path.write_bytes(bytes(1 << 20))
    assert len(_files.read(str(path)).data or b"") == 1 << 20


def test_a_device_that_never_ends_is_an_error() -> None:
    with pytest.raises(FilesError, match="not a regular file"):
        _files.read("/dev/zero")


def test_a_link_is_followed_to_its_own_target_and_stays(path: Path) -> None:
    link, further = path.with_name("link"), path.with_name("further")
    further.symlink_to(path)
    link.symlink_to("further")
    before = _files.read(str(link), follow=True)
    assert before.data == b"before\n"
    _files.write(before, b"after\n")
    assert path.read_bytes() == b"after\n"
    assert link.is_symlink()
    assert further.is_symlink()


def test_a_link_to_nothing_is_followed_to_where_it_leads(path: Path) -> None:
    link = path.with_name("link")
    link.symlink_to("not-yet")
    _files.write(_files.read(str(link), follow=True), b"after\n")
    assert path.with_name("not-yet").read_bytes() == b"after\n"
    assert link.is_symlink()


def test_links_in_a_circle_are_an_error(path: Path) -> None:
    path.with_name("a").symlink_to("b")
    path.with_name("b").symlink_to("a")
    with pytest.raises(FilesError, match="is a symbolic link"):
        _files.read(str(path.with_name("a")), follow=True)


@needs_root
def test_a_link_to_the_file_of_somebody_else_is_an_error(path: Path) -> None:
    os.chown(path, 1, 1)
    link = path.with_name("link")
    link.symlink_to(path)
    with pytest.raises(FilesError, match="a file of somebody else: replace the link"):
        _files.read(str(link), follow=True)


# Writing


def test_a_new_file_is_its_owners_only(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        write(tmp_path / "new", b"secret")
        write(tmp_path / "public", b"", mode=0o644)
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "public").stat().st_mode) == 0o644


@given(before=st.binary(max_size=200), after=st.binary(max_size=200))
def test_every_byte_arrives(tmp_path_factory: pytest.TempPathFactory, before: bytes, after: bytes) -> None:
    path = tmp_path_factory.mktemp("every") / "file"
    path.write_bytes(before)
    write(path, after)
    assert path.read_bytes() == after


def test_line_ends_stay(path: Path) -> None:
    write(path, b"a\r\nb\rc\n\n\x00d")
    assert path.read_bytes() == b"a\r\nb\rc\n\n\x00d"


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o640, 0o755, 0o664, 0o444, 0o2755])
def test_the_mode_stays(path: Path, mode: int) -> None:
    path.chmod(mode)
    write(path, b"after\n")
    assert stat.S_IMODE(path.stat().st_mode) == mode


def test_a_mode_that_is_asked_for_counts(path: Path) -> None:
    path.chmod(0o644)
    write(path, b"after\n", mode=0o600)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_nobody_else_can_read_it_meanwhile(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.chmod(0o644)
    seen = []

    def look(temporary: str, data: bytes) -> None:
        fill(temporary, data)
        seen.append(stat.S_IMODE(os.stat(temporary).st_mode))

    fill = _files._fill
    monkeypatch.setattr(_files, "_fill", look)
    write(path, b"after\n", mode=0o600)
    assert seen == [0o600]


@needs_root
def test_the_group_stays(path: Path) -> None:
    os.chown(path, -1, 12)
    write(path, b"after\n")
    assert path.stat().st_gid == 12


@pytest.mark.parametrize(("mode", "expected"), [(0o660, 0o600), (0o664, 0o644), (0o674, 0o644), (0o600, 0o600)])
def test_a_group_that_cannot_be_kept_gives_no_other_group_its_rights(
    path: Path, monkeypatch: pytest.MonkeyPatch, mode: int, expected: int
) -> None:
    def refuse(*_arguments: object) -> None:
        raise PermissionError

    path.chmod(mode)
    monkeypatch.setattr(os, "chown", refuse)
    write(path, b"after\n")
    assert stat.S_IMODE(path.stat().st_mode) == expected


@pytest.mark.skipif(not hasattr(os, "setxattr"), reason="no extended attributes in this Python")
def test_extended_attributes_stay(path: Path) -> None:
    try:
        os.setxattr(path, "user.latchkey", b"\x00any\xff")
        os.setxattr(path, "user.other", b"")
    except OSError:
        pytest.skip("no extended attributes on this file system")
    write(path, b"after\n")
    assert os.getxattr(path, "user.latchkey") == b"\x00any\xff"
    assert os.getxattr(path, "user.other") == b""


@pytest.mark.parametrize("name", ["ENOTSUP", "EPERM", "EACCES"])
@pytest.mark.skipif(not hasattr(os, "setxattr"), reason="no extended attributes in this Python")
def test_an_attribute_that_cannot_be_kept_costs_no_other(
    path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    kept = {}

    def setxattr(_path: str, attribute: str, value: bytes, **_more: object) -> None:
        if attribute == "security.refused":
            raise OSError(getattr(errno, name), name)
        kept[attribute] = value

    monkeypatch.setattr(os, "listxattr", lambda *_a, **_k: ["security.refused", "user.kept"])
    monkeypatch.setattr(os, "getxattr", lambda *_a, **_k: b"value")
    monkeypatch.setattr(os, "setxattr", setxattr)
    write(path, b"after\n")
    assert kept == {"user.kept": b"value"}
    assert path.read_bytes() == b"after\n"


@pytest.mark.skipif(not hasattr(os, "listxattr"), reason="no extended attributes in this Python")
def test_a_file_system_without_attributes_is_no_error(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def listxattr(*_arguments: object, **_more: object) -> list[str]:
        raise OSError(errno.ENOTSUP, "no")

    monkeypatch.setattr(os, "listxattr", listxattr)
    write(path, b"after\n")
    assert path.read_bytes() == b"after\n"


@pytest.mark.skipif(not hasattr(os, "setxattr"), reason="no extended attributes in this Python")
def test_attributes_without_room_are_an_error_and_the_file_stays(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def setxattr(*_arguments: object, **_more: object) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(os, "listxattr", lambda *_a, **_k: ["user.a"])
    monkeypatch.setattr(os, "getxattr", lambda *_a, **_k: b"value")
    monkeypatch.setattr(os, "setxattr", setxattr)
    unchanged(path, "No space left")


def unchanged(path: Path, expected: str, data: bytes = b"after\n") -> None:
    inode = path.stat().st_ino
    with pytest.raises(FilesError, match=expected):
        write(path, data)
    assert path.read_bytes() == b"before\n"
    assert path.stat().st_ino == inode
    assert not leftovers(path.parent)


@needs_root
def test_a_file_of_somebody_else_stays_theirs(path: Path) -> None:
    os.chown(path, 1, -1)
    unchanged(path, "belongs to somebody else: chown it")
    assert path.stat().st_uid == 1


def test_more_than_can_be_read_again_is_not_written(path: Path) -> None:
    unchanged(path, "larger than 1024 KiB", bytes((1 << 20) + 1))


def test_what_reads_back_differently_is_not_kept(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill = _files._fill
    monkeypatch.setattr(_files, "_fill", lambda temporary, data: fill(temporary, data[:-1]))
    unchanged(path, "does not give back what was written")


CHANGES: dict[str, Callable[[Path], object]] = {
    "written": lambda path: path.write_bytes(b"theirs\n"),
    "removed": Path.unlink,
    "replaced by a link": lambda path: (path.rename(path.with_name("old")), path.symlink_to("old")),
    "replaced by a folder": lambda path: (path.unlink(), path.mkdir()),
}


@pytest.mark.parametrize("step", ["_fill", "_dress", "_prove"])
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_changed_meanwhile(
    path: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[Path], object], step: str
) -> None:
    real = getattr(_files, step)

    def meddled(*arguments: Any, **more: Any) -> None:
        real(*arguments, **more)
        change(path)

    monkeypatch.setattr(_files, step, meddled)
    before = _files.read(str(path))
    with pytest.raises(FilesError):
        _files.write(before, b"after\n")
    assert not path.is_file() or path.read_bytes() in {b"theirs\n", b"before\n"}
    assert not leftovers(path.parent)


def test_made_meanwhile(path: Path) -> None:
    new = path.with_name("new")
    before = _files.read(str(new))
    new.write_bytes(b"theirs\n")
    with pytest.raises(ChangedMeanwhile, match="by another program at the same moment: run again"):
        _files.write(before, b"ours\n")
    assert new.read_bytes() == b"theirs\n"


def test_what_is_written_between_the_last_look_and_the_rename_is_lost(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The window that is documented: whoever closes it one day changes this."""
    rename = os.rename

    def late(source: str, target: str) -> None:
        path.write_bytes(b"theirs\n")
        rename(source, target)

    monkeypatch.setattr(os, "rename", late)
    write(path, b"after\n")
    assert path.read_bytes() == b"after\n"


def test_a_folder_on_another_file_system(path: Path) -> None:
    other = Path("/dev/shm")
    if not other.is_dir() or other.stat().st_dev == path.stat().st_dev or not os.access(other, os.W_OK):
        pytest.skip("there is no second file system to write to")
    target = other / f"latchkey-test-{os.getpid()}"
    link = path.with_name("link")
    try:
        target.write_bytes(b"before\n")
        link.symlink_to(target)
        _files.write(_files.read(str(link), follow=True), b"after\n")
        assert target.read_bytes() == b"after\n"
        assert not leftovers(other)
    finally:
        target.unlink()


@pytest.fixture
def full(tmp_path: Path) -> Iterator[Path]:
    """A file system with a few pages left."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(disk)], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("no file system can be mounted here")
    (disk / "file").write_bytes(b"before\n")
    yield disk / "file"
    subprocess.run(["umount", str(disk)], check=True)


@needs_root
def test_a_full_disk_is_an_error_and_the_file_stays(full: Path) -> None:
    unchanged(full, "No space left on device", bytes(100_000))


@needs_root
def test_a_full_disk_takes_no_new_file(full: Path) -> None:
    with pytest.raises(FilesError, match="No space left"):
        write(full.with_name("new"), bytes(100_000))
    assert sorted(entry.name for entry in full.parent.iterdir()) == ["file"]


@needs_root
@pytest.mark.parametrize("flag", ["i", "a"])
def test_an_immutable_file_is_an_error_and_stays(path: Path, flag: str) -> None:
    if subprocess.run(["chattr", f"+{flag}", str(path)], check=False, capture_output=True).returncode:
        pytest.skip("this file system knows no immutable files")
    try:
        unchanged(path, r"cannot be written: \(Operation not permitted\)")
        with pytest.raises(FilesError, match=r"cannot be removed: \(Operation not permitted\)"):
            _files.remove(_files.read(str(path)))
    finally:
        subprocess.run(["chattr", f"-{flag}", str(path)], check=True)


@pytest.mark.skipif(ROOT, reason="root writes everywhere")
def test_a_folder_without_the_right_to_write_is_an_error(path: Path) -> None:
    path.parent.chmod(0o500)
    try:
        unchanged(path, "Permission denied")
    finally:
        path.parent.chmod(0o700)


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FilesError, match="No such file"):
        write(tmp_path / "none/file", b"")


# Removing, folders, sweeping


def test_removing(path: Path) -> None:
    before = _files.read(str(path))
    _files.remove(before)
    assert not path.exists()
    _files.remove(_files.read(str(path)))


def test_what_has_changed_is_not_removed(path: Path) -> None:
    before = _files.read(str(path))
    path.write_bytes(b"theirs\n")
    with pytest.raises(ChangedMeanwhile):
        _files.remove(before)
    assert path.read_bytes() == b"theirs\n"


def test_missing_folders_are_made_for_their_owner_and_others_stay(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    _files.ensure_folder(str(tmp_path / "a/b/c"))
    assert [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("", "a", "a/b", "a/b/c")] == [
        0o755,
        *[0o700] * 3,
    ]
    _files.ensure_folder(str(tmp_path / "a/b/c"), mode=0o755)
    assert stat.S_IMODE((tmp_path / "a/b/c").stat().st_mode) == 0o700


@pytest.mark.parametrize("place", ["file", "file/below", "dangling", "dangling/below"])
def test_where_no_folder_can_be(path: Path, place: str) -> None:
    path.with_name("dangling").symlink_to("nowhere")
    with pytest.raises(FilesError, match="is not a folder"):
        _files.ensure_folder(str(path.parent / place))


def test_sweeping_takes_what_a_killed_run_left_and_nothing_else(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unlink(_path: str) -> None:
        raise PermissionError

    with monkeypatch.context() as patched:
        patched.setattr(os, "unlink", unlink)
        patched.setattr(os, "rename", lambda _source, _target: None)
        write(path, b"after\n")
    assert len(leftovers(path.parent)) == 1
    for name in (".latchkey-notes", ".latchkey-", "latchkey-0123", ".zshrc"):
        path.with_name(name).write_bytes(b"")
    path.with_name(".latchkey-01").mkdir()
    path.with_name(".latchkey-02").symlink_to("file")
    _files.sweep(str(path.parent))
    assert sorted(leftovers(path.parent)) == [".latchkey-", ".latchkey-01", ".latchkey-02", ".latchkey-notes"]
    assert {"latchkey-0123", ".zshrc", "file"} <= {entry.name for entry in path.parent.iterdir()}
    _files.sweep(str(path.parent / "none"))
