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
from ansible_collections.latchkey.workstation.plugins.module_utils import _child, _command, _family, _files, _members
from ansible_collections.latchkey.workstation.plugins.module_utils._checks import Plan, check_all
from ansible_collections.latchkey.workstation.plugins.module_utils._checks_local import Asked
from ansible_collections.latchkey.workstation.plugins.module_utils._checks_table import PROVIDERS
from ansible_collections.latchkey.workstation.plugins.module_utils._checks_values import Sources
from ansible_collections.latchkey.workstation.plugins.module_utils._child import Child
from ansible_collections.latchkey.workstation.plugins.module_utils._errors import LatchkeyError
from ansible_collections.latchkey.workstation.plugins.module_utils._found import Found
from ansible_collections.latchkey.workstation.plugins.module_utils._members import Member, Served, serve
from ansible_collections.latchkey.workstation.plugins.module_utils._report import Report
from ansible_collections.latchkey.workstation.plugins.module_utils._secrets import Secret

from tests.integration.dead_home import dead_home
from tests.twins import services
from tests.unit.plugins.module_utils.checks.bench import credential

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="serving others needs root")

SECRET = "correct-horse-battery-staple"
Work = Callable[[Member, dict[str, Any]], Served]


@pytest.fixture(scope="module")
def accounts() -> list[str]:
    names = ["latchkey-mallory", "latchkey-peggy"]
    for name in names:
        if name not in {known.pw_name for known in pwd.getpwall()}:
            subprocess.run(["useradd", "--create-home", "--shell", "/bin/sh", name], check=True)
    return names


@pytest.fixture
def mallory(accounts: list[str]) -> Iterator[pwd.struct_passwd]:
    """The hostile one, with the home as it was afterwards."""
    known = pwd.getpwnam(accounts[0])
    yield known
    subprocess.run(["rm", "-rf", known.pw_dir], check=True)
    subprocess.run(["install", "-d", "-o", known.pw_name, "-g", str(known.pw_gid), known.pw_dir], check=True)


def serve_one(work: Work, account: str, *, seconds: float = 5) -> Served:
    return serve([{"name": "mallory", "account": account}], work, seconds=seconds)["mallory"]


def say(text: object) -> Served:
    report = Report()
    report.add("said", "ok", str(text))
    return Served(report=report)


def said(served: Served) -> str:
    assert not served.report.failed, served.report.msg
    return str(served.report.items[0]["what"])


def test_the_child_is_the_member_and_nothing_of_root_is_left(mallory: pwd.struct_passwd) -> None:
    def look(member: Member, _entry: dict[str, Any]) -> Served:
        return say(
            (os.getresuid(), os.getresgid(), os.getgroups(), os.getcwd(), os.umask(0), os.getsid(0) == os.getpid())
        )

    uid, gid = mallory.pw_uid, mallory.pw_gid
    assert said(serve_one(look, mallory.pw_name)) == str(
        ((uid,) * 3, (gid,) * 3, [gid], mallory.pw_dir, 0o077, True),
    )


def test_root_cannot_be_taken_back(mallory: pwd.struct_passwd) -> None:
    def try_root(_member: Member, _entry: dict[str, Any]) -> Served:
        try:
            os.setuid(0)
        except PermissionError:
            return say("refused")
        return say("root again")

    assert said(serve_one(try_root, mallory.pw_name)) == "refused"


def test_a_child_that_stays_root_says_nothing(mallory: pwd.struct_passwd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "setuid", lambda _uid: None)
    served = serve_one(lambda _m, _e: say("still root"), mallory.pw_name)
    assert served.report.failed
    assert not served.report.items


def test_environment_is_built_anew(mallory: pwd.struct_passwd, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("VAULT_TOKEN", "AWS_SECRET_ACCESS_KEY", "LD_PRELOAD", "PYTHONPATH", "SSH_AUTH_SOCK"):
        monkeypatch.setenv(name, SECRET)
    monkeypatch.setenv("TZ", "UTC")

    def look(_member: Member, _entry: dict[str, Any]) -> Served:
        return say(sorted(os.environ.items()))

    text = said(serve_one(look, mallory.pw_name))
    assert SECRET not in text
    names = {"HOME", "USER", "LOGNAME", "SHELL", "PATH", "LANG", "TZ", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS"}
    assert {name for name, _value in eval(text)} <= names
    assert f"('HOME', '{mallory.pw_dir}')" in text


def test_descriptors_and_terminal_are_gone(mallory: pwd.struct_passwd, tmp_path: Path) -> None:
    secret = os.open(tmp_path / "root-only", os.O_RDWR | os.O_CREAT, 0o600)
    os.set_inheritable(secret, True)

    def look(_member: Member, _entry: dict[str, Any]) -> Served:
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


def test_no_core_and_no_tracing_by_the_members_own_processes(mallory: pwd.struct_passwd) -> None:
    def look(_member: Member, _entry: dict[str, Any]) -> Served:
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


def test_no_key_of_roots_is_read(mallory: pwd.struct_passwd, keyring: None) -> None:
    def read(_member: Member, _entry: dict[str, Any]) -> Served:
        return say(_command.run(["/usr/bin/python3", "-c", SEARCH_AND_READ]).out.decode().strip() or "nothing")

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
def test_what_is_no_report_is_an_error(
    mallory: pwd.struct_passwd, monkeypatch: pytest.MonkeyPatch, frame: bytes, expected: str
) -> None:
    def send(fd: int, body: bytes) -> None:
        whole = b"%08x" % len(frame) + frame if frame.startswith(b'{"') else frame
        view = memoryview(whole if b"items" in body else b"00000002{}")
        while view:
            view = view[os.write(fd, view) :]

    monkeypatch.setattr(_child, "_send", send)
    served = serve_one(lambda _m, _e: say("x"), mallory.pw_name)
    assert served.report.failed
    assert expected in served.report.msg


def test_escape_sequences_never_arrive(mallory: pwd.struct_passwd) -> None:
    hostile = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202egnp.exe\x00 fine"
    assert said(serve_one(lambda _m, _e: say(hostile), mallory.pw_name)) == "]0;owned[2J31mgnp.exe fine"


def test_a_stopped_child_is_ended_at_its_deadline(mallory: pwd.struct_passwd) -> None:
    def stop(_member: Member, _entry: dict[str, Any]) -> Served:
        os.kill(os.getpid(), signal.SIGSTOP)
        return say("awake")

    started = time.monotonic()
    served = serve_one(stop, mallory.pw_name, seconds=0.5)
    assert "not done within 0.5 s" in served.report.msg
    assert time.monotonic() - started < 3


@pytest.mark.parametrize("late", [False, True])
def test_a_grandchild_that_keeps_the_pipe_open_keeps_nobody_waiting(mallory: pwd.struct_passwd, late: bool) -> None:
    marker = Path(mallory.pw_dir, "grandchild")

    def breed(_member: Member, _entry: dict[str, Any]) -> Served:
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


def test_a_program_in_a_session_of_its_own_ends_with_its_member(mallory: pwd.struct_passwd) -> None:
    marker = Path(mallory.pw_dir, "program")

    def hang(_member: Member, _entry: dict[str, Any]) -> Served:
        _command.run(["sh", "-c", f"sleep 61 & echo $! > {marker}; wait"], seconds=60)
        return say("done")

    assert serve_one(hang, mallory.pw_name, seconds=1.5).report.failed
    status = Path(f"/proc/{int(marker.read_text())}/stat")
    assert not status.exists() or status.read_text().rpartition(")")[2].split()[0] == "Z"


def test_one_that_hangs_keeps_nobody_else_from_being_served(accounts: list[str]) -> None:
    def work(member: Member, _entry: dict[str, Any]) -> Served:
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


def test_a_program_started_at_the_very_moment_of_the_end_ends_too(
    mallory: pwd.struct_passwd, monkeypatch: pytest.MonkeyPatch
) -> None:
    look = _family._processes

    def slowly() -> dict[int, tuple[int, int]]:
        seen = look()
        time.sleep(0.05)
        return seen

    def start_more_and_more(_member: Member, _entry: dict[str, Any]) -> Served:
        while True:
            subprocess.Popen(["sleep", "61.25"], start_new_session=True)
            time.sleep(0.005)

    monkeypatch.setattr(_family, "_processes", slowly)
    assert serve_one(start_more_and_more, mallory.pw_name, seconds=0.3).report.failed
    assert runs_on("sleep", "61.25") == []


def test_a_job_of_its_own_group_ends_with_its_program(mallory: pwd.struct_passwd) -> None:
    def check(_member: Member, _entry: dict[str, Any]) -> Served:
        return say(_command.run(["/bin/bash", "-c", "set -m; sleep 61.5 & echo done"]).out)

    assert said(serve_one(check, mallory.pw_name)) == "b'done\\n'"
    assert runs_on("sleep", "61.5") == []


def test_who_waits_for_a_dead_file_system_is_left_behind_and_named(
    accounts: list[str], mallory: pwd.struct_passwd
) -> None:
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
    monkeypatch.setattr(_members, "_PAUSE", 0.01)


def test_a_process_that_is_refused_is_tried_again(mallory: pwd.struct_passwd, monkeypatch: pytest.MonkeyPatch) -> None:
    before = os.listdir("/proc/self/fd")
    refuse_processes(monkeypatch, 5)
    assert said(serve_one(lambda _m, _e: say("served"), mallory.pw_name)) == "served"
    assert os.listdir("/proc/self/fd") == before


def test_a_process_that_is_refused_for_good_is_one_members_failure(
    accounts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse_processes(monkeypatch, _members._TRIES)
    everybody = [{"name": "mallory", "account": accounts[0]}, {"name": "peggy", "account": accounts[1]}]
    served = serve(everybody, lambda member, _entry: say(member.name))
    assert "no process could be started for it (Resource temporarily" in served["mallory"].report.msg
    assert said(served["peggy"]) == "peggy"


def test_a_process_that_is_refused_waits_for_those_that_run(
    accounts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With room for one at a time there is room for both, one after the other."""
    start = Child.start
    running: list[Child] = []

    def one_at_a_time(*arguments: Any, **more: Any) -> Child:
        if any(Path(f"/proc/{child.pid}").exists() for child in running):
            raise LatchkeyError("no process")
        running.append(start(*arguments, **more))
        return running[-1]

    def work(member: Member, _entry: dict[str, Any]) -> Served:
        time.sleep(0.3)
        return say(member.name)

    monkeypatch.setattr(Child, "start", one_at_a_time)
    monkeypatch.setattr(_members, "_PAUSE", 0.005)
    everybody = [{"name": "mallory", "account": accounts[0]}, {"name": "peggy", "account": accounts[1]}]
    assert [said(each) for each in serve(everybody, work).values()] == ["mallory", "peggy"]


def test_more_than_is_read_is_counted_and_what_was_changed_is_said(mallory: pwd.struct_passwd) -> None:
    def work(_member: Member, _entry: dict[str, Any]) -> Served:
        served = Served()
        for number in range(6_000):
            served.report.add(f"file {number}", "changed" if number == 5_999 else "ok", "x" * 300)
        return served

    report = serve_one(work, mallory.pw_name).report
    assert (report.failed, report.changed) == (False, True)
    assert [row["item"] for row in report.items if row["state"] == "changed"] == ["file 5999"]
    assert report.items[-1]["item"].endswith(" more")


def test_values_come_up_and_are_in_no_report(mallory: pwd.struct_passwd) -> None:
    def leak(_member: Member, _entry: dict[str, Any]) -> Served:
        served = say(f"the value is {SECRET} or {SECRET.encode().hex()}")
        served.values["a"] = Secret(SECRET)
        return served

    served = serve_one(leak, mallory.pw_name)
    assert served.values == {"a": Secret(SECRET)}
    assert said(served) == "the value is <secret> or <secret>"


def test_a_bug_shows_its_type_and_nothing_else(mallory: pwd.struct_passwd) -> None:
    def crash(_member: Member, _entry: dict[str, Any]) -> Served:
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
def test_a_home_that_is_none(mallory: pwd.struct_passwd, spoil: Callable[[Path], object], expected: str) -> None:
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
def test_traps_in_the_home_are_errors(mallory: pwd.struct_passwd, put: Callable[[Path], None], expected: str) -> None:
    trap = Path(mallory.pw_dir, "trap")
    put(trap)
    if not trap.is_symlink():
        os.chown(trap, mallory.pw_uid, mallory.pw_gid)

    def read(_member: Member, _entry: dict[str, Any]) -> Served:
        return say(_files.read(str(trap)).data)

    served = serve_one(read, mallory.pw_name, seconds=3)
    assert expected in served.report.msg


def test_a_followed_link_to_another_owner_is_refused(mallory: pwd.struct_passwd) -> None:
    Path(mallory.pw_dir, ".zshrc").symlink_to("/etc/passwd")

    def read(member: Member, _entry: dict[str, Any]) -> Served:
        return say(_files.read(f"{member.home}/.zshrc", follow=True).data)

    assert "link to a file of somebody else" in serve_one(read, mallory.pw_name).report.msg


def test_a_hard_link_is_replaced_and_what_it_shared_stays(mallory: pwd.struct_passwd) -> None:
    shared, mine = Path(mallory.pw_dir, "shared"), Path(mallory.pw_dir, "mine")
    shared.write_text("before")
    os.chown(shared, mallory.pw_uid, mallory.pw_gid)
    os.link(shared, mine)

    def write(_member: Member, _entry: dict[str, Any]) -> Served:
        _files.write(_files.read(str(mine)), b"after")
        return say("written")

    assert said(serve_one(write, mallory.pw_name)) == "written"
    assert (shared.read_text(), mine.read_text()) == ("before", "after")
    assert mine.stat().st_uid == mallory.pw_uid


def test_a_read_only_home_is_an_error_and_stays(mallory: pwd.struct_passwd) -> None:
    home = Path(mallory.pw_dir)
    Path(home, "file").write_text("before")
    os.chown(Path(home, "file"), mallory.pw_uid, mallory.pw_gid)
    home.chmod(0o500)

    def write(_member: Member, _entry: dict[str, Any]) -> Served:
        _files.write(_files.read(str(home / "file")), b"after")
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
def test_who_is_never_served(account: str, expected: str) -> None:
    served = serve_one(lambda _m, _e: say("served"), account)
    assert expected in served.report.msg


def test_only_root_serves_others(accounts: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 4242)
    served = serve_one(lambda _m, _e: say("x"), accounts[0])
    assert "somebody else: only root serves others" in served.report.msg
    assert [(row["item"], row["state"]) for row in served.report.items] == [("", "unknown")]


def test_elsewhere_than_on_linux_others_are_reported_as_not_served(
    accounts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.platform", "darwin")
    assert "safe on Linux only" in serve_one(lambda _m, _e: say("x"), accounts[0]).report.msg


def test_oneself_is_served_without_a_fork(monkeypatch: pytest.MonkeyPatch, accounts: list[str]) -> None:
    known = pwd.getpwnam(accounts[1])
    monkeypatch.setattr(os, "geteuid", lambda: known.pw_uid)
    monkeypatch.setattr(os, "fork", lambda: pytest.fail("forked"))
    monkeypatch.setenv("HOME", "/somewhere")

    def look(member: Member, entry: dict[str, Any]) -> Served:
        return say((member.home, member.oneself, entry["path"]))

    entry = {"name": "peggy", "account": accounts[1], "path": "{home}/x"}
    assert said(serve([entry], look)["peggy"]) == "('/somewhere', True, '/somewhere/x')"


def test_what_a_person_must_know_becomes_a_failed_report(mallory: pwd.struct_passwd) -> None:
    def refuse(_member: Member, _entry: dict[str, Any]) -> Served:
        raise LatchkeyError("the file is damaged", remedy="mend it")

    assert serve_one(refuse, mallory.pw_name).report.msg == "the file is damaged: mend it"


def test_who_is_done_is_heard_while_others_work_but_not_while_some_have_to_begin(
    accounts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is heard may start threads, and nothing forks beside threads."""
    entries = [{"name": str(place), "account": accounts[place % 2]} for place in range(4)]
    begin, begun, heard = Child.start, [], []

    def start(member: Member, work: Any, *, seconds: float) -> Child:
        begun.append(member.name)
        return begin(member, work, seconds=seconds)

    def work(member: Member, _entry: dict[str, Any]) -> Served:
        return say(told.read_text() if member.name == "3" else "done")

    def hear(name: str, served: Served) -> None:
        heard.append((name, len(begun), said(served)))
        if len(heard) == 3:
            told.write_text("the others were heard")

    monkeypatch.setattr(Child, "start", start)
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        told = Path(folder, "told")
        os.mkfifo(told)
        os.chmod(told, 0o644)
        serve(entries, work, seconds=20, at_a_time=2, heard=hear)
    assert sorted(heard[:3]) == [(name, 4, "done") for name in "012"]
    assert heard[3:] == [("3", 4, "the others were heard")]


def test_who_hangs_takes_no_time_from_anybody_elses_issuer(accounts: list[str]) -> None:
    token = services.SCENARIOS["github"]["classic"].secret
    sources = Sources(lambda _member, _all: lambda _one: Found("found", "given", Secret(token)), lambda _one: "")
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
        reports = check_all(entries, Plan(Asked(sources, PROVIDERS), request_timeout=6, deadline=9))
    assert [reports[account].items[0]["outcome"] for account in accounts] == ["UNKNOWN", "PASS"]
