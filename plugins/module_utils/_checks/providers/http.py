# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Provider of any HTTP API: a declared request and the declared expectations of its response."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..._clients.http_request import Request
from ..base import FAIL, PASS, UNKNOWN, Option, Outcome, Provider
from ..http_rules import Facts, Not, Rule, judge

if TYPE_CHECKING:
    from ..base import Check, Fetch

__all__ = ["PROVIDERS"]


def _remote(check: Check, ask: Fetch) -> Outcome:
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
    """PASS for everything that is expected, FAIL for another value where one is expected or a rejecting status."""
    statuses = options.get("status") or [200]
    contents = options.get("json") or {}
    headers = {f"header:{name}": wanted for name, wanted in (options.get("answer_headers") or {}).items()}
    wanted = {selector: ... if value is None else value for selector, value in {**contents, **headers}.items()}
    return (
        Rule(PASS, "valid", statuses=statuses, where=wanted),
        *(
            Rule(FAIL, f"{selector} is not what is expected", "rejected", statuses, {selector: Not(wanted[selector])})
            for selector in contents
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
