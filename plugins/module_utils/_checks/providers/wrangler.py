# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Provider that reads wrangler's login file. It never refreshes: a refresh token works only once."""

from __future__ import annotations

import os
import re
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from ..._clients.http_request import Request
from ..._core import timestamps
from ..._core.errors import LatchkeyError
from ..._core.secrets import Secret
from ..base import ABSENT, FAIL, PASS, SKIP, UNKNOWN, Option, Outcome, Provider
from ..http_rules import Facts, Rule, bearer, join, judge, parse_scopes

if TYPE_CHECKING:
    from ..base import Check, Fetch, LocalContext

__all__ = ["PROVIDERS"]

_BASE = "https://api.cloudflare.com/client/v4"
_LOGIN = "wrangler login"
_OVERRIDING = ("CLOUDFLARE_API_TOKEN", "CF_API_TOKEN", "CLOUDFLARE_API_KEY")
# The file is TOML, as wrangler itself writes it: one key a line, text in double quotes, one list of them.
_TEXT = re.compile(r'(?m)^(\w+)[ \t]*=[ \t]*"([^"\\\n]*)"[ \t\r]*$')
_ENTRY = re.compile(r'(?m)^\w+[ \t]*=[ \t]*("[^"\n]*"|\[[^\[\]]*\]|[\w.:+-]+)[ \t\r]*$|^[ \t]*#.*$')
_SCOPES = re.compile(r"(?m)^scopes[ \t]*=[ \t]*\[([^\[\]]*)\]")
_RULES = (
    Rule(PASS, "valid", statuses=[200], where={"/success": True}),
    Rule(PASS, "valid; it may not read whose login it is", "", [403], {"/errors/*/code": 9109}),
    Rule(FAIL, "login rejected", "rejected", (400, 401, 403), {"/success": False}),
)


def _local(check: Check, here: LocalContext) -> Outcome:
    variable = next((name for name in _OVERRIDING if os.environ.get(name)), None)
    if variable:
        return Outcome(SKIP, f"not in use: wrangler takes {variable} instead", "unused")
    folder = _folder(here)
    profile = check.options.get("profile") or "default"
    data = here.read(f"{folder}/config/{profile}.toml")
    if data is None:
        if here.read(f"{folder}/config/{profile}.enc") is not None:
            return Outcome(SKIP, "wrangler keeps this login encrypted in the keychain", "prerequisite")
        return Outcome(ABSENT, "wrangler is not logged in", "absent", remedy=_LOGIN)
    text = data.decode(errors="replace")
    login = dict(_TEXT.findall(text))
    if "oauth_token" not in login and _ENTRY.sub("", text).strip():
        return Outcome(UNKNOWN, "wrangler's login file cannot be understood", "unreadable", remedy=_LOGIN)
    return _state(login, _scopes(text), online=bool(check.options.get("online")))


def _state(login: dict[str, str], scopes: list[str], *, online: bool) -> Outcome:
    try:
        token = Secret(login.get("oauth_token", ""))
    except LatchkeyError:
        return Outcome(ABSENT, "wrangler's file holds no login", "absent", remedy=_LOGIN)
    ends = timestamps.parse(login.get("expiration_time", ""))
    known = Outcome(PASS, "logged in", scopes=scopes, expires_at=ends, remedy=_LOGIN)
    if ends and ends > timestamps.now():
        return replace(known, token_for_remote=token if online else None)
    if login.get("refresh_token"):
        reason = "its token has ended; the next use renews it or asks for a login"
        return replace(known, state=UNKNOWN, reason=reason, cause="refreshable")
    return replace(known, state=ABSENT, reason="its login has ended", cause="expired")


def _scopes(text: str) -> list[str]:
    found = _SCOPES.search(text)
    return parse_scopes([each.strip(" \"'\n") for each in found[1].split(",")]) if found else []


def _folder(here: LocalContext) -> str:
    if os.path.isdir(f"{here.home}/.wrangler"):
        return "~/.wrangler"
    if os.environ.get("XDG_CONFIG_HOME"):
        return f"{os.environ['XDG_CONFIG_HOME']}/.wrangler"
    return "~/Library/Preferences/.wrangler" if sys.platform == "darwin" else "~/.config/.wrangler"


def _remote(check: Check, ask: Fetch) -> Outcome:
    url = join(check.options.get("base_url") or _BASE, "user")
    return judge(ask(Request(url, headers=bearer(check.text()))), _RULES, Facts(identity=["/result/email"]))


PROVIDERS = {
    "wrangler": Provider(
        {"profile": Option(), "online": Option("flag"), "base_url": Option("url")},
        local=_local,
        remote=_remote,
        takes_value=False,
    )
}
