# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Module shell_exports: give the shells, jobs and services of every member their credentials."""

from __future__ import annotations

DOCUMENTATION = r"""
module: shell_exports
short_description: Give every member's shells, jobs and services their credentials
version_added: 0.1.0
description:
  - Keeps one managed block in the C(.zshrc) that zsh reads (C(ZDOTDIR) counts). It names each exported variable and
    holds no secret. A shell reads each value from its store, or live from the C(dotenv) or C(file) source of a
    credential without a store item.
  - The block needs C(~/.local/share/latchkey/exports.sh). C(~/.local/bin/latchkey-run) gives named credentials to one
    process. Both are kept as long as anything is exported.
  - Exports with a C(file) are written to that env file, 0600, in a form that systemd and POSIX shells read alike.
  - Shells get the exported credentials of O(members). With O(exclusive), the block, programs and env files that this
    module made before are removed once no credential in O(members) needs them.
  - Lines of a profile that set an exported variable themselves, or that can end the file or the shell above the block,
    are reported as unknown and left alone.
extends_documentation_fragment:
  - latchkey.workstation.members
  - latchkey.workstation.members.attributes
  - latchkey.workstation.store
options:
  exclusive:
    description: Whether the block, its files and env files that this module made before and nothing listed needs any
      more are removed.
    type: bool
    default: false
  login_hook:
    description: Whether new interactive shells print the failures of the last check.
    type: bool
    default: false
  programs:
    description:
      - Texts of the shell programs of the collection. The action plugin of the same name reads them on the controller
        and fills this in; a task leaves it out.
    type: dict
    suboptions:
      library:
        description: Text of C(exports.sh).
        type: str
        required: true
      run:
        description: Text of C(latchkey-run).
        type: str
        required: true
"""

EXAMPLES = r"""
- name: Export what is declared
  latchkey.workstation.shell_exports:
    members: "{{ shell_exports_members }}"
    exclusive: true
"""

RETURN = r"""
members:
  description: A report for each member, with an item for each file, and for each line of a profile that overrides an
    export.
  type: dict
  returned: always
"""

import os
from typing import TYPE_CHECKING, Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.latchkey.workstation.plugins.module_utils._core.argument_spec import (
    members_spec,
    store_argument_spec,
)
from ansible_collections.latchkey.workstation.plugins.module_utils._core.credential import skip_reason
from ansible_collections.latchkey.workstation.plugins.module_utils._core.report import Report
from ansible_collections.latchkey.workstation.plugins.module_utils._exports.converge import Exports
from ansible_collections.latchkey.workstation.plugins.module_utils._exports.managed_files import ManagedFiles
from ansible_collections.latchkey.workstation.plugins.module_utils._exports.render import Programs
from ansible_collections.latchkey.workstation.plugins.module_utils._exports.zdotdir import find_folder
from ansible_collections.latchkey.workstation.plugins.module_utils._host.state import State
from ansible_collections.latchkey.workstation.plugins.module_utils._sources.resolver import Resolver
from ansible_collections.latchkey.workstation.plugins.module_utils._sources.surface import (
    reads_ssm,
    run_surface,
    serve_reports,
)
from ansible_collections.latchkey.workstation.plugins.module_utils._stores.open import open_store_reader
from ansible_collections.latchkey.workstation.plugins.module_utils._stores.ownership import StoreRecord
from ansible_collections.latchkey.workstation.plugins.module_utils._stores.private_files import item_path

if TYPE_CHECKING:
    from ansible_collections.latchkey.workstation.plugins.module_utils._core.member import Member


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            **members_spec(),
            **store_argument_spec(),
            "exclusive": {"type": "bool", "default": False},
            "login_hook": {"type": "bool", "default": False},
            # Not secret: kept out of the system's log, where it would be 12 KiB at each run.
            "programs": {
                "type": "dict",
                "no_log": True,
                "options": {
                    "library": {"type": "str", "required": True, "no_log": True},
                    "run": {"type": "str", "required": True, "no_log": True},
                },
            },
        },
        supports_check_mode=True,
    )
    options = module.params
    if not options["programs"]:
        module.fail_json(msg="programs is missing: run this as a task, whose action plugin fills it in")
    programs = Programs(**options["programs"])
    store = {name: options[name] for name in store_argument_spec()}

    def work(member: Member, entry: dict[str, Any]) -> Report:
        report = Report()
        state = State(member.home, check_mode=module.check_mode)
        exported = [credential for credential in entry["credentials"] if credential["exports"]]
        if not exported and not options["login_hook"] and not state.load("exports"):
            return report
        wanted = [credential for credential in exported if not skip_reason(credential)]
        for credential in exported:
            if credential not in wanted:
                report.add(credential["name"], "skipped", skip_reason(credential))
        with state.lock():
            filed = [credential for credential in wanted if any(export["file"] for export in credential["exports"])]
            stored = open_store_reader(member, StoreRecord(state), filed, declared=entry["credentials"], **store)

            def place(service: str, account: str) -> tuple[str, ...]:
                stored.require_own_value((service, account))
                if stored.store.name == "files":
                    return ("kept", item_path(member.home, (service, account)))
                return (stored.store.name, service, account)

            files = ManagedFiles(report, state, home=member.home, check_mode=module.check_mode)
            zsh = member.shell if os.path.basename(member.shell) == "zsh" else "zsh"
            exports = Exports(
                files,
                programs,
                store_place=place,
                resolver=Resolver.for_member(member, stored),
                find_zdotdir=lambda: find_folder(member.home, os.environ, zsh=zsh),
            )
            chosen = {name: options[name] for name in ("exclusive", "login_hook")}
            exports.converge(wanted, tools={"security": options["security"]}, **chosen)
        return report

    def needs_botocore() -> bool:
        credentials = [each for entry in options["members"] for each in entry["credentials"]]
        return reads_ssm([each for each in credentials if any(export["file"] for export in each["exports"])])

    result = run_surface(
        "shell_exports",
        serve_members=lambda: serve_reports(options["members"], work),
        needs_botocore=needs_botocore,
        unserved=options["unserved"],
    )
    module.exit_json(**result)


if __name__ == "__main__":
    main()
