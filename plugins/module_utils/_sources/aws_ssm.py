# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read a value from AWS Systems Manager: a parameter, decrypted, or one value of the JSON in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._clients.aws_session import AwsError, Profile
from .._core.errors import LatchkeyError
from .._core.lookup import LookupResult, strip_trailing_newline
from .json_pointer import pick

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["read_ssm"]


def read_ssm(source: Mapping[str, Any], home: str) -> LookupResult:
    """Look up a source with the keys name, profile, region, base_url and pointer; failures give a blocked result."""
    origin = f"ssm {source['name']}"
    try:
        profile = Profile(source["profile"], home=home, region=source["region"], base_url=source["base_url"])
        value = profile.get_parameter(source["name"])
        if source["pointer"]:
            return pick(value, source["pointer"], place=origin, origin=origin)
        return LookupResult.of(strip_trailing_newline(value), origin)
    except AwsError as error:
        if error.cause == "no_parameter":
            return LookupResult("absent", origin, reason=f"{origin}: {error.message}")
        return LookupResult.blocked(error, origin, prefix=f"{origin}: ")
    except LatchkeyError as error:
        return LookupResult.blocked(error, origin)
