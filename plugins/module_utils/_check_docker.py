# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Docker daemon behind the socket that the docker CLI would use."""

from __future__ import annotations

import hashlib
import json
import os
from typing import TYPE_CHECKING, Any

from ansible_collections.latchkey.workstation.plugins.module_utils._checks_base import (
    ABSENT,
    PASS,
    SKIP,
    UNKNOWN,
    Option,
    Outcome,
    Provider,
)
from ansible_collections.latchkey.workstation.plugins.module_utils._checks_web import Facts, Rule, judge
from ansible_collections.latchkey.workstation.plugins.module_utils._errors import LatchkeyError
from ansible_collections.latchkey.workstation.plugins.module_utils._http import Request, Unreachable, fetch

if TYPE_CHECKING:
    from ansible_collections.latchkey.workstation.plugins.module_utils._checks_base import Check, Here

__all__ = ["PROVIDERS"]

_UNIX = "unix://"
_DEFAULT = f"{_UNIX}/var/run/docker.sock"
_RULES = (Rule(PASS, "running", statuses=[200], where={"header:api-version": ...}),)
_NO_WAY = {
    "refused": Outcome(ABSENT, "no Docker daemon answers", "stopped", remedy="start Docker (or colima start)"),
    "denied": Outcome(ABSENT, "this account may not use Docker", "denied", remedy="join the group docker"),
}


def _local(check: Check, here: Here) -> Outcome:
    address = check.options.get("socket") or os.environ.get("DOCKER_HOST") or _of_context(here) or _DEFAULT
    if address.startswith("/"):
        address = _UNIX + address
    if not address.startswith(_UNIX):
        return Outcome(SKIP, "Docker runs on another machine", "prerequisite")
    request = Request("http://localhost/_ping", unix_socket=address[len(_UNIX) :])
    try:
        answer = fetch(request, here.deadline)
    except Unreachable as error:
        return _NO_WAY.get(error.cause) or Outcome(UNKNOWN, error.message, "timeout")
    outcome = judge(answer, _RULES, Facts(identity=["header:server"]))
    return (
        outcome
        if outcome.state == PASS
        else Outcome(UNKNOWN, "what answers at its socket is no healthy Docker", "server")
    )


def _of_context(here: Here) -> str | None:
    """Where the active context says the daemon is; None for the default one."""
    name = os.environ.get("DOCKER_CONTEXT") or _load(here, "~/.docker/config.json").get("currentContext")
    if not isinstance(name, str) or name in ("", "default"):
        return None
    meta = _load(here, f"~/.docker/contexts/meta/{hashlib.sha256(name.encode()).hexdigest()}/meta.json")
    host: Any = meta
    for key in ("Endpoints", "docker", "Host"):
        host = host.get(key) if isinstance(host, dict) else None
    return host if isinstance(host, str) else None


def _load(here: Here, path: str) -> dict[str, Any]:
    try:
        found = json.loads(here.read(path) or b"{}")
    except (ValueError, RecursionError, LatchkeyError):
        return {}
    return found if isinstance(found, dict) else {}


PROVIDERS = {"docker": Provider({"socket": Option()}, local=_local, takes_value=False)}
