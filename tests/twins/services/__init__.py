# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fakes (twins) of the HTTP services that checks call, written from the public documentation of each service.

    with serve() as twins:
        scenario = SCENARIOS["github"]["expires_soon"]      # its token, what it means, the documented answer
        twins.url("github")                                 # the base URL, for the real one's https://api.github.com
        twins.know("github", "bad", "ghp_mine")             # a token of the test's own
        twins.break_("github", "stall", path="/user")       # any of FAULTS, with options
        twins.seen("github")                                # every request, with its headers as they came

From a shell: `python -m tests.twins.services --port-file F [--scenario S.json] [--record R]`; see __main__.py.
"""

from __future__ import annotations

from tests.twins.services._model import DAY, LATER, PAST, SOON, Request, Scenario, specimen
from tests.twins.services._server import stale_socket
from tests.twins.services._twins import FAULTS, SCENARIOS, SERVICES, Twins, serve

__all__ = [
    "DAY",
    "FAULTS",
    "LATER",
    "PAST",
    "SCENARIOS",
    "SERVICES",
    "SOON",
    "Request",
    "Scenario",
    "Twins",
    "serve",
    "specimen",
    "stale_socket",
]
