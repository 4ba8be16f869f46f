# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The checks of one member's process: look values up, run local checks, send values to the parent process."""

from __future__ import annotations

import functools
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Callable

from .._core.credential import skip_reason
from .._core.deadline import at_once
from .._core.errors import LatchkeyError, Prerequisite
from .._core.lookup import LookupResult
from .._core.report import MemberResult
from .._core.secrets import fingerprint, redactor
from .._host import command
from .._host.state import State
from . import observation
from .base import FAIL, PASS, SKIP, UNKNOWN, Check, LocalContext, Malformed, Outcome, asks_value, references
from .history import last_validated
from .observation import Observation
from .values import Values, missing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .._core.deadline import Deadline
    from .._core.member import Member
    from .._core.secrets import Secret
    from .._sources.resolver import Resolver
    from .base import Provider

    Credential = Mapping[str, Any]

__all__ = ["CheckRequest", "run_local", "value_name", "value_names"]

_KEY_SECONDS = 1


@dataclass(frozen=True)
class CheckRequest:
    """Request to a member's process.

    ``only`` names the one credential to check, empty for all. ``given`` is a value to check in place of its own.
    ``planned`` has the items that earlier modules of the same check-mode run would change, by member.
    """

    open_resolver: Callable[[Member, Sequence[Credential]], Resolver]
    providers: Mapping[str, Provider]
    only: str = ""
    given: Secret | None = field(default=None, repr=False)
    check_mode: bool = False
    planned: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def includes(self, name: str) -> bool:
        return self.only in ("", name)


def value_name(name: str, other: str = "") -> str:
    """Name under which a value is sent to the parent: the credential's, or with ``other`` one its check refers to."""
    return f"{name} {other}" if other else name


def value_names(entry: Mapping[str, Any]) -> set[str]:
    """Names under which the process of a member may send values to the parent."""
    names = set()
    for credential in entry["credentials"]:
        others = references(credential["check"]) if credential["check"] else []
        names |= {value_name(credential["name"], other) for other in ("", *others)}
    return names


def run_local(member: Member, entry: Mapping[str, Any], request: CheckRequest, deadline: Deadline) -> MemberResult:
    """A report with an observation of each requested credential, and the values that issuers have to judge."""
    planned = request.planned.get(member.name, frozenset())
    context = LocalContext(member.home, deadline, request.check_mode, planned)
    checks = _MemberChecks(member, entry["credentials"], request, context)
    jobs = {
        name: functools.partial(checks.check, credential)
        for name, credential in checks.credentials.items()
        if request.includes(name)
    }
    late = _Local(Outcome(UNKNOWN, "it did not answer in time on this machine", "timeout"))
    results = {name: local or late for name, local in at_once(jobs, deadline).items()}
    return _to_result(results, checks)


@dataclass(frozen=True)
class _Local:
    """Local result of one credential, with the values that its issuer needs."""

    outcome: Outcome
    pending: bool = False
    own: Secret | None = None
    others: tuple[tuple[str, Secret], ...] = ()
    latency_ms: int = 0


class _MemberChecks:
    """The credentials of one member, checked in threads."""

    def __init__(
        self, member: Member, credentials: Sequence[Credential], request: CheckRequest, context: LocalContext
    ) -> None:
        self.credentials = {credential["name"]: credential for credential in credentials}
        given = {request.only: LookupResult("found", secret=request.given)} if request.given else {}
        self.values = Values(lambda: request.open_resolver(member, credentials), given)
        self.request = request
        self.context = context

    def check(self, credential: Credential) -> _Local:
        """The local result of ``credential``; every error becomes an outcome."""
        started = time.monotonic()
        try:
            local = self._check(credential)
        except (command.CommandMissing, Prerequisite) as error:
            local = _Local(Outcome(SKIP, error.message, "prerequisite"))
        except command.CommandTimeout as error:
            local = _Local(Outcome(UNKNOWN, error.message, "timeout"))
        except Malformed as error:
            local = _Local(Outcome(FAIL, error.message, "malformed", blamed_credential=error.blamed_credential))
        except command.CommandUnusable as error:
            local = _Local(Outcome(UNKNOWN, error.message, "unexpected"))
        except LatchkeyError as error:
            local = _Local(Outcome(UNKNOWN, error.message, "unreadable", remedy=error.remedy))
        except Exception as error:  # noqa: BLE001 - its text may hold a secret, its type does not
            local = _Local(Outcome(UNKNOWN, f"unexpected {type(error).__name__}", "unexpected"))
        return replace(local, latency_ms=round((time.monotonic() - started) * 1000))

    def _check(self, credential: Credential) -> _Local:
        skipped = _skipped(credential)
        if skipped:
            return _Local(skipped)
        name, options = credential["name"], credential["check"]
        provider = self.request.providers[options["provider"]] if options else None
        takes_own = provider is None or provider.takes_value or asks_value(options)
        wanted = ([name] if takes_own else []) + (references(options) if options else [])
        found = {each: self.values.get(self.credentials[each]) for each in wanted}
        own = found[name].secret if takes_own else None
        without_value = missing(found, own=name, required=credential["required"])
        if without_value:
            without_value = self.context.unless_planned(without_value, wanted)
        if without_value or provider is None:
            return _Local(without_value or Outcome(SKIP, "no check declared", "undeclared"), own=own)
        others = tuple((each, lookup.secret) for each, lookup in found.items() if each != name and lookup.secret)
        if provider.local is None:
            return _Local(Outcome(PASS), pending=True, own=own, others=others)
        outcome = provider.local(Check(options, own, dict(others)), self.context)
        return _Local(outcome, pending=outcome.token_for_remote is not None, own=own, others=others)


def _skipped(credential: Credential) -> Outcome | None:
    """SKIP for a credential of which no value is read and no program is run; None for any other."""
    reason = skip_reason(credential)
    if reason:
        return Outcome(SKIP, reason, credential["category"])
    if (credential["keychain"] or {}).get("state") == "absent":
        return Outcome(SKIP, "declared as absent", "undeclared")
    for program in (credential["check"] or {}).get("needs") or ():
        if not command.find(program):
            return Outcome(SKIP, f"{program} CLI not installed", "prerequisite")
    return None


def _to_result(results: Mapping[str, _Local], checks: _MemberChecks) -> MemberResult:
    served = MemberResult()
    judged = {name: local.outcome.token_for_remote or local.own for name, local in results.items()}
    secrets = [*checks.values.secrets(), *(secret for secret in judged.values() if secret)]
    key = _fingerprint_key(checks.context) if secrets else None
    redact = redactor(secrets)
    moments = last_validated(State(checks.context.home, check_mode=True))
    for name, local in results.items():
        secret, moment = judged[name], moments.get(name)
        observed = Observation(
            local.outcome,
            pending=local.pending,
            origin=checks.values.origin(name),
            fingerprint=fingerprint(key, secret) if key and secret else "",
            last_validated=moment if isinstance(moment, str) else "",
            latency_ms=local.latency_ms,
            exposed=checks.values.exposed(name),
        )
        served.report.add(name, "unknown", **observation.to_wire(observed, redact))
        if local.pending:
            served.values.update({value_name(name): secret} if secret else {})
            served.values.update({value_name(name, other): value for other, value in local.others})
    return served


def _fingerprint_key(context: LocalContext) -> bytes | None:
    """The key of the fingerprints, made where there is none; None where that takes longer than checks may wait."""
    try:
        kept = State(context.home, check_mode=True).key()
        if kept or context.check_mode:
            return kept
        state = State(context.home, check_mode=False)
        with state.lock(seconds=context.deadline.narrow(_KEY_SECONDS).left()):
            return state.key()
    except LatchkeyError:
        return None
