# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Any HTTP API: a request, and what is expected of the answer, both as declared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.latchkey.workstation.plugins.module_utils._checks_base import (
    FAIL,
    PASS,
    UNKNOWN,
    Option,
    Outcome,
    Provider,
)
from ansible_collections.latchkey.workstation.plugins.module_utils._checks_web import Facts, Other, Rule, judge
from ansible_collections.latchkey.workstation.plugins.module_utils._http import Request

if TYPE_CHECKING:
    from ansible_collections.latchkey.workstation.plugins.module_utils._checks_base import Ask, Check

__all__ = ["PROVIDERS"]


def _remote(check: Check, ask: Ask) -> Outcome:
    options = check.options
    body = options.get("body")
    request = Request(
        check.fill(options["url"], in_url=True),
        method=options.get("method") or "GET",
        headers={name: check.fill(str(value)) for name, value in (options.get("headers") or {}).items()},
        body=None if body is None else check.fill(body).encode(),
    )
    return judge(ask(request), _rules(options), _facts(options), html=bool(options.get("html")))


def _rules(options: Any) -> tuple[Rule, ...]:
    """What is expected in full is PASS; something else in an expected place is the issuer's no."""
    statuses = options.get("status") or [200]
    contents = options.get("json") or {}
    headers = {f"header:{name}": wanted for name, wanted in (options.get("answer_headers") or {}).items()}
    wanted = {place: ... if value is None else value for place, value in {**contents, **headers}.items()}
    return (
        Rule(PASS, "valid", statuses=statuses, where=wanted),
        *(
            Rule(FAIL, f"{place} is not what is expected", "rejected", statuses, {place: Other(wanted[place])})
            for place in contents
        ),
        Rule(FAIL, "rejected", "rejected", options.get("rejected") or [401]),
        Rule(UNKNOWN, "refused: a bad credential, or a good one that may not do this", "unexpected", [403]),
    )


def _facts(options: Any) -> Facts:
    return Facts(**{name: [options[name]] for name in ("identity", "scopes", "expires") if options.get(name)})


PROVIDERS = {
    "http": Provider(
        {
            "url": Option("url", required=True),
            "method": Option(),
            "headers": Option("mapping"),
            "body": Option(),
            "status": Option("numbers"),
            "rejected": Option("numbers"),
            "json": Option("mapping"),
            "answer_headers": Option("mapping"),
            "html": Option("flag"),
            "identity": Option(),
            "scopes": Option(),
            "expires": Option(),
        },
        remote=_remote,
        takes_value=False,
    )
}
