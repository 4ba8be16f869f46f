# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every benchmark of this folder, or those that are named, one table each."""

from __future__ import annotations

import argparse
import importlib
import os
import platform
import re
import time
from pathlib import Path

FOLDER = Path(__file__).parent
MAIN = re.compile(r"^def run\(", re.MULTILINE)


def main() -> None:
    names = sorted(path.stem for path in FOLDER.glob("[!_]*.py") if MAIN.search(path.read_text()))
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"among {', '.join(names)}; all without one")
    asked = parser.parse_args()
    if unknown := sorted(set(asked.names) - set(names)):
        parser.error(f"no benchmark {', '.join(unknown)}: there are {', '.join(names)}")
    print(f"{_system()}, Python {platform.python_version()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    for name in asked.names or names:
        module = importlib.import_module(f"{__package__}.{name}")
        title = (module.__doc__ or name).strip().splitlines()[0]
        print(f"\n== {name}: {title}", flush=True)
        started = time.monotonic()
        for row in module.run():
            print(row, flush=True)
        print(f"   (took {time.monotonic() - started:.0f} s)", flush=True)


def _system() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except OSError:
        return platform.platform()


if __name__ == "__main__":
    main()
