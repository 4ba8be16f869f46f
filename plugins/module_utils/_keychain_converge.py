# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A member's declared items converged: all read at once, all decided, then all written at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable, Protocol

from ansible_collections.latchkey.workstation.plugins.module_utils._credential import way_to_store
from ansible_collections.latchkey.workstation.plugins.module_utils._errors import LatchkeyError
from ansible_collections.latchkey.workstation.plugins.module_utils._found import Found, idle
from ansible_collections.latchkey.workstation.plugins.module_utils._keychain import Item, key_of
from ansible_collections.latchkey.workstation.plugins.module_utils._keychain_kept import open_kept, open_store
from ansible_collections.latchkey.workstation.plugins.module_utils._keychain_note import Note
from ansible_collections.latchkey.workstation.plugins.module_utils._keychain_past import Past
from ansible_collections.latchkey.workstation.plugins.module_utils._keychain_plan import Step, absence, presence
from ansible_collections.latchkey.workstation.plugins.module_utils._keychain_write import Row, Writer
from ansible_collections.latchkey.workstation.plugins.module_utils._report import Report
from ansible_collections.latchkey.workstation.plugins.module_utils._state import State

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ansible_collections.latchkey.workstation.plugins.module_utils._child import Member
    from ansible_collections.latchkey.workstation.plugins.module_utils._found import Readers
    from ansible_collections.latchkey.workstation.plugins.module_utils._keychain import Store
    from ansible_collections.latchkey.workstation.plugins.module_utils._keychain_kept import Kept
    from ansible_collections.latchkey.workstation.plugins.module_utils._secrets import Secret

__all__ = ["converge"]


class Sources(Protocol):
    """Where values come from; what _sources offers."""

    def authority_of(self, credential: Mapping[str, Any], readers: Readers) -> Found:
        """What the kept value has to follow."""

    def seed_of(self, credential: Mapping[str, Any], readers: Readers) -> Found:
        """What may be kept where nothing is."""


def converge(  # noqa: PLR0913 - the options of the module
    member: Member,
    credentials: Sequence[Mapping[str, Any]],
    *,
    sources: Sources,
    backend: str,
    security: str,
    exclusive: bool,
    value: Secret | None,
    check_mode: bool,
    only: str = "",
) -> Report:
    """Make a member's store what ``credentials`` say; ``value`` is one put in by hand for the ``only`` one of them.

    With ``exclusive`` what we made before and they do not name is removed.
    """
    state = State(member.home, check_mode=check_mode)
    if not credentials and not Note.load(state).entries:
        return Report()
    with state.lock():
        kept = open_kept(member, state, credentials, backend=backend, security=security)

        def stores(name: str) -> Store:
            return open_store(member, declared=name, recorded="", security=security)

        run = _Run(kept, state, sources, stores, value, check_mode)
        return run.converge(credentials, only=only, exclusive=exclusive)


@dataclass
class _Run:
    kept: Kept
    state: State
    sources: Sources
    stores: Callable[[str], Store]
    given: Secret | None
    check_mode: bool

    def __post_init__(self) -> None:
        self._store = self.kept.store
        self._readers = self.kept.readers()
        self._key = self.state.key()
        self._note = Note.load(self.state)
        self._report = Report()
        self._writer = Writer(self._note, self.state, self._key, self._report, self.check_mode)

    def converge(self, credentials: Sequence[Mapping[str, Any]], *, only: str, exclusive: bool) -> Report:
        if not self.check_mode:
            self._store.sweep()
        self._credentials = {credential["name"]: credential for credential in credentials}
        places = {name: key_of(credential["keychain"]) for name, credential in self._credentials.items()}
        past = Past(self._note, self._key, self._store, places, self._report)
        if exclusive:
            past.look(self.kept.readings, self.stores)
        chosen = [credential for credential in credentials if only in ("", credential["name"])]
        rows = [self._decided(credential, past) for credential in chosen]
        used = any(backend == self._store.name for backend, _key in self._note.entries)
        if used or any(row.step.change and not row.step.blocked for row in rows):
            self._note.backend = self._store.name
        in_order = self._writer.write(rows)
        self._writer.write(past.leaving(in_order))
        self._note.save(self.state)
        failed = [f"{row['item']}: {row['what']}" for row in self._report.items if row["state"] == "failed"]
        self._report.failed, self._report.msg = bool(failed), "; ".join(failed)
        return self._report

    def _decided(self, credential: Mapping[str, Any], past: Past) -> Row:
        reason = idle(credential)
        try:
            item = Item.declared(credential["keychain"]).described_by(self._store.describes)
            step = Step("skipped", reason) if reason else self._decide(credential, item, past)
        except LatchkeyError as error:
            item, step = Item(*key_of(credential["keychain"])), Step("failed", error.message, error.remedy)
        return Row(credential["name"], item, step, self._store, credential["name"])

    def _decide(self, credential: Mapping[str, Any], item: Item, past: Past) -> Step:
        name, place = credential["name"], (self._store.name, item.key)
        reading = self.kept.readings[item.key]
        other = past.other(name) if reading.exists is not False else ""
        if other and not past.has_moved(other) and not self._comes_from_elsewhere(other):
            message = f"{item.name} still holds the value of {other}, which is declared in another place"
            raise LatchkeyError(message, remedy=f"give {other} an item of its own and run, then this one")
        if reading.exists is False:
            self._note.entries.pop(place, None)
        past.arrives(name, None)
        if credential["keychain"]["state"] == "absent":
            return absence(item, reading)
        wanted = self.sources.authority_of(credential, self._readers)
        if wanted.state == "absent":
            past.arrives(name, reading.secret)
        if self.given:
            wanted = _given(self.given, wanted)
        elif wanted.state == "absent" and (other or reading.exists is False):
            carried = past.carry(name)
            wanted = Found("found", "kept elsewhere", carried) if carried else self._seed(credential, wanted)
            past.arrives(name, wanted.secret)
        applied = self._note.applied(place, wanted.secret, by=self._key)
        step = presence(item, reading, wanted, applied=applied, fresh=bool(self.given))
        if step.state == "ok" and reading.secret:
            self._note.remember(place, name, reading.secret, by=self._key)
        return step

    def _comes_from_elsewhere(self, name: str) -> bool:
        return self.sources.authority_of(self._credentials[name], self._readers).state == "found"

    def _seed(self, credential: Mapping[str, Any], authority: Found) -> Found:
        """What may be kept where nothing is; how to put a value in where there is none."""
        seed = self.sources.seed_of(credential, self._readers)
        if seed.state != "absent":
            return seed
        reason = "; ".join(filter(None, (authority.reason, seed.reason)))
        return Found("absent", reason=reason, remedy=way_to_store(credential["name"]))


def _given(value: Secret, authority: Found) -> Found:
    """A value put in by hand, unless an authority says another one or cannot be asked."""
    if authority.state == "blocked":
        raise LatchkeyError(f"{authority.origin} decides this value and cannot be read: {authority.reason}")
    if authority.state == "found" and authority.secret != value:
        raise LatchkeyError(f"{authority.origin} is the authority", remedy="put the new value there")
    return Found("found", "given", value)
