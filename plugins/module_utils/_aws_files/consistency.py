# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Find declared settings of the AWS files that AWS could not use.

``broken_references`` finds profiles that name a session, service, profile or program that does not exist.
``overriding_keys`` finds keys of the credentials file that AWS uses in place of, or together with, declared ones.
"""

from __future__ import annotations

import itertools
import re
import shlex
from typing import TYPE_CHECKING, Callable

from .._core.errors import LatchkeyError
from .declared import KEY_PAIR, SESSION_TOKENS, VARIABLES
from .editor import get_value

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator

    from .declared import WantedSection
    from .ini import Ini, Option, Section, Value

    Profiles = dict[str, dict[str, Value]]
    Finding = tuple[str, LatchkeyError]

__all__ = ["broken_references", "overriding_keys"]

_STATIC = {"aws_access_key_id", "aws_secret_access_key"}
_PLAIN = re.compile(r"[A-Za-z0-9._-]+")
_PATH = re.compile(r"[A-Za-z0-9._~/-]+")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")


def broken_references(
    wanted: Iterable[WantedSection], *, config: Ini, credentials: Ini, program_exists: Callable[[str], bool]
) -> list[Finding]:
    """References of declared profiles that AWS could not follow, as (item of the profile, error).

    ``config`` and ``credentials`` are the files as they will be after the run.
    """
    declared = [section for section in wanted if not section.absent]
    known_words = {section.name for section in declared}
    for section in declared:
        known_words |= {setting.text for setting in section.settings.values() if setting and not setting.secret}
    profiles = _merged_profiles(config, credentials)
    for section in declared:
        if section.kind == "credentials":  # exists for this purpose, even if its values are not known yet
            profiles.setdefault(section.name, {}).setdefault("aws_access_key_id", "")
    sections = {section.identity for section in config.sections}
    broken = []
    for section in (section for section in declared if section.kind == "profile"):
        entry = f"{VARIABLES['profile']}.{section.name}"
        values = profiles.get(section.name, {})
        errors = [
            LatchkeyError(
                f"{entry}.{key} names {_echo(str(values[key]), known_words)}, but there is no such [{kind}]",
                remedy=f"declare it in {VARIABLES[kind]}" if kind in VARIABLES else f"add it to {config.path}",
            )
            for key, kind in (("sso_session", "sso-session"), ("services", "services"))
            if key in values and (kind, str(values[key])) not in sections
        ]
        errors += _broken_chain(section.name, profiles, known_words, entry=entry)
        errors += _broken_program(values.get("credential_process"), program_exists, entry=entry)
        broken += [(section.item, error) for error in errors]
    return broken


def overriding_keys(wanted: Iterable[WantedSection], credentials: Ini) -> Iterator[Finding]:
    """Undeclared keys in ``credentials`` that change what a declared section of that name means to AWS.

    ``credentials`` is the file as it will be after the run. Yields (item of the declared section, error).
    """
    wanted = [section for section in wanted if not section.absent]
    static = {section.name: section for section in wanted if section.kind == "credentials"}
    for section in wanted:
        namesake = static.get(section.name)
        if namesake and namesake.deferred:
            continue
        known = {path.key for path in namesake.settings} if namesake else set()
        for found in credentials.find("credentials", section.name):
            overriding = _overriding(section, found) if section.kind == "profile" else _stray_tokens(section, found)
            for option, reason in overriding:
                if option.key not in known:
                    yield (
                        section.item,
                        LatchkeyError(
                            f"{credentials.path} line {option.number}: {option.key} {reason}",
                            remedy=f"delete it there, or declare it in {VARIABLES['credentials']}.{section.name} "
                            "(null: absent)",
                        ),
                    )


def _echo(value: str, known_words: Container[str] = (), *, harmless: re.Pattern[str] = _PLAIN) -> str:
    """``value`` if it is part of the declaration or a plain word; other text of a user's file may be a secret."""
    return value if value in known_words or harmless.fullmatch(value) else "(what is written there)"


def _merged_profiles(config: Ini, credentials: Ini) -> Profiles:
    """Profiles as botocore merges them: a key of the credentials file replaces the same key of the config file."""
    profiles: Profiles = {}
    for ini, kind in ((config, "profile"), (credentials, "credentials")):
        for section in ini.sections:
            if section.identity and section.identity[0] == kind:
                profiles.setdefault(section.identity[1], {}).update(section.values())
    return profiles


def _broken_chain(name: str, profiles: Profiles, known_words: Container[str], *, entry: str) -> Iterable[LatchkeyError]:
    """Follow source_profile until a profile has credentials of its own."""
    chain = [name]
    values = profiles.get(name, {})
    while "source_profile" in values:
        source = str(values["source_profile"])
        if source not in profiles:
            via = "" if len(chain) == 1 else f" (through {_echo_chain(chain, known_words)})"
            yield LatchkeyError(
                f"{entry}.source_profile{via} names {_echo(source, known_words)}, but there is no such profile",
                remedy=f"declare it in {VARIABLES['profile']} or {VARIABLES['credentials']}",
            )
        elif source in chain and "role_arn" in values and not _STATIC & profiles[source].keys():
            yield LatchkeyError(
                f"{entry}.source_profile is circular: {_echo_chain([*chain, source], known_words)}",
                remedy="give one of these profiles credentials of its own",
            )
        if source in chain or _STATIC & profiles.get(source, {}).keys():
            return
        chain.append(source)
        values = profiles.get(source, {})


def _echo_chain(chain: Iterable[str], known_words: Container[str]) -> str:
    return " -> ".join(_echo(name, known_words) for name in chain)


def _broken_program(
    command: Value | None, program_exists: Callable[[str], bool], *, entry: str
) -> Iterable[LatchkeyError]:
    if not isinstance(command, str):
        return
    try:
        words = list(itertools.dropwhile(_VARIABLE.match, shlex.split(command)))
    except ValueError:
        words = []
    if not words:
        yield LatchkeyError(
            f"{entry}.credential_process is not a command", remedy="close its quotes and name a program"
        )
    elif not program_exists(words[0]):
        yield LatchkeyError(
            f"{entry}.credential_process names a program that does not exist: {_echo(words[0], harmless=_PATH)}",
            remedy="install it, or use its absolute path (~ and $HOME are not expanded)",
        )


def _overriding(wanted: WantedSection, found: Section) -> Iterator[tuple[Option, str]]:
    """Keys of the credentials file with another value than the profile declares: AWS prefers the credentials file."""
    for path, setting in wanted.settings.items():
        option = found.option(path.key)
        if option and get_value(found, path) != (setting.text if setting else None):
            yield option, f"overrides the declared {path}"


def _stray_tokens(wanted: WantedSection, found: Section) -> Iterator[tuple[Option, str]]:
    """Session tokens beside a declared access key: AWS sends them along, and rejects the key."""
    if wanted.kind == "credentials" and {path.key for path in wanted.settings} & (KEY_PAIR - SESSION_TOKENS):
        for option in found.options():
            if option.key in SESSION_TOKENS:
                yield option, "is not declared, and AWS sends it with the declared key, to which it may not belong"
