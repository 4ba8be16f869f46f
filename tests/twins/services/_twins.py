# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All services on one port, each below its name; a second port is the foreign host that redirects lead to."""

from __future__ import annotations

import functools
import json
import re
import tempfile
import threading
import time
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from tests.twins.services._faults import REPLY_FAULTS
from tests.twins.services._model import Reply, Request, Scenario, Service, ServiceState
from tests.twins.services._server import Raw, listen, listen_unix
from tests.twins.services._wire import WIRE_FAULTS, Wire, whole
from tests.twins.services.access import ACCESS, ACCESS_STRICT
from tests.twins.services.aws_sso import AWS_SSO
from tests.twins.services.cloudflare import CLOUDFLARE
from tests.twins.services.docker import DOCKER
from tests.twins.services.github import GITHUB
from tests.twins.services.heroku import HEROKU
from tests.twins.services.infisical import INFISICAL
from tests.twins.services.widgets import WIDGETS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

__all__ = ["FAULTS", "SCENARIOS", "SERVICES", "Twins", "serve"]

SERVICES: Mapping[str, Service] = {
    each.name: each for each in (ACCESS, ACCESS_STRICT, AWS_SSO, CLOUDFLARE, DOCKER, GITHUB, HEROKU, INFISICAL, WIDGETS)
}
SCENARIOS: Mapping[str, Mapping[str, Scenario]] = {name: each.scenarios for name, each in SERVICES.items()}
FAULTS = tuple(sorted({*REPLY_FAULTS, *WIRE_FAULTS}))
NO_SERVICE = Reply(404, "no such service")
EVERYWHERE = "*"
NO_OPTIONS: Mapping[str, object] = MappingProxyType({})


@dataclass
class Twins:
    clock: Callable[[], float] = time.time
    record: Path | None = None
    scheme: str = "http"
    trusted: Path | None = None
    port: int = 0
    elsewhere_port: int = 0
    requests: list[Request] = field(default_factory=list)
    desks: dict[str, ServiceState] = field(default_factory=dict)
    faults: dict[tuple[str, str], tuple[str, Mapping[str, object]]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.desks = {name: ServiceState(each.scenarios, self.clock) for name, each in SERVICES.items()}

    def url(self, service: str) -> str:
        """What stands for the real service's base URL."""
        return f"{self.scheme}://127.0.0.1:{self.port}/{service}{SERVICES[service].base}"

    def know(self, service: str, scenario: str, secret: str, identity: str = "") -> None:
        """Register a token of the test that gets the answers of that scenario."""
        self._must_exist(service, scenario)
        if scenario != "malformed" and not re.fullmatch(SERVICES[service].form, secret, re.DOTALL):
            raise ValueError(f"{service} could not even read this token: it must match {SERVICES[service].form}")
        self.desks[service].known[identity, secret] = scenario

    def choose(self, service: str, scenario: str) -> None:
        """For a service that knows no credentials: its own state."""
        self._must_exist(service, scenario)
        self.desks[service].chosen = scenario

    def _must_exist(self, service: str, scenario: str) -> None:
        if scenario not in SCENARIOS.get(service, ()):
            raise ValueError(
                f"no scenario {scenario} of {service}; there are {', '.join(SCENARIOS.get(service, SERVICES))}"
            )

    def break_(self, service: str, fault: str, *, path: str = EVERYWHERE, **options: object) -> None:
        if service not in SERVICES or fault not in FAULTS:
            raise ValueError(
                f"no fault {fault} of {service}: services are {', '.join(SERVICES)}, faults {', '.join(FAULTS)}"
            )
        self.faults[service, path] = (fault, options)

    def mend(self) -> None:
        self.faults.clear()

    def reset(self) -> None:
        self.mend()
        self.requests.clear()
        for desk in self.desks.values():
            desk.reset()

    def seen(self, service: str, *, elsewhere: bool = False) -> list[Request]:
        return [each for each in self.requests if (each.service, each.elsewhere) == (service, elsewhere)]

    def serve(self, raw: Raw, wire: Wire, *, elsewhere: bool = False, only: str = "") -> None:
        target = f"/{only}{raw.target}" if only else raw.target
        request = self._request(raw, target, elsewhere=elsewhere)
        self._note(request)
        service = SERVICES.get(request.service)
        reply = service.answer(request, self.desks[service.name]) if service else NO_SERVICE
        answer = reply.render(self.clock())
        fault, options = ("", NO_OPTIONS) if elsewhere else self._fault(request)
        if fault in REPLY_FAULTS:
            location = f"{self.scheme}://localhost:{self.elsewhere_port}{target}"
            answer = REPLY_FAULTS[fault](answer, location, **options)
        WIRE_FAULTS.get(fault, whole)(wire, answer, **(options if fault in WIRE_FAULTS else {}))

    def _fault(self, request: Request) -> tuple[str, Mapping[str, object]]:
        everywhere = self.faults.get((request.service, EVERYWHERE), ("", NO_OPTIONS))
        return self.faults.get((request.service, request.path), everywhere)

    def _request(self, raw: Raw, target: str, *, elsewhere: bool) -> Request:
        path, _mark, query = target.partition("?")
        for name, service in SERVICES.items():
            mount = f"/{name}{service.base}"
            if path == mount or path.startswith(f"{mount}/"):
                return Request(name, raw.method, path[len(mount) :] or "/", query, raw.headers, raw.body, elsewhere)
        return Request("", raw.method, path, query, raw.headers, raw.body, elsewhere)

    def _note(self, request: Request) -> None:
        line = {key: value for key, value in asdict(request).items() if key != "body"}
        with self.lock:
            self.requests.append(request)
            if self.record:
                with self.record.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(line) + "\n")


@contextmanager
def serve(
    *,
    tls: str | None = None,
    unix: str = "",
    port: int = 0,
    record: Path | None = None,
    clock: Callable[[], float] = time.time,
) -> Iterator[Twins]:
    """`tls`: "good", flawed ("expired", "wrong_host"), or "mute": accepts and never says a word. `unix`: for Docker."""
    twins = Twins(clock=clock, record=record, scheme="https" if tls else "http")
    if record:
        record.touch(mode=0o600)
    with ExitStack() as stack:
        context = None
        if tls and tls != "mute":
            from tests.twins.services._tls import server_context  # noqa: PLC0415 — beyond the standard library

            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            context, twins.trusted = server_context(folder, "" if tls == "good" else tls)
        listeners = [
            listen(twins.serve, port=port, tls=context, mute=tls == "mute"),
            listen(functools.partial(twins.serve, elsewhere=True), tls=context),
        ]
        twins.port, twins.elsewhere_port = (each.port for each in listeners)
        if unix:
            listeners.append(listen_unix(functools.partial(twins.serve, only=DOCKER.name), unix))
        try:
            yield twins
        finally:
            for each in listeners:
                each.stop()
    for failure in (failure for each in listeners for failure in each.failures):
        raise RuntimeError("a service twin broke") from failure
