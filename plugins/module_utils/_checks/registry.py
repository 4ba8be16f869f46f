# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All providers by name, and the validation of declared checks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Callable

from .._core.errors import LatchkeyError
from .._core.validation import is_duration, is_words, parse_duration, require_safe, safe_to_echo, suggest, unquoted_hint
from .base import Option, asks_value, references
from .providers import (
    aws_api,
    aws_cli,
    cloudflare,
    command,
    docker,
    github,
    heroku,
    http,
    infisical,
    jwt,
    ssh_agent,
    tailscale,
    wrangler,
)
from .providers import file as providers_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .base import Provider

__all__ = ["PROVIDERS", "needs_botocore", "normalise", "validation_errors"]

PROVIDERS: dict[str, Provider] = {
    **aws_cli.PROVIDERS,
    **aws_api.PROVIDERS,
    **cloudflare.PROVIDERS,
    **command.PROVIDERS,
    **docker.PROVIDERS,
    **providers_file.PROVIDERS,
    **github.PROVIDERS,
    **heroku.PROVIDERS,
    **http.PROVIDERS,
    **infisical.PROVIDERS,
    **jwt.PROVIDERS,
    **ssh_agent.PROVIDERS,
    **tailscale.PROVIDERS,
    **wrangler.PROVIDERS,
}
# Headers that carry a credential by their name.
_SECRET_HEADER = re.compile(
    r"(proxy-)?authorization|cookie|.*(api-?key|access-?key|token|secret|password)", re.IGNORECASE
)
_EVERYWHERE = {"provider": Option(required=True), "needs": Option("words")}


def validation_errors(check: Mapping[str, Any], known: Iterable[str]) -> list[str]:
    """Errors of a declared check, each with its key and what is valid; ``known`` names the member's credentials."""
    name = check.get("provider")
    if not isinstance(name, str) or name not in PROVIDERS:
        return [f"provider: {safe_to_echo(name)} is not known, {suggest(name, PROVIDERS)}"]
    options = {**_EVERYWHERE, **PROVIDERS[name].options}
    found = [
        f"{safe_to_echo(key)}: no such option of {name}, {suggest(key, options)}" for key in check if key not in options
    ]
    found += [f"{key} is missing" for key, option in options.items() if option.required and not check.get(key)]
    for key, value in check.items():
        if key in options and value is not None:
            fits, wanted = _KINDS[options[key].kind]
            found += [] if fits(value) else [f"{key} must be {wanted}{_hint(options[key].kind, value)}"]
    return found + _misplaced(check, set(known))


def _hint(kind: str, value: Any) -> str:
    return unquoted_hint(value) if kind in ("text", "words", "version", "session") else ""


def needs_botocore(check: Mapping[str, Any] | None) -> bool:
    """True if the provider of a declared check asks AWS through botocore."""
    provider = PROVIDERS.get(str((check or {}).get("provider")))
    return provider is not None and provider.needs_botocore


def normalise(check: Mapping[str, Any]) -> dict[str, Any]:
    """A valid check with durations in seconds."""
    options = PROVIDERS[check["provider"]].options
    return {key: parse_duration(value) if _has_duration(options, key, value) else value for key, value in check.items()}


def _misplaced(check: Mapping[str, Any], known: set[str]) -> list[str]:
    found = [
        f"{{credential.{safe_to_echo(name)}}} is not declared, {suggest(name, known)}"
        for name in references(check)
        if name not in known
    ]
    headers = check.get("headers")
    found += [
        f"headers.{safe_to_echo(name)} takes a secret: write {{value}} or {{credential.NAME}} in place of the value"
        for name, value in (headers.items() if isinstance(headers, dict) else ())
        if _SECRET_HEADER.fullmatch(str(name)) and not asks_value({"": value}) and not references({"": value})
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
    "account": (
        lambda v: isinstance(v, str) and bool(re.fullmatch(r"\d{12}", v)),
        "an account ID of twelve digits, in quotes",
    ),
    "session": (lambda v: v is True or (isinstance(v, str) and bool(v)), "the name of an sso-session, or true for any"),
}
