# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs in a person's home with all debug output on, traced with strace and searched for canaries."""

from __future__ import annotations

import os
import shutil
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import pytest

from tests.canary.programs import ProgramStart, read_log, strace_argv
from tests.canary.scanner import Canary, Leak, find_canaries, leaks_in_files

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.integration.conftest import Person

__all__ = ["REMOTE_FILES_STAY", "VERBOSE", "TracedHome", "TracedRun", "assert_no_leak"]

VERBOSE = ("-vvvv", "--diff")
REMOTE_FILES_STAY = {"ANSIBLE_KEEP_REMOTE_FILES": "1"}
_CALLBACKS = Path(__file__).parent / "callbacks"
_FOLDERS = (Path("/tmp"), Path("/var/tmp"), Path("/dev/shm"))


@dataclass(frozen=True)
class TracedRun:
    """A finished run: exit status, everything it printed or logged, every program it started."""

    code: int
    output: bytes
    programs: list[ProgramStart]

    @property
    def text(self) -> str:
        return self.output.decode(errors="replace")


class TracedHome:
    """A person's home with canaries in it.

    ``folder`` holds the traces; ``shell`` are the canaries that the person's shell exports; ``wrapped`` puts what the
    store needs in front of a command.
    """

    def __init__(
        self,
        person: Person,
        folder: Path,
        *,
        shell: Mapping[str, Canary],
        wrapped: Callable[[list[str]], list[str]],
    ) -> None:
        if not shutil.which("strace"):
            pytest.skip("needs strace")
        self.person = person
        self.home = person.home
        self.shell = shell
        self._wrapped = wrapped
        self._folder = folder
        self._begun = time.time()
        folder.chmod(0o777)

    def run(self, argv: list[str], *, env: Mapping[str, str] | None = None, stdin: str = "") -> TracedRun:
        log = self._folder / "programs"
        own = {name: canary.value for name, canary in self.shell.items()}
        done = self.person.run(
            strace_argv(self._wrapped(argv), str(log)), env={**own, **(env or {})}, stdin=stdin, seconds=150
        )
        with log.open("rb") as lines:
            programs = list(read_log(lines))
        assert programs, done.stderr
        log.unlink()
        return TracedRun(done.returncode, (done.stdout + done.stderr).encode(errors="surrogateescape"), programs)

    def play(self, playbook: str, *arguments: str, env: Mapping[str, str] | None = None, stdin: str = "") -> TracedRun:
        """Run a playbook with a log file and a callback that prints every event."""
        record = self._folder / "ansible.log"
        verbose = {
            "ANSIBLE_CALLBACK_PLUGINS": str(_CALLBACKS),
            "ANSIBLE_CALLBACKS_ENABLED": "dump_events",
            "ANSIBLE_LOG_PATH": str(record),
            "ANSIBLE_DISPLAY_ARGS_TO_STDOUT": "1",
            "ANSIBLE_REMOTE_TEMP": str(self.home / ".ansible/tmp"),
            "LATCHKEY_REPORT": str(self.home / "report.json"),
        }
        argv = [str(Path(sys.executable).parent / "ansible-playbook"), "-i", str(self.home / "inventory"), playbook]
        run = self.run([*argv, *arguments], env={**verbose, **(env or {})}, stdin=stdin)
        log = record.read_bytes() if record.exists() else b""
        record.unlink(missing_ok=True)
        return TracedRun(run.code, run.output + log, run.programs)

    def leaks(self, run: TracedRun, *, exported: Mapping[str, Canary] = MappingProxyType({})) -> set[Leak]:
        """Return the canaries in output, arguments and environments, except exported variables."""
        allowed = {f"{name}={canary.value}".encode() for name, canary in {**self.shell, **exported}.items()}
        found = {Leak("output", *hit) for hit in find_canaries(run.output)}
        for program in run.programs:
            found |= {Leak(f"arguments of {program.program}", *hit) for hit in find_canaries(b"\0".join(program.argv))}
            own = b"\0".join(variable for variable in program.environment if variable not in allowed)
            found |= {Leak(f"environment of {program.program}", *hit) for hit in find_canaries(own)}
        return found

    def places(self) -> dict[str, set[str]]:
        """Return the files that hold each canary by its name; files below the home as relative paths."""
        found: dict[str, set[str]] = {}
        for leak in leaks_in_files([self.home, *_FOLDERS], excluded=[self._folder], since=self._begun):
            place = os.path.relpath(leak.place, self.home) if Path(leak.place).is_relative_to(self.home) else leak.place
            found.setdefault(leak.name, set()).add(place)
        return found


def assert_no_leak(traced_home: TracedHome, run: TracedRun, code: int = 0) -> None:
    """Assert that the run leaked no canary and ended with ``code``."""
    assert not traced_home.leaks(run)
    assert run.code == code, run.text[-3000:]
