# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import errno
import os

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._core.errors import LatchkeyError
from ansible_collections.latchkey.workstation.plugins.module_utils._members import become

NO, FORBIDDEN, FULL = -errno.ENOSYS, -errno.EPERM, -errno.EDQUOT


@pytest.mark.parametrize(
    ("joined", "held", "why"),
    [
        (4711, 0, ""),
        (NO, NO, ""),
        (FORBIDDEN, FORBIDDEN, ""),
        (FORBIDDEN, 8, "Operation not permitted"),
        (FORBIDDEN, 0, "Operation not permitted"),
        (FULL, 0, "Disk quota exceeded"),
        (FULL, 8, "Disk quota exceeded"),
        (4711, 8, "its own is not empty"),
    ],
)
def test_roots_keyring_is_left_or_the_member_is_refused(
    monkeypatch: pytest.MonkeyPatch, joined: int, held: int, why: str
) -> None:
    answers = iter([joined, held])
    monkeypatch.setattr(become, "_keyctl", lambda *_words: next(answers))
    if not why:
        become._leave_keyring()
        return
    with pytest.raises(LatchkeyError, match="could not leave root's keyring behind") as refused:
        become._leave_keyring()
    assert f"({why})" in str(refused.value)


def test_unknown_architecture_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(become, "_KEYCTL", {})
    with pytest.raises(LatchkeyError, match=f"is not known on {os.uname().machine}: run it as the member"):
        become._leave_keyring()
