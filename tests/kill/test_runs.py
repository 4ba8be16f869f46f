# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whole runs killed at random moments, and two of them at once: every file is as before or as wanted."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.integration.conftest import Person

CHECKOUT = Path(__file__).parents[2]
ROUNDS = 6
RUN = "LATCHKEY_TEST_RUN"
MINE = b"alias ll='ls -l'\nexport EDITOR=vi  # mine"
AWS = b"# mine\n[other]\naws_access_key_id = mine\n"

Files = dict[str, tuple[bytes, int]]


@pytest.fixture
def home(person: Person) -> Path:
    """Somebody who has files of their own, and a declaration that changes them and makes others."""
    names = [f"secret{number}" for number in range(6)]
    for name in names:
        person.write(f"secrets/{name}", f"the value of {name}\n", mode=0o600)
    person.write(".zshrc", MINE)
    person.write(".aws/credentials", AWS, mode=0o600)
    person.declare(
        latchkey_keychain_backend="files",
        latchkey_credentials={
            name: {
                "source": [{"file": f"~/secrets/{name}"}],
                "keychain": {"service": name, "account": "me"},
                "export": [name.upper(), {"name": name.upper(), "file": f"~/.config/{name[-1]}.env"}],
                "check": {"provider": "file", "path": f"~/secrets/{name}"},
            }
            for name in names
        },
        aws_config_profiles={"reader": {"region": "eu-west-1"}},
        aws_config_credentials={
            "reader": {"aws_access_key_id": "AKIAEXAMPLE", "aws_secret_access_key": {"file": "~/secrets/secret0"}}
        },
    )
    return person.home


def files(home: Path) -> Files:
    """All that is in a home but the notes, whose key and times are new each time, and what is Ansible's own."""
    return {
        str(path.relative_to(home)): (path.read_bytes(), stat.S_IMODE(path.stat().st_mode))
        for path in home.rglob("*")
        if path.is_file() and not {".ansible", "latchkey.json"} & set(path.parts) and ".local/state" not in str(path)
    }


def leftovers(home: Path) -> list[str]:
    return [str(path.relative_to(home)) for path in home.rglob(".latchkey-*")]


def start(person: Person, run: str) -> subprocess.Popen[str]:
    argv = [
        str(Path(sys.executable).parent / "ansible-playbook"),
        "-i",
        str(person.home / "inventory"),
        "bootstrap.yml",
    ]
    as_person = {"user": person.uid, "group": person.gid, "extra_groups": []} if os.geteuid() == 0 else {}
    return subprocess.Popen(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=CHECKOUT,
        env=person.environment(**{RUN: run}),
        start_new_session=True,
        **as_person,  # type: ignore[arg-type]
    )


def finish(process: subprocess.Popen[str]) -> str:
    said, _nothing = process.communicate(timeout=240)
    assert process.returncode == 0, said
    return said


def kill(run: str) -> int:
    """All processes of one run at once, by their ids; their number."""
    mine = f"{RUN}={run}".encode()
    pids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit() and is_of(entry, mine)]
    for how in (signal.SIGSTOP, signal.SIGKILL):
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, how)
    return len(pids)


def is_of(process: Path, mine: bytes) -> bool:
    with contextlib.suppress(OSError):
        return mine in (process / "environ").read_bytes().split(b"\0")
    return False


def restore(person: Person, before: Files) -> None:
    """The home as it was before any run."""
    for path in sorted(person.home.rglob("*"), reverse=True):
        if path.is_dir() and not path.is_symlink():
            with contextlib.suppress(OSError):
                path.rmdir()
        elif str(path.relative_to(person.home)) not in before:
            path.unlink()
    for name, (data, mode) in before.items():
        person.write(name, data, mode=mode)


@pytest.mark.thorough
def test_run_killed_at_a_random_moment_leaves_old_or_new_files(person: Person, home: Path) -> None:
    before = files(home)
    started = time.monotonic()
    finish(start(person, "whole"))
    seconds = time.monotonic() - started
    wanted = files(home)
    assert len(wanted) > len(before) + 10
    chance = random.Random(os.environ.get("LATCHKEY_TEST_SEED", "latchkey"))
    struck = 0
    for number in range(ROUNDS):
        restore(person, before)
        assert files(home) == before
        process = start(person, f"killed{number}")
        if number % 2:
            time.sleep(chance.uniform(0.1, 0.95) * seconds)
        else:
            await_first_write(home, process)
            time.sleep(chance.uniform(0, 0.03))
        struck += kill(f"killed{number}") > 0
        process.communicate()
        found = files(home)
        strangers = {
            name: data
            for name, data in found.items()
            if data not in (before.get(name), wanted.get(name)) and not Path(name).name.startswith(".latchkey-")
        }
        assert not strangers
        assert all(name in found for name in before)
        finish(start(person, "next"))
        assert files(home) == wanted
        assert not leftovers(home)
    assert "changed=0" in finish(start(person, "last"))
    assert struck >= ROUNDS // 2


def await_first_write(home: Path, process: subprocess.Popen[str]) -> None:
    while not (home / ".local/share/latchkey").exists() and process.poll() is None:
        time.sleep(0.001)


@pytest.mark.thorough
def test_two_concurrent_runs_succeed(person: Person, home: Path) -> None:
    before = files(home)
    finish(start(person, "alone"))
    wanted = files(home)
    for _round in range(2):
        restore(person, before)
        both = [start(person, f"run{number}") for number in range(2)]
        for process in both:
            finish(process)
        assert files(home) == wanted
        assert not leftovers(home)
        assert (home / ".zshrc").read_bytes().count(b">>> latchkey >>>") == 1
        assert (home / ".zshrc").read_bytes().startswith(MINE)
        assert (home / ".aws/credentials").read_bytes().count(b"[reader]") == 1
        notes = json.loads((home / ".local/state/latchkey/keychain.json").read_text())
        assert len(notes["items"]) == 6
        assert all(item["made"] for item in notes["items"])
    assert "changed=0" in finish(start(person, "last"))
