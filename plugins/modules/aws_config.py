# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sections of every member's AWS files, everything else in them untouched."""

from __future__ import annotations

DOCUMENTATION = r"""
module: aws_config
short_description: Keep the declared sections of every member's AWS files
version_added: 0.1.0
description:
  - Keeps C([sso-session NAME]) and C([profile NAME]) of C(~/.aws/config) and C([NAME]) of C(~/.aws/credentials) as
    they are declared. Whatever is not declared stays byte for byte.
  - A section or key that is there as declared is adopted as it is. What this module made is noted, without values,
    and is removed when it is not listed any more. What was there before never is, unless it is declared absent, and
    neither is a value that somebody has put over one of ours since, nor a session that somebody's profile names.
  - A value of V(null) means that the key must not be there. A mapping is a block of its own such as C(s3).
  - A section of credentials is written whole or not at all - while a source of it cannot be read it stays as it is.
  - Nothing is written where a profile would name a session, a profile or a program that is not there, or where a file
    is one that AWS cannot read, a section that stands twice among the reasons.
  - For a run for oneself E(AWS_CONFIG_FILE) and E(AWS_SHARED_CREDENTIALS_FILE) say which files these are.
extends_documentation_fragment:
  - latchkey.workstation.members
  - latchkey.workstation.members.attributes
  - latchkey.workstation.kept
options:
  members:
    description: Everybody served on this machine, with their sections.
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
            description: Whether the section is to be there.
            type: str
            choices: [present, absent]
            default: present
          settings:
            description:
              - Keys with text, numbers, booleans, lists, V(null), or a mapping of these.
              - In O(members[].static) a mapping is a source, with its C(kind), as the other modules take them, and a
                list of mappings is several, tried in order.
            type: dict
            default: {}
      profiles:
        description: Sections C([profile NAME]) of the config file.
        type: list
        elements: dict
        default: []
        suboptions: *section
      static:
        description: Sections C([NAME]) of the credentials file. A secret is never given itself, but its source.
        type: list
        elements: dict
        default: []
        suboptions: *section
  config_path:
    description: The config file.
    type: str
    default: ~/.aws/config
  credentials_path:
    description: The credentials file. It is kept 0600, and a folder named C(.aws) around it 0700.
    type: str
    default: ~/.aws/credentials
  exclusive:
    description: Whether sections that this module made before and that are not listed any more are removed.
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
  description: A report for each member, with an item for each section - its state and what was or would be done.
  type: dict
  returned: always
"""

from typing import TYPE_CHECKING, Any, cast

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.latchkey.workstation.plugins.module_utils import _boto, _sources
from ansible_collections.latchkey.workstation.plugins.module_utils._aws_converge import converge
from ansible_collections.latchkey.workstation.plugins.module_utils._aws_spec import (
    aws_spec,
    complete_sources,
    looked_up,
    paths_of,
)
from ansible_collections.latchkey.workstation.plugins.module_utils._errors import LatchkeyError
from ansible_collections.latchkey.workstation.plugins.module_utils._keychain_kept import kept_spec, open_kept
from ansible_collections.latchkey.workstation.plugins.module_utils._members import Member, Served, serve
from ansible_collections.latchkey.workstation.plugins.module_utils._report import result
from ansible_collections.latchkey.workstation.plugins.module_utils._state import State

if TYPE_CHECKING:
    from ansible_collections.latchkey.workstation.plugins.module_utils._found import Readers


def main() -> None:
    module = AnsibleModule(argument_spec={**aws_spec(), **kept_spec()}, supports_check_mode=True)
    options = module.params
    members = options["members"]
    try:
        complete_sources(members)
    except LatchkeyError as error:
        module.fail_json(msg=str(error))
    _boto.prepare([{"credentials": [looked_up(entry)]} for entry in members])

    def work(member: Member, entry: dict[str, Any]) -> Served:
        credential = looked_up(entry)
        state = State(member.home, check_mode=module.check_mode)
        store = {name: options[name] for name in kept_spec()}
        readers = open_kept(member, state, [credential], **store).readers() if credential["sources"] else None
        report = converge(
            member.home,
            entry,
            paths=paths_of(member, options),
            look=lambda sources: _sources.resolve(sources, cast("Readers", readers)),
            exclusive=options["exclusive"],
            check_mode=module.check_mode,
        )
        return Served(report)

    served = serve(members, work)
    reports = {name: one.report for name, one in served.items()}
    answer = result("aws_config", reports, unserved=options["unserved"])
    (module.fail_json if answer.pop("failed") else module.exit_json)(**answer)


if __name__ == "__main__":
    main()
