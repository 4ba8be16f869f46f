# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Map an issuer's HTTP response to an outcome, by rules as data that are tried in order."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from .._clients.http_request import Request
from .._core import timestamps
from .base import FAIL, PASS, UNKNOWN, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from .._clients.http_request import Answer
    from .base import Fetch

__all__ = ["Facts", "Not", "Rule", "bearer", "getter", "join", "judge", "parse_scopes", "probe", "select"]


@dataclass(frozen=True)
class Not:
    """Matches every value that does not match ``value``."""

    value: Any


@dataclass(frozen=True)
class Rule:
    """An outcome and the responses it stands for: a status of ``statuses`` (empty: any) and all of ``where``.

    ``where`` maps a selector (see :func:`select`) to a value, a pattern, a :class:`Not`, or ``...`` for any value.
    """

    state: str
    reason: str
    cause: str = ""
    statuses: Sequence[int] = ()
    where: Mapping[str, Any] = field(default_factory=dict)
    remedy: str = ""

    def fits(self, answer: Answer) -> bool:
        return (not self.statuses or answer.status in self.statuses) and all(
            any(_matches(found, wanted) for found in select(answer, selector))
            for selector, wanted in self.where.items()
        )


@dataclass(frozen=True)
class Facts:
    """Selectors of details of a valid credential; the first one that finds something counts."""

    identity: Sequence[str] = ()
    scopes: Sequence[str] = ()
    expires: Sequence[str] = ()
    not_before: Sequence[str] = ()


def select(answer: Answer, selector: str) -> list[Any]:
    """Values that ``selector`` finds: ``header:NAME``, or a JSON pointer where ``*`` is every entry of a list."""
    if selector.startswith("header:"):
        value = answer.headers.get(selector[len("header:") :].lower())
        return [] if value is None else [value]
    whole = answer.json()
    found = [] if whole is None else [whole]
    for part in selector.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        found = [inner for value in found for inner in _step(value, key)]
    return found


def judge(answer: Answer, rules: Sequence[Rule], facts: Facts | None = None, *, html: bool = False) -> Outcome:
    """Map a response to an outcome.

    A response that does not come from the issuer's validation (redirect, 429, 5xx, web page unless ``html``) is
    UNKNOWN, never FAIL, and so is one that no rule fits.
    """
    fitting = _not_validated(answer, html=html) or next((rule for rule in rules if rule.fits(answer)), _UNEXPECTED)
    reason = f"{fitting.reason} (HTTP {answer.status})"
    outcome = Outcome(fitting.state, reason, fitting.cause, remedy=fitting.remedy)
    if fitting.state != PASS:
        return outcome
    return _valid(answer, facts or Facts(), reason=fitting.reason)


def join(base: str, path: str) -> str:
    """URL of ``path`` below ``base``."""
    return f"{base.rstrip('/')}/{path.lstrip('/')}"


def bearer(token: str, **more: str) -> dict[str, str]:
    """Headers of a JSON request with a bearer token."""
    return {"Authorization": f"Bearer {token}", "Accept": "application/json", **more}


def parse_scopes(value: Any) -> list[str]:
    """Scopes in a list, or in text that separates them by commas or blanks."""
    entries = value if isinstance(value, list) else re.split(r"[,\s]+", str(value))
    return [str(entry) for entry in entries if entry not in ("", None)]


def getter(base: str, headers: Mapping[str, str], ask: Fetch) -> Callable[[str], Answer]:
    """A function that GETs a path below ``base``."""
    return lambda path: ask(Request(join(base, path), headers=headers))


def probe(outcome: Outcome, get: Callable[[str], Answer], paths: Sequence[str], rules: Sequence[Rule] = ()) -> Outcome:
    """``outcome``, if it is PASS and the credential may also GET each of ``paths``; else the outcome of that request.

    This tests scopes that an issuer does not report. ``rules`` are tried before a refusal counts as FAIL.
    """
    for path in paths if outcome.state == PASS else ():
        found = judge(get(path), (*rules, *_probe_rules(path)))
        if found.state != PASS:
            return found.merged_over(outcome)
    return outcome


def _probe_rules(path: str) -> tuple[Rule, ...]:
    shown = path.partition("?")[0]
    return (
        Rule(PASS, "valid", statuses=range(200, 300)),
        Rule(FAIL, f"the credential works, but may not read {shown}", "scope", (401, 403, 404)),
    )


def _not_validated(answer: Answer, *, html: bool) -> Rule | None:
    """Rule for a response that does not come from the issuer's validation; None for any other."""
    if 300 <= answer.status < 400:
        return Rule(UNKNOWN, f"redirected to {_target(answer)}: a login page or proxy is in the way", "gate")
    if answer.status == 429:
        return Rule(UNKNOWN, f"too many requests{_pause(answer)}", "rate_limited")
    if answer.status >= 500:
        return Rule(UNKNOWN, f"the service returned an error{_pause(answer)}", "server")
    if answer.is_html and not html:
        return Rule(UNKNOWN, "a web page instead of an answer: a login page or proxy is in the way", "gate")
    return None


_UNEXPECTED = Rule(UNKNOWN, "an answer that says nothing about the credential", "unexpected")


def _target(answer: Answer) -> str:
    try:
        netloc = urlsplit(answer.headers.get("location", "")).netloc
        return netloc.rpartition("@")[2].partition(":")[0] or "another page"
    except ValueError:
        return "another page"


def _pause(answer: Answer) -> str:
    seconds = answer.headers.get("retry-after", "")
    return f", again in {int(seconds)} s" if re.fullmatch(r"[0-9]{1,6}", seconds) else ""


def _valid(answer: Answer, facts: Facts, *, reason: str) -> Outcome:
    """PASS with the details in ``answer``, or FAIL before the credential's first day."""

    def first(selectors: Sequence[str]) -> Any:
        found = (value for selector in selectors for value in select(answer, selector))
        return next((value for value in found if value not in (None, "")), None)

    not_before = timestamps.parse(first(facts.not_before))
    if not_before and not_before > timestamps.now():
        return Outcome(FAIL, f"not valid before {timestamps.show(not_before)}", "not_yet")
    identity = first(facts.identity)
    return Outcome(
        PASS,
        reason,
        identity="" if isinstance(identity, (dict, list)) or identity is None else str(identity),
        scopes=parse_scopes(first(facts.scopes) or []),
        expires_at=timestamps.parse(first(facts.expires)),
    )


def _step(value: Any, key: str) -> list[Any]:
    if isinstance(value, dict):
        return [value[key]] if key in value else []
    if not isinstance(value, list):
        return []
    if key == "*":
        return value
    if not re.fullmatch(r"0|[1-9][0-9]{0,8}", key) or int(key) >= len(value):
        return []
    return [value[int(key)]]


def _matches(found: Any, wanted: Any) -> bool:
    if wanted is ...:
        return True
    if isinstance(wanted, Not):
        return not _matches(found, wanted.value)
    if isinstance(wanted, re.Pattern):
        return isinstance(found, str) and wanted.search(found) is not None
    return type(found) is type(wanted) and bool(found == wanted)
