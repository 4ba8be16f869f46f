# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a value comes from: authorities in their order, then what is kept, then the environment as a seed."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Callable

from ansible_collections.latchkey.workstation.plugins.module_utils import _command, _dotenv, _files
from ansible_collections.latchkey.workstation.plugins.module_utils._errors import LatchkeyError
from ansible_collections.latchkey.workstation.plugins.module_utils._found import Found, Readers, idle, one_newline_less
from ansible_collections.latchkey.workstation.plugins.module_utils._pointer import pick
from ansible_collections.latchkey.workstation.plugins.module_utils._sources_ssm import read_ssm

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    Source = Mapping[str, Any]

__all__ = ["Found", "Readers", "authority_of", "idle", "resolve", "seed_of", "value_of"]

_SECONDS = 10
_LIMIT = 1 << 20


def value_of(credential: Mapping[str, Any], readers: Readers) -> Found:
    """The first authority that has it; else what is kept; else the environment."""
    reason = idle(credential)
    if reason:
        return Found("absent", reason=reason)
    item = credential["keychain"]
    looks: list[Callable[[], Found]] = [lambda: authority_of(credential, readers)]
    if item and item["state"] == "present":
        looks.append(lambda: readers.kept(item["service"], item["account"]))
    looks.append(lambda: seed_of(credential, readers))
    return _first(looks)


def authority_of(credential: Mapping[str, Any], readers: Readers) -> Found:
    """What the kept value has to follow."""
    return resolve([source for source in credential["sources"] if source["kind"] != "env"], readers)


def seed_of(credential: Mapping[str, Any], readers: Readers) -> Found:
    """What may be kept where nothing is."""
    return resolve([source for source in credential["sources"] if source["kind"] == "env"], readers)


def resolve(sources: Iterable[Source], readers: Readers) -> Found:
    """The first of ``sources`` that has a value or cannot tell; absent only where every one of them is."""
    return _first([lambda source=source: _read(source, readers) for source in sources])  # type: ignore[misc]


def _first(looks: Iterable[Callable[[], Found]]) -> Found:
    reasons = []
    for look in looks:
        found = look()
        if found.state != "absent":
            return found
        reasons.append(found.reason)
    return Found("absent", reason="; ".join(filter(None, reasons)))


def _read(source: Source, readers: Readers) -> Found:
    kind = source["kind"]
    if kind == "keychain":
        return readers.kept(source["service"], source["account"])
    if kind == "ssm":
        return readers.ssm(source) if readers.ssm else read_ssm(source, readers.home)
    if kind == "vault":
        return readers.vault(source) if readers.vault else Found("blocked", kind, reason="Vault is not read yet")
    reader = _READERS[kind]
    origin = f"{kind} {source['argv'][0] if kind == 'command' else source.get('path') or source['name']}"
    try:
        return reader(source, readers, origin)
    except LatchkeyError as error:
        return Found.blocked(error, origin)


def _env(source: Source, readers: Readers, origin: str) -> Found:
    value = (readers.environ or {}).get(source["name"])
    if value is None:
        return Found("absent", origin, reason=f"{source['name']} is not set" if readers.environ is not None else "")
    return Found.of(os.fsencode(value), origin)


def _file(source: Source, readers: Readers, origin: str) -> Found:
    data = _open(source, readers)
    return _missing(source, origin) if data is None else Found.of(one_newline_less(data), origin)


def _from_dotenv(source: Source, readers: Readers, origin: str) -> Found:
    data = _open(source, readers)
    if data is None:
        return _missing(source, origin)
    try:
        value = _dotenv.value(data, source["key"])
    except _dotenv.DotenvError as error:
        raise LatchkeyError(f"{source['path']}, line {error.line}: {error.message}", remedy=error.remedy) from None
    if value is None:
        return Found("absent", origin, reason=f"{source['path']} has no {source['key']}")
    return Found.of(value, f"{origin} {source['key']}")


def _from_json(source: Source, readers: Readers, origin: str) -> Found:
    data = _open(source, readers)
    if data is None:
        return _missing(source, origin)
    return pick(data, source["pointer"] or "", place=source["path"], origin=origin)


def _command_output(source: Source, readers: Readers, origin: str) -> Found:
    argv = list(source["argv"])
    if argv[0].startswith("~/"):
        argv[0] = _files.expand(argv[0], readers.home)
    finished = _command.run(argv, seconds=_SECONDS, limit=_LIMIT)
    if finished.code:
        how = f"was ended by signal {-finished.code}" if finished.code < 0 else f"ended with {finished.code}"
        raise LatchkeyError(f"{source['argv'][0]} {how}", remedy="run it yourself and see what it says")
    if len(finished.out) >= _LIMIT:
        raise LatchkeyError(f"{source['argv'][0]} printed more than a value")
    return Found.of(one_newline_less(finished.out), origin)


def _open(source: Source, readers: Readers) -> bytes | None:
    return _files.read(_files.expand(source["path"], readers.home), follow=True).data


def _missing(source: Source, origin: str) -> Found:
    return Found("absent", origin, reason=f"there is no {source['path']}")


_READERS: dict[str, Callable[[Source, Readers, str], Found]] = {
    "env": _env,
    "file": _file,
    "dotenv": _from_dotenv,
    "json": _from_json,
    "command": _command_output,
}
