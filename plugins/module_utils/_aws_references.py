# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What declared profiles point to: sessions, services, other profiles and programs that have to be there."""

from __future__ import annotations

import itertools
import re
import shlex
from typing import TYPE_CHECKING, Callable

from ansible_collections.latchkey.workstation.plugins.module_utils._aws_declared import VARIABLES
from ansible_collections.latchkey.workstation.plugins.module_utils._errors import LatchkeyError

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

    from ansible_collections.latchkey.workstation.plugins.module_utils._aws_declared import Wanted
    from ansible_collections.latchkey.workstation.plugins.module_utils._aws_ini import Ini, Value

    Profiles = dict[str, dict[str, Value]]

__all__ = ["broken_references"]

_STATIC = {"aws_access_key_id", "aws_secret_access_key"}
_PLAIN = re.compile(r"[A-Za-z0-9._-]+")
_PATH = re.compile(r"[A-Za-z0-9._~/-]+")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")


def broken_references(
    wanted: Iterable[Wanted], *, config: Ini, credentials: Ini, program_exists: Callable[[str], bool]
) -> list[tuple[str, LatchkeyError]]:
    """Each profile's item with a reference that AWS could not follow in the finished files."""
    declared = [section for section in wanted if not section.absent]
    spoken = {section.name for section in declared}
    for section in declared:
        spoken |= {setting.text for setting in section.settings.values() if setting and not setting.secret}
    profiles = _profiles(config, credentials)
    for section in declared:
        if section.kind == "credentials":  # its values may still be on their way
            profiles.setdefault(section.name, {}).setdefault("aws_access_key_id", "")
    sections = {section.identity for section in config.sections}
    broken = []
    for section in (section for section in declared if section.kind == "profile"):
        entry = f"{VARIABLES['profile']}.{section.name}"
        values = profiles.get(section.name, {})
        errors = [
            LatchkeyError(
                f"{entry}.{key} names {_shown(str(values[key]), spoken)}, and there is no such [{kind}]",
                remedy=f"declare it in {VARIABLES[kind]}" if kind in VARIABLES else f"add it to {config.path}",
            )
            for key, kind in (("sso_session", "sso-session"), ("services", "services"))
            if key in values and (kind, str(values[key])) not in sections
        ]
        errors += _broken_chain(section.name, profiles, spoken, entry=entry)
        errors += _broken_program(values.get("credential_process"), program_exists, entry=entry)
        broken += [(section.item, error) for error in errors]
    return broken


def _shown(value: str, spoken: Container[str] = (), *, harmless: re.Pattern[str] = _PLAIN) -> str:
    """What the declaration spells out, or a plain word; anything else in a person's file may be a secret."""
    return value if value in spoken or harmless.fullmatch(value) else "(what is written there)"


def _profiles(config: Ini, credentials: Ini) -> Profiles:
    """Profiles as botocore puts them together: the credentials file has the last word."""
    profiles: Profiles = {}
    for ini, kind in ((config, "profile"), (credentials, "credentials")):
        for section in ini.sections:
            if section.identity and section.identity[0] == kind:
                profiles.setdefault(section.identity[1], {}).update(section.values())
    return profiles


def _broken_chain(name: str, profiles: Profiles, spoken: Container[str], *, entry: str) -> Iterable[LatchkeyError]:
    """Follow source_profile until a profile has credentials of its own."""
    chain = [name]
    values = profiles.get(name, {})
    while "source_profile" in values:
        source = str(values["source_profile"])
        if source not in profiles:
            way = "" if len(chain) == 1 else f" (by way of {_way(chain, spoken)})"
            yield LatchkeyError(
                f"{entry}.source_profile{way} names {_shown(source, spoken)}, and there is no such profile",
                remedy=f"declare it in {VARIABLES['profile']} or {VARIABLES['credentials']}",
            )
        elif source in chain and "role_arn" in values and not _STATIC & profiles[source].keys():
            yield LatchkeyError(
                f"{entry}.source_profile goes in a circle: {_way([*chain, source], spoken)}",
                remedy="let the last one have credentials of its own",
            )
        if source in chain or _STATIC & profiles.get(source, {}).keys():
            return
        chain.append(source)
        values = profiles.get(source, {})


def _way(chain: Iterable[str], spoken: Container[str]) -> str:
    return " -> ".join(_shown(name, spoken) for name in chain)


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
        yield LatchkeyError(f"{entry}.credential_process is no command", remedy="close its quotes, name a program")
    elif not program_exists(words[0]):
        yield LatchkeyError(
            f"{entry}.credential_process: there is no program {_shown(words[0], harmless=_PATH)}",
            remedy="install it, or name it by its absolute path (~ and $HOME mean nothing there)",
        )
