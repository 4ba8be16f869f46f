# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A roster user on one machine."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Member"]


@dataclass(frozen=True)
class Member:
    """A roster user with the account data of the machine's user database.

    ``name`` is the roster name and ``account`` the login name. ``is_current_user``: this process already runs as the
    member, so nothing is forked and the environment is the member's own.
    """

    name: str
    account: str
    home: str
    uid: int
    gid: int
    shell: str
    is_current_user: bool
