# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._core import timestamps

MOMENT = datetime(2026, 1, 31, 12, 30, 5, tzinfo=timezone.utc)

SAME_MOMENT: list[Any] = [
    "2026-01-31T12:30:05Z",
    "2026-01-31t12:30:05z",
    " 2026-01-31T12:30:05.987654Z ",
    "2026-01-31 12:30:05 UTC",
    "2026-01-31 12:30:05 GMT",
    "2026-01-31T14:00:05+01:30",
    "2026-01-31T10:00:05-0230",
    "Sat, 31 Jan 2026 12:30:05 GMT",
    1769862605,
    1769862605.0,
    1769862605000,
]
NO_MOMENT: list[Any] = [
    None,
    True,
    "",
    "never",
    "2026-01-31",
    "2026-01-31T12:30:05",
    "2026-02-30T12:30:05Z",
    "2026-01-31T12:30:05+99:00",
    "Sat, 31 Foo 2026 12:30:05 GMT",
    float("nan"),
    float("inf"),
    -(10**20),
    {},
]


@pytest.mark.parametrize("value", SAME_MOMENT, ids=str)
def test_timestamp_of_an_issuer_is_parsed_to_utc(value: Any) -> None:
    assert timestamps.parse(value) == MOMENT


@pytest.mark.parametrize("value", NO_MOMENT, ids=str)
def test_value_that_is_no_timestamp_with_a_zone_is_none(value: Any) -> None:
    assert timestamps.parse(value) is None


def test_shown_timestamp_is_parsed_again() -> None:
    assert timestamps.show(MOMENT) == "2026-01-31T12:30:05Z"
    assert timestamps.parse(timestamps.show(MOMENT)) == MOMENT
    assert timestamps.show(None) == ""


def test_now_is_in_utc() -> None:
    assert timestamps.now().utcoffset() == timezone.utc.utcoffset(None)
