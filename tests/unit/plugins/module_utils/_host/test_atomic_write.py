# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import errno
import os
import stat
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._host import atomic_write, files
from ansible_collections.latchkey.workstation.plugins.module_utils._host.atomic_write import ChangedMeanwhile
from ansible_collections.latchkey.workstation.plugins.module_utils._host.files import FilesError
from hypothesis import given
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "file"
    path.write_bytes(b"before\n")
    return path


def write(path: Path, data: bytes, **more: Any) -> None:
    atomic_write.write(files.read(str(path)), data, **more)


def leftovers(folder: Path) -> list[str]:
    return [entry.name for entry in folder.iterdir() if entry.name.startswith(".latchkey-")]


def test_write_through_a_link_changes_its_target_and_keeps_the_link(path: Path) -> None:
    link, further = path.with_name("link"), path.with_name("further")
    further.symlink_to(path)
    link.symlink_to("further")
    before = files.read(str(link), follow=True)
    assert before.data == b"before\n"
    atomic_write.write(before, b"after\n")
    assert path.read_bytes() == b"after\n"
    assert link.is_symlink()
    assert further.is_symlink()


def test_write_through_a_dangling_link_creates_its_target(path: Path) -> None:
    link = path.with_name("link")
    link.symlink_to("not-yet")
    atomic_write.write(files.read(str(link), follow=True), b"after\n")
    assert path.with_name("not-yet").read_bytes() == b"after\n"
    assert link.is_symlink()


def test_new_file_has_mode_0600_unless_another_is_given(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        write(tmp_path / "new", b"secret")
        write(tmp_path / "public", b"", mode=0o644)
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "public").stat().st_mode) == 0o644


@given(before=st.binary(max_size=200), after=st.binary(max_size=200))
def test_written_bytes_are_read_back_unchanged(
    tmp_path_factory: pytest.TempPathFactory, before: bytes, after: bytes
) -> None:
    path = tmp_path_factory.mktemp("every") / "file"
    path.write_bytes(before)
    write(path, after)
    assert path.read_bytes() == after


def test_line_ends_are_written_unchanged(path: Path) -> None:
    write(path, b"a\r\nb\rc\n\n\x00d")
    assert path.read_bytes() == b"a\r\nb\rc\n\n\x00d"


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o640, 0o755, 0o664, 0o444, 0o2755])
def test_mode_is_preserved(path: Path, mode: int) -> None:
    path.chmod(mode)
    write(path, b"after\n")
    assert stat.S_IMODE(path.stat().st_mode) == mode


def test_given_mode_overrides_the_old_one(path: Path) -> None:
    path.chmod(0o644)
    write(path, b"after\n", mode=0o600)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_temporary_file_has_mode_0600(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.chmod(0o644)
    seen = []

    def look(fd: int, data: bytes) -> None:
        write_all(fd, data)
        seen.append(stat.S_IMODE(os.fstat(fd).st_mode))

    write_all = atomic_write._write_all
    monkeypatch.setattr(atomic_write, "_write_all", look)
    write(path, b"after\n", mode=0o600)
    assert seen == [0o600]


@pytest.mark.root
def test_group_is_preserved(path: Path) -> None:
    os.chown(path, -1, 12)
    write(path, b"after\n")
    assert path.stat().st_gid == 12


@pytest.mark.parametrize(("mode", "expected"), [(0o660, 0o600), (0o664, 0o644), (0o674, 0o644), (0o600, 0o600)])
def test_without_permission_to_keep_the_group_its_rights_are_dropped(
    path: Path, monkeypatch: pytest.MonkeyPatch, mode: int, expected: int
) -> None:
    def refuse(*_arguments: object) -> None:
        raise PermissionError

    path.chmod(mode)
    monkeypatch.setattr(os, "fchown", refuse)
    write(path, b"after\n")
    assert stat.S_IMODE(path.stat().st_mode) == expected


@pytest.mark.skipif(not hasattr(os, "setxattr"), reason="no extended attributes in this Python")
def test_extended_attributes_are_preserved(path: Path) -> None:
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
def test_unsupported_attribute_is_skipped_and_the_others_are_preserved(
    path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    kept = {}

    def setxattr(_fd: int, attribute: str, value: bytes, **_more: object) -> None:
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
def test_write_succeeds_without_attribute_support(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def listxattr(*_arguments: object, **_more: object) -> list[str]:
        raise OSError(errno.ENOTSUP, "no")

    monkeypatch.setattr(os, "listxattr", listxattr)
    write(path, b"after\n")
    assert path.read_bytes() == b"after\n"


@pytest.mark.skipif(not hasattr(os, "setxattr"), reason="no extended attributes in this Python")
def test_no_space_for_attributes_fails_and_leaves_the_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
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


@pytest.mark.root
def test_file_of_another_owner_is_refused(path: Path) -> None:
    os.chown(path, 1, -1)
    unchanged(path, "belongs to daemon: sudo chown root /")
    assert path.stat().st_uid == 1


def test_data_over_the_read_limit_is_refused(path: Path) -> None:
    unchanged(path, "larger than 1024 KiB", bytes((1 << 20) + 1))


def test_data_that_reads_back_differently_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_all = atomic_write._write_all
    monkeypatch.setattr(atomic_write, "_write_all", lambda fd, data: write_all(fd, data[:-1]))
    unchanged(path, "does not give back what was written")


CHANGES: dict[str, Callable[[Path], object]] = {
    "written": lambda path: path.write_bytes(b"theirs\n"),
    "removed": Path.unlink,
    "replaced by a link": lambda path: (path.rename(path.with_name("old")), path.symlink_to("old")),
    "replaced by a folder": lambda path: (path.unlink(), path.mkdir()),
}


@pytest.mark.parametrize("step", ["_write_all", "_copy_metadata", "_verify"])
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_change_by_another_program_during_the_write_is_kept(
    path: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[Path], object], step: str
) -> None:
    real = getattr(atomic_write, step)

    def meddled(*arguments: Any, **more: Any) -> None:
        real(*arguments, **more)
        change(path)

    monkeypatch.setattr(atomic_write, step, meddled)
    before = files.read(str(path))
    with pytest.raises(FilesError):
        atomic_write.write(before, b"after\n")
    assert not path.is_file() or path.read_bytes() in {b"theirs\n", b"before\n"}
    assert not leftovers(path.parent)


def swap_temporary(folder: Path, target: Path) -> None:
    """Replace the temporary file by a link, as somebody who can write the folder may do."""
    (temporary,) = leftovers(folder)
    (folder / temporary).rename(folder / "moved")
    (folder / temporary).symlink_to(target)


@pytest.mark.parametrize("step", ["fsync", "fchmod", "fchown", "listxattr"])
def test_temporary_file_swapped_for_a_link_changes_no_other_file(
    path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    key = tmp_path_factory.mktemp("keys") / "key"
    key.write_bytes(b"key\n")
    key.chmod(0o600)
    path.chmod(0o644)
    real = getattr(os, step)

    def swapped(*arguments: Any, **more: Any) -> Any:
        monkeypatch.setattr(os, step, real)
        swap_temporary(path.parent, key)
        return real(*arguments, **more)

    monkeypatch.setattr(os, step, swapped)
    with pytest.raises(FilesError, match="another process replaced its temporary file: see who can write /"):
        write(path, b"after\n")
    assert (key.read_bytes(), stat.S_IMODE(key.stat().st_mode), os.listxattr(key)) == (b"key\n", 0o600, [])
    assert path.read_bytes() == b"before\n"


def test_temporary_file_swapped_just_before_the_rename_is_an_error(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rename = os.rename

    def late(source: str, target: str, **more: Any) -> None:
        monkeypatch.setattr(os, "rename", rename)
        swap_temporary(path.parent, Path("/dev/null"))
        rename(source, target, **more)

    monkeypatch.setattr(os, "rename", late)
    with pytest.raises(ChangedMeanwhile):
        write(path, b"after\n")


def test_folder_swapped_for_a_link_during_the_write_redirects_nothing(
    path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere, moved = tmp_path_factory.mktemp("elsewhere"), path.parent.with_name("moved")
    write_all = atomic_write._write_all

    def swapped(fd: int, data: bytes) -> None:
        path.parent.rename(moved)
        path.parent.symlink_to(elsewhere)
        write_all(fd, data)

    monkeypatch.setattr(atomic_write, "_write_all", swapped)
    write(path, b"after\n")
    assert (moved / "file").read_bytes() == b"after\n"
    assert not list(elsewhere.iterdir())


def test_file_replaced_while_its_attributes_are_copied_is_kept(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def replaced(fd: int, uid: int, gid: int) -> None:
        path.rename(path.with_name("old"))
        path.write_bytes(b"before\n")

    monkeypatch.setattr(os, "fchown", replaced)
    with pytest.raises(ChangedMeanwhile):
        write(path, b"after\n")
    assert path.read_bytes() == b"before\n"


@pytest.mark.root
def test_remove_leftovers_keeps_temporary_files_of_other_users(path: Path) -> None:
    left = path.with_name(".latchkey-0123")
    left.write_bytes(b"theirs")
    os.chown(left, 1, 1)
    atomic_write.remove_leftovers(str(path.parent))
    assert left.exists()


def test_file_created_by_another_program_during_the_write_is_kept(path: Path) -> None:
    new = path.with_name("new")
    before = files.read(str(new))
    new.write_bytes(b"theirs\n")
    with pytest.raises(ChangedMeanwhile, match="by another program at the same moment: run again"):
        atomic_write.write(before, b"ours\n")
    assert new.read_bytes() == b"theirs\n"


def test_write_of_another_program_just_before_the_rename_is_lost(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The window that is documented: whoever closes it one day changes this."""
    rename = os.rename

    def late(source: str, target: str, **more: Any) -> None:
        path.write_bytes(b"theirs\n")
        rename(source, target, **more)

    monkeypatch.setattr(os, "rename", late)
    write(path, b"after\n")
    assert path.read_bytes() == b"after\n"


def test_write_through_a_link_to_another_file_system(path: Path) -> None:
    other = Path("/dev/shm")
    if not other.is_dir() or other.stat().st_dev == path.stat().st_dev or not os.access(other, os.W_OK):
        pytest.skip("there is no second file system to write to")
    target = other / f"latchkey-test-{os.getpid()}"
    link = path.with_name("link")
    try:
        target.write_bytes(b"before\n")
        link.symlink_to(target)
        atomic_write.write(files.read(str(link), follow=True), b"after\n")
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


@pytest.mark.root
def test_full_disk_fails_and_leaves_the_file(full: Path) -> None:
    unchanged(full, "No space left on device", bytes(100_000))


@pytest.mark.root
def test_full_disk_leaves_no_new_file(full: Path) -> None:
    with pytest.raises(FilesError, match="No space left"):
        write(full.with_name("new"), bytes(100_000))
    assert sorted(entry.name for entry in full.parent.iterdir()) == ["file"]


@pytest.mark.root
@pytest.mark.parametrize("flag", ["i", "a"])
def test_immutable_file_fails_and_is_left(path: Path, flag: str) -> None:
    if subprocess.run(["chattr", f"+{flag}", str(path)], check=False, capture_output=True).returncode:
        pytest.skip("this file system knows no immutable files")
    try:
        unchanged(path, r"cannot be written: \(Operation not permitted\)")
        with pytest.raises(FilesError, match=r"cannot be removed: \(Operation not permitted\)"):
            atomic_write.remove(files.read(str(path)))
    finally:
        subprocess.run(["chattr", f"-{flag}", str(path)], check=True)


@pytest.mark.ordinary_user
def test_write_protected_folder_fails_and_leaves_the_file(path: Path) -> None:
    path.parent.chmod(0o500)
    try:
        unchanged(path, "Permission denied")
    finally:
        path.parent.chmod(0o700)


def test_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FilesError, match="No such file"):
        write(tmp_path / "none/file", b"")


def test_remove_deletes_the_file_and_accepts_a_missing_one(path: Path) -> None:
    before = files.read(str(path))
    atomic_write.remove(before)
    assert not path.exists()
    atomic_write.remove(files.read(str(path)))


def test_remove_refuses_a_file_that_has_changed(path: Path) -> None:
    before = files.read(str(path))
    path.write_bytes(b"theirs\n")
    with pytest.raises(ChangedMeanwhile):
        atomic_write.remove(before)
    assert path.read_bytes() == b"theirs\n"


def test_remove_leftovers_deletes_temporary_files_of_killed_runs_only(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unlink(_path: str, **_more: Any) -> None:
        raise PermissionError

    with monkeypatch.context() as patched:
        patched.setattr(os, "unlink", unlink)
        patched.setattr(os, "rename", lambda *_names, **_more: None)
        with pytest.raises(ChangedMeanwhile):
            write(path, b"after\n")
    assert len(leftovers(path.parent)) == 1
    for name in (".latchkey-notes", ".latchkey-", "latchkey-0123", ".zshrc"):
        path.with_name(name).write_bytes(b"")
    path.with_name(".latchkey-01").mkdir()
    path.with_name(".latchkey-02").symlink_to("file")
    atomic_write.remove_leftovers(str(path.parent))
    assert sorted(leftovers(path.parent)) == [".latchkey-", ".latchkey-01", ".latchkey-02", ".latchkey-notes"]
    assert {"latchkey-0123", ".zshrc", "file"} <= {entry.name for entry in path.parent.iterdir()}
    atomic_write.remove_leftovers(str(path.parent / "none"))
