# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Wrangler's OAuth login as its file tells it. Nothing here refreshes: a refresh token works only once."""

from __future__ import annotations

import os
import re
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from ansible_collections.latchkey.workstation.plugins.module_utils import _checks_time
from ansible_collections.latchkey.workstation.plugins.module_utils._checks_base import (
    ABSENT,
    FAIL,
    PASS,
    SKIP,
    UNKNOWN,
    Option,
    Outcome,
    Provider,
)
from ansible_collections.latchkey.workstation.plugins.module_utils._checks_web import (
    Facts,
    Rule,
    bearer,
    join,
    judge,
    words,
)
from ansible_collections.latchkey.workstation.plugins.module_utils._errors import LatchkeyError
from ansible_collections.latchkey.workstation.plugins.module_utils._http import Request
from ansible_collections.latchkey.workstation.plugins.module_utils._secrets import Secret

if TYPE_CHECKING:
    from ansible_collections.latchkey.workstation.plugins.module_utils._checks_base import Ask, Check, Here

__all__ = ["PROVIDERS"]

_BASE = "https://api.cloudflare.com/client/v4"
_LOGIN = "wrangler login"
_INSTEAD = ("CLOUDFLARE_API_TOKEN", "CF_API_TOKEN", "CLOUDFLARE_API_KEY")
# The file is TOML, as wrangler itself writes it: one key a line, text in double quotes, one list of them.
_TEXT = re.compile(r'(?m)^(\w+)[ \t]*=[ \t]*"([^"\\\n]*)"[ \t\r]*$')
_SCOPES = re.compile(r"(?m)^scopes[ \t]*=[ \t]*\[([^\[\]]*)\]")
_RULES = (
    Rule(PASS, "valid", statuses=[200], where={"/success": True}),
    Rule(PASS, "valid, but it may not read who it belongs to", "", [403], {"/errors/*/code": 9109}),
    Rule(FAIL, "login rejected", "rejected", (400, 401, 403), {"/success": False}),
)


def _local(check: Check, here: Here) -> Outcome:
    instead = next((name for name in _INSTEAD if os.environ.get(name)), None)
    if instead:
        return Outcome(SKIP, f"not in use: wrangler takes {instead} instead", "unused")
    folder = _folder(here)
    profile = check.options.get("profile") or "default"
    data = here.read(f"{folder}/config/{profile}.toml")
    if data is None:
        if here.read(f"{folder}/config/{profile}.enc") is not None:
            return Outcome(SKIP, "wrangler keeps this login encrypted in the keychain", "prerequisite")
        return Outcome(ABSENT, "wrangler is not logged in", "absent", remedy=_LOGIN)
    text = data.decode(errors="replace")
    return _state(dict(_TEXT.findall(text)), _scopes(text), online=bool(check.options.get("online")))


def _state(kept: dict[str, str], scopes: list[str], *, online: bool) -> Outcome:
    try:
        token = Secret(kept.get("oauth_token", ""))
    except LatchkeyError:
        return Outcome(ABSENT, "wrangler's file holds no login", "absent", remedy=_LOGIN)
    ends = _checks_time.parse(kept.get("expiration_time", ""))
    known = Outcome(PASS, "logged in", scopes=scopes, expires_at=ends, remedy=_LOGIN)
    if ends and ends > _checks_time.now():
        return replace(known, onward=token if online else None)
    if kept.get("refresh_token"):
        reason = "its token has ended; the next use renews it or asks for a login"
        return replace(known, state=UNKNOWN, reason=reason, cause="refreshable")
    return replace(known, state=ABSENT, reason="its login has ended", cause="expired")


def _scopes(text: str) -> list[str]:
    found = _SCOPES.search(text)
    return words([each.strip(" \"'\n") for each in found[1].split(",")]) if found else []


def _folder(here: Here) -> str:
    if os.path.isdir(f"{here.home}/.wrangler"):
        return "~/.wrangler"
    if os.environ.get("XDG_CONFIG_HOME"):
        return f"{os.environ['XDG_CONFIG_HOME']}/.wrangler"
    return "~/Library/Preferences/.wrangler" if sys.platform == "darwin" else "~/.config/.wrangler"


def _remote(check: Check, ask: Ask) -> Outcome:
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
