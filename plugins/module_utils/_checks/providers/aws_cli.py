# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks of the AWS CLI and its SSO sessions.

``aws_cli`` looks at the installed version and at sso-sessions in the AWS config. ``aws_sso_session`` looks at the
cached tokens of sessions and, where ``online`` is declared, asks the portal. No cache is refreshed or written.
"""

from __future__ import annotations

import os
import re
import shlex
from dataclasses import replace
from typing import TYPE_CHECKING

from ..._clients.aws_cache import cached_sso_token
from ..._clients.http_request import Request
from ..._core import timestamps
from ..._core.secrets import Secret
from ..._host import command
from ..base import ABSENT, FAIL, PASS, UNKNOWN, Option, Outcome, Provider
from ..http_rules import Rule, join, judge

if TYPE_CHECKING:
    from ..base import Check, Fetch, LocalContext

__all__ = ["PROVIDERS"]

_VERSION = re.compile(rb"aws-cli/(\d{1,6})\.(\d{1,6})\.(\d{1,6})(?=\s|\Z)")
_AVAILABLE_SINCE = {"sso-session": (2, 9, 0), "pkce": (2, 22, 0), "use-device-code": (2, 22, 0)}
_SECTION = re.compile(r"(?m)^[ \t]*\[[ \t]*sso-session[ \t]([^\]\n]*)\]")
_TOKEN = re.compile(r"[\x21-\x7e]{6,}")
_REGION = re.compile(r"[a-z0-9-]{4,30}")
_BY_URGENCY = (FAIL, ABSENT, UNKNOWN, PASS)
_RUN_IT = "run it yourself and read its output: aws --version"
_INSTALL = "install AWS CLI v2: https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html"
_PORTAL_RULES = (
    Rule(PASS, "the SSO session is valid", statuses=[200], where={"/accountList": ...}),
    Rule(ABSENT, "the SSO session has expired or was ended", "expired", [401]),
)


def _check_cli(check: Check, here: LocalContext) -> Outcome:
    version = _installed_version(here)
    if isinstance(version, Outcome):
        return version
    shown = ".".join(map(str, version))
    known = Outcome(
        PASS,
        "recent enough",
        identity=f"aws-cli {shown}",
        scopes=[feature for feature, since in _AVAILABLE_SINCE.items() if version >= since],
    )
    least = check.options.get("min_version") or "2.9.0"
    if version < tuple(int(part) for part in least.split(".")):
        return Outcome(ABSENT, f"aws-cli {shown} is older than {least}", "prerequisite", remedy=_INSTALL).merged_over(
            known
        )
    session = check.options.get("sso_session")
    names = _session_names(here) if session else []
    if session and not (names if session is True else session in names):
        what = "sso-session" if session is True else f"[sso-session {session}]"
        reason = f"no {what} in the AWS config, so logins cannot be refreshed"
        missing = Outcome(ABSENT, reason, "prerequisite", remedy="aws configure sso-session").merged_over(known)
        return here.unless_planned(missing, _planned_sessions(here, session))
    return known


def _installed_version(here: LocalContext) -> tuple[int, ...] | Outcome:
    """The version of the AWS CLI, or the outcome if there is none or it cannot be determined."""
    try:
        finished = here.run(["aws", "--version"])
    except command.CommandMissing:
        return Outcome(ABSENT, "aws CLI not installed", "absent", remedy=_INSTALL)
    except command.CommandUnusable as error:
        return Outcome(UNKNOWN, error.message, "unexpected", remedy=_RUN_IT)
    if finished.code:
        return Outcome(UNKNOWN, f"aws --version {finished.status}", "unexpected", remedy=_RUN_IT)
    found = _VERSION.match(finished.out.lstrip()) or _VERSION.match(finished.err.lstrip())
    if not found:
        return Outcome(UNKNOWN, "aws --version printed no version", "unexpected", remedy=_RUN_IT)
    return tuple(map(int, found.groups()))


def _planned_sessions(here: LocalContext, session: object) -> list[str]:
    """The session, or with True all sessions, that this run would write, as items of the aws_config module."""
    return [item for item in here.planned if item.startswith("sso-session ") and session in (True, item[12:])]


def _session_names(here: LocalContext) -> list[str]:
    data = here.read(os.path.expandvars(os.environ.get("AWS_CONFIG_FILE") or "~/.aws/config")) or b""
    names = (name.strip(" \t\"'") for name in _SECTION.findall(data.decode(errors="replace")))
    return [name for name in names if name]


def _check_sessions(check: Check, here: LocalContext) -> Outcome:
    """Check the declared session, or all sessions of the AWS config and return the most urgent outcome."""
    session = check.options.get("session")
    names = [session or ""] if session or check.options.get("start_url") else _session_names(here)
    if not names:
        missing = Outcome(ABSENT, "no sso-session in the AWS config", "absent", remedy="aws configure sso-session")
        return here.unless_planned(missing, _planned_sessions(here, session=True))
    outcomes = [
        here.unless_planned(_check_session(check, here, name), [f"sso-session {name}"] if name else [])
        for name in names
    ]
    most_urgent = min(outcomes, key=_urgency)
    tokens = [outcome.token_for_remote.text() for outcome in outcomes if outcome.token_for_remote]
    if not most_urgent.token_for_remote:
        return most_urgent
    return replace(most_urgent, token_for_remote=Secret("\n".join(tokens)))


def _urgency(outcome: Outcome) -> tuple[int, str]:
    return _BY_URGENCY.index(outcome.state), timestamps.show(outcome.expires_at)


def _login_command(name: str) -> str:
    return f"aws sso login --sso-session {shlex.quote(name)}" if name else "aws sso login"


def _check_session(check: Check, here: LocalContext, name: str) -> Outcome:
    """Judge a session by its cached token. Only the portal can tell whether an administrator has ended it."""
    key = name or check.options["start_url"]
    token = cached_sso_token(key, home=here.home)
    expires_at = timestamps.parse(token.expires_at) if token else None
    known = Outcome(
        PASS, "the cached token is valid", identity=name, expires_at=expires_at, remedy=_login_command(name)
    )
    if token is None:
        return replace(known, state=ABSENT, reason=f"never logged in to {key} here", cause="absent")
    if expires_at is None or not _TOKEN.fullmatch(token.value):
        return replace(known, state=UNKNOWN, reason="the cached token cannot be read", cause="malformed")
    if expires_at > timestamps.now():
        about = f"{check.options.get('region') or token.region or '-'} {name}"
        return replace(
            known, token_for_remote=Secret(f"{about}\n{token.value}") if check.options.get("online") else None
        )
    refreshable_until = timestamps.parse(token.refreshable_until)
    if refreshable_until and refreshable_until > timestamps.now():
        reason = "the token has expired; its next use refreshes it while the session lasts"
        return replace(known, state=UNKNOWN, reason=reason, cause="refreshable")
    return replace(known, state=ABSENT, reason="the SSO session has expired", cause="expired")


def _check_portals(check: Check, fetch: Fetch) -> Outcome:
    """Ask the portal of every token; ``check`` holds two lines for each: region and session name, then the token."""
    lines = iter(check.text().split("\n"))
    return min((_check_portal(check, fetch, about, token) for about, token in zip(lines, lines)), key=_urgency)


def _check_portal(check: Check, fetch: Fetch, about: str, token: str) -> Outcome:
    region, _blank, name = about.partition(" ")
    base = check.options.get("base_url")
    if not base and not _REGION.fullmatch(region):
        return Outcome(UNKNOWN, "the region of the SSO session is not known", "declaration", identity=name)
    url = join(base or f"https://portal.sso.{region}.amazonaws.com", "assignment/accounts?max_result=1")
    headers = {"x-amz-sso_bearer_token": token, "Accept": "application/json"}
    return replace(
        judge(fetch(Request(url, headers=headers)), _PORTAL_RULES), identity=name, remedy=_login_command(name)
    )


PROVIDERS = {
    "aws_cli": Provider(
        {"min_version": Option("version"), "sso_session": Option("session")}, local=_check_cli, takes_value=False
    ),
    "aws_sso_session": Provider(
        {
            "session": Option(),
            "start_url": Option(),
            "online": Option("flag"),
            "region": Option(),
            "base_url": Option("url"),
        },
        local=_check_sessions,
        remote=_check_portals,
        takes_value=False,
    ),
}
