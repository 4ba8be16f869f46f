# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""End a run on SIGTERM and SIGHUP as on SIGINT: Ansible's workers end, then the report is written."""

from __future__ import annotations

import signal
from typing import Any

__all__ = ["handle", "received"]

_ENDING = (signal.SIGTERM, signal.SIGHUP)
_received: list[int] = []


def handle() -> None:
    """Set the handlers; an ignored signal, as SIGHUP under nohup, stays ignored."""
    for number in _ENDING:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _interrupt)


def received() -> signal.Signals:
    """The signal that ended the run: SIGINT if it was none of the handled ones."""
    return signal.Signals(_received[0]) if _received else signal.SIGINT


def _interrupt(number: int, _frame: Any) -> None:
    _received.append(number)
    if not callable(signal.getsignal(signal.SIGINT)):  # a shell starts background jobs with SIGINT ignored
        signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.raise_signal(signal.SIGINT)
