# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Exceptions of the collection; their texts may be shown to anybody."""

from __future__ import annotations

__all__ = ["LatchkeyError", "MalformedValue", "Prerequisite"]


class LatchkeyError(Exception):
    """An error with a ``message`` and a ``remedy``; neither holds a secret or the text of a library's exception.

    ``cause`` is a word for programs where the kind of error matters to a check (docs/checks.md), else empty.
    """

    cause = ""

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(f"{message}: {remedy}" if remedy else message)
        self.message = message
        self.remedy = remedy


class MalformedValue(LatchkeyError):
    """A value that is there and can never be used; a person has to replace it."""

    cause = "malformed"


class Prerequisite(LatchkeyError):
    """A required tool or library is missing on this machine; the item is skipped."""
