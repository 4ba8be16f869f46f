# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names of the collection's variables, and the search for misspelt ones.

A misspelt variable declares nothing, and what an earlier run made for its entries would be removed. With a prefix of
this collection alone only known names are valid. With a prefix that other roles may use too, any name is valid that is
not close to a known one.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from ansible_collections.latchkey.workstation.plugins.module_utils._core.validation import suggest

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["KNOWN", "MERGED", "unknown_variables"]

# Entries of <variable>_<anything> are merged into each of these.
MERGED = ("latchkey_roster", "latchkey_credentials", "latchkey_jobs")
_MERGED_PREFIXES = tuple(f"{variable}_" for variable in MERGED)
_SURFACES = ("keychain", "shell_exports", "aws_config", "credential_check")
_OF_EVERY_SURFACE = ("members", "backend", "security", "exclusive", "result")
KNOWN = {
    *MERGED,
    *("latchkey_machine", "latchkey_keychain_backend", "latchkey_vault_url", "latchkey_playbook", "latchkey_store"),
    *("declaration_user", "declaration_credential", "declaration_person", "declaration_names"),
    *("declaration_variables", "declaration_inventories"),
    *(f"{surface}_{option}" for surface in _SURFACES for option in _OF_EVERY_SURFACE),
    *("aws_config_sso_sessions", "aws_config_profiles", "aws_config_credentials"),
    *("aws_config_path", "aws_config_credentials_path", "shell_exports_login_hook"),
    *("credential_check_request_timeout", "credential_check_deadline", "credential_check_fail_on"),
    *("credential_check_credential", "credential_check_earlier_results"),
}
# Reserved for later versions. One with a prefix of the collection would do nothing and is an error.
_PLANNED = {
    *("latchkey_logins", "latchkey_environments", "latchkey_alerts", "latchkey_job_manager", "latchkey_working_day"),
    *("vault_token_period", "vault_token_path", "vault_policies_template", "aws_parameter_access"),
    *("launchd_agents_launchctl", "systemd_units_systemctl"),
}
_REAL = KNOWN | _PLANNED
_OWN_PREFIXES = ("latchkey_", "aws_config_", "shell_exports_", "credential_check_")
_SHARED_PREFIXES = (
    "aws_",
    "shell_",
    "credential",
    "keychain_",
    "declaration_",
    "vault_",
    "launchd_",
    "systemd_",
    "runtime_",
)
_CLOSE = 0.85
_CLOSE_PREFIX = 0.75


def unknown_variables(names: Iterable[str]) -> list[str]:
    """Return an error for each of ``names``, the variables of a host, that is misspelt or not used by this version."""
    return [error for name in sorted(names) if (error := _error(name))]


def _error(name: str) -> str:
    if name in KNOWN or name.startswith(_MERGED_PREFIXES):
        return ""
    if name.startswith(_OWN_PREFIXES):
        if any(name == variable or name.startswith(f"{variable}_") for variable in _PLANNED):
            return f"{name}: this version does not use this variable yet, leave it out"
    elif name in _PLANNED or not (_is_close_to_known(name) or _has_misspelt_prefix(name)):
        return ""
    return f"{name}: no such variable, {suggest(name.lower(), [*_REAL, *(f'{variable}_team' for variable in MERGED)])}"


def _is_close_to_known(name: str) -> bool:
    return name.lower().startswith(_SHARED_PREFIXES) and bool(
        difflib.get_close_matches(name.lower(), _REAL, n=1, cutoff=_CLOSE)
    )


def _has_misspelt_prefix(name: str) -> bool:
    """Return True for names such as ``lachkey_roster`` and ``latch_key_roster``."""
    words = name.lower().replace("-", "_").split("_")
    prefixes = ["".join(words[:count]) for count in (1, 2) if len(words) > count]
    similar = [prefix for prefix in prefixes if "atch" in prefix or "key" in prefix]
    return any(difflib.SequenceMatcher(None, prefix, "latchkey").ratio() >= _CLOSE_PREFIX for prefix in similar)
