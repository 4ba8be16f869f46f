# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Export of a member's credentials: the block in ~/.zshrc, the shell programs it needs, and env files."""

from __future__ import annotations

import contextlib
import functools
import os
import re
import shlex
from typing import TYPE_CHECKING, Any, Callable

from .._core.errors import LatchkeyError
from .._host import files as host_files
from . import conflicts, env_file, render, zshrc_block
from .conflicts import Profiles
from .managed_files import ZSHRC, ManagedFiles, WantedFile
from .render import MADE_BY, Exported, Programs
from .startup_lines import effects
from .zshrc_block import ATTENTION, LIBRARY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .._sources.resolver import Resolver

    Credential = Mapping[str, Any]

__all__ = ["Exports"]

_RUN = "~/.local/bin/latchkey-run"
_NOT_MADE = "exists and was not made by latchkey.workstation"
_PLACE = re.compile(r"^    (\S+\) _latchkey_(?:kept|file|dotenv|keychain|secret_service) .*) ;;$", re.MULTILINE)


class Exports:
    """Exports of one member. The caller holds the member's lock.

    ``store_place(service, account)`` is the place of a store item as exports.sh reads it. ``find_zdotdir`` returns the
    folder in which zsh reads .zshrc.
    """

    def __init__(
        self,
        files: ManagedFiles,
        programs: Programs,
        *,
        store_place: Callable[[str, str], Sequence[str]],
        resolver: Resolver,
        find_zdotdir: Callable[[], str],
    ) -> None:
        self._files = files
        self._programs = programs
        self._store_place = store_place
        self._resolver = resolver
        self._find_zdotdir = find_zdotdir

    def converge(
        self,
        credentials: Sequence[Credential],
        *,
        tools: Mapping[str, str] | None = None,
        exclusive: bool = True,
        login_hook: bool = False,
    ) -> None:
        """Bring all files to what ``credentials`` declare; ``tools`` are paths of the programs that read the stores.

        ``exclusive``: what was made before and no credential needs is removed. ``login_hook``: new interactive shells
        print what the last check found wrong.
        """
        exported = [row for row in map(self._exported, credentials) if row.variables and row.places]
        names = sorted(name for row in exported for name in row.in_shells)
        env_files = _env_file_entries(credentials, self._files.home)
        library = run = None
        if exported:
            library = render.render_library(self._programs.library, exported, tools=tools).encode()
            run = render.render_run(self._programs.run, host_files.expand(LIBRARY, self._files.home)).encode()
        steps: list[tuple[str, Callable[[], None]]] = []
        if exported or exclusive:
            steps += [
                (LIBRARY, lambda: self._program(LIBRARY, library, mode=0o600)),
                (_RUN, lambda: self._program(_RUN, run, mode=0o755)),
            ]
        steps += self._block_steps(names, ATTENTION if login_hook else "", replace=bool(exported or exclusive))
        unneeded = self._files.owned("env_files") if exclusive else []
        steps += [
            (path, functools.partial(self._env_file, path, env_files.get(path, [])))
            for path in sorted({*env_files, *unneeded})
        ]
        for item, step in steps:
            self._files.attempt(item, step)
        self._files.report.settle(lambda row: ": ".join(filter(None, (row["what"], row["remedy"]))))

    def _exported(self, credential: Credential) -> Exported:
        exports = credential["exports"]
        item = credential["keychain"]
        if item:
            present = item["state"] == "present"
            places = [tuple(self._store_place(item["service"], item["account"]))] if present else []
        else:
            places = [place for source in credential["sources"] for place in _source_places(source, self._files.home)]
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

    def _block_steps(
        self, names: Sequence[str], attention: str, *, replace: bool
    ) -> list[tuple[str, Callable[[], None]]]:
        """Steps that bring the block into the .zshrc that zsh reads and out of any other.

        Without ``replace`` a block that is there stays as it is.
        """
        block = zshrc_block.render(names, library=LIBRARY, attention=attention)
        item = self._zshrc_item() if block else ""
        unneeded = [path for path in ({**self._files.blocks(), **({} if block else {ZSHRC: {}})}) if path != item]
        steps: list[tuple[str, Callable[[], None]]] = []
        if replace:
            steps += [(path, functools.partial(self._remove_block, path)) for path in unneeded]
        if block:
            steps.append((item, lambda: self._insert_block(item, block, names, replace=replace)))
        return steps

    def _zshrc_item(self) -> str:
        """The .zshrc that gets the block: the one zsh reads, if that is in the home. Reports any other."""
        home = self._files.home
        try:
            path = os.path.join(self._find_zdotdir(), ".zshrc")
        except LatchkeyError as error:
            self._files.report.add("zsh", "unknown", error.message, remedy=error.remedy)
            return next(iter(self._files.blocks()), ZSHRC)
        item = host_files.with_tilde(path, home)
        if item.startswith("~/"):
            return item
        if not _reads_zshrc(path):
            what = "zsh reads this file, which is not in the home, so the block in ~/.zshrc is not reached"
            remedy = f"add this line to it: source {shlex.quote(host_files.expand(ZSHRC, home))}"
            self._files.report.add(path, "unknown", what, remedy=remedy)
        return ZSHRC

    def _insert_block(self, item: str, block: bytes, names: Sequence[str], *, replace: bool) -> None:
        before = host_files.read(host_files.expand(item, self._files.home), follow=True)
        data = before.data or b""
        shown = zshrc_block.text_for_diff(data)
        if shown and not replace:
            return
        wanted = zshrc_block.insert(data, block)
        if not shown:
            self._files.own_block(item, made=before.data is None, joined=(data or b"\n")[-1:] != b"\n")
        elif item not in self._files.blocks():
            # Copied here with the file: owned from now on.
            self._files.own_block(item, made=False, joined=False)
        self._put_zshrc(item, before, wanted)
        folder = os.path.dirname(host_files.expand(item, self._files.home))
        for row in conflicts.conflicts(wanted, names, Profiles(self._files.home, folder)):
            self._files.report.add(state="unknown", **row)

    def _remove_block(self, item: str) -> None:
        before = host_files.read(host_files.expand(item, self._files.home), follow=True)
        data = before.data or b""
        facts = self._files.blocks().get(item, {})
        wanted = zshrc_block.remove(data, joined=facts.get("joined", False))
        if wanted != data:
            self._put_zshrc(item, before, wanted if wanted or not facts.get("made") else None)
        self._files.disown_block(item)

    def _put_zshrc(self, item: str, before: host_files.Snapshot, wanted: bytes | None) -> None:
        shown = (zshrc_block.text_for_diff(before.data or b""), zshrc_block.text_for_diff(wanted or b""))
        self._files.put(WantedFile(item, wanted, mode=before.mode or 0o644, shown=shown, keep=True), before)

    def _program(self, item: str, data: bytes | None, *, mode: int) -> None:
        """Write or remove one of the shell programs, which the collection owns as a whole."""
        before = host_files.read(host_files.expand(item, self._files.home))
        foreign = before.data is not None and MADE_BY.encode() not in before.data
        if foreign and data is not None:
            raise LatchkeyError(f"{item} {_NOT_MADE}", remedy="move it out of the way")
        if data is not None:
            self._files.own("programs", item)
        if not foreign:
            shown = (_places(before.data), _places(data))
            self._files.put(WantedFile(item, data, mode=mode, shown=shown), before)
        if data is None:
            self._files.disown("programs", item)

    def _env_file(self, item: str, entries: Sequence[tuple[str, Credential]]) -> None:
        before = host_files.read(host_files.expand(item, self._files.home))
        values = {}
        for name, credential in entries:
            found = self._resolver.value(credential)
            if found.state == "blocked":
                self._files.report.add(item, found.report_state, f"{name}: {found.reason}", remedy=found.remedy)
                return
            if found.secret:
                values[name] = found.secret
        data = env_file.render(MADE_BY, values) if values else None
        headed = (before.data or b"").startswith(MADE_BY.encode())
        owned = before.data is None or (headed and item in self._files.owned("env_files"))
        if not owned and data not in (None, before.data):
            why = "has the first line of latchkey.workstation, but no record lists it" if headed else _NOT_MADE
            remedy = "move it out of the way: the next run makes it anew; or name another file"
            raise LatchkeyError(f"{item} {why}", remedy=remedy)
        if owned and data is not None:
            self._files.own("env_files", item)
        if owned or data is not None:
            shown = ("(other values)" if before.data else "", ", ".join(values))
            self._files.put(WantedFile(item, data, mode=0o600, shown=shown), before)
        if data is None:
            self._files.disown("env_files", item)


def _places(library: bytes | None) -> str:
    """The text for a diff of exports.sh: the places of each credential."""
    return "\n".join(filter(str.isprintable, _PLACE.findall((library or b"").decode(errors="replace"))))


def _reads_zshrc(path: str) -> bool:
    """True if the profile at ``path`` reads a ~/.zshrc itself."""
    with contextlib.suppress(LatchkeyError):
        data = host_files.read(os.path.realpath(path)).data or b""
        return any(
            effect.kind == "reads" and effect.name.strip(b"\"'").endswith(b"/.zshrc") for effect in effects(data)
        )
    return False


def _source_places(source: Mapping[str, Any], home: str) -> list[tuple[str, ...]]:
    """Places of a source that shells read themselves; empty for the other kinds."""
    if source["kind"] == "file":
        return [("file", host_files.expand(source["path"], home))]
    if source["kind"] == "dotenv":
        return [("dotenv", host_files.expand(source["path"], home), source["key"])]
    return []


def _env_file_entries(credentials: Sequence[Credential], home: str) -> dict[str, list[tuple[str, Credential]]]:
    """Variables and credentials of each env file, in the order of the declaration."""
    entries: dict[str, list[tuple[str, Credential]]] = {}
    for credential in credentials:
        item = credential["keychain"]
        for export in credential["exports"]:
            if export["file"]:
                of_file = entries.setdefault(host_files.with_tilde(export["file"], home), [])
                if not item or item["state"] == "present":
                    of_file.append((export["name"], credential))
    return entries
