# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fake (twin) of the `security` tool of macOS, written from Apple's published source and observed output.

`install(bin_dir, home)` is `write_tool` (one self-contained executable) and `first_login` (a fresh home). Keychains lie
as JSON below `home/Library/Keychains`, where `.twin/` holds what a real Mac keeps elsewhere: search list, lock state
per session, the test's controls, the log of calls. `Twin(tool, home)` is what a test holds in its hand.

Decided where neither is known, always the harder way for the caller:
- replacing the value of an item that does not admit this tool asks, as reading it does;
- `/usr/bin/security` and `/bin/bash` count as present, whatever the machine; other `-T` paths must be readable;
- `-U` without a value keeps the value;
- an unlocked keychain takes any password in `unlock-keychain`, but never in the partition list command;
- an empty attribute prints nothing after `=`.
Not emulated, and loud about it (exit 99): every command of the table that has to do with certificates, keys, internet
passwords, trust and rights. Keychains never lock by time or sleep.
"""

from __future__ import annotations

from .handle import PASSWORD, Twin, first_login, install, write_tool

__all__ = ["PASSWORD", "Twin", "first_login", "install", "write_tool"]
