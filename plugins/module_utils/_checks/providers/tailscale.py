# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Provider that reads the state of this machine's Tailscale node; it changes nothing."""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING

from ..._core import timestamps
from ..._host.command import CommandMissing, find
from ..base import ABSENT, FAIL, PASS, UNKNOWN, Outcome, Provider

if TYPE_CHECKING:
    from ..._host.command import Finished
    from ..base import Check, LocalContext

__all__ = ["PROVIDERS"]

_MAC_APP = "/Applications/Tailscale.app/Contents/MacOS/Tailscale"
_UP = "tailscale up"
_APPROVE = "have it approved: https://login.tailscale.com/admin/machines"
_RUN_STATUS = "run tailscale status and see what it says"
_NOT_RUNNING = re.compile(rb"not running|n't appear to be running|is tailscale running\?", re.IGNORECASE)
_DENIED = re.compile(rb"denied", re.IGNORECASE)
_STATES = {
    "NeedsLogin": Outcome(ABSENT, "tailscale is not logged in", "absent", remedy=_UP),
    "Stopped": Outcome(ABSENT, "tailscale is stopped", "stopped", remedy=_UP),
    "NeedsMachineAuth": Outcome(FAIL, "this machine waits for an admin's approval", "rejected", remedy=_APPROVE),
    "InUseOtherUser": Outcome(UNKNOWN, "another user of this machine runs tailscale", "prerequisite"),
    "NoState": Outcome(UNKNOWN, "tailscale is starting", "starting"),
    "Starting": Outcome(UNKNOWN, "tailscale is starting", "starting"),
}


def _local(_check: Check, here: LocalContext) -> Outcome:
    program = "tailscale" if find("tailscale") or not os.path.exists(_MAC_APP) else _MAC_APP
    try:
        finished = here.run([program, "status", "--json", "--peers=false"])
    except CommandMissing:
        return Outcome(ABSENT, "tailscale CLI not installed", "absent", remedy="install it from https://tailscale.com")
    return _failure(finished) if finished.code else _node(finished.out)


def _failure(finished: Finished) -> Outcome:
    """Outcome where ``tailscale status`` failed: only its own words mean that no daemon runs."""
    text = finished.err + finished.out
    if finished.code == 1 and _NOT_RUNNING.search(text) and not _DENIED.search(text):
        return Outcome(ABSENT, "the tailscale daemon does not run", "stopped", remedy="start tailscaled")
    return Outcome(UNKNOWN, f"tailscale status {finished.status}", "unexpected", remedy=_RUN_STATUS)


def _node(printed: bytes) -> Outcome:
    """Outcome for the status in JSON."""
    try:
        status = json.loads(printed)
        state, node, tailnet = status["BackendState"], status.get("Self") or {}, status.get("CurrentTailnet") or {}
        name, expires, expired = node.get("HostName"), timestamps.parse(node.get("KeyExpiry")), node.get("Expired")
        known = Outcome(PASS, identity=" in ".join(filter(None, (name, tailnet.get("Name")))), expires_at=expires)
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
        return Outcome(UNKNOWN, "tailscale status says nothing that can be read", "unexpected")
    if expired is True:
        outcome = Outcome(ABSENT, "the node's key has expired", "expired", remedy="tailscale up --force-reauth")
        return outcome.merged_over(known)
    if state == "Running":
        return Outcome(PASS, "running").merged_over(known)
    unexpected = Outcome(UNKNOWN, "tailscale is in a state of its own", "unexpected")
    return _STATES.get(str(state), unexpected).merged_over(known)


PROVIDERS = {"tailscale": Provider(local=_local, takes_value=False)}
