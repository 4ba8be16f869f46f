# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._core.errors import LatchkeyError, Prerequisite
from ansible_collections.latchkey.workstation.plugins.module_utils._core.lookup import (
    LookupResult,
    strip_trailing_newline,
)

VALUE = b"s3cr3t-value"


def test_data_is_found_with_its_origin() -> None:
    result = LookupResult.of(VALUE, "file ~/token")
    assert (result.state, result.origin) == ("found", "file ~/token")
    assert result.secret is not None
    assert result.secret.reveal() == VALUE


def test_empty_data_is_absent() -> None:
    result = LookupResult.of(b"", "env TOKEN")
    assert (result.state, result.secret, result.reason) == ("absent", None, "env TOKEN is empty")


@pytest.mark.parametrize("data", [b"s3cr3t\0value", b"short"])
def test_data_that_cannot_be_a_secret_is_blocked_and_not_shown(data: bytes) -> None:
    result = LookupResult.of(data, "env TOKEN")
    assert (result.state, result.secret) == ("blocked", None)
    assert result.reason.startswith("env TOKEN")
    assert data.decode() not in result.reason + result.remedy


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (LookupResult("absent"), "skipped"),
        (LookupResult.blocked(Prerequisite("op is not installed"), "command op"), "skipped"),
        (LookupResult.blocked(LatchkeyError("locked"), "keychain"), "unknown"),
    ],
    ids=["absent", "prerequisite missing", "blocked"],
)
def test_report_state_of_a_missing_value(result: LookupResult, expected: str) -> None:
    assert result.report_state == expected


def test_blocked_keeps_message_and_remedy_of_the_error() -> None:
    result = LookupResult.blocked(LatchkeyError("it is locked", remedy="unlock it"), "keychain", prefix="store: ")
    assert (result.reason, result.remedy, result.origin) == ("store: it is locked", "unlock it", "keychain")


@pytest.mark.parametrize(
    ("data", "expected"),
    [(b"a\n", b"a"), (b"a\r\n", b"a"), (b"a\n\n", b"a\n"), (b"a\r", b"a\r"), (b"a", b"a"), (b"\n", b""), (b"", b"")],
)
def test_one_trailing_newline_is_stripped(data: bytes, expected: bytes) -> None:
    assert strip_trailing_newline(data) == expected
