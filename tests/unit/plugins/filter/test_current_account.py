# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.latchkey.workstation.plugins.filter import declaration


def test_uid_without_an_entry_in_the_user_database_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 4_000_123)
    with pytest.raises(AnsibleFilterError, match="uid 4000123, has no entry in the user database: add one"):
        declaration.declaration({}, host="localhost", groups={})
