# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""This checkout as a git bundle: the current work tree without ignored files; the repository stays unchanged."""

from __future__ import annotations

import functools
import os
import subprocess
import tempfile
from pathlib import Path

__all__ = ["bundle"]

ROOT = Path(__file__).resolve().parents[2]
AUTHOR = {f"GIT_{who}_{what}": "test" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


def bundle() -> bytes:
    """Return a bundle of one commit on a branch main, made in a temporary repository."""
    with tempfile.TemporaryDirectory() as folder:
        fresh = Path(folder, "fresh.git")
        _git("init", "--quiet", "--bare", fresh)
        git = functools.partial(_git, f"--git-dir={fresh}", f"--work-tree={ROOT}")
        git("-c", "core.excludesFile=/dev/null", "add", "--all", ".", where=ROOT)
        tree = git("write-tree").strip().decode()
        commit = git("commit-tree", tree, "-m", "The work tree").strip().decode()
        git("update-ref", "refs/heads/main", commit)
        return git("bundle", "create", "--quiet", "-", "refs/heads/main")


def _git(*arguments: str | Path, where: Path | None = None) -> bytes:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    done = subprocess.run(["git", *arguments], cwd=where, env=environment | AUTHOR, capture_output=True, check=False)
    if done.returncode:
        raise RuntimeError(f"git {arguments[-1]}: {done.stderr.decode(errors='replace')}")
    return done.stdout
