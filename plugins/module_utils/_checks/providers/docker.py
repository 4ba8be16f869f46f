# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Provider that asks the Docker daemon at the socket the docker CLI would use."""

from __future__ import annotations

import hashlib
import json
import os
from typing import TYPE_CHECKING, Any

from ..._clients.http_request import Request, Unreachable, fetch
from ..._core.errors import LatchkeyError
from ..base import ABSENT, PASS, SKIP, UNKNOWN, Option, Outcome, Provider
from ..http_rules import Facts, Rule, judge

if TYPE_CHECKING:
    from ..base import Check, LocalContext

__all__ = ["PROVIDERS"]

_UNIX = "unix://"
_DEFAULT_SOCKET = "/var/run/docker.sock"
_RULES = (Rule(PASS, "running", statuses=[200], where={"header:api-version": ...}),)
_UNREACHABLE = {
    "refused": Outcome(ABSENT, "no Docker daemon answers", "stopped", remedy="start Docker (or colima start)"),
    "denied": Outcome(ABSENT, "this account may not use Docker", "denied", remedy="join the group docker"),
}


def _local(check: Check, here: LocalContext) -> Outcome:
    address = check.options.get("socket") or os.environ.get("DOCKER_HOST")
    if not address:
        found = _context_address(here)
        if isinstance(found, Outcome):
            return found
        address = found
    if address.startswith("/"):
        address = _UNIX + address
    if not address.startswith(_UNIX):
        return Outcome(SKIP, "Docker runs on another machine", "prerequisite")
    request = Request("http://localhost/_ping", unix_socket=address[len(_UNIX) :] or _DEFAULT_SOCKET)
    try:
        answer = fetch(request, here.deadline)
    except Unreachable as error:
        other = Outcome(UNKNOWN, error.message, "timeout" if error.cause == "timeout" else "server")
        return _UNREACHABLE.get(error.cause, other)
    outcome = judge(answer, _RULES, Facts(identity=["header:server"]))
    return (
        outcome
        if outcome.state == PASS
        else Outcome(UNKNOWN, "what answers at its socket is no healthy Docker", "server")
    )


def _context_address(here: LocalContext) -> str | Outcome:
    """Address of the daemon in the context that the docker CLI would use, or the outcome without one.

    The CLI refuses a context that does not exist. A file that cannot be read does not mean the default context.
    """
    folder = os.environ.get("DOCKER_CONFIG") or "~/.docker"
    try:
        name = os.environ.get("DOCKER_CONTEXT") or _load(here, f"{folder}/config.json").get("currentContext")
        if not name or name == "default":
            return _UNIX
        if not isinstance(name, str):
            raise _Unreadable(f"{folder}/config.json")
        path = f"{folder}/contexts/meta/{hashlib.sha256(name.encode()).hexdigest()}/meta.json"
        if here.read(path) is None:
            reason = f"docker refuses to run: its current context {name} does not exist"
            remedy = "unset DOCKER_CONTEXT" if os.environ.get("DOCKER_CONTEXT") else "docker context use default"
            return Outcome(ABSENT, reason, "absent", remedy=remedy)
        host: Any = _load(here, path)
        for key in ("Endpoints", "docker", "Host"):
            host = host.get(key) if isinstance(host, dict) else None
        if not isinstance(host, str) or "://" not in host:
            raise _Unreadable(path)
    except LatchkeyError as error:
        return Outcome(UNKNOWN, f"which Docker is used cannot be told: {error.message}", "unreadable")
    return host


class _Unreadable(LatchkeyError):
    """A file of the docker CLI does not have the content that the CLI writes."""

    def __init__(self, path: str) -> None:
        super().__init__(f"{path} cannot be understood")


def _load(here: LocalContext, path: str) -> dict[str, Any]:
    """The object in a JSON file; {} where there is no file or nothing in it. LatchkeyError where it cannot be read."""
    try:
        found = json.loads((here.read(path) or b"").strip() or b"{}")
    except (ValueError, RecursionError):
        raise _Unreadable(path) from None
    if not isinstance(found, dict):
        raise _Unreadable(path)
    return found


PROVIDERS = {"docker": Provider({"socket": Option()}, local=_local, takes_value=False)}
