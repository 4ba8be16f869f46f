# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""ansible-test sanity on the installed tarball; it rejects the symlink .collections of a checkout."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

from tests.quality.tools import ROOT, run

if TYPE_CHECKING:
    from pathlib import Path

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
HOME = ROOT / ".cache" / "ansible-test"  # environments of ansible-test are reused between runs


def test_sanity_finds_nothing(collections: Path) -> None:
    provide_pip()
    run(
        *("ansible-test", "sanity", "--python", PYTHON, "--color", "no", "--truncate", "0"),
        cwd=collections / "ansible_collections" / "latchkey" / "workstation",
        HOME=str(HOME),
    )


def provide_pip() -> None:
    cache = HOME / ".ansible" / "test" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    wheels = list(cache.glob("pip-*.whl"))
    if not wheels:
        pinned = ("--require-hashes", "--no-deps", "-r", ROOT / "requirements" / "sanity.txt")
        run("python", "-m", "pip", "download", "--quiet", "--dest", cache, *pinned)
        wheels = list(cache.glob("pip-*.whl"))
    version = wheels[0].name.split("-")[1].replace(".", "_")
    shutil.copy(ROOT / "tests" / "quality" / "get_pip.py", cache / f"get_pip_{version}.py")
