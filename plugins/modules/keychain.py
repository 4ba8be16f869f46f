# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Module keychain: create, update and remove the declared items in every member's store."""

from __future__ import annotations

DOCUMENTATION = r"""
module: keychain
short_description: Store the declared credentials of every member
version_added: 0.1.0
description:
  - Stores values in the Keychain on macOS, and in the Secret Service or private files on Linux.
  - A stored value follows its authoritative sources. Where no authoritative source has a value, the stored one is
    right; an empty item may be filled from the person's own environment. A source or a store that cannot be read is
    reported as unknown, and nothing is written because of it.
  - An existing item is adopted. The access list of an existing macOS item is neither compared nor changed;
    O(members[].credentials[].keychain.trusted_apps) are used when an item is created, or a value is entered by hand.
  - Where several items have the same service and account, or a Secret Service item has further attributes, nothing is
    written and the ambiguity is reported.
extends_documentation_fragment:
  - latchkey.workstation.members
  - latchkey.workstation.members.attributes
  - latchkey.workstation.store
options:
  exclusive:
    description:
      - Whether items of earlier declarations are removed. Removed are only items that this module created, once their
        value is in the item declared now, or while an authoritative source of the last declaration has the same value.
        Other items are kept and reported.
    type: bool
    default: false
  credential:
    description: Only manage this credential; the others are used to detect conflicting items.
    type: str
  value:
    description: A value entered by hand for O(credential), or for the only credential listed.
    type: str
  state:
    description:
      - V(absent) removes every item that is recorded or declared for O(credential), also for a credential that is not
        declared any more, in every store that was used for the member.
    type: str
    choices: [present, absent]
    default: present
"""

EXAMPLES = r"""
- name: Store the declared credentials
  latchkey.workstation.keychain:
    members: "{{ keychain_members }}"
    exclusive: true

- name: Remove the value of a credential that is not declared any more
  latchkey.workstation.keychain:
    members: "{{ keychain_members }}"
    credential: heroku
    state: absent
"""

RETURN = r"""
members:
  description: By member, a report with one row for each credential - its state and the change made or needed.
  type: dict
  returned: always
"""

from typing import TYPE_CHECKING, Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.latchkey.workstation.plugins.module_utils._core.argument_spec import (
    members_spec,
    require_one_credential,
    store_argument_spec,
)
from ansible_collections.latchkey.workstation.plugins.module_utils._core.secrets import Secret
from ansible_collections.latchkey.workstation.plugins.module_utils._keychain.converge import converge
from ansible_collections.latchkey.workstation.plugins.module_utils._sources.surface import (
    reads_ssm,
    run_surface,
    serve_reports,
)

if TYPE_CHECKING:
    from ansible_collections.latchkey.workstation.plugins.module_utils._core.member import Member
    from ansible_collections.latchkey.workstation.plugins.module_utils._core.report import Report


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            **members_spec(),
            **store_argument_spec(),
            "exclusive": {"type": "bool", "default": False},
            "credential": {"type": "str"},
            "value": {"type": "str", "no_log": True},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        },
        required_if=[("state", "absent", ("credential",))],
        supports_check_mode=True,
    )
    options = module.params

    def work(member: Member, entry: dict[str, Any]) -> Report:
        return converge(
            member,
            [credential for credential in entry["credentials"] if credential["keychain"]],
            backend=options["backend"],
            security=options["security"],
            exclusive=options["exclusive"],
            value=None if options["value"] is None else Secret(options["value"]),
            check_mode=module.check_mode,
            only=options["credential"] or "",
            remove=options["state"] == "absent",
        )

    def serve_members() -> dict[str, Report]:
        if options["value"] is not None:
            require_one_credential(options)
        return serve_reports(options["members"], work)

    def needs_botocore() -> bool:
        return reads_ssm([credential for entry in options["members"] for credential in entry["credentials"]])

    result = run_surface(
        "keychain", serve_members=serve_members, needs_botocore=needs_botocore, unserved=options["unserved"]
    )
    module.exit_json(**result)


if __name__ == "__main__":
    main()
