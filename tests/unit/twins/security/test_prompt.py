# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
import pty
import select
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.twins.security import Twin

ADD = ("add-generic-password", "-s", "svc", "-a", "me", "-w")
FIRST = b"password data for new item: "
AGAIN = b"retype password for new item: "


def value(twin: Twin) -> bytes:
    return bytes.fromhex(twin.items()[0].secret)


def on_a_terminal(twin: Twin, *argv: str, answers: dict[bytes, bytes], stdin: bytes = b"") -> tuple[int, bytes]:
    """Run with a controlling terminal, typing each answer once its prompt shows; standard input is a pipe."""
    reading, writing = os.pipe()
    os.write(writing, stdin)
    os.close(writing)
    child, terminal = pty.fork()
    if child == 0:
        os.dup2(reading, 0)
        os.execve(str(twin.tool), [str(twin.tool), *argv], {"HOME": str(twin.home)})
    os.close(reading)
    seen = b""
    deadline = time.monotonic() + 10
    while select.select([terminal], [], [], max(0, deadline - time.monotonic()))[0]:
        try:
            seen += os.read(terminal, 4096)
        except OSError:  # how a terminal ends when its last user is gone
            break
        for prompt in [asked for asked in answers if seen.endswith(asked)]:
            os.write(terminal, answers.pop(prompt))
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), seen


def test_asks_twice(twin: Twin) -> None:
    """prompt mode: both prompts; without a terminal on stderr, read from stdin."""
    done = twin.run(*ADD, stdin=b"geheim\ngeheim\n")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", FIRST + AGAIN)
    assert value(twin) == b"geheim"
    assert twin.calls()[-1].stdin


def test_end_of_input_stores_an_empty_item(twin: Twin) -> None:
    """prompt mode: EOF = empty string, both empty, empty item stored, exit 0."""
    assert twin.run(*ADD).returncode == 0
    assert value(twin) == b""


def test_one_piped_line_stores_an_empty_item(twin: Twin) -> None:
    """prompt mode: the second prompt gets EOF, the second try two of them."""
    done = twin.run(*ADD, stdin=b"geheim\n")
    assert (done.returncode, value(twin)) == (0, b"")
    assert done.stderr == FIRST + AGAIN + b"passwords don't match\n" + FIRST + AGAIN


def test_three_tries(twin: Twin) -> None:
    """prompt mode: 3 tries, `passwords don't match` on stderr, exit 1 after three."""
    done = twin.run(*ADD, stdin=b"a\nb\n" * 3)
    assert (done.returncode, twin.items()) == (1, [])
    assert done.stderr.count(b"passwords don't match\n") == 3


def test_silently_cut(twin: Twin) -> None:
    """prompt mode: silently cuts at 128 bytes."""
    done = twin.run(*ADD, stdin=(b"x" * 200 + b"\n") * 2)
    assert (done.returncode, value(twin)) == (0, b"x" * 128)


def test_carriage_return_ends(twin: Twin) -> None:
    """prompt mode: CR or LF ends."""
    twin.run(*ADD, stdin=b"one\rone\r")
    assert value(twin) == b"one"


def test_terminal_comes_first(twin: Twin) -> None:
    """prompt mode: /dev/tty if it opens; piped stdin is ignored then; nothing is echoed."""
    answers = {FIRST: b"typed\n", AGAIN: b"typed\n"}
    code, seen = on_a_terminal(twin, *ADD, answers=answers, stdin=b"piped\npiped\n")
    assert (code, value(twin)) == (0, b"typed")
    assert b"typed" not in seen
    assert not twin.calls()[-1].stdin


def test_unlock_prompts_too(twin: Twin) -> None:
    """unlock without -p prompts `password to unlock <kc|default>: ` (tty, else stdin)."""
    twin.lock()
    done = twin.run("unlock-keychain", stdin=b"login password\n")
    assert (done.returncode, done.stderr) == (0, b"password to unlock default: ")
    twin.lock()
    answers = {b"password to unlock login.keychain: ": b"login password\n"}
    assert on_a_terminal(twin, "unlock-keychain", "login.keychain", answers=answers)[0] == 0


def test_prompt_that_gives_nothing(twin: Twin) -> None:
    """1: 255 is -1, prompt gave nothing (unlock, partition list)."""
    assert twin.run("unlock-keychain").returncode == 255
    assert twin.run("set-generic-password-partition-list", "-S", "apple:", "-s", "x").returncode == 255
