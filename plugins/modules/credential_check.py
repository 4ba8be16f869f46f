# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every credential of every member, validated by whoever issued it."""

from __future__ import annotations

DOCUMENTATION = r"""
module: credential_check
short_description: Validate every credential of every member
version_added: 0.1.0
description:
  - Asks the issuers of all declared credentials of all members at once, under one deadline, and looks at what a
    machine shows by itself.
  - An outcome is V(PASS), V(FAIL) where the issuer says no or something required is absent, V(SKIP) where it is not
    used here or a prerequisite is absent, or V(UNKNOWN) where there is no verdict - the network, a rate limit, an
    issuer out of order, a locked keychain.
  - Values are resolved by each member's own process. What is asked of issuers is asked by one process for all, with
    no redirect followed, no proxy, no C(.netrc), and only at addresses that are declared or built in.
  - Nothing is changed at an issuer, but for what the guide to checks says of Infisical. When each credential was last
    validated is kept in C(~/.local/state/latchkey/checks.json), which never counts as a change.
extends_documentation_fragment:
  - latchkey.workstation.members
  - latchkey.workstation.members.attributes
  - latchkey.workstation.kept
options:
  request_timeout:
    description: How long one request may take, in seconds.
    type: float
    default: 10
  deadline:
    description: How long all checks together may take, in seconds.
    type: float
    default: 15
  fail_on:
    description: Outcomes that count as a failure of the member.
    type: list
    elements: str
    choices: [FAIL, UNKNOWN, SKIP]
    default: [FAIL]
  credential:
    description: The one credential to check; the others only lend their values to it.
    type: str
  value:
    description: A value for O(credential), or for the only one listed, in place of what is found. It is not noted as
      validated.
    type: str
  exclusive:
    description: Whether the last good day of credentials that are not listed any more is forgotten.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Validate what is declared
  latchkey.workstation.credential_check:
    members: "{{ credential_check_members }}"
    exclusive: true
"""

RETURN = r"""
members:
  description:
    - A report for each member, with an item for each credential - C(name), C(provider), C(outcome), C(reason),
      C(cause), C(identity), C(scopes), C(expires_at), C(expires_in_days), C(warn), C(fingerprint), C(latency_ms),
      C(last_validated), C(remedy) and C(rotate).
  type: dict
  returned: always
"""

from typing import TYPE_CHECKING, Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.latchkey.workstation.plugins.module_utils import _boto, _sources
from ansible_collections.latchkey.workstation.plugins.module_utils._checks import Plan, check_all
from ansible_collections.latchkey.workstation.plugins.module_utils._checks_local import Asked
from ansible_collections.latchkey.workstation.plugins.module_utils._checks_table import PROVIDERS, normalise, problems
from ansible_collections.latchkey.workstation.plugins.module_utils._checks_values import Sources
from ansible_collections.latchkey.workstation.plugins.module_utils._credential import members_spec
from ansible_collections.latchkey.workstation.plugins.module_utils._errors import LatchkeyError
from ansible_collections.latchkey.workstation.plugins.module_utils._keychain_kept import kept_spec, open_kept
from ansible_collections.latchkey.workstation.plugins.module_utils._report import result
from ansible_collections.latchkey.workstation.plugins.module_utils._secrets import Secret
from ansible_collections.latchkey.workstation.plugins.module_utils._state import State

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ansible_collections.latchkey.workstation.plugins.module_utils._checks_values import Reader
    from ansible_collections.latchkey.workstation.plugins.module_utils._members import Member


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            **members_spec(),
            **kept_spec(),
            "request_timeout": {"type": "float", "default": 10},
            "deadline": {"type": "float", "default": 15},
            "fail_on": {"type": "list", "elements": "str", "choices": ["FAIL", "UNKNOWN", "SKIP"], "default": ["FAIL"]},
            "credential": {"type": "str"},
            "value": {"type": "str", "no_log": True},
            "exclusive": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    options = module.params
    try:
        members = [_prepared(entry) for entry in options["members"]]
        _boto.prepare(members)
        reports = check_all(members, _plan(options, members, check_mode=module.check_mode))
    except LatchkeyError as error:
        module.fail_json(msg=str(error))
    answer = result("credential_check", reports, unserved=options["unserved"])
    (module.fail_json if answer.pop("failed") else module.exit_json)(**answer)


def _prepared(entry: dict[str, Any]) -> dict[str, Any]:
    """A member whose checks are known to be sound, before anything is looked at."""
    names = [credential["name"] for credential in entry["credentials"]]
    for credential in entry["credentials"]:
        wrong = problems(credential["check"], names) if credential["check"] else []
        if wrong:
            raise LatchkeyError(f"credential {credential['name']}, check.{'; check.'.join(wrong)}")
    checked = [{**each, "check": each["check"] and normalise(each["check"])} for each in entry["credentials"]]
    return {**entry, "credentials": checked}


def _plan(options: Mapping[str, Any], members: Sequence[dict[str, Any]], *, check_mode: bool) -> Plan:
    known = [(entry["name"], each["name"]) for entry in members for each in entry["credentials"]]
    only = options["credential"] or ""
    if options["value"] is not None:
        mine = [name for _member, name in known if only in ("", name)]
        if len(mine) != 1:
            raise LatchkeyError("value is for one credential of one member", remedy="list one member, name credential")
        (only,) = mine

    def open_reader(member: Member, credentials: Sequence[Mapping[str, Any]]) -> Reader:
        state = State(member.home, check_mode=check_mode)
        kept = open_kept(member, state, credentials, backend=options["backend"], security=options["security"])
        readers = kept.readers()
        return lambda credential: _sources.value_of(credential, readers)

    asked = Asked(
        sources=Sources(open_reader, _sources.idle),
        providers=PROVIDERS,
        only=only,
        given=None if options["value"] is None else Secret(options["value"]),
        check_mode=check_mode,
    )
    return Plan(
        asked,
        request_timeout=options["request_timeout"],
        deadline=options["deadline"],
        exclusive=options["exclusive"],
        fail_on=options["fail_on"],
    )


if __name__ == "__main__":
    main()
