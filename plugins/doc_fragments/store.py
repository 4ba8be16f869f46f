# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options that choose a member's store; mirrors store_argument_spec of module_utils/_core/argument_spec.py."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  backend:
    description:
      - Store of the values. V(auto) is the Keychain on macOS. On Linux it is the store that was used for the member
        before, else the Secret Service if it is unlocked now, else private files below
        C(~/.local/share/latchkey/keychain). A store that was used once stays in use when the service comes or goes.
      - V(files) is available on macOS too.
    type: str
    choices: [auto, keychain, secret_service, files]
    default: auto
  security:
    description:
      - Path of the macOS tool. Any other path than the system's is for tests and makes the machine count as a Mac.
    type: path
    default: /usr/bin/security
"""
