# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Module aws_config: manage declared sections of every member's AWS files and leave the rest unchanged."""

from __future__ import annotations

DOCUMENTATION = r"""
module: aws_config
short_description: Keep the declared sections of every member's AWS files
version_added: 0.1.0
description:
  - Keeps C([sso-session NAME]) and C([profile NAME]) of C(~/.aws/config) and C([NAME]) of C(~/.aws/credentials) as
    they are declared. Everything that is not declared stays byte for byte.
  - Sections and keys that this module wrote are recorded without values, and removed when they are no longer listed.
    Sections and keys that existed before are removed only if they are declared absent. A value that was changed since
    this module wrote it stays, and so does a session that an undeclared profile refers to.
  - A value of V(null) means that the key must be absent. A mapping is a block of keys such as C(s3).
  - A section of credentials is written as a whole or not at all. While one of its sources cannot be read, it stays as
    it is.
  - Nothing is written if a profile would refer to a session, profile or program that does not exist, or if AWS could
    not read a file, for example because of a duplicate section.
  - In a run for the current user E(AWS_CONFIG_FILE) and E(AWS_SHARED_CREDENTIALS_FILE) choose the files.
extends_documentation_fragment:
  - latchkey.workstation.members
  - latchkey.workstation.members.attributes
  - latchkey.workstation.store
options:
  members:
    description: The members of this machine, with their sections.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name on the roster.
        type: str
        required: true
      account:
        description: Account on the machine.
        type: str
        required: true
      sso_sessions:
        description: Sections C([sso-session NAME]) of the config file.
        type: list
        elements: dict
        default: []
        suboptions: &section
          name:
            description: Name of the session or profile, V(default) for C([default]).
            type: str
            required: true
          state:
            description: Whether the section must exist.
            type: str
            choices: [present, absent]
            default: present
          settings:
            description:
              - Keys with text, numbers, booleans, lists, V(null), or a mapping of these.
              - In O(members[].static) a mapping is a source with its C(kind), in the shape that the other modules take,
                and a list of mappings is a list of sources that are tried in order.
            type: dict
            default: {}
      profiles:
        description: Sections C([profile NAME]) of the config file.
        type: list
        elements: dict
        default: []
        suboptions: *section
      static:
        description: Sections C([NAME]) of the credentials file. Secrets are given as sources, never as values.
        type: list
        elements: dict
        default: []
        suboptions: *section
  config_path:
    description: The config file.
    type: str
    default: ~/.aws/config
  credentials_path:
    description: The credentials file. It gets mode 0600, and a folder named C(.aws) around it 0700.
    type: str
    default: ~/.aws/credentials
  exclusive:
    description: Whether sections and keys that this module wrote and that are no longer listed are removed.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: One session and a profile that uses it
  latchkey.workstation.aws_config:
    members:
      - name: alice
        account: alice
        sso_sessions:
          - {name: corp, settings: {sso_start_url: https://example.awsapps.com/start, sso_region: eu-west-1}}
        profiles:
          - {name: dev, settings: {sso_session: corp, sso_account_id: "111122223333", sso_role_name: Developer}}
"""

RETURN = r"""
members:
  description: A report for each member, with an item for each section, its state and what changed or would change.
  type: dict
  returned: always
"""

from typing import TYPE_CHECKING, Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.latchkey.workstation.plugins.module_utils._aws_files.argument_spec import (
    SOURCE_SPEC,
    aws_spec,
    complete_sources,
    credential_of_sources,
    paths_of,
)
from ansible_collections.latchkey.workstation.plugins.module_utils._aws_files.converge import converge
from ansible_collections.latchkey.workstation.plugins.module_utils._core.argument_spec import store_argument_spec
from ansible_collections.latchkey.workstation.plugins.module_utils._host.state import State
from ansible_collections.latchkey.workstation.plugins.module_utils._sources.resolver import open_resolver
from ansible_collections.latchkey.workstation.plugins.module_utils._sources.surface import (
    reads_ssm,
    run_surface,
    serve_reports,
)

if TYPE_CHECKING:
    from ansible_collections.latchkey.workstation.plugins.module_utils._core.member import Member
    from ansible_collections.latchkey.workstation.plugins.module_utils._core.report import Report


def main() -> None:
    module = AnsibleModule(argument_spec={**aws_spec(), **store_argument_spec()}, supports_check_mode=True)
    options = module.params
    members = options["members"]
    store = {name: options[name] for name in store_argument_spec()}

    def work(member: Member, entry: dict[str, Any]) -> Report:
        credential = credential_of_sources(entry)
        state = State(member.home, check_mode=module.check_mode)
        resolver = open_resolver(member, state, [credential], **store) if credential["sources"] else None
        return converge(
            member.home,
            entry,
            paths=paths_of(member, options),
            resolver=resolver,
            exclusive=options["exclusive"],
            check_mode=module.check_mode,
        )

    def serve_members() -> dict[str, Report]:
        return serve_reports(members, work)

    def needs_botocore() -> bool:
        """Also validate the sources: no member is served with an invalid one."""
        complete_sources(members, ArgumentSpecValidator(SOURCE_SPEC).validate)
        return reads_ssm([credential_of_sources(entry) for entry in members])

    result = run_surface(
        "aws_config", serve_members=serve_members, needs_botocore=needs_botocore, unserved=options["unserved"]
    )
    module.exit_json(**result)


if __name__ == "__main__":
    main()
