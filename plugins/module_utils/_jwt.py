# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""JSON Web Tokens as anybody can read them: what they claim, and nothing about who signed them."""

from __future__ import annotations

import base64
import json
from typing import Any

__all__ = ["claims"]


def claims(token: str) -> dict[str, Any] | None:
    """The payload of a compact three-part token, None for what is none."""
    parts = token.strip().split(".")
    if len(parts) != 3:
        return None
    try:
        head, payload = (json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))) for part in parts[:2])
    except (ValueError, RecursionError):
        return None
    return payload if isinstance(head, dict) and isinstance(payload, dict) else None
