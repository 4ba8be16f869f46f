# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Find a credential's value: authoritative sources in their order, then the store, then the environment."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Callable

from .._core.credential import skip_reason
from .._core.errors import LatchkeyError, MalformedValue
from .._core.lookup import LookupResult, strip_trailing_newline
from .._host import command, files
from .._stores.open import open_store_reader
from .._stores.ownership import StoreRecord
from . import dotenv
from .aws_ssm import read_ssm
from .json_pointer import pick

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from .._core.member import Member
    from .._host.state import State
    from .._stores.open import StoreReader

    Credential = Mapping[str, Any]
    Source = Mapping[str, Any]
    FromStore = Callable[[str, str], LookupResult]

__all__ = ["Resolver", "open_resolver"]

_SECONDS = 10
_LIMIT = 1 << 20
_READABLE_BY_OTHERS = 0o044


class Resolver:
    """Looks up values for one member.

    ``from_store(service, account)`` reads one item of the member's store. ``environ`` is the member's own environment,
    None where this process does not have it.
    """

    def __init__(self, home: str, *, from_store: FromStore, environ: Mapping[str, str] | None = None) -> None:
        self._home = home
        self._from_store = from_store
        self._environ = environ

    @classmethod
    def for_member(cls, member: Member, stored: StoreReader) -> Resolver:
        """Resolver over an opened store; the environment counts only where it is the member's own."""
        environ = os.environ if member.is_current_user else None
        return cls(member.home, from_store=stored.lookup, environ=environ)

    def value(self, credential: Credential) -> LookupResult:
        """The first lookup that is not absent (found or blocked): authoritative sources, store, environment."""
        reason = skip_reason(credential)
        if reason:
            return LookupResult("absent", reason=reason)
        item = credential["keychain"]
        lookups: list[Callable[[], LookupResult]] = [lambda: self.authority(credential)]
        if item and item["state"] == "present":
            lookups.append(lambda: self._from_store(item["service"], item["account"]))
        lookups.append(lambda: self.seed(credential))
        return _first_not_absent(lookups)

    def authority(self, credential: Credential) -> LookupResult:
        """The value that the stored one must follow; absent where no authority has one."""
        return self.first(source for source in credential["sources"] if source["kind"] != "env")

    def seed(self, credential: Credential) -> LookupResult:
        """The value of the environment, which may fill an empty store."""
        return self.first(source for source in credential["sources"] if source["kind"] == "env")

    def first(self, sources: Iterable[Source]) -> LookupResult:
        """The first of ``sources`` that is not absent; absent only where all of them are."""
        return _first_not_absent([lambda source=source: self._read(source) for source in sources])  # type: ignore[misc]

    def _read(self, source: Source) -> LookupResult:
        kind = source["kind"]
        if kind == "keychain":
            return self._from_store(source["service"], source["account"])
        if kind == "ssm":
            return read_ssm(source, self._home)
        if kind == "vault":
            return LookupResult("blocked", kind, reason="Vault is not read yet")
        origin = f"{kind} {source['argv'][0] if kind == 'command' else source.get('path') or source['name']}"
        reader = {"env": self._environment, "command": self._command_output}.get(kind, self._file)
        try:
            return reader(source, origin)
        except command.CommandMissing as error:
            return LookupResult("absent", origin, reason=error.message)
        except LatchkeyError as error:
            return LookupResult.blocked(error, origin)

    def _environment(self, source: Source, origin: str) -> LookupResult:
        value = (self._environ or {}).get(source["name"])
        if value is None:
            reason = f"{source['name']} is not set" if self._environ is not None else ""
            return LookupResult("absent", origin, reason=reason)
        return LookupResult.of(os.fsencode(value), origin)

    def _file(self, source: Source, origin: str) -> LookupResult:
        found = files.read(files.expand(source["path"], self._home), follow=True, named=True)
        if found.data is None or found.status is None:
            return LookupResult("absent", origin, reason=f"there is no {source['path']}")
        exposed = found.path if found.status.st_mode & _READABLE_BY_OTHERS else ""
        return replace(_PARSERS[source["kind"]](found.data, source, origin), exposed=exposed)

    def _command_output(self, source: Source, origin: str) -> LookupResult:
        argv = list(source["argv"])
        if argv[0].startswith("~/"):
            argv[0] = files.expand(argv[0], self._home)
        finished = command.run(argv, seconds=_SECONDS, limit=_LIMIT)
        if finished.code:
            raise LatchkeyError(f"{source['argv'][0]} {finished.status}", remedy="run it yourself and see what it says")
        if len(finished.out) >= _LIMIT:
            raise LatchkeyError(f"{source['argv'][0]} printed more than a value")
        return LookupResult.of(strip_trailing_newline(finished.out), origin)


def open_resolver(  # noqa: PLR0913 - the store options of every module
    member: Member,
    state: State,
    credentials: Sequence[Credential],
    *,
    backend: str,
    security: str,
    declared: Sequence[Credential] = (),
) -> Resolver:
    """Resolver for ``member`` with all store items of ``credentials`` read at once.

    ``declared`` lists all credentials of the member where ``credentials`` are only some of them.
    """
    stored = open_store_reader(
        member, StoreRecord(state), credentials, backend=backend, security=security, declared=declared
    )
    return Resolver.for_member(member, stored)


def _first_not_absent(lookups: Iterable[Callable[[], LookupResult]]) -> LookupResult:
    reasons = []
    for look_up in lookups:
        found = look_up()
        if found.state != "absent":
            return found
        reasons.append(found.reason)
    return LookupResult("absent", reason="; ".join(filter(None, reasons)))


def _whole_file(data: bytes, _source: Source, origin: str) -> LookupResult:
    return LookupResult.of(strip_trailing_newline(data), origin)


def _dotenv_value(data: bytes, source: Source, origin: str) -> LookupResult:
    try:
        value = dotenv.value(data, source["key"])
    except dotenv.DotenvError as error:
        raise MalformedValue(f"{source['path']}, line {error.line}: {error.message}", remedy=error.remedy) from None
    if value is None:
        return LookupResult("absent", origin, reason=f"{source['path']} has no {source['key']}")
    return LookupResult.of(value, f"{origin} {source['key']}")


def _json_value(data: bytes, source: Source, origin: str) -> LookupResult:
    return pick(data, source["pointer"] or "", place=source["path"], origin=origin)


_PARSERS: dict[str, Callable[[bytes, Source, str], LookupResult]] = {
    "file": _whole_file,
    "dotenv": _dotenv_value,
    "json": _json_value,
}
