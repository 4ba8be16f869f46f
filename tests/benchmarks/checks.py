# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Thirty checks of issuers that answer after 200 ms, with and without one that never does, beside curl in a row.

python -m tests.benchmarks.checks
"""

from __future__ import annotations

import os
import pwd
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parents[2] / ".collections"))
from ansible_collections.latchkey.workstation.plugins.module_utils._checks.engine import CheckRun, check_all
from ansible_collections.latchkey.workstation.plugins.module_utils._checks.local import CheckRequest
from ansible_collections.latchkey.workstation.plugins.module_utils._checks.registry import PROVIDERS
from ansible_collections.latchkey.workstation.plugins.module_utils._core.lookup import LookupResult
from ansible_collections.latchkey.workstation.plugins.module_utils._core.secrets import Secret

from tests.benchmarks.issuers import issuers
from tests.builders import LookupResolver, credential
from tests.twins.services import specimen

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["run"]

CHECKS, DELAY_MS, REQUEST, DEADLINE = 30, 200, 10, 15
TOKENS = [specimen(f"benchmark {n}", prefix="ghp_", length=36) for n in range(CHECKS)]
STEADY, SILENT = "github", "widgets"


def _member() -> str | None:
    """Oneself; for root, who is no member, somebody of this machine."""
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid()).pw_name
    ordinary = [known for known in pwd.getpwall() if 1000 <= known.pw_uid < 60000]
    owned = (known.pw_name for known in ordinary if os.path.isdir(known.pw_dir))
    return next(owned, None)


def _credential(number: int, url: str) -> dict[str, Any]:
    check = {"provider": "http", "url": url, "headers": {"Authorization": "Bearer {value}"}}
    return credential(f"c{number}", check=check)


def _value(declared: Mapping[str, Any]) -> LookupResult:
    return LookupResult("found", secret=Secret(TOKENS[int(declared["name"][1:])]))


def _ours(account: str, urls: list[str]) -> tuple[float, dict[str, int]]:
    credentials = [_credential(number, url) for number, url in enumerate(urls)]
    asked = CheckRequest(lambda _member, _all: LookupResolver(value=_value), PROVIDERS, check_mode=True)
    started = time.monotonic()
    reports = check_all(
        [{"name": "member", "account": account, "credentials": credentials}],
        CheckRun(asked, request_timeout=REQUEST, deadline=DEADLINE),
    )
    seconds = time.monotonic() - started
    outcomes = [row["outcome"] for row in reports["member"].items]
    return seconds, {outcome: outcomes.count(outcome) for outcome in sorted(set(outcomes))}


def _curl(urls: list[str]) -> float:
    started = time.monotonic()
    for token, url in zip(TOKENS, urls):
        header = f"Authorization: Bearer {token}\n".encode()
        argv = ["curl", "-s", "-o", os.devnull, "--max-time", str(REQUEST), "-H", "@-", url]
        subprocess.run(argv, input=header, check=False)
    return time.monotonic() - started


def run() -> list[str]:
    """Table rows: seconds of the collection, seconds of sequential curl, and the intended upper limit."""
    account = _member()
    if account is None:
        return ["SKIP: root is no member, and this machine has no ordinary account"]
    rows = [f"{'':32}{'ours':>9}{'curl':>9}  meant"]
    slow = {"service": STEADY, "fault": "delay", "options": {"ms": DELAY_MS}}
    with issuers(STEADY, TOKENS, faults=[slow, {"service": SILENT, "fault": "stall"}]) as base:
        good = [f"{base}/{STEADY}/user"] * CHECKS
        silent = [*good[1:], f"{base}/{SILENT}/v1/me"]
        for title, urls, meant in (
            (f"{CHECKS} checks of {DELAY_MS} ms", good, DELAY_MS / 1000 + 0.4),
            ("with one that never answers", silent, REQUEST + 0.4),
        ):
            seconds, outcomes = _ours(account, urls)
            row = f"{title:32}{seconds:8.2f}s{_curl(urls):8.2f}s"
            rows.append(f"{row}  at most {meant:.1f} s  {outcomes}")
    return rows


if __name__ == "__main__":
    print("\n".join(run()))
