# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every test of this suite starts from: the checkout, what git knows of it, and one way to run a tool."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

__all__ = ["ROOT", "known", "run"]

ROOT = Path(__file__).resolve().parents[2]
TOOLS = Path(sys.executable).parent


def run(*argv: str | Path, cwd: Path = ROOT, **environment: str) -> str:
    """The output of a tool of the venv; the test fails with that output if the tool does."""
    found = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    found |= {"PATH": f"{TOOLS}{os.pathsep}{found['PATH']}", "NO_COLOR": "1"}
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


def known(*patterns: str) -> list[Path]:
    """The files git knows or would add, relative to the checkout."""
    listed = run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *patterns)
    return [Path(name) for name in sorted(set(listed.split("\0")) - {""}) if os.path.lexists(ROOT / name)]
