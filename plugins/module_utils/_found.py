# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Looking for one value: whether to look at all, what it takes, and what it came to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable

from ansible_collections.latchkey.workstation.plugins.module_utils._errors import LatchkeyError, Prerequisite
from ansible_collections.latchkey.workstation.plugins.module_utils._secrets import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

    Source = Mapping[str, Any]

__all__ = ["Found", "Readers", "idle", "one_newline_less"]

_IDLE = {"human_only": "only a person uses it: nothing reads it", "unused": "declared as unused: nothing reads it"}


@dataclass(frozen=True)
class Found:
    """What looking for a value came to; ``state`` is found, absent or blocked, and only found has a secret.

    ``blocked`` is no verdict (locked, denied, unreachable, damaged): nothing may be written because of it. It is
    ``lacking`` where this machine has not what it takes to look.
    """

    state: str
    origin: str = ""
    secret: Secret | None = None
    reason: str = ""
    remedy: str = ""
    lacking: bool = False

    @classmethod
    def of(cls, data: bytes, origin: str) -> Found:
        """``data`` as the value: nothing at all is absent, what cannot be a secret is blocked."""
        if not data:
            return cls("absent", origin, reason=f"{origin} is empty")
        if b"\0" in data:
            return cls("blocked", origin, reason=f"{origin} holds a NUL byte, which no secret has")
        try:
            return cls("found", origin, secret=Secret(data))
        except LatchkeyError as error:
            return cls.blocked(error, origin, prefix=f"{origin}: ")

    @classmethod
    def blocked(cls, error: LatchkeyError, origin: str, *, prefix: str = "") -> Found:
        lacking = isinstance(error, Prerequisite)
        return cls("blocked", origin, reason=prefix + error.message, remedy=error.remedy, lacking=lacking)

    @property
    def unwritten(self) -> str:
        """What a report says of a thing that is not written because its value is not found."""
        return "skipped" if self.state == "absent" or self.lacking else "unknown"


@dataclass(frozen=True)
class Readers:
    """What differs from member to member and module to module. ``environ`` is None unless it is the person's own;
    ``kept(service, account)`` reads the keychain; ``ssm`` and ``vault`` read those in the place of what is built in.
    """

    home: str
    kept: Callable[[str, str], Found]
    environ: Mapping[str, str] | None = None
    ssm: Callable[[Source], Found] | None = None
    vault: Callable[[Source], Found] | None = None


def idle(credential: Mapping[str, Any]) -> str:
    """Why nothing of this credential is ever read or invoked; empty for those in use."""
    return _IDLE.get(credential["category"], "")


def one_newline_less(data: bytes) -> bytes:
    """``data`` without the newline that text tools end a value with."""
    return data[: -2 if data.endswith(b"\r\n") else -1] if data.endswith(b"\n") else data
