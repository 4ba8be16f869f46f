# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The member's side of checks: values found, everything local looked at, and what an issuer must judge handed up."""

from __future__ import annotations

import functools
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ansible_collections.latchkey.workstation.plugins.module_utils import _checks_row, _command
from ansible_collections.latchkey.workstation.plugins.module_utils._checks_base import (
    FAIL,
    PASS,
    SKIP,
    UNKNOWN,
    Check,
    Here,
    Malformed,
    Outcome,
    asks_value,
    references,
)
from ansible_collections.latchkey.workstation.plugins.module_utils._checks_note import last_days
from ansible_collections.latchkey.workstation.plugins.module_utils._checks_row import Seen
from ansible_collections.latchkey.workstation.plugins.module_utils._checks_values import Sources, Values, missing
from ansible_collections.latchkey.workstation.plugins.module_utils._deadline import at_once
from ansible_collections.latchkey.workstation.plugins.module_utils._errors import LatchkeyError, Prerequisite
from ansible_collections.latchkey.workstation.plugins.module_utils._found import Found
from ansible_collections.latchkey.workstation.plugins.module_utils._members import Served
from ansible_collections.latchkey.workstation.plugins.module_utils._secrets import fingerprint, redactor
from ansible_collections.latchkey.workstation.plugins.module_utils._state import State

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ansible_collections.latchkey.workstation.plugins.module_utils._checks_base import Provider
    from ansible_collections.latchkey.workstation.plugins.module_utils._deadline import Deadline
    from ansible_collections.latchkey.workstation.plugins.module_utils._members import Member
    from ansible_collections.latchkey.workstation.plugins.module_utils._secrets import Secret

    Credential = Mapping[str, Any]

__all__ = ["Asked", "look", "place_of"]

_KEY_SECONDS = 1


@dataclass(frozen=True)
class _Local:
    """One credential as its member sees it; ``values`` go up with it."""

    outcome: Outcome
    pending: bool = False
    own: Secret | None = None
    others: tuple[tuple[str, Secret], ...] = ()
    latency_ms: int = 0


def place_of(name: str, other: str = "") -> str:
    """Under which name a value is handed up: a credential's own, or that of another one its check needs."""
    return f"{name} {other}" if other else name


@dataclass(frozen=True)
class Asked:
    """What is wanted of a member's process. ``only`` is the one credential to check, ``given`` its value if told."""

    sources: Sources
    providers: Mapping[str, Provider]
    only: str = ""
    given: Secret | None = field(default=None, repr=False)
    check_mode: bool = False

    def chooses(self, name: str) -> bool:
        return self.only in ("", name)


def look(member: Member, entry: Mapping[str, Any], asked: Asked, deadline: Deadline) -> Served:
    """A report with one sketch for each chosen credential, and the values that issuers have to judge."""
    desk = _Desk(member, entry["credentials"], asked, Here(member.home, deadline, asked.check_mode))
    jobs = {name: functools.partial(desk.look, each) for name, each in desk.credentials.items() if asked.chooses(name)}
    seen = at_once(jobs, deadline)
    late = _Local(Outcome(UNKNOWN, "it did not answer in time on this machine", "timeout"))
    return _told({name: local or late for name, local in seen.items()}, desk)


def _told(seen: Mapping[str, _Local], desk: _Desk) -> Served:
    served = Served()
    found = {name: local.outcome.onward or local.own for name, local in seen.items()}
    secrets = [*desk.values.secrets(), *(secret for secret in found.values() if secret)]
    key = _key(desk.here) if secrets else None
    without = redactor(secrets)
    note = last_days(State(desk.here.home, check_mode=True))
    for name, local in seen.items():
        secret = found[name]
        mark = fingerprint(key, secret) if key and secret else ""
        last = note.get(name)
        row = Seen(
            local.outcome,
            pending=local.pending,
            origin=desk.values.origin(name),
            fingerprint=mark,
            last_validated=last if isinstance(last, str) else "",
            latency_ms=local.latency_ms,
        )
        served.report.add(name, "unknown", **_checks_row.sketch(row, without))
        if local.pending:
            served.values.update({place_of(name): secret} if secret else {})
            served.values.update({place_of(name, other): value for other, value in local.others})
    return served


def _key(here: Here) -> bytes | None:
    """The key of the fingerprints. No verdict waits for it: another run of ours does so only where it is to be made."""
    try:
        kept = State(here.home, check_mode=True).key()
        if kept or here.check_mode:
            return kept
        state = State(here.home, check_mode=False)
        with state.lock(seconds=here.deadline.narrow(_KEY_SECONDS).left()):
            return state.key()
    except LatchkeyError:
        return None


class _Desk:
    """One member's credentials, looked at from many threads."""

    def __init__(self, member: Member, credentials: Sequence[Credential], asked: Asked, here: Here) -> None:
        self.credentials = {credential["name"]: credential for credential in credentials}
        given = {asked.only: Found("found", secret=asked.given)} if asked.given else {}
        self.values = Values(lambda: asked.sources.open_reader(member, credentials), given)
        self.asked = asked
        self.here = here

    def look(self, credential: Credential) -> _Local:
        """What is seen of it, whatever happens."""
        started = time.monotonic()
        try:
            local = self._look(credential)
        except (_command.CommandMissing, Prerequisite) as error:
            local = _Local(Outcome(SKIP, error.message, "prerequisite"))
        except _command.CommandTimeout as error:
            local = _Local(Outcome(UNKNOWN, error.message, "timeout"))
        except Malformed as error:
            local = _Local(Outcome(FAIL, error.message, "malformed", blame=error.blame))
        except LatchkeyError as error:
            local = _Local(Outcome(UNKNOWN, error.message, "unreadable", remedy=error.remedy))
        except Exception as error:  # noqa: BLE001 - its text may hold a secret, its type does not
            local = _Local(Outcome(UNKNOWN, f"unexpected {type(error).__name__}", "unexpected"))
        return replace(local, latency_ms=round((time.monotonic() - started) * 1000))

    def _look(self, credential: Credential) -> _Local:
        early = _unasked(credential, self.asked.sources)
        if early:
            return _Local(early)
        name, options = credential["name"], credential["check"]
        provider = self.asked.providers[options["provider"]] if options else None
        mine = provider is None or provider.takes_value or asks_value(options)
        wanted = ([name] if mine else []) + (references(options) if options else [])
        found = {each: self.values.get(self.credentials[each]) for each in wanted}
        own = found[name].secret if mine else None
        lacking = missing(found, own=name)
        if lacking or provider is None:
            return _Local(lacking or Outcome(SKIP, "no check declared", "undeclared"), own=own)
        others = tuple((each, look.secret) for each, look in found.items() if each != name and look.secret)
        if provider.local is None:
            return _Local(Outcome(PASS), pending=True, own=own, others=others)
        outcome = provider.local(Check(options, own, dict(others)), self.here)
        return _Local(outcome, pending=outcome.onward is not None, own=own, others=others)


def _unasked(credential: Credential, sources: Sources) -> Outcome | None:
    """Why nothing of this credential is looked at, if so."""
    reason = sources.idle(credential)
    if reason:
        return Outcome(SKIP, reason, credential["category"])
    if (credential["keychain"] or {}).get("state") == "absent":
        return Outcome(SKIP, "declared as absent", "undeclared")
    for program in (credential["check"] or {}).get("needs") or ():
        if not _command.find(program):
            return Outcome(SKIP, f"{program} CLI not installed", "prerequisite")
    return None
