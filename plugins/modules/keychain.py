# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The declared items of every member's keychain."""

from __future__ import annotations

DOCUMENTATION = r"""
module: keychain
short_description: Keep the declared items in every member's keychain
version_added: 0.1.0
description:
  - Keeps values where a machine keeps them - the Keychain on macOS, the Secret Service or private files on Linux.
  - An item follows its authorities. Where no authority has a value, what is kept is right, and where nothing is kept
    the person's own environment may seed it. A source or a store that cannot be read is reported as unknown and
    nothing is written because of it.
  - What is there as declared is adopted as it is. The access list of an existing macOS item is neither compared nor
    changed; O(members[].credentials[].keychain.trusted_apps) count when an item is made, or a value is put in by hand.
  - Two items of the same service and account in several keychains are told apart by the search list, whose first
    counts.
extends_documentation_fragment:
  - latchkey.workstation.members
  - latchkey.workstation.members.attributes
  - latchkey.workstation.kept
options:
  exclusive:
    description: Whether items that this module made before and that are not listed any more are removed.
    type: bool
    default: false
  credential:
    description: The one credential to keep; the others only tell whose items are whose.
    type: str
  value:
    description: A value for O(credential), or for the only one listed, in place of what is kept.
    type: str
"""

EXAMPLES = r"""
- name: Keep what is declared
  latchkey.workstation.keychain:
    members: "{{ keychain_members }}"
    exclusive: true
"""

RETURN = r"""
members:
  description: A report for each member, with an item for each credential - its state and what was or would be done.
  type: dict
  returned: always
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.latchkey.workstation.plugins.module_utils import _boto, _sources
from ansible_collections.latchkey.workstation.plugins.module_utils._credential import members_spec
from ansible_collections.latchkey.workstation.plugins.module_utils._keychain_converge import converge
from ansible_collections.latchkey.workstation.plugins.module_utils._keychain_kept import kept_spec
from ansible_collections.latchkey.workstation.plugins.module_utils._members import Member, Served, serve
from ansible_collections.latchkey.workstation.plugins.module_utils._report import result
from ansible_collections.latchkey.workstation.plugins.module_utils._secrets import Secret


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            **members_spec(),
            **kept_spec(),
            "exclusive": {"type": "bool", "default": False},
            "credential": {"type": "str"},
            "value": {"type": "str", "no_log": True},
        },
        supports_check_mode=True,
    )
    options = module.params
    only = options["credential"] or ""
    chosen = [each for entry in options["members"] for each in entry["credentials"] if only in ("", each["name"])]
    if options["value"] is not None and len(chosen) != 1:
        module.fail_json(msg="value is for one credential of one member: list one member, name credential")

    _boto.prepare(options["members"])

    def work(member: Member, entry: dict[str, Any]) -> Served:
        report = converge(
            member,
            [credential for credential in entry["credentials"] if credential["keychain"]],
            sources=_sources,
            backend=options["backend"],
            security=options["security"],
            exclusive=options["exclusive"],
            value=None if options["value"] is None else Secret(options["value"]),
            check_mode=module.check_mode,
            only=only,
        )
        return Served(report=report)

    served = serve(options["members"], work)
    answer = result("keychain", {name: one.report for name, one in served.items()}, unserved=options["unserved"])
    (module.fail_json if answer.pop("failed") else module.exit_json)(**answer)


if __name__ == "__main__":
    main()
