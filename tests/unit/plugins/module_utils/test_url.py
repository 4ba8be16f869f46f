# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Addresses that are asked; those that are not stand beside the requests that would ask them."""

from __future__ import annotations

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._url import require_safe


@pytest.mark.parametrize("url", ["https://example.com/", "http://localhost:1/", "http://[::1]:1/", "http://127.0.0.1/"])
def test_what_is_safe_stays_itself(url: str) -> None:
    assert require_safe(url) == url
