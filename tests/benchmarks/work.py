# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every member of a benchmark has: a dozen values kept, ten of them exported, one checked, three AWS sections."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.twins.services import specimen

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.team import Account

__all__ = ["EXPORTED", "KEPT", "PROFILES", "SESSION", "SESSION_KEYS", "declaration", "furnish", "token"]

KEPT = [f"value-{number}" for number in range(12)]
EXPORTED = {name: name.replace("-", "_").upper() for name in KEPT[:10]}
SESSION = "corp"
SESSION_KEYS = {"sso_start_url": "https://corp.awsapps.com/start", "sso_region": "eu-west-1"}
_ACCOUNT = {"sso_session": SESSION, "sso_account_id": "111122223333", "region": "eu-west-1"}
PROFILES = {"reader": {**_ACCOUNT, "sso_role_name": "Reader"}, "writer": {**_ACCOUNT, "sso_role_name": "Writer"}}


def token(name: str) -> str:
    """What an account shows to GitHub's twin; the first of the values kept."""
    return specimen(name, prefix="ghp_", length=36)


def furnish(account: Account) -> None:
    """The authorities: one file for each value."""
    for name in KEPT:
        text = token(account.name) if name == KEPT[0] else f"{name} of {account.name}"
        account.write(f"authorities/{name}", text + "\n")


def declaration(names: Iterable[str], issuers: str) -> dict[str, Any]:
    credentials: dict[str, Any] = {
        name: {
            "source": [{"file": f"~/authorities/{name}"}],
            "keychain": {"service": name, "account": "{user}"},
            "export": EXPORTED.get(name, []),
        }
        for name in KEPT
    }
    credentials[KEPT[0]]["check"] = {"provider": "github", "base_url": f"{issuers}/github"}
    return {
        "latchkey_keychain_backend": "files",
        "latchkey_roster": {name: {} for name in names},
        "latchkey_credentials": credentials,
        "aws_config_sso_sessions": {SESSION: SESSION_KEYS},
        "aws_config_profiles": PROFILES,
    }
