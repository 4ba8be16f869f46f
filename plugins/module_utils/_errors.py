# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one exception family: what it says may be shown to anybody."""

from __future__ import annotations

__all__ = ["LatchkeyError", "Prerequisite"]


class LatchkeyError(Exception):
    """Something a person has to know; message and remedy hold no secret and no text of a library."""

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(f"{message}: {remedy}" if remedy else message)
        self.message = message
        self.remedy = remedy


class Prerequisite(LatchkeyError):
    """What the collection itself needs for this is not on this machine: it is skipped here."""
