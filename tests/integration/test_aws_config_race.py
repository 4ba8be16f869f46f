# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Concurrent writes of one file by the AWS CLI, which takes no lock, and by aws_config."""

from __future__ import annotations

import collections
import os
import random
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._aws_files.converge import converge
from ansible_collections.latchkey.workstation.plugins.module_utils._host import atomic_write
from ansible_collections.latchkey.workstation.plugins.module_utils._sources.resolver import Resolver

from tests.unit.plugins.module_utils._aws_files.aws_files import botocore_sections

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RACES = int(os.environ.get("LATCHKEY_RACES", "300"))
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
    ConfigFileWriter().update_config({"__section__": "default", "region": "aws-cli"}, path)
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


def write_profile(home: Path) -> bool:
    """Write the profile ``latchkey`` with aws_config; True if the report has no failure."""
    declared: dict[str, Any] = {"sso_sessions": [], "static": []}
    declared["profiles"] = [{"name": "latchkey", "state": "present", "settings": {"region": "latchkey"}}]
    paths = (str(home / "config"), str(home / "credentials"))
    resolver = Resolver(str(home), from_store=lambda *_: pytest.fail("aws_config read a stored value"))
    report = converge(str(home), declared, paths=paths, resolver=resolver, exclusive=True, check_mode=False)
    return not report.failed


def race(home: Path, writer: subprocess.Popen[str], *, delay: float) -> str:
    """Write with both programs at once; return which changes were lost, or that other sections were damaged."""
    assert writer.stdin
    assert writer.stdout
    file = home / "config"
    file.write_text(f"[default]\nregion = before\n\n{OTHERS}")
    os.utime(file, (0, 0))
    print(file, time.monotonic() + delay, file=writer.stdin, flush=True)
    succeeded = write_profile(home)
    assert writer.stdout.readline() == "done\n"
    sections = botocore_sections(file.read_bytes())
    if OTHERS not in file.read_text() or sections is None:
        return "other sections damaged"
    kept = {"latchkey": "profile latchkey" in sections, "aws-cli": "region = aws-cli" in file.read_text()}
    lost = [name for name, present in kept.items() if not present]
    if lost == ["latchkey"]:
        assert write_profile(home)
        assert b"[profile latchkey]" in file.read_bytes()
    return f"{' and '.join(lost) or 'nothing'} lost{'' if succeeded else ', reported as failed'}"


def count(home: Path, writer: subprocess.Popen[str], races: int) -> collections.Counter[str]:
    """Results of races in which both write at about the same moment."""
    (home / "config").write_text(OTHERS)
    os.utime(home / "config", (0, 0))
    began = time.monotonic()
    assert write_profile(home)
    duration = time.monotonic() - began
    chance = random.Random(1)
    return collections.Counter(race(home, writer, delay=chance.uniform(0, 1.2 * duration)) for _ in range(races))


@pytest.mark.thorough
def test_concurrent_writes_of_the_aws_cli_lose_almost_no_change(tmp_path: Path, writer: subprocess.Popen[str]) -> None:
    results = count(tmp_path, writer, RACES)
    print(f"{RACES} races: {dict(results)}", file=sys.stderr)
    assert not results["other sections damaged"]
    assert not results["latchkey and aws-cli lost"]
    assert results["nothing lost"] >= RACES * 0.97


def test_changes_are_lost_without_the_second_read(
    tmp_path: Path, writer: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(atomic_write, "_check_unchanged", lambda *_: None)
    results = count(tmp_path, writer, 100)
    print(f"100 races without the comparison: {dict(results)}", file=sys.stderr)
    assert results["nothing lost"] < 97
