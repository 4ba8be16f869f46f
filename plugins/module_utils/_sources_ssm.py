# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The ssm source: a parameter, decrypted, or one value out of the JSON in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.latchkey.workstation.plugins.module_utils._boto import AwsTrouble, Profile
from ansible_collections.latchkey.workstation.plugins.module_utils._errors import LatchkeyError
from ansible_collections.latchkey.workstation.plugins.module_utils._found import Found, one_newline_less
from ansible_collections.latchkey.workstation.plugins.module_utils._pointer import pick

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["read_ssm"]


def read_ssm(source: Mapping[str, Any], home: str) -> Found:
    """The parameter as the member's profile may read it."""
    origin = f"ssm {source['name']}"
    try:
        profile = Profile(source["profile"], home=home, region=source["region"], base_url=source["base_url"])
        value = profile.parameter(source["name"])
        if source["pointer"]:
            return pick(value, source["pointer"], place=origin, origin=origin)
        return Found.of(one_newline_less(value), origin)
    except AwsTrouble as trouble:
        if trouble.cause == "no_parameter":
            return Found("absent", origin, reason=f"{origin}: {trouble.message}")
        return Found.blocked(trouble, origin, prefix=f"{origin}: ")
    except LatchkeyError as error:
        return Found.blocked(error, origin)
