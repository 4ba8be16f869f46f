# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Helpers for a declared credential: the reason to skip it, and the commands that store or remove its value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["remove_command", "skip_reason", "store_command"]

_SKIPPED = {"human_only": "only a person uses it: nothing reads it", "unused": "declared as unused: nothing reads it"}


def skip_reason(credential: Mapping[str, Any]) -> str:
    """Reason why the value of ``credential`` is never read; empty for a credential in use."""
    return _SKIPPED.get(credential["category"], "")


def store_command(name: str, user: str = "") -> str:
    """Command that stores a value by hand; ``user`` is needed where several members are served."""
    command = f"ansible-playbook playbooks/store.yml -e credential={name}"
    return f"{command} -e user={user}" if user else command


def remove_command(name: str, user: str = "") -> str:
    """Command that removes a stored value; ``user`` is needed where several members are served."""
    return f"{store_command(name, user)} -e state=absent"
