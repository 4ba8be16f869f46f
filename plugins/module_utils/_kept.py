# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The former name of _keychain_kept."""

from __future__ import annotations

from ansible_collections.latchkey.workstation.plugins.module_utils._keychain_kept import Kept, kept_spec, open_kept

__all__ = ["Kept", "kept_spec", "open_kept"]
