# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Module credential_check: validate every credential of every member with the service that issued it."""

from __future__ import annotations

DOCUMENTATION = r"""
module: credential_check
short_description: Validate every credential of every member
version_added: 0.1.0
description:
  - Asks the issuers of all declared credentials of all members at once, under one deadline, and looks at what a
    machine shows by itself.
  - An outcome is V(PASS), V(FAIL) where the issuer says no or something required is absent, V(SKIP) where it is not
    used here or a prerequisite is absent, or V(UNKNOWN) where there is no verdict - the network, a rate limit, an error
    of the service, a locked store, a tool that failed.
  - Values are resolved by each member's own process. What is asked of issuers is asked by one process for all, with
    no redirect followed, no proxy, no C(.netrc), and only at addresses that are declared or built in.
  - Nothing is changed at an issuer, but for what the guide to checks says of Infisical. When each credential was last
    validated is kept in C(~/.local/state/latchkey/checks.json), which never counts as a change.
extends_documentation_fragment:
  - latchkey.workstation.members
  - latchkey.workstation.members.attributes
  - latchkey.workstation.store
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
    description: The one credential to check; values of the others are read only where its check refers to them.
    type: str
  value:
    description: A value for O(credential), or for the only one listed, in place of what is found. It is not recorded
      as validated.
    type: str
  exclusive:
    description: Whether the times of the last validation of credentials that are not listed any more are deleted.
    type: bool
    default: false
  earlier_results:
    description:
      - Results of M(latchkey.workstation.aws_config), M(latchkey.workstation.keychain) and
        M(latchkey.workstation.shell_exports) earlier in the same run. In check mode, a check that fails because of a
        section, item or file which one of these modules would write is UNKNOWN and names it.
    type: list
    elements: dict
    default: []
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
from ansible_collections.latchkey.workstation.plugins.module_utils._checks.engine import CheckRun, check_all
from ansible_collections.latchkey.workstation.plugins.module_utils._checks.local import CheckRequest
from ansible_collections.latchkey.workstation.plugins.module_utils._checks.registry import (
    PROVIDERS,
    needs_botocore,
    normalise,
    validation_errors,
)
from ansible_collections.latchkey.workstation.plugins.module_utils._core.argument_spec import (
    members_spec,
    require_one_credential,
    store_argument_spec,
)
from ansible_collections.latchkey.workstation.plugins.module_utils._core.errors import LatchkeyError
from ansible_collections.latchkey.workstation.plugins.module_utils._core.secrets import Secret
from ansible_collections.latchkey.workstation.plugins.module_utils._host.state import State
from ansible_collections.latchkey.workstation.plugins.module_utils._sources.resolver import Resolver, open_resolver
from ansible_collections.latchkey.workstation.plugins.module_utils._sources.surface import reads_ssm, run_surface

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ansible_collections.latchkey.workstation.plugins.module_utils._core.member import Member
    from ansible_collections.latchkey.workstation.plugins.module_utils._core.report import Report


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            **members_spec(),
            **store_argument_spec(),
            "request_timeout": {"type": "float", "default": 10},
            "deadline": {"type": "float", "default": 15},
            "fail_on": {"type": "list", "elements": "str", "choices": ["FAIL", "UNKNOWN", "SKIP"], "default": ["FAIL"]},
            "credential": {"type": "str"},
            "value": {"type": "str", "no_log": True},
            "exclusive": {"type": "bool", "default": False},
            "earlier_results": {"type": "list", "elements": "dict", "default": []},
        },
        supports_check_mode=True,
    )
    options = module.params
    credentials = [credential for entry in options["members"] for credential in entry["credentials"]]

    def serve_members() -> dict[str, Report]:
        members = [_with_valid_checks(entry) for entry in options["members"]]
        return check_all(members, _check_run(options, check_mode=module.check_mode))

    def asks_aws() -> bool:
        return reads_ssm(credentials) or any(needs_botocore(each["check"]) for each in credentials)

    result = run_surface(
        "credential_check", serve_members=serve_members, needs_botocore=asks_aws, unserved=options["unserved"]
    )
    module.exit_json(**result)


def _with_valid_checks(entry: dict[str, Any]) -> dict[str, Any]:
    """The member's entry with normalised checks; LatchkeyError for an invalid check."""
    names = [credential["name"] for credential in entry["credentials"]]
    for credential in entry["credentials"]:
        errors = validation_errors(credential["check"], names) if credential["check"] else []
        if errors:
            raise LatchkeyError(f"credential {credential['name']}, check.{'; check.'.join(errors)}")
    checked = [{**each, "check": each["check"] and normalise(each["check"])} for each in entry["credentials"]]
    return {**entry, "credentials": checked}


def _check_run(options: Mapping[str, Any], *, check_mode: bool) -> CheckRun:
    def open_member_resolver(member: Member, credentials: Sequence[Mapping[str, Any]]) -> Resolver:
        state = State(member.home, check_mode=check_mode)
        return open_resolver(member, state, credentials, **{name: options[name] for name in store_argument_spec()})

    request = CheckRequest(
        open_resolver=open_member_resolver,
        providers=PROVIDERS,
        only=(options["credential"] or "") if options["value"] is None else require_one_credential(options),
        given=None if options["value"] is None else Secret(options["value"]),
        check_mode=check_mode,
        planned=_planned_items(options["earlier_results"]) if check_mode else {},
    )
    return CheckRun(
        request,
        request_timeout=options["request_timeout"],
        deadline=options["deadline"],
        exclusive=options["exclusive"],
        fail_on=options["fail_on"],
    )


def _planned_items(results: Sequence[Mapping[str, Any]]) -> dict[str, frozenset[str]]:
    """The items that earlier modules of this check-mode run would change, by member."""
    planned: dict[str, frozenset[str]] = {}
    for members in (result.get("members") or {} for result in results):
        for name, report in members.items():
            items = frozenset(row["item"] for row in report["items"] if row["state"] == "changed")
            planned[name] = planned.get(name, frozenset()) | items
    return planned


if __name__ == "__main__":
    main()
