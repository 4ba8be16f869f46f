# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._host import command, process_tree
from ansible_collections.latchkey.workstation.plugins.module_utils._host.command import (
    CommandMissing,
    CommandTimeout,
    CommandUnusable,
    Finished,
)

SECRET = "correct horse battery"

# Seconds, below those that the programs of the tests sleep: the run did not wait for them.
HANG = 30


def python(text: str, *arguments: str, **more: object) -> Finished:
    return command.run([sys.executable, "-IS", "-c", text, *arguments], **more)  # type: ignore[arg-type]


def is_alive(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    try:
        return stat.read_text().rpartition(")")[2].split()[0] not in {"Z", "X"}
    except OSError:
        return False


def gone(pid: int) -> bool:
    """True if the process ends within two seconds."""
    until = time.monotonic() + 2
    while is_alive(pid) and time.monotonic() < until:
        time.sleep(0.01)
    return not is_alive(pid)


def test_run_returns_both_streams_and_the_exit_status() -> None:
    finished = python("import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)")
    assert finished == Finished(code=3, out=b"out\n", err=b"err\n")


def test_death_by_signal_is_a_negative_status() -> None:
    assert python("import os; os.kill(os.getpid(), 15)").code == -signal.SIGTERM


def test_arguments_are_not_interpreted_by_a_shell() -> None:
    odd = ["a b", "$HOME", "'", '"', "*", ";", "grüße", ""]
    assert python("import sys; print(sys.argv[1:])", *odd, env={"LC_ALL": "C.UTF-8"}).out.decode() == f"{odd}\n"


def test_env_is_added_to_the_environment_with_lc_all_c(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LATCHKEY_ONE", "1")
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    text = "import os; print(*(os.environ[n] for n in ('LATCHKEY_ONE', 'LATCHKEY_TWO', 'LC_ALL')))"
    assert python(text, env={"LATCHKEY_TWO": "2"}).out == b"1 2 C\n"


def test_repr_of_a_result_hides_the_output() -> None:
    assert "horse" not in repr(Finished(code=0, out=SECRET.encode(), err=SECRET.encode()))


def test_program_has_no_terminal_and_its_own_session() -> None:
    finished = python("import os; print(os.getsid(0) == os.getpid(), *(os.isatty(fd) for fd in range(3)))")
    assert finished.out == b"True False False False\n"


@pytest.mark.parametrize("size", [0, 1, 65536, 65537, 5_000_000])
def test_stdin_larger_than_a_pipe_is_delivered(size: int) -> None:
    data = os.urandom(size)
    finished = command.run(["cat"], stdin=data, limit=10_000_000)
    assert finished == Finished(code=0, out=data, err=b"")


def test_unread_stdin_is_no_error() -> None:
    assert python("print('done')", stdin=bytes(5_000_000)).out == b"done\n"
    assert (
        python("import os, time; os.close(0); time.sleep(0.1); print('done')", stdin=bytes(5_000_000)).out == b"done\n"
    )


def test_stdin_is_closed_after_the_data() -> None:
    assert python("import sys; print(len(sys.stdin.read()))").out == b"0\n"


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_output_over_the_limit_is_drained_and_cut(stream: str) -> None:
    finished = python(f"import sys; sys.{stream}.write('x' * 20_000_000); print('end')", limit=1000)
    assert finished.code == 0
    assert {"stdout": finished.out, "stderr": finished.err}[stream] == b"x" * 1000


def test_output_up_to_the_limit_is_complete() -> None:
    assert python("print('x' * 9, end='')", limit=10).out == b"x" * 9
    assert python("print('x' * 10, end='')", limit=10).out == b"x" * 10
    assert python("print('x' * 11, end='')", limit=10).out == b"x" * 10


def test_output_written_just_before_exit_is_read() -> None:
    """All that a pipe holds, said in the very moment of the end, while somebody else keeps the pipe open."""
    text = "import os; os.fork() or (__import__('time').sleep(60), os._exit(0)); os.write(1, b'x' * 65536); os._exit(0)"
    for _ in range(10):
        assert len(python(text).out) == 65536


def test_output_written_between_two_polls_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    feed = command._write_some

    def slow(fd: int, pending: memoryview) -> memoryview:
        time.sleep(0.3)
        return feed(fd, pending)

    monkeypatch.setattr(command, "_write_some", slow)
    assert command.run(["sh", "-c", "echo out; echo err >&2"]) == Finished(code=0, out=b"out\n", err=b"err\n")


def test_program_that_closes_its_streams_is_waited_for() -> None:
    assert python("import os, sys, time; [os.close(fd) for fd in range(3)]; time.sleep(0.2); os._exit(4)").code == 4


def test_exit_of_a_program_with_closed_streams_is_polled_often(monkeypatch: pytest.MonkeyPatch) -> None:
    waits = []

    class Selector(selectors.DefaultSelector):
        def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
            waits.append((bool(self.get_map()), timeout))
            return super().select(timeout)

    monkeypatch.setattr(selectors, "DefaultSelector", Selector)
    command.run(["sh", "-c", "exec <&- >&- 2>&-; sleep 0.05"])
    silent = [timeout for talking, timeout in waits if not talking]
    assert silent
    assert all(timeout is not None and timeout < 0.01 for timeout in silent)


@pytest.mark.parametrize(
    "text",
    [
        "import time; time.sleep(60)",
        "import os, time; [os.close(fd) for fd in range(3)]; time.sleep(60)",
        "import os; os.kill(os.getpid(), 19)",
        "import signal, time; [signal.signal(s, signal.SIG_IGN) for s in (1, 2, 15)]; time.sleep(60)",
        "while True: print('x' * 65536)",
        "import sys; sys.stdin.read(1); import time; time.sleep(60)",
    ],
    ids=["sleeping", "silent", "stopped", "deaf to signals", "talking", "half fed"],
)
def test_program_is_killed_at_its_deadline(text: str) -> None:
    started = time.monotonic()
    with pytest.raises(CommandTimeout, match=r"did not answer within 0\.3 s"):
        python(text, seconds=0.3, stdin=bytes(1_000_000))
    assert time.monotonic() - started < HANG


@pytest.mark.parametrize("late", [False, True])
def test_processes_it_started_are_killed_when_it_ends(tmp_path: Path, late: bool) -> None:
    text = f"""
import os, time
if os.fork() == 0:
    time.sleep(60)
    os._exit(0)
open({str(tmp_path / "pid")!r}, "w").write(str(os.getpid()))
if {late}: time.sleep(60)
os._exit(0)
"""
    started = time.monotonic()
    if late:
        with pytest.raises(CommandTimeout):
            python(text, seconds=0.5)
    else:
        assert python(text).code == 0
    assert time.monotonic() - started < HANG
    leader = int((tmp_path / "pid").read_text())
    others = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    assert all(gone(pid) for pid in others if group(pid) == leader)


def test_background_job_in_its_own_group_is_killed() -> None:
    finished = command.run(["/bin/bash", "-c", "set -m; sleep 60 & echo $!"])
    assert gone(int(finished.out))


def test_child_in_its_own_session_is_killed_at_the_deadline(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    with pytest.raises(CommandTimeout):
        command.run(["sh", "-c", f"setsid sleep 60 & echo $! >{note}; wait"], seconds=0.5)
    assert gone(int(note.read_text()))


@pytest.mark.parametrize("seen", ["1", None], ids=["other processes than ours", "nothing"])
def test_program_is_killed_without_a_usable_proc(monkeypatch: pytest.MonkeyPatch, seen: str | None) -> None:
    def readlink(_path: str) -> str:
        if seen is None:
            raise FileNotFoundError
        return seen

    monkeypatch.setattr(process_tree.os, "readlink", readlink)
    assert process_tree._processes() == {}
    started = time.monotonic()
    with pytest.raises(CommandTimeout):
        command.run(["sh", "-c", "sleep 60 & wait"], seconds=0.2)
    assert time.monotonic() - started < HANG


def test_program_that_cannot_be_killed_is_abandoned(monkeypatch: pytest.MonkeyPatch) -> None:
    """As one that waits for a dead file system."""
    left: list[int] = []
    monkeypatch.setattr(command, "kill_process_tree", left.append)
    started = time.monotonic()
    with pytest.raises(CommandTimeout):
        command.run(["sleep", "60"], seconds=0.1)
    assert time.monotonic() - started < HANG
    os.kill(left[0], signal.SIGKILL)
    os.waitpid(left[0], 0)


def group(pid: int) -> int | None:
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return None


def test_grandchild_that_keeps_writing_does_not_delay_the_result() -> None:
    text = "import os; os.fork() or [os.setsid()] + [os.write(1, b'x' * 999) for _ in iter(int, 1)]; os._exit(0)"
    started = time.monotonic()
    assert python(text).code == 0
    assert time.monotonic() - started < HANG


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (["/"], "/ cannot be run: Permission denied"),
        (["/etc/passwd"], "/etc/passwd cannot be run: Permission denied"),
        (["cat", "a\0b"], "an argument holds a NUL"),
        (["cat", "\ud800"], "an argument holds a NUL or another character"),
        (["cat", "x" * 3_000_000], "cat cannot be run: Argument list too long"),
    ],
)
def test_unrunnable_argv_raises_command_unusable(argv: list[str], expected: str) -> None:
    with pytest.raises(CommandUnusable, match=expected) as unusable:
        command.run(argv)
    assert unusable.value.__suppress_context__


@pytest.mark.parametrize("program", ["latchkey-no-such-program", "/no/such/program"])
def test_absent_program_raises_command_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    """Also with a folder of PATH that may not be searched, or that is a file."""
    (tmp_path / "closed").mkdir(mode=0)
    (tmp_path / "file").touch()
    monkeypatch.setenv("PATH", f"{tmp_path}/closed:{tmp_path}/file:/usr/bin:/bin")
    with pytest.raises(CommandMissing, match=f"{program} is not installed") as missing:
        command.run([program])
    assert missing.value.__suppress_context__


def test_script_with_a_missing_interpreter_raises_command_unusable(tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text("#!/no/such/interpreter\n")
    script.chmod(0o755)
    with pytest.raises(CommandUnusable, match="the interpreter it names is missing"):
        command.run([str(script)])


def test_run_leaks_no_descriptor() -> None:
    before = os.listdir("/proc/self/fd")
    command.run(["true"])
    with pytest.raises(CommandMissing):
        command.run(["latchkey-no-such-program"])
    with pytest.raises(CommandTimeout):
        command.run(["sleep", "60"], seconds=0.05)
    assert os.listdir("/proc/self/fd") == before


def test_find_searches_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert command.find("tool") is None
    (tmp_path / "tool").write_text("")
    assert command.find("tool") is None
    (tmp_path / "tool").chmod(0o755)
    assert command.find("tool") == str(tmp_path / "tool")


@pytest.mark.parametrize("ending", ["sys.exit()", "command.end_all(); os._exit(0)"])
def test_programs_of_abandoned_threads_are_killed_at_exit(ending: str, tmp_path: Path) -> None:
    note = tmp_path / "pid"
    text = f"""
import os, pathlib, sys, threading, time
from ansible_collections.latchkey.workstation.plugins.module_utils._host import command
argv = ["/bin/sh", "-c", f"echo $$ >{note}.new; mv {note}.new {note}; exec sleep 60"]
threading.Thread(target=command.run, args=(argv,), daemon=True).start()
while not (pathlib.Path({str(note)!r}).exists() and command._running):
    time.sleep(0.01)
{ending}
"""
    subprocess.run([sys.executable, "-c", text], env={**os.environ, "PYTHONPATH": ".collections"}, check=True)
    assert gone(int(note.read_text()))


def test_silence_counts_from_the_last_output() -> None:
    script = "for n in 1 2 3 4 5 6; do echo $n; sleep 0.3; done"
    assert command.run(["sh", "-c", script], seconds=60, silence=1.5).out == b"1\n2\n3\n4\n5\n6\n"


def test_a_program_without_output_is_killed_after_the_silence() -> None:
    with pytest.raises(command.CommandTimeout, match=r"within 0\.2 s"):
        command.run(["sh", "-c", "echo started; exec sleep 60"], seconds=60, silence=0.2)
