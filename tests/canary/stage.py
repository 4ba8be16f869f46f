# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where canaries sing: a person's home, and runs in it that say all they can and are watched from outside."""

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

from tests.canary.programs import Started, started, traced
from tests.canary.scanner import Canary, Leak, files_with, songs

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.integration.conftest import Person

__all__ = ["LOUD", "REMOTE_FILES_STAY", "Heard", "Stage", "assert_silent"]

LOUD = ("-vvvv", "--diff")
REMOTE_FILES_STAY = {"ANSIBLE_KEEP_REMOTE_FILES": "1"}
_CALLBACKS = Path(__file__).parent / "callbacks"
_FOLDERS = (Path("/tmp"), Path("/var/tmp"), Path("/dev/shm"))


@dataclass(frozen=True)
class Heard:
    """A run as it was seen: its status, all it said, all programs it started."""

    code: int
    output: bytes
    programs: list[Started]

    @property
    def text(self) -> str:
        return self.output.decode(errors="replace")


class Stage:
    """A person's home with canaries in it; ``folder`` is for the watcher, ``shell`` is what their shell exports."""

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

    def run(self, argv: list[str], *, env: Mapping[str, str] | None = None, stdin: str = "") -> Heard:
        log = self._folder / "programs"
        own = {name: canary.value for name, canary in self.shell.items()}
        done = self.person.run(
            traced(self._wrapped(argv), str(log)), env={**own, **(env or {})}, stdin=stdin, seconds=150
        )
        with log.open("rb") as lines:
            programs = list(started(lines))
        assert programs, done.stderr
        log.unlink()
        return Heard(done.returncode, (done.stdout + done.stderr).encode(errors="surrogateescape"), programs)

    def play(self, playbook: str, *arguments: str, env: Mapping[str, str] | None = None, stdin: str = "") -> Heard:
        """A playbook with everything turned on that makes it talk."""
        record = self._folder / "ansible.log"
        loud = {
            "ANSIBLE_CALLBACK_PLUGINS": str(_CALLBACKS),
            "ANSIBLE_CALLBACKS_ENABLED": "everything",
            "ANSIBLE_LOG_PATH": str(record),
            "ANSIBLE_DISPLAY_ARGS_TO_STDOUT": "1",
            "ANSIBLE_REMOTE_TEMP": str(self.home / ".ansible/tmp"),
            "LATCHKEY_REPORT": str(self.home / "report.json"),
        }
        argv = [str(Path(sys.executable).parent / "ansible-playbook"), "-i", str(self.home / "inventory"), playbook]
        heard = self.run([*argv, *arguments], env={**loud, **(env or {})}, stdin=stdin)
        said = record.read_bytes() if record.exists() else b""
        record.unlink(missing_ok=True)
        return Heard(heard.code, heard.output + said, heard.programs)

    def leaks(self, heard: Heard, *, exported: Mapping[str, Canary] = MappingProxyType({})) -> set[Leak]:
        """Where a canary sings that only files may hold, and what is ``exported`` by the person's shell."""
        allowed = {f"{name}={canary.value}".encode() for name, canary in {**self.shell, **exported}.items()}
        found = {Leak("output", *song) for song in songs(heard.output)}
        for program in heard.programs:
            found |= {Leak(f"arguments of {program.program}", *song) for song in songs(b"\0".join(program.argv))}
            own = b"\0".join(variable for variable in program.environment if variable not in allowed)
            found |= {Leak(f"environment of {program.program}", *song) for song in songs(own)}
        return found

    def places(self) -> dict[str, set[str]]:
        """The files that hold each canary, below the home by their names there."""
        found: dict[str, set[str]] = {}
        for leak in files_with([self.home, *_FOLDERS], spared=[self._folder], since=self._begun):
            place = os.path.relpath(leak.place, self.home) if Path(leak.place).is_relative_to(self.home) else leak.place
            found.setdefault(leak.name, set()).add(place)
        return found


def assert_silent(stage: Stage, heard: Heard, code: int = 0) -> None:
    """Nothing was heard of any canary, and the run ended as it had to."""
    assert not stage.leaks(heard)
    assert heard.code == code, heard.text[-3000:]
