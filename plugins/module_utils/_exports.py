# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What shells, jobs and services are given of a member's credentials: the block in ~/.zshrc, its library, env files."""

from __future__ import annotations

import functools
import os
import re
from typing import TYPE_CHECKING, Any, Callable

from ansible_collections.latchkey.workstation.plugins.module_utils import (
    _exports_block,
    _exports_env,
    _exports_profiles,
    _exports_shell,
    _files,
)
from ansible_collections.latchkey.workstation.plugins.module_utils._errors import LatchkeyError
from ansible_collections.latchkey.workstation.plugins.module_utils._exports_block import ATTENTION, LIBRARY
from ansible_collections.latchkey.workstation.plugins.module_utils._exports_files import Managed, Wanted
from ansible_collections.latchkey.workstation.plugins.module_utils._exports_profiles import ZSHRC
from ansible_collections.latchkey.workstation.plugins.module_utils._exports_shell import MADE_BY, Exported

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ansible_collections.latchkey.workstation.plugins.module_utils._found import Found

    Credential = Mapping[str, Any]

__all__ = ["Exports"]

_RUN = "~/.local/bin/latchkey-run"
_PLACE = re.compile(r"^    (\S+\) _latchkey_(?:kept|file|dotenv|keychain|secret_service) .*) ;;$", re.MULTILINE)


class Exports:
    """One member's exports. The caller holds the member's lock.

    ``kept(service, account)`` is the place of a kept item as exports.sh reads it; ``value_of`` finds a value.
    """

    def __init__(
        self,
        files: Managed,
        *,
        kept: Callable[[str, str], Sequence[str]],
        value_of: Callable[[Credential], Found],
    ) -> None:
        self._files = files
        self._kept = kept
        self._value_of = value_of

    def converge(
        self,
        credentials: Sequence[Credential],
        *,
        tools: Mapping[str, str] | None = None,
        exclusive: bool = True,
        login_hook: bool = False,
    ) -> None:
        """Make everything as ``credentials`` say; ``tools`` read the stores.

        With ``exclusive`` they are all there are: what was made before and none of them needs goes; without it a thing
        for which none is given stays. With ``login_hook`` new interactive shells show what the last check found wrong.
        """
        exported = [row for row in map(self._exported, credentials) if row.variables and row.places]
        names = sorted(name for row in exported for name in row.in_shells)
        env_files = _by_file(credentials, self._files.home)
        noted = self._files.note.get("env_files", []) if exclusive else []
        library = _exports_shell.render_library(exported, tools=tools).encode() if exported else None
        run = _exports_shell.render_run(_files.expand(LIBRARY, self._files.home)).encode() if exported else None
        attention = ATTENTION if login_hook else ""
        steps: list[tuple[str, Callable[[], None]]] = []
        if exported or exclusive:
            steps += [
                (LIBRARY, lambda: self._own(LIBRARY, library, mode=0o600)),
                (_RUN, lambda: self._own(_RUN, run, mode=0o755)),
                (ZSHRC, lambda: self._zshrc(names, attention=attention)),
            ]
        elif login_hook:
            steps.append((ZSHRC, lambda: self._zshrc([], attention=attention, replace=False)))
        steps += [
            (path, functools.partial(self._env_file, path, env_files.get(path, [])))
            for path in sorted({*env_files, *noted})
        ]
        for item, step in steps:
            self._files.attempt(item, step)
        if exclusive and not exported and not login_hook and not self._files.report.failed:
            self._files.remember(zshrc={})

    def _exported(self, credential: Credential) -> Exported:
        exports = credential["exports"]
        item = credential["keychain"]
        if item:
            present = item["state"] == "present"
            places = [tuple(self._kept(item["service"], item["account"]))] if present else []
        else:
            places = [place for source in credential["sources"] for place in _live(source, self._files.home)]
            if not places and any(not export["file"] for export in exports):
                raise LatchkeyError(
                    f"{credential['name']}: shells have no place to read it from",
                    remedy="declare a keychain item for it",
                )
        return Exported(
            credential=credential["name"],
            variables=list(dict.fromkeys(export["name"] for export in exports)),
            in_shells=[export["name"] for export in exports if not export["file"]],
            places=places,
            required=credential["required"],
        )

    def _zshrc(self, names: Sequence[str], *, attention: str, replace: bool = True) -> None:
        before = _files.read(_files.expand(ZSHRC, self._files.home), follow=True)
        data = before.data or b""
        shown = _exports_block.show(data)
        if shown and not replace:
            return
        made = self._files.note.get("zshrc", {})
        block = _exports_block.render(names, library=LIBRARY, attention=attention)
        if block:
            wanted = _exports_block.place(data, block)
            if not shown:
                made = {"made": before.data is None, "joined": bool(data) and not data.endswith(b"\n")}
                self._files.remember(zshrc=made)
        else:
            wanted = _exports_block.strip(data, joined=bool(made.get("joined")))
            if wanted == data:
                return
        gone = not wanted and (before.data is None or bool(made.get("made")))
        mode = before.mode or 0o644
        self._files.put(
            Wanted(ZSHRC, None if gone else wanted, mode=mode, shown=(shown, _exports_block.show(wanted)), keep=True),
            before,
        )
        for remark in _exports_profiles.remarks(wanted, names, self._files.home):
            self._files.report.add(state="unknown", **remark)

    def _own(self, item: str, data: bytes | None, *, mode: int) -> None:
        """A file that is wholly ours."""
        before = _files.read(_files.expand(item, self._files.home))
        if before.data is not None and MADE_BY.encode() not in before.data:
            if data is None:
                return
            raise LatchkeyError(f"{item} is there and not ours", remedy="move it out of the way")
        self._files.put(Wanted(item, data, mode=mode, shown=(_places(before.data), _places(data))), before)

    def _env_file(self, item: str, entries: Sequence[tuple[str, Credential]]) -> None:
        before = _files.read(_files.expand(item, self._files.home))
        values = {}
        for name, credential in entries:
            found = self._value_of(credential)
            if found.state == "blocked":
                self._files.report.add(item, found.unwritten, f"{name}: {found.reason}", remedy=found.remedy)
                return
            if found.secret:
                values[name] = found.secret
        data = _exports_env.render(MADE_BY, values) if values else None
        listed = set(self._files.note.get("env_files", []))
        headed = (before.data or b"").startswith(MADE_BY.encode())
        ours = before.data is None or (headed and item in listed)
        if not ours and data not in (None, before.data):
            why = "has our first line, and no note of ours lists it" if headed else "is there and not ours"
            remedy = "move it out of the way: the next run makes it anew; or name another file"
            raise LatchkeyError(f"{item} {why}", remedy=remedy)
        if ours and data is not None:
            self._files.remember(env_files=sorted({*listed, item}))
        if ours or data is not None:
            shown = ("(other values)" if before.data else "", ", ".join(values))
            self._files.put(Wanted(item, data, mode=0o600, shown=shown), before)
        if data is None:
            self._files.remember(env_files=sorted(listed - {item}))


def _places(library: bytes | None) -> str:
    """What a diff shows of exports.sh: where each credential is read."""
    return "\n".join(_PLACE.findall((library or b"").decode(errors="replace")))


def _live(source: Mapping[str, Any], home: str) -> list[tuple[str, ...]]:
    if source["kind"] == "file":
        return [("file", _files.expand(source["path"], home))]
    if source["kind"] == "dotenv":
        return [("dotenv", _files.expand(source["path"], home), source["key"])]
    return []


def _by_file(credentials: Sequence[Credential], home: str) -> dict[str, list[tuple[str, Credential]]]:
    """Env files by path, each with its variables in the order they are declared."""
    files: dict[str, list[tuple[str, Credential]]] = {}
    for credential in credentials:
        item = credential["keychain"]
        for export in credential["exports"]:
            if export["file"]:
                entries = files.setdefault(_brief(export["file"], home), [])
                if not item or item["state"] == "present":
                    entries.append((export["name"], credential))
    return files


def _brief(path: str, home: str) -> str:
    """The one spelling of a path that a person reads, and that the note keeps: with ~ where it is in the home."""
    path = _files.expand(path, home)
    return "~" + path[len(home) :] if path.startswith(home + os.sep) else path
