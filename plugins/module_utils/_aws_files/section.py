# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Edit one section of an AWS file to match its declaration, and track which keys this collection owns.

A key is *owned* if this collection added it: the key was absent when it was first written. A key that existed before
is *adopted*: its value may be replaced, but it is not recorded and stays when it is no longer declared. For each owned
key the ownership record holds a keyed digest of its value. An owned key that is no longer declared is removed only if
its value still has that digest; a value that the user changed stays.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .declared import KEEP_EXISTING, KEY_PAIR, KeyPath, Setting, WantedSection
from .editor import add_section, get_value, header_of, remove_section, remove_value, set_value
from .masking import masked
from .ownership import HEADER, digest
from .parser import raise_duplicate_section

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .ini import Ini, Section, Value

__all__ = ["SectionEdit", "SectionResult"]


@dataclass(frozen=True)
class SectionResult:
    """One line of the report about a section: what changed, or why a part of it was left alone."""

    item: str
    state: str
    what: str
    remedy: str = ""


class SectionEdit:
    """Edit of the section ``item`` (kind and name) of ``ini``.

    ``owned`` maps the owned keys to their digests, before and after the edit. ``key`` is the secret key of digests and
    fingerprints; without it (None) changes of values cannot be detected. ``before`` and ``after`` are the diff, with
    secrets masked.
    """

    def __init__(self, ini: Ini, item: str, owned: Mapping[str, str], *, key: bytes | None) -> None:
        self.item = item
        self.owned = dict(owned)
        self.results: list[SectionResult] = []
        self.before = self.after = ""
        self._ini = ini
        self._key = key
        self._kind, self._name = item.split(" ", 1)
        found = ini.find(self._kind, self._name)
        if len(found) > 1:
            raise_duplicate_section(ini, found[0], found[1])
        self._section = found[0] if found else None
        self._existed = bool(found)
        self._set: list[str] = []
        self._removed: list[str] = []
        self._modified_by_user: set[str] = set()
        self._removed_lines: list[str] = []
        self._added_lines: list[str] = []

    def remove_owned(self, declared: Mapping[str, WantedSection]) -> None:
        """Remove owned keys of a section that is no longer declared, and the section if it is owned and empty.

        An sso-session that a profile of the user refers to is kept.
        """
        profile = self._undeclared_reference(declared)
        if profile:
            what = f"kept although no longer declared: [{profile.header}] refers to it"
            self.results.append(
                SectionResult(self.item, "ok", what, "declare it, or change sso_session of that profile")
            )
            return
        self._remove_owned_keys(keep=set())
        if self._section and HEADER in self.owned and not self._section.options():
            self._remove_section(self._section)
        if self._removed:
            self._add_result(f"{self._summary()}, no longer declared")
        self._add_modified_by_user()
        self.owned = {}

    def apply(self, wanted: WantedSection) -> None:
        """Make the section match ``wanted``."""
        if wanted.deferred:
            return
        if wanted.absent:
            self._clear()
        else:
            self._fill(wanted)
        self._add_result(self._summary())
        self._add_modified_by_user()

    def _clear(self) -> None:
        """Remove the section with all of its keys, owned or not."""
        if self._section:
            for key, value in self._section.values().items():
                self._show(self._removed_lines, KeyPath(key), value)
            self._remove_section(self._section)
        self.owned = {}

    def _fill(self, wanted: WantedSection) -> None:
        self._remove_owned_keys(keep={str(path) for path in wanted.settings})
        if self._section is None:
            self._section = add_section(self._ini, self._kind, self._name)
            self.owned[HEADER] = ""
            self._set.append(HEADER)
        for path, setting in wanted.settings.items():
            if setting is None:
                self._remove_key(path)
            elif setting is not KEEP_EXISTING:
                self._set_key(self._section, path, setting)

    def _set_key(self, section: Section, path: KeyPath, setting: Setting) -> None:
        old = get_value(section, path)
        if old is None or str(path) in self.owned:
            self.owned[str(path)] = self._digest(str(path), setting.text)
        if old == setting.text:
            return
        whole = get_value(section, KeyPath(path.key))
        if old is not None:
            self._show(self._removed_lines, path, old, setting=setting)
        elif isinstance(whole, str):
            self._show(self._removed_lines, KeyPath(path.key), whole)
        set_value(self._ini, section, path, setting.text)
        self._set.append(str(path))
        self._show(self._added_lines, path, setting.text, setting=setting)

    def _remove_key(self, path: KeyPath) -> None:
        self.owned.pop(str(path), None)
        old = get_value(self._section, path) if self._section else None
        if self._section and old is not None:
            self._show(self._removed_lines, path, old)
            remove_value(self._ini, self._section, path)
            self._removed.append(str(path))

    def _remove_owned_keys(self, *, keep: set[str]) -> None:
        """Remove owned keys outside ``keep`` whose value is unchanged; a changed value may have no other copy."""
        leaving = self.owned.keys() - keep - {HEADER}
        self._modified_by_user = {name for name in leaving if self._is_modified(name)}
        if self._modified_by_user & KEY_PAIR:
            self._modified_by_user |= leaving & KEY_PAIR
        for name in sorted(leaving - self._modified_by_user):
            self._remove_key(KeyPath.parse(name))
        for name in self._modified_by_user:
            del self.owned[name]

    def _is_modified(self, name: str) -> bool:
        value = get_value(self._section, KeyPath.parse(name)) if self._section else None
        return value is not None and self._digest(name, value) not in {"", self.owned[name]}

    def _digest(self, name: str, value: Value) -> str:
        return digest(self.item, name, value, key=self._key)

    def _undeclared_reference(self, declared: Mapping[str, WantedSection]) -> Section | None:
        """The profile in the file that refers to this owned sso-session although the declaration does not."""
        if self._kind != "sso-session" or HEADER not in self.owned:
            return None
        for profile in self._ini.sections:
            if profile.values().get("sso_session") == self._name:
                wanted = declared.get(" ".join(profile.identity or ()))
                if not (wanted and KeyPath("sso_session") in wanted.settings):
                    return profile
        return None

    def _remove_section(self, section: Section) -> None:
        remove_section(self._ini, section)
        self._section = None
        self._removed.append(HEADER)

    def _show(self, lines: list[str], path: KeyPath, value: Value, *, setting: Setting | None = None) -> None:
        if isinstance(value, dict):
            for nested, text in value.items():
                self._show(lines, KeyPath(path.key, nested), text, setting=setting)
        else:
            lines.append(f"{path} = {masked(path, value, setting, key=self._key)}\n")

    def _summary(self) -> str:
        if HEADER in self._set:
            return "created"
        if HEADER in self._removed:
            return "removed"
        parts = (("set", self._set), ("removed", self._removed))
        return "; ".join(f"{verb} {', '.join(names)}" for verb, names in parts if names)

    def _add_result(self, what: str) -> None:
        self.results.append(SectionResult(self.item, "changed" if what else "ok", what))
        header = f"[{header_of(self._kind, self._name)}]\n"
        if what and self._existed:
            self.before = header + "".join(self._removed_lines)
        if what and self._section:
            self.after = header + "".join(self._added_lines)

    def _add_modified_by_user(self) -> None:
        if self._modified_by_user:
            what = f"{', '.join(sorted(self._modified_by_user))} kept: changed since this collection wrote it"
            self.results.append(SectionResult(self.item, "ok", what, "delete it yourself if it is not needed"))
