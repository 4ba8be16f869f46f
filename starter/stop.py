# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Exception of the starter: a reason to end before Ansible runs."""

from __future__ import annotations

__all__ = ["REFUSED", "USAGE", "Stop"]

REFUSED = 1
USAGE = 64


class Stop(Exception):
    """Messages for the person who started the program, and the exit status."""

    def __init__(self, *messages: str, status: int = REFUSED) -> None:
        super().__init__(*messages)
        self.messages = messages
        self.status = status
