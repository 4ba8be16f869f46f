# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks of AWS profiles through AWS's API.

``aws_credentials`` asks STS for the identity, ``aws_role`` looks at the cached role credentials of an SSO profile,
``aws_parameter`` tests access to one parameter of Systems Manager.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..._clients.aws_cache import cached_role_credentials
from ..._clients.aws_credentials import current_role_credentials
from ..._clients.aws_session import AwsError, Profile, not_an_aws_response
from ..._core import timestamps
from ..base import ABSENT, FAIL, PASS, UNKNOWN, Option, Outcome, Provider

if TYPE_CHECKING:
    from typing import Callable

    from ..base import Check, LocalContext

__all__ = ["PROVIDERS"]

_STATE_OF_VERDICT = {"rejected": FAIL, "absent": ABSENT, "unknown": UNKNOWN}
_PROFILE = {"profile": Option(), "region": Option(), "base_url": Option("url")}


def _for_profile(check_profile: Callable[[Check, LocalContext, Profile], Outcome]) -> Callable[..., Outcome]:
    """Make the local part of a provider from a function that may raise AwsError."""

    def local(check: Check, here: LocalContext) -> Outcome:
        options = check.options
        profile = Profile(
            options.get("profile"), home=here.home, region=options.get("region"), base_url=options.get("base_url")
        )
        try:
            return here.unless_planned(check_profile(check, here, profile), profile.sections())
        except AwsError as error:
            return here.unless_planned(_to_outcome(error), _sections_or_own(profile))

    return local


def _sections_or_own(profile: Profile) -> list[str]:
    try:
        return profile.sections()
    except AwsError:
        return [f"profile {profile.name}", f"credentials {profile.name}"]


def _check_identity(check: Check, here: LocalContext, profile: Profile) -> Outcome:
    """Compare the caller identity with the declared account.

    A rejected signature is tried once more: a new secret for the same access key is not accepted for some seconds.
    """
    try:
        account, arn = _caller_identity(profile, here)
    except AwsError as error:
        if error.cause != "signature":
            raise
        account, arn = _caller_identity(profile, here)
    expected = check.options.get("account")
    if expected and account != expected:
        return Outcome(FAIL, f"belongs to account {account}, expected {expected}", "wrong_account", identity=arn)
    return Outcome(PASS, "valid", identity=arn)


def _caller_identity(profile: Profile, here: LocalContext) -> tuple[str, str]:
    response = profile.call("sts", "get_caller_identity", here.deadline)
    account, arn = str(response.get("Account")), str(response.get("Arn"))
    if not account.isdigit() or not arn.startswith("arn:"):
        raise not_an_aws_response()
    return account, arn


def _check_role(check: Check, here: LocalContext, profile: Profile) -> Outcome:
    """Look up the role credentials that the AWS CLI cached for a profile and when they expire.

    With ``refresh``, the AWS CLI is run first, which fetches new ones while the SSO session lasts.
    """
    refresh = check.options.get("refresh") and not here.check_mode
    refreshed = here.run(["aws", "sts", "get-caller-identity", "--profile", profile.name]) if refresh else None
    settings = profile.settings()
    if not settings.get("sso_role_name"):
        remedy = "declare sso_role_name in aws_config_profiles, or check it with aws_credentials"
        return Outcome(ABSENT, f"the AWS profile {profile.name} has no sso_role_name", "absent", remedy=remedy)
    role = cached_role_credentials(settings, home=here.home)
    known = Outcome(
        PASS,
        "role credentials are cached",
        identity=f"{settings.get('sso_role_name')} of {settings.get('sso_account_id')}",
        expires_at=timestamps.parse(role["Expiration"]) if role else None,
    )
    try:
        current_role_credentials(settings, profile.name, home=here.home)
    except AwsError as error:
        outcome = _to_outcome(error)
        if refreshed and refreshed.code and error.cause == "refreshable":
            message = f"{error.message}; aws sts get-caller-identity {refreshed.status}"
            outcome = replace(outcome, reason=message, cause="unexpected")
        return outcome.merged_over(known)
    return known


def _check_parameter(check: Check, here: LocalContext, profile: Profile) -> Outcome:
    """Read a parameter; if ``write`` is declared, also test whether writing it is allowed.

    The test request can never succeed, since its value does not match its own AllowedPattern: AWS answers either that
    access is denied, or that the parameter exists or the value is invalid.
    """
    name = check.options["name"]
    profile.get_parameter(name, here.deadline)
    declared = check.options.get("write")
    if declared is None:
        return Outcome(PASS, f"can read {name}", identity=name)
    impossible = {"Name": name, "Value": "-", "Type": "String", "AllowedPattern": "^$", "Overwrite": False}
    can_write = False
    try:
        profile.call("ssm", "put_parameter", here.deadline, **impossible)
        raise not_an_aws_response()
    except AwsError as error:
        if error.cause not in {"scope", "exists"}:
            raise
        can_write = error.cause == "exists"
    if can_write != declared:
        reason = f"can write {name}, expected read-only" if can_write else f"cannot write {name}, expected write access"
        return Outcome(FAIL, reason, "scope", name)
    return Outcome(PASS, f"can read {'and write ' if can_write else ''}{name}", identity=name)


def _to_outcome(error: AwsError) -> Outcome:
    return Outcome(_STATE_OF_VERDICT[error.verdict], error.message, error.cause, remedy=error.remedy)


PROVIDERS = {
    "aws_credentials": Provider(
        {**_PROFILE, "account": Option("account")},
        local=_for_profile(_check_identity),
        takes_value=False,
        needs_botocore=True,
    ),
    "aws_role": Provider(
        {"profile": Option(), "refresh": Option("flag")},
        local=_for_profile(_check_role),
        takes_value=False,
        needs_botocore=True,
    ),
    "aws_parameter": Provider(
        {**_PROFILE, "name": Option(required=True), "write": Option("flag")},
        local=_for_profile(_check_parameter),
        takes_value=False,
        needs_botocore=True,
    ),
}
