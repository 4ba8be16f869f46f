# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fake of the Docker daemon's health on its unix socket.

It knows no credential: its state is chosen.
"""

from __future__ import annotations

import re

from tests.twins.services._model import Reply, Request, Scenario, Service, ServiceState

__all__ = ["DOCKER"]

OURS = {"Api-Version": "1.43", "Server": "Docker/24.0.7 (linux)", "Content-Type": "text/plain; charset=utf-8"}
SCENARIOS = {
    "up": Scenario("valid", {"GET /_ping": Reply(200, "OK", OURS)}, says="200 body OK, header Api-Version"),
    "ailing": Scenario(
        "indeterminate", {"*": Reply(500, {"message": "server is shutting down"}, {"Api-Version": "1.43"})}
    ),
    "somebody_else": Scenario("indeterminate", {"*": Reply(200, "OK")}, says="header Api-Version tells a daemon"),
}
NOT_FOUND = Reply(404, {"message": "page not found"}, {"Api-Version": "1.43"})


def _answer(request: Request, desk: ServiceState) -> Reply:
    path = re.sub(r"^/v1\.\d+/", "/", request.path)
    plain = Request(request.service, request.method, path, request.query, request.headers)
    return desk.scenarios[desk.chosen].reply(plain) or NOT_FOUND


DOCKER = Service("docker", SCENARIOS, _answer)
