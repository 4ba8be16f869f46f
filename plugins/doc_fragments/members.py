# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of the options that all modules with ``members`` share; matches module_utils/_core/argument_spec.py."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
author: latchkey contributors (!UNKNOWN)
options:
  members:
    description:
      - The members of this machine to serve. An ordinary user serves the own account only. Root on Linux serves others,
        each in a child process that runs as the member.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name in the roster. Results are keyed by it.
        type: str
        required: true
      account:
        description: Account on the machine. It is never created. Root and system accounts are refused.
        type: str
        required: true
      credentials:
        description: Credentials of the member, with placeholders replaced.
        type: list
        elements: dict
        default: []
        suboptions:
          name:
            description: Name of the credential.
            type: str
            required: true
          about:
            description: Purpose of the credential.
            type: str
            default: ""
          sources:
            description: Sources of the value, tried in order.
            type: list
            elements: dict
            default: []
            suboptions:
              kind:
                description: Kind of the source. V(env) is used only while the store is empty; others are authoritative.
                type: str
                required: true
                choices: [env, dotenv, file, json, keychain, vault, ssm, command]
              name:
                description: Name of the variable for V(env), of the parameter for V(ssm).
                type: str
              path:
                description: Path of the file for V(dotenv), V(file) and V(json), of the secret for V(vault).
                type: str
              key:
                description: Name of the variable in a V(dotenv) file.
                type: str
              pointer:
                description: JSON pointer into the value of V(json) and V(ssm).
                type: str
              service:
                description: Service of a V(keychain) item that another program stores.
                type: str
              account:
                description: Account of a V(keychain) item that another program stores.
                type: str
              argv:
                description: Program and arguments of V(command), run without a shell.
                type: list
                elements: str
              field:
                description: Field of a V(vault) secret.
                type: str
              version:
                description: Version of a V(vault) secret.
                type: int
              profile:
                description: AWS profile for V(ssm).
                type: str
              region:
                description: AWS region for V(ssm).
                type: str
              base_url:
                description: Endpoint for V(ssm) instead of AWS's own. Must be https or on this machine.
                type: str
          keychain:
            description: Item in which the machine stores the value.
            type: dict
            suboptions:
              service:
                description: Service of the item.
                type: str
                required: true
              account:
                description: Account of the item.
                type: str
                required: true
              label:
                description: Label of the item. Not compared and not changed if not given.
                type: str
              kind:
                description: Kind of the item. Not compared and not changed if not given.
                type: str
              comment:
                description: Comment of the item. Not compared and not changed if not given.
                type: str
              trusted_apps:
                description: Programs that may read a new macOS item without a prompt, besides C(/usr/bin/security).
                type: list
                elements: str
                default: []
              state:
                description: Whether the item must exist.
                type: str
                choices: [present, absent]
                default: present
          exports:
            description: Variables that are exported with the value.
            type: list
            elements: dict
            default: []
            suboptions:
              name:
                description: Name of the variable.
                type: str
                required: true
              file:
                description: Env file to write, for jobs and services, instead of exporting to shells.
                type: str
          check:
            description: Validation of the credential. A C(provider) and its options; see the guide to checks.
            type: dict
          required:
            description: Whether a missing value is a failure.
            type: bool
            default: true
          warn_before:
            description: Time before expiry at which to warn, in seconds.
            type: int
            default: 0
          category:
            description: How the credential is used. V(human_only) and V(unused) are never read.
            type: str
            default: ""
          rotate:
            description: Page that describes the rotation.
            type: str
            default: ""
          consumers:
            description: Programs and people that use the credential.
            type: list
            elements: str
            default: []
  unserved:
    description:
      - Whether a member that cannot be served fails the task, or is only reported to M(latchkey.workstation.verdict).
    type: str
    choices: [fail, report]
    default: fail
"""

    ATTRIBUTES = r"""
attributes:
  check_mode:
    description: Reports what would change and writes nothing.
    support: full
  diff_mode:
    description: Shows what would change for each member, with fingerprints in place of values.
    support: full
  platform:
    description: Supported platforms.
    platforms: linux, macos
    support: full
"""
