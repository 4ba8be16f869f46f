# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every surface's module takes and promises; mirrors module_utils/_credential.py."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
author: latchkey contributors (!UNKNOWN)
options:
  members:
    description:
      - Everybody served on this machine. A run for oneself serves the account it runs as. Root on Linux serves others,
        each by a process that is that member and nobody else.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name on the roster; results are keyed by it.
        type: str
        required: true
      account:
        description: Account on the machine. It is never created. Root and system accounts are refused.
        type: str
        required: true
      credentials:
        description: Credentials of the member, with everything filled in.
        type: list
        elements: dict
        default: []
        suboptions:
          name:
            description: Name of the credential.
            type: str
            required: true
          about:
            description: What it is for.
            type: str
            default: ""
          sources:
            description: Where the value comes from, tried in order.
            type: list
            elements: dict
            default: []
            suboptions:
              kind:
                description: The kind of source. V(env) only seeds what is absent, every other kind is an authority.
                type: str
                required: true
                choices: [env, dotenv, file, json, keychain, vault, ssm, command]
              name:
                description: A variable for V(env), a parameter for V(ssm).
                type: str
              path:
                description: A file for V(dotenv), V(file) and V(json), a secret for V(vault).
                type: str
              key:
                description: The variable in a V(dotenv) file.
                type: str
              pointer:
                description: JSON pointer into the value of V(json) and V(ssm).
                type: str
              service:
                description: The service of a V(keychain) item that somebody else keeps.
                type: str
              account:
                description: The account of a V(keychain) item that somebody else keeps.
                type: str
              argv:
                description: A V(command) and its arguments; no shell.
                type: list
                elements: str
              field:
                description: The field of a V(vault) secret.
                type: str
              version:
                description: The version of a V(vault) secret.
                type: int
              profile:
                description: The AWS profile for V(ssm).
                type: str
              region:
                description: The AWS region for V(ssm).
                type: str
              base_url:
                description: Another address than AWS's own for V(ssm), https or on this machine.
                type: str
          keychain:
            description: Where the machine keeps it.
            type: dict
            suboptions:
              service:
                description: The item's service.
                type: str
                required: true
              account:
                description: The item's account.
                type: str
                required: true
              label:
                description: The item's label. Left alone when not given.
                type: str
              kind:
                description: The item's kind. Left alone when not given.
                type: str
              comment:
                description: The item's comment. Left alone when not given.
                type: str
              trusted_apps:
                description: Programs that may read a new macOS item unasked. C(/usr/bin/security) always may.
                type: list
                elements: str
                default: []
              state:
                description: Whether the item is to be there.
                type: str
                choices: [present, absent]
                default: present
          exports:
            description: Variables that carry it.
            type: list
            elements: dict
            default: []
            suboptions:
              name:
                description: The variable.
                type: str
                required: true
              file:
                description: An env file for jobs and services instead of shells.
                type: str
          check:
            description: How it is validated, a C(provider) and its options. See the guide to checks.
            type: dict
          required:
            description: Whether its absence is a failure.
            type: bool
            default: true
          warn_before:
            description: How long before its end to warn, in seconds.
            type: int
            default: 0
          category:
            description: How it is used; V(human_only) and V(unused) are never read.
            type: str
            default: ""
          rotate:
            description: Where it says how to rotate it.
            type: str
            default: ""
          consumers:
            description: Who reads it.
            type: list
            elements: str
            default: []
  unserved:
    description:
      - Whether a member who could not be served fails the task, or is reported for M(latchkey.workstation.verdict).
    type: str
    choices: [fail, report]
    default: fail
"""

    ATTRIBUTES = r"""
attributes:
  check_mode:
    description: Says what would change and writes nothing.
    support: full
  diff_mode:
    description: Shows what would change for each member, with fingerprints in place of values.
    support: full
  platform:
    description: What it runs on.
    platforms: linux, macos
    support: full
"""
