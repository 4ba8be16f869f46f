# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of an action plugin; the work is done by plugins/action/verdict.py on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: verdict
short_description: Show what a run found, keep it as JSON, and fail the host if anything failed
version_added: 0.1.0
description:
  - The last task of a play. It reads the registered results of the surfaces before it, prints what needs a person first
    and what is fine as a count, and decides whether the run was a success.
  - Where the environment of the controller holds E(LATCHKEY_REPORT), the same is written there as one JSON object with
    C(run), C(machine), C(items) and C(checks). With several machines in the play each has a file of its own, its name
    before the ending.
author: latchkey contributors (!UNKNOWN)
options:
  machine:
    description: Name of the machine in what is shown and kept.
    type: str
    required: true
  fail_on:
    description: Outcomes of checks that fail the host. What could not be told is V(UNKNOWN) and alone never should.
    type: list
    elements: str
    choices: [FAIL, UNKNOWN, SKIP]
    default: [FAIL]
attributes:
  check_mode:
    description: Reads results only; in check mode what would change is called drift.
    support: full
  diff_mode:
    description: It changes nothing.
    support: none
"""

EXAMPLES = r"""
- name: Say how it went
  latchkey.workstation.verdict:
    machine: "{{ inventory_hostname }}"
"""

RETURN = r"""
msg:
  description: What needs a person, when anything does.
  type: str
  returned: failure
  sample: "1 for you to look at: heroku"
"""
