# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of the fake's machine that a test controls: sessions, answers to dialogs, delays, errors, crashes."""

from __future__ import annotations

import json
import os
import pwd
import signal
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["Controls", "folder", "home", "load", "save"]


@dataclass
class Controls:
    """The file `.twin/control.json` beside the keychains; what it leaves out has the value here."""

    session: str = "gui"
    """Security session of the caller. Keychains are unlocked per session; another name is another login."""
    ui: bool = True
    """Whether a dialog can be shown at all; False is an SSH login."""
    dark_wake: bool = False
    dialog: str = "nobody"
    """Who answers a dialog: nobody (the call hangs), allow, always, cancel, refuse."""
    slow_access: float = 0
    """Seconds that `dump-keychain -a` needs for each item, as it verifies every program of its access list."""
    refuse: list[dict[str, Any]] = field(default_factory=list)
    """[{service, account, status}]: reading or changing this item is answered with the status, whatever its ACL."""
    kill: dict[str, str] = field(default_factory=dict)
    """{point, command, whom}: once, SIGKILL at a point (called, opened, temporary, renamed, answered) of a command
    (empty: any) to whom (tool, caller, both)."""


def home() -> Path:
    return Path(os.environ.get("HOME") or pwd.getpwuid(os.getuid()).pw_dir)


def folder(of: Path) -> Path:
    return of / "Library" / "Keychains" / ".twin"


def load(of: Path) -> Controls:
    try:
        return Controls(**json.loads((folder(of) / "control.json").read_bytes()))
    except FileNotFoundError:
        return Controls()


def save(of: Path, controls: Controls) -> None:
    target = folder(of) / "control.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name(f"control.{os.getpid()}")
    fresh.write_text(json.dumps(vars(controls)), encoding="utf-8")
    fresh.replace(target)


def reach(of: Path, controls: Controls, point: str, command: str) -> None:
    """Kill this process, its caller or both if the test asked for it at this point; each request acts once."""
    order = controls.kill
    if order.get("point") != point or order.get("command", "") not in ("", command):
        return
    controls.kill = {}
    save(of, controls)
    whom = order.get("whom", "tool")
    if whom in ("caller", "both"):
        os.kill(os.getppid(), signal.SIGKILL)
    if whom in ("tool", "both"):
        os.kill(os.getpid(), signal.SIGKILL)
