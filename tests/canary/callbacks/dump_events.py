# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Callback that prints every attribute of every object Ansible passes to callbacks, private ones included."""

from __future__ import annotations

import sys
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: dump_events
type: notification
short_description: Prints every event with all attributes
description: [For tests.]
"""

_DEEPEST = 7
# Objects that refer to the whole program; their values come from the inventory.
_NOT_INTO = {"_loader", "_variable_manager", "_inventory", "_tqm", "_display", "_plugin", "_shared_loader_obj"}


class CallbackModule(CallbackBase):  # type: ignore[misc]
    """Prints each event."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "dump_events"
    CALLBACK_NEEDS_ENABLED = True

    def v2_on_any(self, *args: Any, **kwargs: Any) -> None:
        for given in (*args, *kwargs.values()):
            sys.stdout.write(f"event: {_text(given, {}, 0)}\n")


def _text(given: Any, seen: dict[int, Any], depth: int) -> str:
    if isinstance(given, (str, bytes, int, float, type(None))):
        return repr(given)
    if id(given) in seen or depth > _DEEPEST:
        return f"<{type(given).__name__}>"
    seen[id(given)] = given
    if isinstance(given, dict):
        return "{" + ", ".join(f"{name!r}: {_text(value, seen, depth + 1)}" for name, value in given.items()) + "}"
    if isinstance(given, (list, tuple, set, frozenset)):
        return "[" + ", ".join(_text(value, seen, depth + 1) for value in given) + "]"
    inside = {name: value for name, value in _attributes(given).items() if name not in _NOT_INTO}
    return f"{type(given).__name__}({_text(inside, seen, depth + 1)})"


def _attributes(given: Any) -> dict[str, Any]:
    names = [name for kind in type(given).__mro__ for name in getattr(kind, "__slots__", ())]
    return {**getattr(given, "__dict__", {}), **{name: getattr(given, name, None) for name in names}}
