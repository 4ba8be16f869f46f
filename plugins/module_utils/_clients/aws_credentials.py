# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Resolve the credentials of an AWS profile with botocore, from local sources only.

Allowed are static keys, ``credential_process``, cached SSO role credentials and assuming a role through STS.
Credentials that botocore would fetch from an SSO portal, a browser login or a metadata service raise an ``AwsError``
that says what to do.
"""

from __future__ import annotations

import functools
import shlex
from typing import TYPE_CHECKING, Any, NoReturn

from .._core import timestamps
from .aws_cache import cached_role_credentials, cached_sso_token
from .aws_errors import AwsError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["LocalCredentialResolver", "current_role_credentials", "profile_sections", "profile_settings"]

_LOCAL_METHODS = {"assume-role-with-web-identity", "shared-credentials-file", "custom-process", "config-file"}
_OTHER_CREDENTIALS = "give the profile static keys, or a role of an SSO session"


def profile_settings(session: Any, profile: str) -> Mapping[str, Any]:
    """The settings of ``profile``, including those of its sso-session."""
    config = session.full_config
    own = config["profiles"].get(profile, {})
    return {**config.get("sso_sessions", {}).get(own.get("sso_session"), {}), **own}


def profile_sections(session: Any, profile: str) -> list[str]:
    """The sections that ``profile`` depends on: its own, its sso-session and those of its source profiles.

    Each is kind and name, as in ``profile dev``, ``credentials dev``, ``sso-session corp``; they need not exist.
    """
    sections: dict[str, None] = {}
    name = profile
    while f"profile {name}" not in sections:
        own = session.full_config["profiles"].get(name, {})
        sections.update({f"profile {name}": None, f"credentials {name}": None})
        if own.get("sso_session"):
            sections[f"sso-session {own['sso_session']}"] = None
        name = own.get("source_profile", name)
    return list(sections)


def current_role_credentials(settings: Mapping[str, Any], profile: str, *, home: str) -> Mapping[str, str]:
    """The cached role credentials of the SSO profile with these settings, in the keys of the cache.

    Without current ones an AwsError: unknown if the AWS CLI can fetch new ones by itself, or if the cached token
    cannot be read; absent if a login is needed.
    """
    role = cached_role_credentials(settings, home=home)
    if role and _is_current(role["Expiration"]):
        return role
    token = cached_sso_token(settings.get("sso_session") or settings.get("sso_start_url", ""), home=home)
    if token and (_is_current(token.expires_at) or _is_current(token.refreshable_until)):
        raise AwsError(
            f"the AWS profile {profile} has no current role credentials; its next use fetches them",
            verdict="unknown",
            cause="refreshable",
            remedy=shlex.join(["aws", "sts", "get-caller-identity", "--profile", profile]),
        )
    login = shlex.join(["aws", "sso", "login", "--profile", profile])
    if token and timestamps.parse(token.expires_at) is None:
        message = f"the cached SSO token of the AWS profile {profile} cannot be read"
        raise AwsError(message, verdict="unknown", cause="malformed", remedy=login)
    message = f"the AWS profile {profile} has no current SSO session"
    raise AwsError(message, verdict="absent", cause="expired", remedy=login)


class LocalCredentialResolver:
    """Replaces the CredentialResolver and the ProfileProviderBuilder of a botocore session.

    ``modules`` maps names of botocore modules to the imported modules.
    """

    def __init__(self, session: Any, profile: str, *, home: str, modules: Mapping[str, Any]) -> None:
        self._session = session
        self._profile = profile
        self._home = home
        self._credentials = modules["botocore.credentials"]

    def load_credentials(self) -> Any:
        """CredentialResolver.load_credentials: the credentials of the profile, None without any."""
        module = self._credentials
        remote = [module.InstanceMetadataProvider(iam_role_fetcher=None), module.ContainerProvider()]
        for provider in remote:
            provider.load = functools.partial(
                self._refuse_remote, self._profile, f"credential_source {provider.CANONICAL_NAME}"
            )
        assume_role = module.AssumeRoleProvider(
            load_config=lambda: self._session.full_config,
            client_creator=self._session.create_client,
            cache={},
            profile_name=self._profile,
            prompter=self._refuse_mfa_prompt,
            credential_sourcer=module.CanonicalNameCredentialSourcer([module.EnvProvider(), *remote]),
            profile_provider_builder=self,
        )
        return module.CredentialResolver([assume_role, *self.providers(self._profile)]).load_credentials()

    def providers(self, profile_name: str, disable_env_vars: bool = True) -> list[Any]:
        """ProfileProviderBuilder.providers: the local providers, and replacements for SSO and browser logins."""
        builder = self._credentials.ProfileProviderBuilder(self._session, cache={})
        found = builder.providers(profile_name=profile_name, disable_env_vars=disable_env_vars)
        replaced = {"sso": self._load_cached_sso_role, "login": self._refuse_login}
        for provider in found:
            if provider.METHOD in replaced:
                provider.load = functools.partial(replaced[provider.METHOD], profile_name)
        return [provider for provider in found if provider.METHOD in _LOCAL_METHODS | replaced.keys()]

    def _load_cached_sso_role(self, profile: str) -> Any:
        settings = profile_settings(self._session, profile)
        if not settings.get("sso_role_name"):
            return None
        role = current_role_credentials(settings, profile, home=self._home)
        return self._credentials.Credentials(role["AccessKeyId"], role["SecretAccessKey"], role["SessionToken"])

    def _refuse_login(self, profile: str) -> None:
        if profile_settings(self._session, profile).get("login_session"):
            self._refuse_remote(profile, "aws login")

    def _refuse_remote(self, profile: str, source: str) -> NoReturn:
        message = f"the AWS profile {profile} gets its credentials from {source}, which is not contacted here"
        raise AwsError(message, verdict="unknown", cause="prerequisite", remedy=_OTHER_CREDENTIALS)

    def _refuse_mfa_prompt(self, _prompt: str) -> NoReturn:
        message = f"the AWS profile {self._profile} needs an MFA code, which cannot be entered here"
        raise AwsError(message, verdict="unknown", cause="prerequisite", remedy=_OTHER_CREDENTIALS)


def _is_current(time: str) -> bool:
    parsed = timestamps.parse(time)
    return parsed is not None and parsed > timestamps.now()
