# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What shells, jobs and services of every member are given of their credentials."""

from __future__ import annotations

DOCUMENTATION = r"""
module: shell_exports
short_description: Give every member's shells, jobs and services their credentials
version_added: 0.1.0
description:
  - Keeps one managed block in C(~/.zshrc), which names each exported variable and holds no secret. A shell reads each
    value from where it is kept, or live from the C(dotenv) or C(file) source of a credential that is not kept.
  - The block needs C(~/.local/share/latchkey/exports.sh). C(~/.local/bin/latchkey-run) gives named credentials to one
    process. Both are kept as long as anything is exported.
  - Exports with a C(file) are written to that env file, 0600, in a form that systemd and POSIX shells read alike.
  - What shells are given is one list, the exported credentials of O(members). Where none of them is exported, and for
    env files that none of them names, O(exclusive) says whether what this module made before goes.
  - A line of one's own that sets an exported variable in C(~/.zshrc), C(~/.zshenv), C(~/.zprofile) or C(~/.zlogin),
    and one that can return before the block, is reported as unknown and left alone.
extends_documentation_fragment:
  - latchkey.workstation.members
  - latchkey.workstation.members.attributes
  - latchkey.workstation.kept
options:
  exclusive:
    description: Whether the block, its files and env files that this module made before and nothing listed needs any
      more are removed.
    type: bool
    default: false
  login_hook:
    description: Whether new interactive shells show what the last check wants looked at, and nothing when all is well.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Export what is declared
  latchkey.workstation.shell_exports:
    members: "{{ shell_exports_members }}"
    exclusive: true
"""

RETURN = r"""
members:
  description: A report for each member, with an item for each file and for each line of one's own that counts for more.
  type: dict
  returned: always
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.latchkey.workstation.plugins.module_utils import _boto, _sources
from ansible_collections.latchkey.workstation.plugins.module_utils._credential import members_spec
from ansible_collections.latchkey.workstation.plugins.module_utils._exports import Exports
from ansible_collections.latchkey.workstation.plugins.module_utils._exports_files import Managed
from ansible_collections.latchkey.workstation.plugins.module_utils._keychain_files import file_of
from ansible_collections.latchkey.workstation.plugins.module_utils._keychain_kept import kept_spec, open_kept
from ansible_collections.latchkey.workstation.plugins.module_utils._members import Member, Served, serve
from ansible_collections.latchkey.workstation.plugins.module_utils._report import Report, result
from ansible_collections.latchkey.workstation.plugins.module_utils._state import State


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            **members_spec(),
            **kept_spec(),
            "exclusive": {"type": "bool", "default": False},
            "login_hook": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    options = module.params
    store = {name: options[name] for name in kept_spec()}

    shown = [each for entry in options["members"] for each in entry["credentials"] if each["exports"]]
    _boto.prepare([{"credentials": shown}])

    def work(member: Member, entry: dict[str, Any]) -> Served:
        report = Report()
        state = State(member.home, check_mode=module.check_mode)
        exported = [credential for credential in entry["credentials"] if credential["exports"]]
        if not exported and not options["login_hook"] and not state.load("exports"):
            return Served(report)
        wanted = [credential for credential in exported if not _sources.idle(credential)]
        for credential in exported:
            if credential not in wanted:
                report.add(credential["name"], "skipped", _sources.idle(credential))
        with state.lock():
            filed = [credential for credential in wanted if any(export["file"] for export in credential["exports"])]
            kept = open_kept(member, state, filed, declared=entry["credentials"], **store)
            readers = kept.readers()

            def place(service: str, account: str) -> tuple[str, ...]:
                kept.prove_own((service, account))
                if kept.store.name == "files":
                    return ("kept", file_of(member.home, (service, account)))
                return (kept.store.name, service, account)

            files = Managed(report, state, home=member.home, check_mode=module.check_mode)
            exports = Exports(files, kept=place, value_of=lambda credential: _sources.value_of(credential, readers))
            chosen = {name: options[name] for name in ("exclusive", "login_hook")}
            exports.converge(wanted, tools={"security": options["security"]}, **chosen)
        return Served(report)

    served = serve(options["members"], work)
    reports = {name: one.report for name, one in served.items()}
    answer = result("shell_exports", reports, unserved=options["unserved"])
    (module.fail_json if answer.pop("failed") else module.exit_json)(**answer)


if __name__ == "__main__":
    main()
