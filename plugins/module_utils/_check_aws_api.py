# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What AWS says of a member's profile: who it is, its cached role, and whether it may read (or write) one parameter."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from ansible_collections.latchkey.workstation.plugins.module_utils import _checks_time
from ansible_collections.latchkey.workstation.plugins.module_utils._boto import AwsTrouble, Profile, not_aws
from ansible_collections.latchkey.workstation.plugins.module_utils._boto_kept import kept_role
from ansible_collections.latchkey.workstation.plugins.module_utils._checks_base import (
    ABSENT,
    FAIL,
    PASS,
    UNKNOWN,
    Option,
    Outcome,
    Provider,
)

if TYPE_CHECKING:
    from ansible_collections.latchkey.workstation.plugins.module_utils._checks_base import Check, Here

__all__ = ["PROVIDERS"]

_STATES = {"rejected": FAIL, "absent": ABSENT, "unknown": UNKNOWN}
_PROFILE = {"profile": Option(), "region": Option(), "base_url": Option("url")}


def _identity(check: Check, here: Here) -> Outcome:
    """Two secrets for one key within seconds make the second fail although it is valid: asked once more."""
    try:
        profile = _profile(check, here)
        try:
            account, arn = _who(profile, here)
        except AwsTrouble as trouble:
            if trouble.cause != "signature":
                raise
            account, arn = _who(profile, here)
    except AwsTrouble as trouble:
        return _outcome(trouble)
    expected = check.options.get("account")
    if expected and account != str(expected):
        return Outcome(FAIL, f"it is of account {account}, not {expected}", "wrong_account", identity=arn)
    return Outcome(PASS, "valid", identity=arn)


def _who(profile: Profile, here: Here) -> tuple[str, str]:
    told = profile.ask("sts", "get_caller_identity", here.deadline)
    account, arn = str(told.get("Account")), str(told.get("Arn"))
    if not account.isdigit() or not arn.startswith("arn:"):
        raise not_aws()
    return account, arn


def _role(check: Check, here: Here) -> Outcome:
    """The role credentials that the AWS CLI keeps for a profile, and when they end."""
    name = check.options.get("profile") or "default"
    remedy = f"aws sts get-caller-identity --profile {shlex.quote(name)}"
    if check.options.get("refresh") and not here.check_mode:
        here.run(["aws", "sts", "get-caller-identity", "--profile", name])
    try:
        settings = _profile(check, here).settings()
    except AwsTrouble as trouble:
        return _outcome(trouble)
    if not settings.get("sso_role_name"):
        return Outcome(ABSENT, f"the AWS profile {name} takes no role from a portal", "absent")
    identity = f"{settings.get('sso_role_name')} of {settings.get('sso_account_id')}"
    role = kept_role(settings, home=here.home)
    ends = _checks_time.parse(role["Expiration"]) if role else None
    if ends is None:
        return Outcome(ABSENT, "no role credentials are cached", "absent", identity=identity, remedy=remedy)
    if ends <= _checks_time.now():
        return Outcome(ABSENT, "the cached role credentials have ended", "expired", identity, (), ends, remedy)
    return Outcome(PASS, "role credentials are cached", "", identity, (), ends)


def _parameter(check: Check, here: Here) -> Outcome:
    """Read one parameter; where ``write`` is declared, ask for a creation that can never be carried out.

    Its value does not match the pattern it asks for, so all that comes back is whether it would have been allowed.
    """
    name = check.options["name"]
    try:
        profile = _profile(check, here)
        profile.parameter(name, here.deadline)
    except AwsTrouble as trouble:
        return _outcome(trouble)
    declared = check.options.get("write")
    if declared is None:
        return Outcome(PASS, f"may read {name}", identity=name)
    impossible = {"Name": name, "Value": "-", "Type": "String", "AllowedPattern": "^$", "Overwrite": False}
    try:
        profile.ask("ssm", "put_parameter", here.deadline, **impossible)
        return _outcome(not_aws())
    except AwsTrouble as trouble:
        if trouble.cause not in {"scope", "exists"}:
            return _outcome(trouble)
        may = trouble.cause == "exists"
    if may != declared:
        return Outcome(FAIL, f"may{'' if may else ' not'} write {name}, and is to be {_WORD[declared]}", "scope", name)
    return Outcome(PASS, f"may read{' and write' if may else ', not write'} {name}", identity=name)


_WORD = {True: "a writer", False: "a reader only"}


def _profile(check: Check, here: Here) -> Profile:
    options = check.options
    return Profile(
        options.get("profile"), home=here.home, region=options.get("region"), base_url=options.get("base_url")
    )


def _outcome(trouble: AwsTrouble) -> Outcome:
    return Outcome(_STATES[trouble.verdict], trouble.message, trouble.cause, remedy=trouble.remedy)


PROVIDERS = {
    "aws_credentials": Provider({**_PROFILE, "account": Option()}, local=_identity, takes_value=False),
    "aws_role": Provider({"profile": Option(), "refresh": Option("flag")}, local=_role, takes_value=False),
    "aws_parameter": Provider(
        {**_PROFILE, "name": Option(required=True), "write": Option("flag")}, local=_parameter, takes_value=False
    ),
}
