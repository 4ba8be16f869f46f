# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The twins as a process, until SIGTERM or SIGINT.

The port stands in the port file once all is listening, and the file is gone when nothing listens any more; with TLS
the certificate to trust stands beside it in <port file>.pem. Requests are recorded as one JSON object a line. The
scenario file, every part of it optional:

    {"know":   [{"service": "github", "scenario": "bad", "secret": "ghp_…", "identity": ""}],
     "choose": {"docker": "ailing"},
     "faults": [{"service": "heroku", "fault": "delay", "path": "/account", "options": {"ms": 300}}]}
"""

from __future__ import annotations

import argparse
import json
import os
import signal
from pathlib import Path

from tests.twins.services._twins import Twins, serve


def _set_up(twins: Twins, scenario: Path) -> None:
    wanted = json.loads(scenario.read_text(encoding="utf-8"))
    for each in wanted.get("know", ()):
        twins.know(**each)
    for service, state in wanted.get("choose", {}).items():
        twins.choose(service, state)
    for each in wanted.get("faults", ()):
        twins.break_(each["service"], each["fault"], path=each.get("path", "*"), **each.get("options", {}))


def _announce(port_file: Path, port: int) -> None:
    unfinished = port_file.with_name(f"{port_file.name}.{os.getpid()}")
    unfinished.write_text(f"{port}\n", encoding="ascii")
    unfinished.replace(port_file)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="tests.twins.services", description="Stand-ins for HTTP services on loopback."
    )
    parser.add_argument("--port-file", type=Path, required=True)
    parser.add_argument("--scenario", type=Path)
    parser.add_argument("--record", type=Path)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--unix", default="", help="path of Docker's socket")
    parser.add_argument("--tls", choices=("good", "expired", "wrong_host", "mute"))
    asked = parser.parse_args()
    wanted = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, wanted)  # before any thread exists: all of them inherit it
    with serve(tls=asked.tls, unix=asked.unix, port=asked.port, record=asked.record) as twins:
        if asked.scenario:
            _set_up(twins, asked.scenario)
        if twins.trusted:
            Path(f"{asked.port_file}.pem").write_bytes(twins.trusted.read_bytes())
        _announce(asked.port_file, twins.port)
        signal.sigwait(wanted)
        asked.port_file.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
