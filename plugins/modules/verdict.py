# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of an action plugin; the work is done by plugins/action/verdict.py on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: verdict
short_description: Judge a run, keep what it found as JSON, and fail the host if anything failed
version_added: 0.1.0
description:
  - The last task of a play. It reads the registered results of M(latchkey.workstation.keychain),
    M(latchkey.workstation.shell_exports), M(latchkey.workstation.aws_config) and
    M(latchkey.workstation.credential_check), and decides if the run was a success. The summary shows what
    needs a person first, and what is fine as a count.
  - With the callback P(latchkey.workstation.run#callback) the summary of all machines ends the run; with any other the
    task shows that of its machine.
  - Where the environment of the controller holds E(LATCHKEY_REPORT), the same is written there as one JSON object with
    C(schema), C(verdict), C(exit_code), C(run), C(machine), C(items), C(checks) and C(errors);
    C(docs/report.schema.json) describes it. With several machines in the play each has a file of its own, its name
    before the ending.
author: latchkey contributors (!UNKNOWN)
options:
  machine:
    description: Name of the machine in the summary and the report.
    type: str
    required: true
  fail_on:
    description: Outcomes of checks that fail the host. V(UNKNOWN) alone should not.
    type: list
    elements: str
    choices: [FAIL, UNKNOWN, SKIP]
    default: [FAIL]
  accounts:
    description: Accounts of the members by name. Commands for a member whom another user serves run as that account.
    type: dict
    default: {}
attributes:
  check_mode:
    description: Reads results only; in check mode the report calls what would change C(drift).
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
  description: How many things need a person, and their names.
  type: str
  returned: failure
  sample: "1 for you to look at: heroku"
needs:
  description: Names of the things that need a person.
  type: list
  elements: str
  returned: always
  sample: [heroku]
report:
  description: The report, for the callback that shows it.
  type: dict
  returned: with the callback P(latchkey.workstation.run#callback)
"""
