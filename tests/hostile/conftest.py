# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fixtures of the suite hostile: an attacking member and another one, served by root."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._core.report import MemberResult, Report
from ansible_collections.latchkey.workstation.plugins.module_utils._members.serve import serve

from tests.team import Team

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tests.team import Account

__all__ = ["PYTHON", "run_as", "say"]

# Not that of the venv, which other accounts may be unable to reach.
PYTHON = os.path.realpath(sys.executable)


@pytest.fixture(scope="module")
def team() -> Iterator[Team]:
    """Two accounts: the hostile one and another."""
    with Team.of(2) as team:
        yield team


@pytest.fixture
def mallory(team: Team) -> Account:
    return team.accounts[0]


@pytest.fixture
def peggy(team: Team) -> Account:
    return team.accounts[1]


def say(text: object) -> MemberResult:
    report = Report()
    report.add("said", "ok", str(text))
    return MemberResult(report)


def run_as(accounts: Sequence[Account], work: Callable[..., MemberResult], **options: Any) -> dict[str, MemberResult]:
    """Results of ``work`` by account, as root serves members of those accounts."""
    return serve([{"name": one.name, "account": one.name} for one in accounts], work, **options)
