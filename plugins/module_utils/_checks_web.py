# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an issuer's answer means, as data: rules tried in order, between what is nobody's verdict and the rest."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ansible_collections.latchkey.workstation.plugins.module_utils import _checks_time
from ansible_collections.latchkey.workstation.plugins.module_utils._checks_base import FAIL, PASS, UNKNOWN, Outcome
from ansible_collections.latchkey.workstation.plugins.module_utils._http import Request

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ansible_collections.latchkey.workstation.plugins.module_utils._checks_base import Ask
    from ansible_collections.latchkey.workstation.plugins.module_utils._http import Answer

__all__ = ["Facts", "Other", "Rule", "bearer", "below", "join", "judge", "probe", "select", "words"]


@dataclass(frozen=True)
class Other:
    """Anything but this."""

    value: Any


@dataclass(frozen=True)
class Rule:
    """Fits an answer of one of ``statuses`` (any, if none is given) where everything in ``where`` holds.

    ``where`` maps a place (see :func:`select`) to what has to be there: a value, a pattern, any :class:`Other`,
    or ... for anything.
    """

    state: str
    reason: str
    cause: str = ""
    statuses: Sequence[int] = ()
    where: Mapping[str, Any] = field(default_factory=dict)
    remedy: str = ""

    def fits(self, answer: Answer) -> bool:
        return (not self.statuses or answer.status in self.statuses) and all(
            any(_is(found, wanted) for found in select(answer, place)) for place, wanted in self.where.items()
        )


@dataclass(frozen=True)
class Facts:
    """Places of an answer where more is said of a valid credential; the first that has something counts."""

    identity: Sequence[str] = ()
    scopes: Sequence[str] = ()
    expires: Sequence[str] = ()
    not_before: Sequence[str] = ()


def select(answer: Answer, place: str) -> list[Any]:
    """All that stands at ``place``: ``header:NAME``, or a JSON pointer in which ``*`` is every entry of a list."""
    if place.startswith("header:"):
        value = answer.headers.get(place[len("header:") :].lower())
        return [] if value is None else [value]
    whole = answer.json()
    found = [] if whole is None else [whole]
    for part in place.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        found = [inner for value in found for inner in _step(value, key)]
    return found


def judge(answer: Answer, rules: Sequence[Rule], facts: Facts | None = None, *, html: bool = False) -> Outcome:
    """The outcome ``answer`` stands for; never a FAIL for what only shows that nobody judged the credential."""
    fitting = _nobody(answer, html=html) or next((rule for rule in rules if rule.fits(answer)), _UNEXPECTED)
    reason = f"{fitting.reason} (HTTP {answer.status})"
    outcome = Outcome(fitting.state, reason, fitting.cause, remedy=fitting.remedy)
    if fitting.state != PASS:
        return outcome
    return _learn(answer, facts or Facts(), reason=fitting.reason)


def join(base: str, path: str) -> str:
    """``path`` below a base address."""
    return f"{base.rstrip('/')}/{path.lstrip('/')}"


def bearer(token: str, **more: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", "Accept": "application/json", **more}


def words(value: Any) -> list[str]:
    """Scopes from a list, or from text that separates them by commas or blanks."""
    entries = value if isinstance(value, list) else re.split(r"[,\s]+", str(value))
    return [str(entry) for entry in entries if entry not in ("", None)]


def below(base: str, headers: Mapping[str, str], ask: Ask) -> Callable[[str], Answer]:
    """GET of a path below a base address."""
    return lambda path: ask(Request(join(base, path), headers=headers))


def probe(outcome: Outcome, get: Callable[[str], Answer], paths: Sequence[str], rules: Sequence[Rule] = ()) -> Outcome:
    """``outcome``, if the credential may also GET each of ``paths``: the way to test a scope that nobody reports.

    ``rules`` are those of the issuer that count before a plain no.
    """
    for path in paths if outcome.state == PASS else ():
        found = judge(get(path), (*rules, *_probe_rules(path)))
        if found.state != PASS:
            return found.over(outcome)
    return outcome


def _probe_rules(path: str) -> tuple[Rule, ...]:
    shown = path.partition("?")[0]
    return (
        Rule(PASS, "valid", statuses=range(200, 300)),
        Rule(FAIL, f"valid, but may not read {shown}", "scope", (401, 403, 404)),
    )


def _nobody(answer: Answer, *, html: bool) -> Rule | None:
    """The verdict on an answer that does not come from the issuer's judgement of the credential."""
    if 300 <= answer.status < 400:
        return Rule(UNKNOWN, f"sent on to {_target(answer)}: a gate was not crossed", "gate")
    if answer.status == 429:
        return Rule(UNKNOWN, f"asked too often{_pause(answer)}", "rate_limited")
    if answer.status >= 500:
        return Rule(UNKNOWN, f"the service is out of order{_pause(answer)}", "server")
    if answer.is_html and not html:
        return Rule(UNKNOWN, "a web page came instead of an answer: a gate or proxy stands before it", "gate")
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


def _learn(answer: Answer, facts: Facts, *, reason: str) -> Outcome:
    def first(places: Sequence[str]) -> Any:
        return next((value for place in places for value in select(answer, place) if value not in (None, "")), None)

    begins = _checks_time.parse(first(facts.not_before))
    if begins and begins > _checks_time.now():
        return Outcome(FAIL, f"not valid before {_checks_time.show(begins)}", "not_yet")
    identity = first(facts.identity)
    return Outcome(
        PASS,
        reason,
        identity="" if isinstance(identity, (dict, list)) or identity is None else str(identity),
        scopes=words(first(facts.scopes) or []),
        expires_at=_checks_time.parse(first(facts.expires)),
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


def _is(found: Any, wanted: Any) -> bool:
    if wanted is ...:
        return True
    if isinstance(wanted, Other):
        return not _is(found, wanted.value)
    if isinstance(wanted, re.Pattern):
        return isinstance(found, str) and wanted.search(found) is not None
    return type(found) is type(wanted) and bool(found == wanted)
