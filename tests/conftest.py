# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Selection of tests by the user who runs them (markers ``root``, ``ordinary_user``), SIGINT, and shared fixtures."""

from __future__ import annotations

import os
import signal

import pytest

from tests.twins.fixtures import security_tool, service, twins

__all__ = ["pytest_collection_modifyitems", "security_tool", "service", "twins"]

# A shell starts background jobs with SIGINT ignored, which every program that a test starts would inherit.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip tests that need root for an ordinary user, and tests of refused access for root."""
    marker, reason = ("ordinary_user", "root may do everything") if os.geteuid() == 0 else ("root", "needs root")
    for item in items:
        if item.get_closest_marker(marker):
            item.add_marker(pytest.mark.skip(reason=reason))
