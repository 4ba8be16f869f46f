# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of an action plugin; the work is done by plugins/action/store.py on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: store
short_description: Put a value into a credential's place, or rotate it
version_added: 0.1.0
description:
  - Asks for one value without showing it, or reads standard input where that is no terminal. It is checked first
    where the credential declares a check, and kept where the credential declares it is kept.
  - The value is sent to the machine over a pipelining connection only and is part of no task, variable or result.
extends_documentation_fragment: [latchkey.workstation.kept]
author: latchkey contributors (!UNKNOWN)
options:
  credential:
    description: Name of the credential.
    type: str
    required: true
  members:
    description:
      - Members with their credentials, as the filter P(latchkey.workstation.credential_check_members#filter)
        gives them.
    type: list
    elements: dict
    required: true
  machine:
    description: Name of the machine, for the prompt.
    type: str
    required: true
attributes:
  check_mode:
    description: The value is asked for and checked, and not kept.
    support: full
  diff_mode:
    description: Shows fingerprints, never a value.
    support: full
"""

EXAMPLES = r"""
- name: Put the value in
  latchkey.workstation.store:
    credential: heroku
    members: "{{ declaration | latchkey.workstation.credential_check_members }}"
    machine: "{{ declaration.machine }}"
"""

RETURN = r"""
results:
  description: Results of the modules that checked and kept the value.
  type: list
  elements: dict
  returned: always
"""
