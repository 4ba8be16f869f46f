# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each line of the promise to members, as a hostile member would try it. Only root can serve others."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import pwd
import resource
import signal
import stat
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._checks.engine import CheckRun, check_all
from ansible_collections.latchkey.workstation.plugins.module_utils._checks.local import CheckRequest
from ansible_collections.latchkey.workstation.plugins.module_utils._checks.registry import PROVIDERS
from ansible_collections.latchkey.workstation.plugins.module_utils._core.errors import LatchkeyError
from ansible_collections.latchkey.workstation.plugins.module_utils._core.lookup import LookupResult
from ansible_collections.latchkey.workstation.plugins.module_utils._core.member import Member
from ansible_collections.latchkey.workstation.plugins.module_utils._core.report import MemberResult, Report
from ansible_collections.latchkey.workstation.plugins.module_utils._core.secrets import Secret
from ansible_collections.latchkey.workstation.plugins.module_utils._host import (
    atomic_write,
    command,
    files,
    process_tree,
)
from ansible_collections.latchkey.workstation.plugins.module_utils._members import child as members_child
from ansible_collections.latchkey.workstation.plugins.module_utils._members import serve as members_serve
from ansible_collections.latchkey.workstation.plugins.module_utils._members.child import Child
from ansible_collections.latchkey.workstation.plugins.module_utils._members.serve import serve, serving

from tests.builders import LookupResolver
from tests.integration.dead_home import dead_home
from tests.team import Team
from tests.twins import services
from tests.unit.plugins.module_utils._checks.bench import credential

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.root

SECRET = "correct-horse-battery-staple"
Work = Callable[[Member, dict[str, Any]], MemberResult]


@pytest.fixture(scope="module")
def accounts() -> Iterator[list[str]]:
    """Two accounts of this test process."""
    with Team.of(2) as team:
        yield [account.name for account in team.accounts]


@pytest.fixture
def mallory(accounts: list[str]) -> Iterator[pwd.struct_passwd]:
    """The hostile account, whose home is emptied afterwards."""
    known = pwd.getpwnam(accounts[0])
    yield known
    subprocess.run(["rm", "-rf", known.pw_dir], check=True)
    subprocess.run(["install", "-d", "-o", known.pw_name, "-g", str(known.pw_gid), known.pw_dir], check=True)


def serve_one(work: Work, account: str, *, seconds: float = 5) -> MemberResult:
    entries = [{"name": "mallory", "account": account}]
    with serving(entries, work, seconds=seconds, value_names=lambda _entry: {"a"}) as served:
        return served.results["mallory"]


def say(text: object) -> MemberResult:
    report = Report()
    report.add("said", "ok", str(text))
    return MemberResult(report=report)


def said(served: MemberResult) -> str:
    assert not served.report.failed, served.report.msg
    return str(served.report.items[0]["what"])


def test_child_has_only_the_members_ids_home_and_session(mallory: pwd.struct_passwd) -> None:
    def look(member: Member, _entry: dict[str, Any]) -> MemberResult:
        return say(
            (os.getresuid(), os.getresgid(), os.getgroups(), os.getcwd(), os.umask(0), os.getsid(0) == os.getpid())
        )

    uid, gid = mallory.pw_uid, mallory.pw_gid
    assert said(serve_one(look, mallory.pw_name)) == str(
        ((uid,) * 3, (gid,) * 3, [gid], mallory.pw_dir, 0o077, True),
    )


def test_child_cannot_become_root_again(mallory: pwd.struct_passwd) -> None:
    def try_root(_member: Member, _entry: dict[str, Any]) -> MemberResult:
        try:
            os.setuid(0)
        except PermissionError:
            return say("refused")
        return say("root again")

    assert said(serve_one(try_root, mallory.pw_name)) == "refused"


def test_child_that_stays_root_does_no_work(mallory: pwd.struct_passwd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "setuid", lambda _uid: None)
    served = serve_one(lambda _m, _e: say("still root"), mallory.pw_name)
    assert served.report.failed
    assert not served.report.items


def test_environment_holds_only_allowed_variables(mallory: pwd.struct_passwd, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("VAULT_TOKEN", "AWS_SECRET_ACCESS_KEY", "LD_PRELOAD", "PYTHONPATH", "SSH_AUTH_SOCK"):
        monkeypatch.setenv(name, SECRET)
    monkeypatch.setenv("TZ", "UTC")

    def look(_member: Member, _entry: dict[str, Any]) -> MemberResult:
        return say(sorted(os.environ.items()))

    text = said(serve_one(look, mallory.pw_name))
    assert SECRET not in text
    names = {"HOME", "USER", "LOGNAME", "SHELL", "PATH", "LANG", "TZ", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS"}
    assert {name for name, _value in eval(text)} <= names
    assert f"('HOME', '{mallory.pw_dir}')" in text


def test_child_has_no_inherited_descriptor_and_no_terminal(mallory: pwd.struct_passwd, tmp_path: Path) -> None:
    secret = os.open(tmp_path / "root-only", os.O_RDWR | os.O_CREAT, 0o600)
    os.set_inheritable(secret, True)

    def look(_member: Member, _entry: dict[str, Any]) -> MemberResult:
        links = {
            os.readlink(f"/proc/self/fd/{fd}")
            for fd in os.listdir("/proc/self/fd")
            if os.path.exists(f"/proc/self/fd/{fd}")
        }
        try:
            os.close(os.open("/dev/tty", os.O_RDWR))
        except OSError:
            links.add("no terminal")
        return say(sorted(link for link in links if not link.startswith(("pipe:", "/proc/"))))

    try:
        assert said(serve_one(look, mallory.pw_name)) == "['/dev/null', 'no terminal']"
    finally:
        os.close(secret)


def test_child_dumps_no_core_and_cannot_be_traced(mallory: pwd.struct_passwd) -> None:
    def look(_member: Member, _entry: dict[str, Any]) -> MemberResult:
        return say((resource.getrlimit(resource.RLIMIT_CORE), os.stat("/proc/self/mem").st_uid))

    assert said(serve_one(look, mallory.pw_name)) == "((0, 0), 0)"


ADD_KEY = {"x86_64": 248, "aarch64": 217}
KEYCTL = {"x86_64": 250, "aarch64": 219}
# What a possessor may do with a key whose name it knows: search the session keyring, and read what is found.
SEARCH_AND_READ = f"""
import ctypes, os
number, words = {KEYCTL}[os.uname().machine], ctypes.create_string_buffer(100)
call = ctypes.CDLL(None).syscall
call(number, 11, call(number, 10, -3, b"user", b"latchkey-test", 0), words, 100)
print(words.value.decode())
"""


@pytest.fixture
def keyring() -> Iterator[None]:
    """A session keyring of root's with a secret in it."""
    machine, call = os.uname().machine, ctypes.CDLL(None).syscall
    if machine not in KEYCTL or call(KEYCTL[machine], 1, None) < 0:
        pytest.skip("needs a kernel that lets root have keyrings")
    assert call(ADD_KEY[machine], b"user", b"latchkey-test", SECRET.encode(), len(SECRET), -3) > 0
    yield
    assert call(KEYCTL[machine], 7, -3) == 0


def test_keys_of_roots_keyring_cannot_be_read(mallory: pwd.struct_passwd, keyring: None) -> None:
    def read(_member: Member, _entry: dict[str, Any]) -> MemberResult:
        return say(command.run(["/usr/bin/python3", "-c", SEARCH_AND_READ]).out.decode().strip() or "nothing")

    here = subprocess.run(["/usr/bin/python3", "-c", SEARCH_AND_READ], capture_output=True, text=True, check=True)
    assert here.stdout.strip() == SECRET
    assert said(serve_one(read, mallory.pw_name)) == "nothing"


HOSTILE_FRAMES: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "ended without an answer"),
    "not JSON": (b"%08x" % 5 + b"hello", "something that is no report"),
    "a list": (b"%08x" % 2 + b"[]", "a report of another shape"),
    "deep": (b"%08x" % 200_000 + b"[" * 200_000, "no report"),
    "a row too deep": (
        b'{"items": [{"item": {"a": {}}, "state": "ok"}], "diff": [], "failed": false, "msg": ""}',
        "a report of another shape",
    ),
    "an unknown state": (
        b'{"items": [{"item": "a", "state": "root"}], "diff": [], "failed": false, "msg": ""}',
        "a report of another shape",
    ),
    "more keys": (b'{"items": [], "diff": [], "failed": false, "msg": "", "ansible_facts": {}}', "of another shape"),
    "a lie about its length": (b"%08x" % 4096 + b"{}", "ended without an answer"),
    "no length": (b"zzzzzzzz{}", "no report"),
    "huge": (b"%08x" % (2 << 20) + b" " * (2 << 20), "more than 1 MiB"),
}


@pytest.mark.parametrize(("frame", "expected"), HOSTILE_FRAMES.values(), ids=HOSTILE_FRAMES.keys())
def test_hostile_frame_is_an_error(
    mallory: pwd.struct_passwd, monkeypatch: pytest.MonkeyPatch, frame: bytes, expected: str
) -> None:
    def send(fd: int, body: bytes) -> None:
        whole = b"%08x" % len(frame) + frame if frame.startswith(b'{"') else frame
        view = memoryview(whole if b"items" in body else b"00000000")
        while view:
            view = view[os.write(fd, view) :]

    monkeypatch.setattr(members_child, "_send", send)
    served = serve_one(lambda _m, _e: say("x"), mallory.pw_name)
    assert served.report.failed
    assert expected in served.report.msg


def test_escape_sequences_are_removed(mallory: pwd.struct_passwd) -> None:
    hostile = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202egnp.exe\x00 fine"
    assert said(serve_one(lambda _m, _e: say(hostile), mallory.pw_name)) == "]0;owned [2J 31m gnp.exe fine"


def test_stopped_child_is_killed_at_its_deadline(mallory: pwd.struct_passwd) -> None:
    def stop(_member: Member, _entry: dict[str, Any]) -> MemberResult:
        os.kill(os.getpid(), signal.SIGSTOP)
        return say("awake")

    started = time.monotonic()
    served = serve_one(stop, mallory.pw_name, seconds=0.5)
    assert "not done within 0.5 s" in served.report.msg
    assert time.monotonic() - started < 3


@pytest.mark.parametrize("late", [False, True])
def test_grandchild_that_keeps_the_pipe_open_is_killed(mallory: pwd.struct_passwd, late: bool) -> None:
    marker = Path(mallory.pw_dir, "grandchild")

    def breed(_member: Member, _entry: dict[str, Any]) -> MemberResult:
        if os.fork() == 0:
            marker.write_text(str(os.getpid()))
            time.sleep(60)
            os._exit(0)
        while not marker.exists() or not marker.read_text():
            time.sleep(0.01)
        if late:
            time.sleep(60)
        return say("done")

    started = time.monotonic()
    served = serve_one(breed, mallory.pw_name, seconds=1.5)
    assert served.report.failed is late
    assert time.monotonic() - started < (1.4 if not late else 4)
    grandchild = int(marker.read_text())
    status = Path(f"/proc/{grandchild}/stat")
    assert not status.exists() or status.read_text().rpartition(")")[2].split()[0] == "Z"


def test_program_in_its_own_session_is_killed_at_the_deadline(mallory: pwd.struct_passwd) -> None:
    marker = Path(mallory.pw_dir, "program")

    def hang(_member: Member, _entry: dict[str, Any]) -> MemberResult:
        command.run(["sh", "-c", f"sleep 61 & echo $! > {marker}; wait"], seconds=60)
        return say("done")

    assert serve_one(hang, mallory.pw_name, seconds=1.5).report.failed
    status = Path(f"/proc/{int(marker.read_text())}/stat")
    assert not status.exists() or status.read_text().rpartition(")")[2].split()[0] == "Z"


def test_hanging_member_does_not_block_the_others(accounts: list[str]) -> None:
    def work(member: Member, _entry: dict[str, Any]) -> MemberResult:
        if member.name == "mallory":
            time.sleep(60)
        return say(member.name)

    served = serve(
        [{"name": "mallory", "account": accounts[0]}, {"name": "peggy", "account": accounts[1]}], work, seconds=1
    )
    assert served["mallory"].report.failed
    assert said(served["peggy"]) == "peggy"
    assert list(served) == ["mallory", "peggy"]


def runs_on(*argv: str) -> list[int]:
    """Who still runs a program with these arguments, give or take a moment."""
    time.sleep(0.2)
    wanted = "\0".join(argv).encode() + b"\0"
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and (entry / "cmdline").read_bytes() == wanted:
                found.append(int(entry.name))
    return found


def test_program_started_during_the_kill_is_killed_too(
    mallory: pwd.struct_passwd, monkeypatch: pytest.MonkeyPatch
) -> None:
    look = process_tree._processes

    def slowly() -> dict[int, tuple[int, int]]:
        seen = look()
        time.sleep(0.05)
        return seen

    def start_more_and_more(_member: Member, _entry: dict[str, Any]) -> MemberResult:
        while True:
            subprocess.Popen(["sleep", "61.25"], start_new_session=True)
            time.sleep(0.005)

    monkeypatch.setattr(process_tree, "_processes", slowly)
    assert serve_one(start_more_and_more, mallory.pw_name, seconds=0.3).report.failed
    assert runs_on("sleep", "61.25") == []


def test_job_in_its_own_group_is_killed_with_its_program(mallory: pwd.struct_passwd) -> None:
    def check(_member: Member, _entry: dict[str, Any]) -> MemberResult:
        return say(command.run(["/bin/bash", "-c", "set -m; sleep 61.5 & echo done"]).out)

    assert said(serve_one(check, mallory.pw_name)) == "b'done\\n'"
    assert runs_on("sleep", "61.5") == []


def test_child_on_a_dead_file_system_is_abandoned_and_reported(accounts: list[str], mallory: pwd.struct_passwd) -> None:
    everybody = [{"name": "mallory", "account": accounts[0]}, {"name": "peggy", "account": accounts[1]}]
    started = time.monotonic()
    with dead_home(mallory.pw_dir) as dead:
        if not dead:
            pytest.skip("needs FUSE")
        served = serve(everybody, lambda member, _entry: say(member.name), seconds=1, at_a_time=1)
    assert "its process cannot be ended: unmount what does not answer in " in served["mallory"].report.msg
    assert said(served["peggy"]) == "peggy"
    assert time.monotonic() - started < 10


def refuse_processes(monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    fork, refusals = os.fork, iter(range(times))

    def refuse() -> int:
        if next(refusals, None) is not None:
            raise BlockingIOError(errno.EAGAIN, "no processes")
        return fork()

    monkeypatch.setattr(os, "fork", refuse)
    monkeypatch.setattr(members_serve, "_RETRY_SECONDS", 0.01)


def test_refused_fork_is_tried_again(mallory: pwd.struct_passwd, monkeypatch: pytest.MonkeyPatch) -> None:
    before = os.listdir("/proc/self/fd")
    refuse_processes(monkeypatch, 5)
    assert said(serve_one(lambda _m, _e: say("served"), mallory.pw_name)) == "served"
    assert os.listdir("/proc/self/fd") == before


def test_fork_refused_for_good_fails_one_member_only(accounts: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    refuse_processes(monkeypatch, members_serve._MAX_REFUSALS)
    everybody = [{"name": "mallory", "account": accounts[0]}, {"name": "peggy", "account": accounts[1]}]
    served = serve(everybody, lambda member, _entry: say(member.name))
    assert "no process could be started for it (Resource temporarily" in served["mallory"].report.msg
    assert said(served["peggy"]) == "peggy"


def test_refused_fork_waits_for_running_children(accounts: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """With room for one at a time there is room for both, one after the other."""
    start = Child.start
    running: list[Child] = []

    def one_at_a_time(*arguments: Any, **more: Any) -> Child:
        if any(Path(f"/proc/{child.pid}").exists() for child in running):
            raise LatchkeyError("no process")
        running.append(start(*arguments, **more))
        return running[-1]

    def work(member: Member, _entry: dict[str, Any]) -> MemberResult:
        time.sleep(0.3)
        return say(member.name)

    monkeypatch.setattr(Child, "start", one_at_a_time)
    monkeypatch.setattr(members_serve, "_RETRY_SECONDS", 0.005)
    everybody = [{"name": "mallory", "account": accounts[0]}, {"name": "peggy", "account": accounts[1]}]
    assert [said(each) for each in serve(everybody, work).values()] == ["mallory", "peggy"]


def test_rows_over_the_limit_are_counted_and_changes_are_kept(mallory: pwd.struct_passwd) -> None:
    def work(_member: Member, _entry: dict[str, Any]) -> MemberResult:
        served = MemberResult()
        for number in range(6_000):
            served.report.add(f"file {number}", "changed" if number == 5_999 else "ok", "x" * 300)
        return served

    report = serve_one(work, mallory.pw_name).report
    assert (report.failed, report.changed) == (False, True)
    assert [row["item"] for row in report.items if row["state"] == "changed"] == ["file 5999"]
    assert report.items[-1]["item"].endswith(" more")


def test_values_reach_the_parent_and_no_report(mallory: pwd.struct_passwd) -> None:
    def leak(_member: Member, _entry: dict[str, Any]) -> MemberResult:
        served = say(f"the value is {SECRET} or {SECRET.encode().hex()}")
        served.values["a"] = Secret(SECRET)
        return served

    served = serve_one(leak, mallory.pw_name)
    assert served.values == {"a": Secret(SECRET)}
    assert said(served) == "the value is <secret> or <secret>"


def test_undeclared_value_fails_the_member(mallory: pwd.struct_passwd) -> None:
    def forge(_member: Member, _entry: dict[str, Any]) -> MemberResult:
        served = say("fine")
        served.values["of another"] = Secret(SECRET)
        return served

    served = serve_one(forge, mallory.pw_name)
    assert served.report.msg == "its process sent a value that is not declared"
    assert served.values == {}


def test_unexpected_exception_shows_its_type_only(mallory: pwd.struct_passwd) -> None:
    def crash(_member: Member, _entry: dict[str, Any]) -> MemberResult:
        raise ValueError(SECRET)

    assert serve_one(crash, mallory.pw_name).report.msg == "unexpected ValueError in its process"


def make_home_a_file(home: Path) -> None:
    home.rmdir()
    home.write_text("")


HOMES: dict[str, tuple[Callable[[Path], object], str]] = {
    "a file": (make_home_a_file, "cannot be entered (Not a directory)"),
    "absent": (lambda home: home.rmdir(), "cannot be entered (No such file or directory)"),
    "of another": (lambda home: os.chown(home, 1, 1), "belongs to somebody else"),
    "closed": (lambda home: (os.chown(home, 0, 0), home.chmod(0o700)), "cannot be entered (Permission denied)"),
    "a link to another's": (lambda home: (home.rmdir(), home.symlink_to("/tmp")), "belongs to somebody else"),
}


@pytest.mark.parametrize(("spoil", "expected"), HOMES.values(), ids=HOMES.keys())
def test_unusable_home_is_reported(mallory: pwd.struct_passwd, spoil: Callable[[Path], object], expected: str) -> None:
    home = Path(mallory.pw_dir)
    subprocess.run(["find", str(home), "-mindepth", "1", "-delete"], check=True)
    spoil(home)
    served = serve_one(lambda _m, _e: say("served"), mallory.pw_name)
    assert expected in served.report.msg


def put_fifo(path: Path) -> None:
    os.mkfifo(path)


def put_link(path: Path) -> None:
    path.symlink_to("/etc/shadow")


def put_device(path: Path) -> None:
    os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, 5))


def put_giant(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate((1 << 20) + 1)


def put_folder(path: Path) -> None:
    path.mkdir()


def put_socket(path: Path) -> None:
    os.mknod(path, stat.S_IFSOCK | 0o600)


TRAPS = {
    "FIFO": (put_fifo, "is not a regular file"),
    "device": (put_device, "is not a regular file"),
    "link": (put_link, "is a symbolic link"),
    "giant": (put_giant, "is larger than"),
    "folder": (put_folder, "is not a regular file"),
    "socket": (put_socket, "No such device or address"),
}


@pytest.mark.parametrize(("put", "expected"), TRAPS.values(), ids=TRAPS.keys())
def test_special_file_in_the_home_is_an_error(
    mallory: pwd.struct_passwd, put: Callable[[Path], None], expected: str
) -> None:
    trap = Path(mallory.pw_dir, "trap")
    put(trap)
    if not trap.is_symlink():
        os.chown(trap, mallory.pw_uid, mallory.pw_gid)

    def read(_member: Member, _entry: dict[str, Any]) -> MemberResult:
        return say(files.read(str(trap)).data)

    served = serve_one(read, mallory.pw_name, seconds=3)
    assert expected in served.report.msg


def test_link_to_a_file_of_another_owner_is_refused(mallory: pwd.struct_passwd) -> None:
    Path(mallory.pw_dir, ".zshrc").symlink_to("/etc/passwd")

    def read(member: Member, _entry: dict[str, Any]) -> MemberResult:
        return say(files.read(f"{member.home}/.zshrc", follow=True).data)

    assert "link to a file of somebody else" in serve_one(read, mallory.pw_name).report.msg


def test_write_replaces_a_hard_link_and_keeps_the_other_name(mallory: pwd.struct_passwd) -> None:
    shared, mine = Path(mallory.pw_dir, "shared"), Path(mallory.pw_dir, "mine")
    shared.write_text("before")
    os.chown(shared, mallory.pw_uid, mallory.pw_gid)
    os.link(shared, mine)

    def write(_member: Member, _entry: dict[str, Any]) -> MemberResult:
        atomic_write.write(files.read(str(mine)), b"after")
        return say("written")

    assert said(serve_one(write, mallory.pw_name)) == "written"
    assert (shared.read_text(), mine.read_text()) == ("before", "after")
    assert mine.stat().st_uid == mallory.pw_uid


def test_write_protected_home_is_an_error_and_stays(mallory: pwd.struct_passwd) -> None:
    home = Path(mallory.pw_dir)
    Path(home, "file").write_text("before")
    os.chown(Path(home, "file"), mallory.pw_uid, mallory.pw_gid)
    home.chmod(0o500)

    def write(_member: Member, _entry: dict[str, Any]) -> MemberResult:
        atomic_write.write(files.read(str(home / "file")), b"after")
        return say("written")

    try:
        assert "cannot be written" in serve_one(write, mallory.pw_name).report.msg
    finally:
        home.chmod(0o700)
    assert Path(home, "file").read_text() == "before"
    assert sorted(entry.name for entry in home.iterdir()) == ["file"]


REFUSED = {
    "root": ("root", "root, which is no member"),
    "system": ("daemon", "a system account"),
    "nobody": ("nobody", "a system account"),
    "nobody at all": ("no-such-account", "there is no account"),
}


@pytest.mark.parametrize(("account", "expected"), REFUSED.values(), ids=REFUSED.keys())
def test_account_is_refused(account: str, expected: str) -> None:
    served = serve_one(lambda _m, _e: say("served"), account)
    assert expected in served.report.msg


def test_ordinary_user_does_not_serve_others(accounts: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 4242)
    served = serve_one(lambda _m, _e: say("x"), accounts[0])
    assert "somebody else: only root serves others" in served.report.msg
    assert [(row["item"], row["state"]) for row in served.report.items] == [("", "unknown")]


def test_other_members_are_not_served_on_macos(accounts: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "darwin")
    assert "safe on Linux only" in serve_one(lambda _m, _e: say("x"), accounts[0]).report.msg


def test_current_user_is_served_without_a_fork(monkeypatch: pytest.MonkeyPatch, accounts: list[str]) -> None:
    known = pwd.getpwnam(accounts[1])
    monkeypatch.setattr(os, "geteuid", lambda: known.pw_uid)
    monkeypatch.setattr(os, "fork", lambda: pytest.fail("forked"))
    monkeypatch.setenv("HOME", "/somewhere")

    def look(member: Member, entry: dict[str, Any]) -> MemberResult:
        return say((member.home, member.is_current_user, entry["path"]))

    entry = {"name": "peggy", "account": accounts[1], "path": "{home}/x"}
    assert said(serve([entry], look)["peggy"]) == "('/somewhere', True, '/somewhere/x')"


def test_error_of_the_work_becomes_a_failed_report(mallory: pwd.struct_passwd) -> None:
    def refuse(_member: Member, _entry: dict[str, Any]) -> MemberResult:
        raise LatchkeyError("the file is damaged", remedy="mend it")

    assert serve_one(refuse, mallory.pw_name).report.msg == "the file is damaged: mend it"


def test_on_result_is_called_only_after_all_children_started(
    accounts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is heard may start threads, and nothing forks beside threads."""
    entries = [{"name": str(place), "account": accounts[place % 2]} for place in range(4)]
    begin, begun, on_result = Child.start, [], []

    def start(member: Member, *more: Any, **options: Any) -> Child:
        begun.append(member.name)
        return begin(member, *more, **options)

    def work(member: Member, _entry: dict[str, Any]) -> MemberResult:
        return say(told.read_text() if member.name == "3" else "done")

    def hear(name: str, served: MemberResult) -> None:
        on_result.append((name, len(begun), said(served)))
        if len(on_result) == 3:
            told.write_text("the others were heard")

    monkeypatch.setattr(Child, "start", start)
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        told = Path(folder, "told")
        os.mkfifo(told)
        os.chmod(told, 0o644)
        serve(entries, work, seconds=20, at_a_time=2, on_result=hear)
    assert sorted(on_result[:3]) == [(name, 4, "done") for name in "012"]
    assert on_result[3:] == [("3", 4, "the others were heard")]


def test_hanging_member_does_not_shorten_the_checks_of_others(accounts: list[str]) -> None:
    token = services.SCENARIOS["github"]["classic"].secret
    given = LookupResolver(value=lambda _one: LookupResult("found", "given", Secret(token)))
    with services.serve() as twins:
        twins.break_("github", "delay", ms=4000)
        checks = [
            {"provider": "command", "argv": ["/bin/sleep", "1000"]},
            {"provider": "github", "base_url": twins.url("github")},
        ]
        entries = [
            {"name": account, "account": account, "credentials": [credential("mine", check)]}
            for account, check in zip(accounts, checks)
        ]
        reports = check_all(
            entries, CheckRun(CheckRequest(lambda _member, _all: given, PROVIDERS), request_timeout=6, deadline=9)
        )
    assert [reports[account].items[0]["outcome"] for account in accounts] == ["UNKNOWN", "PASS"]


def in_two_steps(
    accounts: list[str],
    values: dict[str, Any],
    *,
    work: Work = lambda _member, _entry: say(os.getpid()),
    follow_up: Callable[[Member, dict[str, Any], Any], Report],
    seconds: float = 5,
    at_a_time: int = 8,
) -> tuple[dict[str, MemberResult], dict[str, Report]]:
    """Serve members ``m0``, ``m1``, … with the accounts given, then run the follow-up of those in ``values``."""
    declared = [{"name": f"m{n}", "account": account} for n, account in enumerate(accounts)]
    with serving(declared, work, follow_up=follow_up, seconds=seconds, at_a_time=at_a_time) as served:
        return served.results, served.follow_up(values, seconds=seconds)


def test_follow_up_runs_in_the_process_of_the_first_step_with_its_own_value(accounts: list[str]) -> None:
    def follow_up(member: Member, _entry: dict[str, Any], value: Any) -> Report:
        return say((os.getpid(), os.getuid(), member.name, value)).report

    results, reports = in_two_steps(accounts, {"m0": {"a": 1}, "m1": ["b"]}, follow_up=follow_up)
    for n, value in enumerate([{"a": 1}, ["b"]]):
        pid, uid = said(results[f"m{n}"]), pwd.getpwnam(accounts[n]).pw_uid
        assert reports[f"m{n}"].items[0]["what"] == str((int(pid), uid, f"m{n}", value))
        assert not Path(f"/proc/{pid}").exists()


def test_processes_without_a_follow_up_value_are_ended(accounts: list[str]) -> None:
    results, reports = in_two_steps(accounts, {"m1": 7}, follow_up=lambda _m, _e, value: say(value).report)
    assert (list(reports), reports["m1"].items[0]["what"]) == (["m1"], "7")
    assert not Path(f"/proc/{said(results['m0'])}").exists()


def test_more_members_than_run_at_a_time_all_have_a_follow_up(accounts: list[str]) -> None:
    values = {f"m{n}": n for n in range(9)}
    follow_up = lambda _m, _e, value: say(value).report  # noqa: E731
    results, reports = in_two_steps([accounts[0]] * 9, values, follow_up=follow_up, at_a_time=2)
    assert len({said(result) for result in results.values()}) == 9
    assert {name: report.items[0]["what"] for name, report in reports.items()} == {f"m{n}": str(n) for n in range(9)}


@pytest.mark.parametrize("how", ["stop", "exit", "kill"])
def test_a_process_that_does_not_take_its_value_fails_alone_and_in_time(accounts: list[str], how: str) -> None:
    def work(member: Member, _entry: dict[str, Any]) -> MemberResult:
        if member.name == "m0" and os.fork() == 0:
            time.sleep(0.3)  # by then the process has sent its report
            with contextlib.suppress(OSError):
                os.kill(os.getppid(), {"stop": signal.SIGSTOP, "exit": signal.SIGTERM, "kill": signal.SIGKILL}[how])
            os._exit(0)
        return say(member.name)

    declared = [{"name": f"m{n}", "account": account} for n, account in enumerate(accounts)]
    huge = "x" * (1 << 20)
    started = time.monotonic()
    with serving(declared, work, follow_up=lambda _m, _e, value: say(len(value)).report, seconds=5) as served:
        assert said(served.results["m0"]) == "m0"
        time.sleep(0.6)
        reports = served.follow_up({"m0": huge, "m1": huge}, seconds=1)
    assert reports["m0"].failed
    assert reports["m1"].items[0]["what"] == str(1 << 20)
    assert time.monotonic() - started < 10


def test_a_failed_first_step_has_no_follow_up(mallory: pwd.struct_passwd) -> None:
    def work(_member: Member, _entry: dict[str, Any]) -> MemberResult:
        raise LatchkeyError("no home")

    results, reports = in_two_steps(
        [mallory.pw_name], {"m0": 1}, work=work, follow_up=lambda _m, _e, _v: say("x").report
    )
    assert results["m0"].report.msg == "no home"
    assert reports["m0"].failed


def test_a_waiting_process_is_ended_to_make_room_for_the_next_member(
    accounts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first step of a member comes before the follow-up of another one."""
    fork, forked = os.fork, []

    def one_at_a_time() -> int:
        if any(Path(f"/proc/{pid}").exists() for pid in forked):
            raise BlockingIOError(errno.EAGAIN, "no processes")
        forked.append(fork())
        return forked[-1]

    monkeypatch.setattr(os, "fork", one_at_a_time)
    monkeypatch.setattr(members_serve, "_RETRY_SECONDS", 0.01)
    results, reports = in_two_steps(accounts, {"m0": 0, "m1": 1}, follow_up=lambda _m, _e, value: say(value).report)
    assert [result.report.failed for result in results.values()] == [False, False]
    assert "to make room" in reports["m0"].msg
    assert reports["m1"].items[0]["what"] == "1"
