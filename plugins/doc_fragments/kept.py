# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where values are kept, for every module that reads them; mirrors kept_spec of module_utils/_keychain_kept.py."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  backend:
    description:
      - Where a machine keeps values. V(auto) is the Keychain on macOS. On Linux it is what was used for the member
        before, else the Secret Service where it is unlocked at that moment, else private files below
        C(~/.local/share/latchkey/keychain). What was once used stays, whether the service comes or goes.
      - V(files) can be had on macOS too.
    type: str
    choices: [auto, keychain, secret_service, files]
    default: auto
  security:
    description:
      - The tool of macOS. Another one than the system's is for tests, and makes the machine count as a Mac.
    type: path
    default: /usr/bin/security
"""
