# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The AWS CLI of a machine, and the portal sessions it keeps. Nothing here refreshes or rewrites a cache."""

from __future__ import annotations

import os
import re
import shlex
from dataclasses import replace
from typing import TYPE_CHECKING

from ansible_collections.latchkey.workstation.plugins.module_utils import _checks_time
from ansible_collections.latchkey.workstation.plugins.module_utils._boto_kept import kept_token
from ansible_collections.latchkey.workstation.plugins.module_utils._checks_base import (
    ABSENT,
    FAIL,
    PASS,
    UNKNOWN,
    Option,
    Outcome,
    Provider,
)
from ansible_collections.latchkey.workstation.plugins.module_utils._checks_web import Rule, join, judge
from ansible_collections.latchkey.workstation.plugins.module_utils._command import CommandMissing
from ansible_collections.latchkey.workstation.plugins.module_utils._http import Request
from ansible_collections.latchkey.workstation.plugins.module_utils._secrets import Secret

if TYPE_CHECKING:
    from ansible_collections.latchkey.workstation.plugins.module_utils._checks_base import Ask, Check, Here

__all__ = ["PROVIDERS"]

_VERSION = re.compile(rb"aws-cli/(\d{1,6})\.(\d{1,6})\.(\d{1,6})")
_CAN = {"sso-session": (2, 9, 0), "pkce": (2, 22, 0), "use-device-code": (2, 22, 0)}
_SECTION = re.compile(r"(?m)^[ \t]*\[[ \t]*sso-session[ \t]([^\]\n]*)\]")
_TOKEN = re.compile(r"[\x21-\x7e]{6,}")
_REGION = re.compile(r"[a-z0-9-]{4,30}")
_URGENT = (FAIL, ABSENT, UNKNOWN, PASS)
_INSTALL = "install AWS CLI v2: https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html"
_PORTAL = (
    Rule(PASS, "the portal session is alive", statuses=[200], where={"/accountList": ...}),
    Rule(ABSENT, "the portal session has ended", "expired", [401]),
)


def _cli(check: Check, here: Here) -> Outcome:
    try:
        told = here.run(["aws", "--version"])
    except CommandMissing:
        return Outcome(ABSENT, "aws CLI not installed", "absent", remedy=_INSTALL)
    found = _VERSION.search(told.out + told.err)
    if told.code or not found:
        return Outcome(UNKNOWN, "aws --version says nothing that can be read", "unexpected")
    version = tuple(map(int, found.groups()))
    shown = ".".join(map(str, version))
    known = Outcome(
        PASS, "", identity=f"aws-cli {shown}", scopes=[can for can, since in _CAN.items() if version >= since]
    )
    least = check.options.get("min_version") or "2.9.0"
    if version < tuple(int(part) for part in least.split(".")):
        return Outcome(ABSENT, f"aws-cli {shown} is older than {least}", "prerequisite", remedy=_INSTALL).over(known)
    session = check.options.get("sso_session")
    names = _session_names(here) if session else []
    if session and not (names if session is True else session in names):
        what = "sso-session" if session is True else f"[sso-session {session}]"
        reason = f"no {what} in the AWS config: logins end with their first token"
        return Outcome(ABSENT, reason, "prerequisite", remedy="aws configure sso-session").over(known)
    return Outcome(PASS, "recent enough").over(known)


def _session_names(here: Here) -> list[str]:
    data = here.read(os.path.expandvars(os.environ.get("AWS_CONFIG_FILE") or "~/.aws/config")) or b""
    names = (name.strip(" \t\"'") for name in _SECTION.findall(data.decode(errors="replace")))
    return [name for name in names if name]


def _sessions(check: Check, here: Here) -> Outcome:
    """The declared session, or of all that the AWS config names the one that needs a person most."""
    session = check.options.get("session")
    names = [session or ""] if session or check.options.get("start_url") else _session_names(here)
    if not names:
        return Outcome(ABSENT, "the AWS config names no sso-session", "absent", remedy="aws configure sso-session")
    seen = [_session(check, here, name) for name in names]
    first = min(seen, key=_urgency)
    onward = [outcome.onward.text() for outcome in seen if outcome.onward]
    return replace(first, onward=Secret("\n".join(onward)) if first.onward else None)


def _urgency(outcome: Outcome) -> tuple[int, str]:
    return _URGENT.index(outcome.state), _checks_time.show(outcome.expires_at)


def _login(name: str) -> str:
    return f"aws sso login --sso-session {shlex.quote(name)}" if name else "aws sso login"


def _session(check: Check, here: Here, name: str) -> Outcome:
    """What the token cache tells: valid, refreshable or ended. Whether the session lives only the portal knows."""
    key = name or check.options["start_url"]
    token = kept_token(key, home=here.home)
    ends, renewable = (_checks_time.parse(token.ends), _checks_time.parse(token.renewable)) if token else (None, None)
    known = Outcome(PASS, "the cached token is valid", identity=name, expires_at=ends, remedy=_login(name))
    if token is None:
        return replace(known, state=ABSENT, reason=f"never logged in to {key} here", cause="absent")
    if ends is None or not _TOKEN.fullmatch(token.value):
        return replace(known, state=UNKNOWN, reason="the cached token cannot be read", cause="malformed")
    if ends > _checks_time.now():
        about = f"{check.options.get('region') or token.region or '-'} {name}"
        return replace(known, onward=Secret(f"{about}\n{token.value}") if check.options.get("online") else None)
    if renewable and renewable > _checks_time.now():
        reason = "the token has ended; its next use renews it, if the session still lives"
        return replace(known, state=UNKNOWN, reason=reason, cause="refreshable")
    return replace(known, state=ABSENT, reason="the session has ended", cause="expired")


def _portal(check: Check, ask: Ask) -> Outcome:
    """What the portals of all tokens handed up say: for each of them a line with region and name before it."""
    lines = iter(check.text().split("\n"))
    return min((_asked(check, ask, about, token) for about, token in zip(lines, lines)), key=_urgency)


def _asked(check: Check, ask: Ask, about: str, token: str) -> Outcome:
    region, _blank, name = about.partition(" ")
    base = check.options.get("base_url")
    if not base and not _REGION.fullmatch(region):
        return Outcome(UNKNOWN, "asking the portal needs the session's region", "declaration", identity=name)
    url = join(base or f"https://portal.sso.{region}.amazonaws.com", "assignment/accounts?max_result=1")
    headers = {"x-amz-sso_bearer_token": token, "Accept": "application/json"}
    return replace(judge(ask(Request(url, headers=headers)), _PORTAL), identity=name, remedy=_login(name))


PROVIDERS = {
    "aws_cli": Provider(
        {"min_version": Option("version"), "sso_session": Option("session")}, local=_cli, takes_value=False
    ),
    "aws_sso_session": Provider(
        {
            "session": Option(),
            "start_url": Option(),
            "online": Option("flag"),
            "region": Option(),
            "base_url": Option("url"),
        },
        local=_sessions,
        remote=_portal,
        takes_value=False,
    ),
}
