# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tailscale's node on this machine; asking it changes nothing."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from ansible_collections.latchkey.workstation.plugins.module_utils import _checks_time
from ansible_collections.latchkey.workstation.plugins.module_utils._checks_base import (
    ABSENT,
    FAIL,
    PASS,
    UNKNOWN,
    Outcome,
    Provider,
)
from ansible_collections.latchkey.workstation.plugins.module_utils._command import CommandMissing, find

if TYPE_CHECKING:
    from ansible_collections.latchkey.workstation.plugins.module_utils._checks_base import Check, Here

__all__ = ["PROVIDERS"]

_MAC_APP = "/Applications/Tailscale.app/Contents/MacOS/Tailscale"
_UP = "tailscale up"
_APPROVE = "have it approved: https://login.tailscale.com/admin/machines"
_STATES = {
    "NeedsLogin": Outcome(ABSENT, "tailscale is not logged in", "absent", remedy=_UP),
    "Stopped": Outcome(ABSENT, "tailscale is stopped", "stopped", remedy=_UP),
    "NeedsMachineAuth": Outcome(FAIL, "this machine waits for an admin's approval", "rejected", remedy=_APPROVE),
    "InUseOtherUser": Outcome(UNKNOWN, "another user of this machine runs tailscale", "prerequisite"),
    "NoState": Outcome(UNKNOWN, "tailscale is starting", "starting"),
    "Starting": Outcome(UNKNOWN, "tailscale is starting", "starting"),
}


def _local(_check: Check, here: Here) -> Outcome:
    program = "tailscale" if find("tailscale") or not os.path.exists(_MAC_APP) else _MAC_APP
    try:
        told = here.run([program, "status", "--json", "--peers=false"])
    except CommandMissing:
        return Outcome(ABSENT, "tailscale CLI not installed", "absent", remedy="install it from https://tailscale.com")
    try:
        status = json.loads(told.out)
        state, node, tailnet = status["BackendState"], status.get("Self") or {}, status.get("CurrentTailnet") or {}
        name, ends, over = node.get("HostName"), _checks_time.parse(node.get("KeyExpiry")), node.get("Expired")
        known = Outcome(PASS, identity=" in ".join(filter(None, (name, tailnet.get("Name")))), expires_at=ends)
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
        if told.code:
            return Outcome(ABSENT, "the tailscale daemon does not run", "stopped", remedy="start tailscaled")
        return Outcome(UNKNOWN, "tailscale status says nothing that can be read", "unexpected")
    if over is True:
        return Outcome(ABSENT, "the node's key has expired", "expired", remedy="tailscale up --force-reauth").over(
            known
        )
    if state == "Running":
        return Outcome(PASS, "running").over(known)
    unexpected = Outcome(UNKNOWN, "tailscale is in a state of its own", "unexpected")
    return _STATES.get(str(state), unexpected).over(known)


PROVIDERS = {"tailscale": Provider(local=_local, takes_value=False)}
