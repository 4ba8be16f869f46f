# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs of every Molecule scenario, from create to destroy."""

from __future__ import annotations

import os
import subprocess
import sysconfig

import pytest

from tests.machines.base import instances, missing
from tests.machines.checkout import ROOT

SCENARIOS = sorted(path.parent.name for path in ROOT.glob("molecule/*/molecule.yml"))
pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_molecule_scenario_passes_and_leaves_no_machine(scenario: str) -> None:
    tools = sysconfig.get_path("scripts")
    environment = {**os.environ, "PATH": f"{tools}:{os.environ['PATH']}", "NO_COLOR": "1", "COLUMNS": "160"}
    done = subprocess.run(
        ["molecule", "test", "--scenario-name", scenario],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-6000:]
    assert not list(instances().glob("molecule-*"))
