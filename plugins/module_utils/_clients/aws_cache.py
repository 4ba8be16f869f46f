# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read the AWS CLI's caches: SSO tokens in ``~/.aws/sso/cache`` and role credentials in ``~/.aws/cli/cache``.

Nothing is refreshed or written.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .._host import files

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["SsoToken", "cached_role_credentials", "cached_sso_token"]

_ROLE_KEYS = ("AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration")
_REFRESH_KEYS = ("refreshToken", "clientId", "clientSecret", "registrationExpiresAt")


@dataclass(frozen=True)
class SsoToken:
    """The token of an SSO session.

    Times are ISO 8601 text as in the cache, empty where absent; ``refreshable_until`` is empty for a token that cannot
    be refreshed.
    """

    value: str = field(default="", repr=False)
    expires_at: str = ""
    refreshable_until: str = ""
    region: str = ""


def cached_sso_token(key: str, *, home: str) -> SsoToken | None:
    """The token of a session by its name, or by its start URL where a profile has no session; None without a login."""
    found = _read(home, ".aws/sso/cache", key)
    if found is None:
        return None
    texts = {name: value for name, value in found.items() if isinstance(value, str)}
    refreshable_until = texts["registrationExpiresAt"] if all(texts.get(name) for name in _REFRESH_KEYS) else ""
    return SsoToken(
        texts.get("accessToken", ""), texts.get("expiresAt", ""), refreshable_until, texts.get("region", "")
    )


def cached_role_credentials(settings: Mapping[str, Any], *, home: str) -> Mapping[str, str] | None:
    """The cached role credentials of a profile with these settings, expired or not; None without complete ones.

    The keys are AccessKeyId, SecretAccessKey, SessionToken and Expiration.
    """
    key = {"accountId": settings.get("sso_account_id"), "roleName": settings.get("sso_role_name")}
    if settings.get("sso_session"):
        key["sessionName"] = settings["sso_session"]
    else:
        key["startUrl"] = settings.get("sso_start_url")
    found = (_read(home, ".aws/cli/cache", json.dumps(key, sort_keys=True, separators=(",", ":"))) or {}).get(
        "Credentials"
    )
    complete = isinstance(found, dict) and all(isinstance(found.get(key), str) for key in _ROLE_KEYS)
    return found if complete else None


def _read(home: str, folder: str, key: str) -> dict[str, Any] | None:
    """The cache entry of ``key``: None if there is no file, empty if it is not a JSON object."""
    name = hashlib.sha1(key.encode(), usedforsecurity=False).hexdigest()
    data = files.read(os.path.join(home, folder, f"{name}.json"), follow=True).data
    if data is None:
        return None
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
