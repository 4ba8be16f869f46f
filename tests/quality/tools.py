# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Path and tracked files of the checkout, and a function that runs a tool of the venv."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

__all__ = ["ROOT", "run", "tracked_files"]

ROOT = Path(__file__).resolve().parents[2]
# Before the venv's own programs, among which ansible-playbook is the starter of the checkout.
TOOLS = [ROOT / "tests/bin", Path(sys.executable).parent]


def run(*argv: str | Path, cwd: Path = ROOT, **environment: str) -> str:
    """Run a tool of the venv and return its output; a failing tool fails the test with that output."""
    found = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    found |= {"PATH": os.pathsep.join([*map(str, TOOLS), found["PATH"]]), "NO_COLOR": "1"}
    done = subprocess.run(
        argv,
        cwd=cwd,
        env={**found, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        pytest.fail(f"{' '.join(map(str, argv))} (exit {done.returncode})\n{done.stdout}", pytrace=False)
    return done.stdout


def tracked_files(*patterns: str) -> list[Path]:
    """Return tracked and addable files that match ``patterns``, relative to the checkout."""
    listed = run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *patterns)
    return [Path(name) for name in sorted(set(listed.split("\0")) - {""}) if os.path.lexists(ROOT / name)]
