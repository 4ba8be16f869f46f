# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The twins of services in a process of their own: what is measured shares no interpreter with them."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["issuers"]


@contextlib.contextmanager
def issuers(service: str, tokens: Iterable[str], *, faults: Iterable[dict[str, Any]] = ()) -> Iterator[str]:
    """The address of twins whose ``service`` knows ``tokens``."""
    with tempfile.TemporaryDirectory() as folder:
        port, scenario = Path(folder, "port"), Path(folder, "scenario.json")
        know = [{"service": service, "scenario": "classic", "secret": token} for token in tokens]
        scenario.write_text(json.dumps({"know": know, "faults": list(faults)}))
        argv = [sys.executable, "-m", "tests.twins.services", "--port-file", str(port), "--scenario", str(scenario)]
        with subprocess.Popen(argv) as twins:
            try:
                while not port.exists() and twins.poll() is None:
                    time.sleep(0.02)
                yield f"http://127.0.0.1:{port.read_text().strip()}"
            finally:
                twins.terminate()
