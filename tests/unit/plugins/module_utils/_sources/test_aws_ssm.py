# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The source without a server: cases in which nothing is sent. Requests are tested in tests/integration."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._clients import aws_session
from ansible_collections.latchkey.workstation.plugins.module_utils._sources.aws_ssm import read_ssm

from tests.builders import source

if TYPE_CHECKING:
    from pathlib import Path

    from ansible_collections.latchkey.workstation.plugins.module_utils._core.lookup import LookupResult


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def read(home: Path, **options: Any) -> LookupResult:
    options = {"profile": "reader", "region": "eu-west-1", **options}
    return read_ssm(source("ssm", name="/app/token", **options), str(home))


def test_without_botocore_the_source_is_blocked_by_a_missing_prerequisite(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aws_session, "_modules", {})
    found = read(home)
    assert (found.state, found.prerequisite_missing) == ("blocked", True)
    assert found.remedy


def test_a_missing_profile_is_blocked_and_not_absent(home: Path) -> None:
    aws_session.load()
    found = read(home)
    assert (found.state, found.reason) == ("blocked", "ssm /app/token: there is no AWS profile reader")


def test_a_base_url_that_is_neither_https_nor_loopback_is_blocked(home: Path) -> None:
    aws_session.load()
    assert read(home, base_url="http://example.com").state == "blocked"
