# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which addresses are asked at all."""

from __future__ import annotations

from urllib.parse import urlsplit

from ansible_collections.latchkey.workstation.plugins.module_utils._errors import LatchkeyError

__all__ = ["require_safe"]


def require_safe(url: str) -> str:
    """``url`` itself when it is https, or http to this machine; an error otherwise."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - asking is what finds a bad one
    except ValueError:
        raise LatchkeyError("an address is no URL", remedy="declare an https address") from None
    loopback = parts.hostname in {"localhost", "127.0.0.1", "::1"}
    if parts.username or parts.password:
        raise LatchkeyError("a URL must not carry a user name or password", remedy="declare them as headers")
    if not parts.hostname or not (parts.scheme == "https" or (parts.scheme == "http" and loopback)):
        raise LatchkeyError(f"{parts.scheme}://{parts.hostname or ''} is not used", remedy="declare an https address")
    return url
