# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a profile's keys come from: what botocore reads by itself. Nothing is renewed, only STS is asked for a role."""

from __future__ import annotations

import functools
import shlex
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, NoReturn

from ansible_collections.latchkey.workstation.plugins.module_utils._boto_kept import kept_role, kept_token
from ansible_collections.latchkey.workstation.plugins.module_utils._boto_trouble import AwsTrouble

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Keys", "settings_of"]

_READ = {"assume-role-with-web-identity", "shared-credentials-file", "custom-process", "config-file"}
_OTHERS = "give the profile keys of its own, or the role of a portal"


def settings_of(session: Any, profile: str) -> Mapping[str, Any]:
    """A profile's own settings, those of its sso-session among them."""
    config = session.full_config
    own = config["profiles"].get(profile, {})
    return {**config.get("sso_sessions", {}).get(own.get("sso_session"), {}), **own}


class Keys:
    """In the place of a session's chain of providers, and of the builder of those of a profile that a role is taken by.

    Those that would ask a portal, a browser or the machine's metadata load what is kept here, or say that they do not.
    """

    def __init__(self, session: Any, profile: str, *, home: str, modules: Mapping[str, Any]) -> None:
        self._session = session
        self._profile = profile
        self._home = home
        self._own = modules["botocore.credentials"]
        self._moment = modules["botocore.utils"].parse_to_aware_datetime

    def load_credentials(self) -> Any:
        own = self._own
        elsewhere = [own.InstanceMetadataProvider(iam_role_fetcher=None), own.ContainerProvider()]
        for provider in elsewhere:
            provider.load = functools.partial(
                self._elsewhere, self._profile, f"credential_source {provider.CANONICAL_NAME}"
            )
        role = own.AssumeRoleProvider(
            load_config=lambda: self._session.full_config,
            client_creator=self._session.create_client,
            cache={},
            profile_name=self._profile,
            prompter=self._no_code,
            credential_sourcer=own.CanonicalNameCredentialSourcer([own.EnvProvider(), *elsewhere]),
            profile_provider_builder=self,
        )
        return own.CredentialResolver([role, *self.providers(self._profile)]).load_credentials()

    def providers(self, profile_name: str, disable_env_vars: bool = True) -> list[Any]:
        builder = self._own.ProfileProviderBuilder(self._session, cache={})
        found = builder.providers(profile_name=profile_name, disable_env_vars=disable_env_vars)
        kept = {"sso": self._from_portal, "login": self._from_login}
        for provider in found:
            if provider.METHOD in kept:
                provider.load = functools.partial(kept[provider.METHOD], profile_name)
        return [provider for provider in found if provider.METHOD in _READ | kept.keys()]

    def _from_portal(self, profile: str) -> Any:
        settings = settings_of(self._session, profile)
        if not settings.get("sso_role_name"):
            return None
        role = kept_role(settings, home=self._home)
        if role and self._lives(role["Expiration"]):
            return self._own.Credentials(role["AccessKeyId"], role["SecretAccessKey"], role["SessionToken"])
        token = kept_token(settings.get("sso_session") or settings.get("sso_start_url", ""), home=self._home)
        if token and (self._lives(token.ends) or self._lives(token.renewable)):
            raise AwsTrouble(
                f"no live role of the AWS profile {profile} is kept here; its next use takes one",
                verdict="unknown",
                cause="refreshable",
                remedy=f"aws sts get-caller-identity --profile {shlex.quote(profile)}",
            )
        raise AwsTrouble(
            f"the AWS profile {profile} has no live portal session",
            verdict="absent",
            cause="expired",
            remedy=f"aws sso login --profile {shlex.quote(profile)}",
        )

    def _from_login(self, profile: str) -> None:
        if settings_of(self._session, profile).get("login_session"):
            self._elsewhere(profile, "aws login")

    def _elsewhere(self, profile: str, place: str) -> NoReturn:
        message = f"the AWS profile {profile} has its keys from {place}, which is not asked here"
        raise AwsTrouble(message, verdict="unknown", cause="prerequisite", remedy=_OTHERS)

    def _no_code(self, _prompt: str) -> NoReturn:
        message = f"the AWS profile {self._profile} asks for an MFA code, which nobody gives here"
        raise AwsTrouble(message, verdict="unknown", cause="prerequisite", remedy=_OTHERS)

    def _lives(self, moment: str) -> bool:
        try:
            return bool(self._moment(moment) > datetime.now(timezone.utc))
        except (ValueError, OverflowError, RuntimeError):
            return False
