# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Decide which values of the AWS files a diff or report may show; mask the others.

A value is shown if its key never holds a secret (a fixed list of keys such as ``region``), or if the declaration
spells it out and neither its key nor its text looks like a secret. Other values are shown as fingerprints.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .._core.errors import LatchkeyError
from .._core.secrets import MASK, Secret, fingerprint
from .ini import is_comment, split_line

if TYPE_CHECKING:
    from .declared import KeyPath, Setting

__all__ = ["holds_no_secret", "masked"]

_HARMLESS = re.compile(
    r"region|output|services|(sso|cli)_\w+|role_arn|role_session_name|source_profile|credential_source|mfa_serial"
    r"|aws_account_id|web_identity_token_file|duration_seconds|ca_bundle|tcp_keepalive|parameter_validation"
    r"|max_attempts|retry_mode|defaults_mode|use_fips_endpoint|use_dualstack_endpoint|sts_regional_endpoints"
    r"|ignore_configured_endpoint_urls|endpoint_discovery_enabled|account_id_endpoint_mode"
    r"|(request|response)_checksum_\w+|disable_request_compression|request_min_compression_size_bytes"
    r"|max_concurrent_requests|max_queue_size|max_bandwidth|multipart_\w+|addressing_style|signature_version"
    r"|use_accelerate_endpoint|payload_signing_enabled|(s3_)?us_east_1_regional_endpoint|s3_use_arn_region",
    re.IGNORECASE,
)
_HEADER = re.compile(r"\[(default|plugins|preview|(profile|sso-session|services)\s.+)\]")
_SECRETIVE = re.compile("secret|token|passw|key|process")
_ADDRESS = re.compile(r"://\S*[@?]")  # a URL with a user or a query


def masked(path: KeyPath, value: str, setting: Setting | None, *, key: bytes | None) -> str:
    """``value`` of the key ``path``, or its fingerprint; ``setting`` is the declared value, None if there is none."""
    sourced = setting is not None and setting.secret
    declared = setting is not None and setting.text == value and not _SECRETIVE.search(str(path).lower())
    if not sourced and (_is_harmless(path.nested or path.key, value) or (declared and not _ADDRESS.search(value))):
        return value
    try:
        return f"<secret {fingerprint(key, Secret(value))}>" if key else MASK
    except LatchkeyError:
        return MASK


def holds_no_secret(text: str) -> bool:
    """True if every line of a file is known to hold no secret; keys in comments are looked at as well."""
    return all(_is_harmless_line(line.strip()) for line in text.splitlines())


def _is_harmless_line(line: str) -> bool:
    bare = line.lstrip("#; \t")
    if not re.search("[=:]", bare):
        return not bare or bool(_HEADER.fullmatch(bare))
    key, value, _start = split_line(bare)
    if is_comment(line):  # prose can begin with the name of a key
        return _is_harmless(key, value) and len(value.split()) < 2
    return not value or _is_harmless(key, value)


def _is_harmless(key: str, value: str) -> bool:
    return bool(_HARMLESS.fullmatch(key)) and "\n" not in value and not _ADDRESS.search(value)
