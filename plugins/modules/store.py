# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of an action plugin; the work is done by plugins/action/store.py on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: store
short_description: Store, rotate or remove the value of one credential
version_added: 0.1.0
description:
  - Prompts for one value without showing it, or reads it from standard input if that is not a terminal. The value is
    validated first if the credential declares a check, and then stored as the credential's C(keychain) declares.
  - The value is sent to the machine over a pipelining connection only and is part of no task, variable or result.
extends_documentation_fragment: [latchkey.workstation.store]
author: latchkey contributors (!UNKNOWN)
options:
  credential:
    description: Name of the credential.
    type: str
    required: true
  state:
    description:
      - V(absent) removes the stored value instead, without a prompt; also of a credential that is not declared any
        more.
    type: str
    choices: [present, absent]
    default: present
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
    description: The value is prompted for and validated, and not stored.
    support: full
  diff_mode:
    description: Shows fingerprints, never a value.
    support: full
"""

EXAMPLES = r"""
- name: Store a value
  latchkey.workstation.store:
    credential: heroku
    members: "{{ declaration | latchkey.workstation.credential_check_members }}"
    machine: "{{ declaration.machine }}"

- name: Remove a value
  latchkey.workstation.store:
    credential: heroku
    state: absent
    members: "{{ declaration | latchkey.workstation.credential_check_members }}"
    machine: "{{ declaration.machine }}"
"""

RETURN = r"""
results:
  description: Results of the modules that validated and stored the value.
  type: list
  elements: dict
  returned: always
"""
