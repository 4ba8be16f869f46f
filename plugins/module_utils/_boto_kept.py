# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the AWS CLI keeps of portals: the token of a session, and the role credentials that were taken with it."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ansible_collections.latchkey.workstation.plugins.module_utils import _files

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Token", "kept_role", "kept_token"]

_ROLE_KEYS = ("AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration")
_RENEWS = ("refreshToken", "clientId", "clientSecret", "registrationExpiresAt")


@dataclass(frozen=True)
class Token:
    """What a login left: when it ends, and until when it may be renewed, if at all, as it is written there."""

    value: str = field(default="", repr=False)
    ends: str = ""
    renewable: str = ""
    region: str = ""


def kept_token(key: str, *, home: str) -> Token | None:
    """The token of the session ``key``: its name, or the start URL of a profile without one. None: no login yet."""
    found = _read(home, ".aws/sso/cache", key)
    if found is None:
        return None
    texts = {name: value for name, value in found.items() if isinstance(value, str)}
    renewable = texts["registrationExpiresAt"] if all(texts.get(name) for name in _RENEWS) else ""
    return Token(texts.get("accessToken", ""), texts.get("expiresAt", ""), renewable, texts.get("region", ""))


def kept_role(settings: Mapping[str, Any], *, home: str) -> Mapping[str, str] | None:
    """The role credentials of a profile, whether or not they have ended."""
    key = {"accountId": settings.get("sso_account_id"), "roleName": settings.get("sso_role_name")}
    if settings.get("sso_session"):
        key["sessionName"] = settings["sso_session"]
    else:
        key["startUrl"] = settings.get("sso_start_url")
    found = (_read(home, ".aws/cli/cache", json.dumps(key, sort_keys=True, separators=(",", ":"))) or {}).get(
        "Credentials"
    )
    whole = isinstance(found, dict) and all(isinstance(found.get(key), str) for key in _ROLE_KEYS)
    return found if whole else None


def _read(home: str, folder: str, key: str) -> dict[str, Any] | None:
    """What is kept under ``key``: nothing at all is None, what cannot be read is empty."""
    name = hashlib.sha1(key.encode(), usedforsecurity=False).hexdigest()
    data = _files.read(os.path.join(home, folder, f"{name}.json"), follow=True).data
    if data is None:
        return None
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
