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
from typing import TYPE_CHECKING

import pytest

from tests.canary.programs import Started, started, traced
from tests.canary.scanner import Canary, Leak, files_with, songs

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tests.integration.conftest import Person

__all__ = ["KEPT", "LOUD", "Heard", "Stage", "item"]

LOUD = ("-vvvv", "--diff")
KEPT = {"ANSIBLE_KEEP_REMOTE_FILES": "1"}
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
    """A person's home with canaries in it; ``shell`` is what their shell exports."""

    def __init__(self, person: Person, folder: Path, *, shell: Mapping[str, Canary] | None = None) -> None:
        if not shutil.which("strace"):
            pytest.skip("needs strace")
        self.person = person
        self.home = person.home
        self.shell = shell or {}
        self._folder = folder
        self._begun = time.time()
        folder.mkdir(mode=0o777)
        folder.chmod(0o777)

    def run(self, argv: list[str], *, env: Mapping[str, str] | None = None, stdin: str = "") -> Heard:
        log = self._folder / "programs"
        own = {name: canary.value for name, canary in self.shell.items()}
        done = self.person.run(traced(argv, str(log)), env={**own, **(env or {})}, stdin=stdin, seconds=150)
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
            "ANSIBLE_DEBUG": "1",
            "LATCHKEY_REPORT": str(self.home / "report.json"),
        }
        argv = [str(Path(sys.executable).parent / "ansible-playbook"), "-i", str(self.home / "inventory"), playbook]
        heard = self.run([*argv, *arguments], env={**loud, **(env or {})}, stdin=stdin)
        said = record.read_bytes() if record.exists() else b""
        record.unlink(missing_ok=True)
        return Heard(heard.code, heard.output + said, heard.programs)

    def leaks(self, heard: Heard) -> set[Leak]:
        """Where a canary sings that only files may hold."""
        allowed = {f"{name}={canary.value}".encode() for name, canary in self.shell.items()}
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

    def plant(self, canary: Canary, name: str, text: str = "{}") -> str:
        """A file of the person's with the canary in it; its name with ~."""
        self.person.write(name, text.replace("{}", canary.value), mode=0o600)
        return f"~/{name}"


def item(service: str, **more: object) -> dict[str, object]:
    return {"service": service, "account": "me", **more}


def programs_named(heard: Heard, name: str) -> Iterable[Started]:
    return (program for program in heard.programs if Path(program.program).name == name)
