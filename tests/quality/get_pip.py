# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Replacement for the script that ansible-test downloads: installs pip from the wheel in the same folder."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

wheel = str(next(Path(__file__).parent.glob("pip-*.whl")))
sys.path.insert(0, wheel)
sys.argv = ["pip", "install", "--quiet", "--no-index", "--disable-pip-version-check", wheel]
runpy.run_module("pip", run_name="__main__", alter_sys=True)
