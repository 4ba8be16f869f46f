# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a file may be written, known before anything is: also in check mode, where nothing is tried."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ansible_collections.latchkey.workstation.plugins.module_utils._errors import LatchkeyError

if TYPE_CHECKING:
    from ansible_collections.latchkey.workstation.plugins.module_utils._files import Snapshot

__all__ = ["require_writable"]


def require_writable(before: Snapshot) -> None:
    """What a rename would replace although its owner took the right to write away is left alone."""
    folder = os.path.dirname(before.path)
    while not os.path.lexists(folder):
        folder = os.path.dirname(folder)
    if not os.access(folder, os.W_OK | os.X_OK):
        raise LatchkeyError(f"{before.path} cannot be written: {folder} is not writable", remedy=f"chmod u+w {folder}")
    if before.mode is not None and not before.mode & 0o200:
        raise LatchkeyError(f"{before.path} is read-only", remedy=f"chmod u+w {before.path}")
