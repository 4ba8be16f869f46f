# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every provider there is, and what is wrong with a declared check."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Callable

from ansible_collections.latchkey.workstation.plugins.module_utils import (
    _check_aws,
    _check_aws_api,
    _check_cloudflare,
    _check_command,
    _check_docker,
    _check_file,
    _check_github,
    _check_heroku,
    _check_http,
    _check_infisical,
    _check_jwt,
    _check_ssh_agent,
    _check_tailscale,
    _check_wrangler,
)
from ansible_collections.latchkey.workstation.plugins.module_utils._checks_base import Option, asks_value, references
from ansible_collections.latchkey.workstation.plugins.module_utils._errors import LatchkeyError
from ansible_collections.latchkey.workstation.plugins.module_utils._url import require_safe
from ansible_collections.latchkey.workstation.plugins.module_utils._words import (
    is_duration,
    is_words,
    nearest,
    seconds,
    shown,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ansible_collections.latchkey.workstation.plugins.module_utils._checks_base import Provider

__all__ = ["PROVIDERS", "normalise", "problems"]

PROVIDERS: dict[str, Provider] = {
    **_check_aws.PROVIDERS,
    **_check_aws_api.PROVIDERS,
    **_check_cloudflare.PROVIDERS,
    **_check_command.PROVIDERS,
    **_check_docker.PROVIDERS,
    **_check_file.PROVIDERS,
    **_check_github.PROVIDERS,
    **_check_heroku.PROVIDERS,
    **_check_http.PROVIDERS,
    **_check_infisical.PROVIDERS,
    **_check_jwt.PROVIDERS,
    **_check_ssh_agent.PROVIDERS,
    **_check_tailscale.PROVIDERS,
    **_check_wrangler.PROVIDERS,
}
_EVERYWHERE = {"provider": Option(required=True), "needs": Option("words")}


def problems(check: Mapping[str, Any], known: Iterable[str]) -> list[str]:
    """What is wrong with ``check``, of a member whose credentials are ``known``; each names key and way out."""
    name = check.get("provider")
    if not isinstance(name, str) or name not in PROVIDERS:
        return [f"provider: {shown(name)} is not known, {nearest(name, PROVIDERS)}"]
    options = {**_EVERYWHERE, **PROVIDERS[name].options}
    found = [f"{shown(key)}: no such option of {name}, {nearest(key, options)}" for key in check if key not in options]
    found += [f"{key} is missing" for key, option in options.items() if option.required and not check.get(key)]
    for key, value in check.items():
        if key in options and value is not None:
            fits, wanted = _KINDS[options[key].kind]
            found += [] if fits(value) else [f"{key} must be {wanted}"]
    return found + _misplaced(check, set(known))


def normalise(check: Mapping[str, Any]) -> dict[str, Any]:
    """``check`` with durations in seconds."""
    options = PROVIDERS[check["provider"]].options
    return {key: seconds(value) if _has_duration(options, key, value) else value for key, value in check.items()}


def _misplaced(check: Mapping[str, Any], known: set[str]) -> list[str]:
    found = [
        f"{{credential.{shown(name)}}} is not declared, {nearest(name, known)}"
        for name in references(check)
        if name not in known
    ]
    argv = {"argv": check.get("argv")}
    if asks_value(argv) or references(argv):
        found.append("argv: everybody on a machine can read a program's arguments, hand a value in by stdin")
    return found


def _is_url(value: object) -> bool:
    if not isinstance(value, str) or "{" in value.partition("://")[2].partition("/")[0]:
        return False
    try:
        require_safe(value)
    except LatchkeyError:
        return False
    return True


def _has_duration(options: Mapping[str, Option], key: str, value: object) -> bool:
    return key in options and options[key].kind == "duration" and value is not None


_KINDS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "text": (lambda v: isinstance(v, str), "text"),
    "url": (_is_url, "an https address (or http on this machine), without a user name, its host spelled out"),
    "words": (lambda v: is_words(v) and bool(v) and all(v), "a list of words"),
    "numbers": (
        lambda v: isinstance(v, list) and all(isinstance(n, int) and not isinstance(n, bool) for n in v),
        "a list of whole numbers",
    ),
    "flag": (lambda v: isinstance(v, bool), "true or false"),
    "mapping": (lambda v: isinstance(v, dict) and all(isinstance(key, str) for key in v), "a mapping"),
    "duration": (is_duration, "a duration such as 10s, 6h or 32d"),
    "format": (lambda v: v in ("json", "toml"), "json or toml"),
    "version": (lambda v: isinstance(v, str) and bool(re.fullmatch(r"\d+(\.\d+)*", v)), "a version such as 2.9.0"),
    "session": (lambda v: v is True or (isinstance(v, str) and bool(v)), "the name of an sso-session, or true for any"),
}
