# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pinned requirements install from wheels on every supported platform and Python; asks the configured index."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

RUN = Path(__file__).parents[2] / "requirements" / "run.txt"
PLATFORMS = ["x86_64-manylinux_2_28", "aarch64-manylinux_2_28", "aarch64-apple-darwin", "x86_64-apple-darwin"]
PYTHONS = ["3.11", "3.12", "3.13", "3.14"]


def resolve(requirements: Path, target: Path, *, platform: str, python: str) -> subprocess.CompletedProcess[str]:
    """Resolve and download nothing; wheels only, hashes required."""
    chosen = ["--python-platform", platform, "--python-version", python, "--target", str(target)]
    fixed = ["--dry-run", "--quiet", "--only-binary", ":all:", "--require-hashes", "-r", str(requirements)]
    argv = ["uv", "pip", "install", *fixed, *chosen]
    return subprocess.run(argv, capture_output=True, text=True, check=False, timeout=300)


@pytest.fixture(scope="module", autouse=True)
def index(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Skip where no package index answers."""
    folder = str(tmp_path_factory.mktemp("index"))
    argv = ["uv", "pip", "install", "--dry-run", "--quiet", "--no-deps", "--target", folder, "six"]
    answer = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=300)
    if answer.returncode:
        pytest.skip(f"no package index answers: {answer.stderr.strip().splitlines()[-1:]}")


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("platform", PLATFORMS)
def test_every_requirement_has_a_wheel(tmp_path: Path, platform: str, python: str) -> None:
    answer = resolve(RUN, tmp_path, platform=platform, python=python)
    assert answer.returncode == 0, answer.stderr


def test_a_pin_without_a_wheel_for_intel_macs_is_an_error(tmp_path: Path) -> None:
    unpinned = tmp_path / "run.txt"
    unpinned.write_text("cryptography==50.0.2\n")
    argv = ["uv", "pip", "install", "--dry-run", "--quiet", "--only-binary", ":all:", "-r", str(unpinned)]
    argv += ["--python-platform", "x86_64-apple-darwin", "--python-version", "3.13", "--target", str(tmp_path)]
    assert subprocess.run(argv, capture_output=True, check=False, timeout=300).returncode != 0
