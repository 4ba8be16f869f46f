# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The AWS CLI's own writer and ours on one file, a thousand times: it reads, empties and fills, and takes no lock."""

from __future__ import annotations

import collections
import os
import random
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils import _files
from ansible_collections.latchkey.workstation.plugins.module_utils._aws_converge import converge

from tests.unit.plugins.module_utils.aws_files import botocore_sections

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RACES = int(os.environ.get("LATCHKEY_RACES", "1000"))
SYSTEM_PYTHON = "/usr/bin/python3"
OTHERS = "".join(
    f"[profile other{n}]\n# kept {n}\nregion = eu-west-{n}\ns3 =\n    max_queue_size = {n}\n\n" for n in range(20)
)
# One line in, at that moment one `aws configure set`; one line out.
WRITER = """
import sys, time
from awscli.customizations.configure.writer import ConfigFileWriter
print("ready", flush=True)
for line in sys.stdin:
    path, moment = line.split()
    while time.monotonic() < float(moment):
        pass
    ConfigFileWriter().update_config({"__section__": "default", "region": "theirs"}, path)
    print("done", flush=True)
"""


@pytest.fixture
def writer() -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [SYSTEM_PYTHON, "-c", WRITER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout
    if process.stdout.readline() != "ready\n":
        pytest.skip(f"{SYSTEM_PYTHON} has no AWS CLI")
    yield process
    process.kill()
    process.wait()


def ours(home: Path) -> bool:
    declared: dict[str, Any] = {"sso_sessions": [], "static": []}
    declared["profiles"] = [{"name": "ours", "state": "present", "settings": {"region": "ours"}}]
    paths = (str(home / "config"), str(home / "credentials"))
    report = converge(
        str(home), declared, paths=paths, look=lambda _: pytest.fail("no source"), exclusive=True, check_mode=False
    )
    return not report.failed


def race(home: Path, writer: subprocess.Popen[str], *, late: float) -> str:
    """What became of both edits, and of everything else in the file."""
    assert writer.stdin
    assert writer.stdout
    file = home / "config"
    file.write_text(f"[default]\nregion = nobodys\n\n{OTHERS}")
    os.utime(file, (0, 0))
    print(file, time.monotonic() + late, file=writer.stdin, flush=True)
    told = ours(home)
    assert writer.stdout.readline() == "done\n"
    sections = botocore_sections(file.read_bytes())
    if OTHERS not in file.read_text() or sections is None:
        return "others damaged"
    lost = [
        name
        for name, there in (("ours", "profile ours" in sections), ("theirs", "region = theirs" in file.read_text()))
        if not there
    ]
    if lost == ["ours"]:
        assert ours(home)
        assert b"[profile ours]" in file.read_bytes()
    return f"{' and '.join(lost) or 'nothing'} lost{'' if told else ', and we said so'}"


def count(home: Path, writer: subprocess.Popen[str], races: int) -> collections.Counter[str]:
    """Races that begin so that both write at about the same moment."""
    (home / "config").write_text(OTHERS)
    os.utime(home / "config", (0, 0))
    began = time.monotonic()
    assert ours(home)
    alone = time.monotonic() - began
    chance = random.Random(1)
    return collections.Counter(race(home, writer, late=chance.uniform(0, 1.2 * alone)) for _ in range(races))


def test_a_thousand_races_lose_next_to_nothing(tmp_path: Path, writer: subprocess.Popen[str]) -> None:
    ends = count(tmp_path, writer, RACES)
    print(f"{RACES} races: {dict(ends)}", file=sys.stderr)
    assert not ends["others damaged"]
    assert not ends["ours and theirs lost"]
    assert ends["nothing lost"] >= RACES * 0.97


def test_without_the_second_look_it_would_be_much(
    tmp_path: Path, writer: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_files, "_compare", lambda _: None)
    ends = count(tmp_path, writer, 100)
    print(f"100 races without comparing: {dict(ends)}", file=sys.stderr)
    assert ends["nothing lost"] < 97
