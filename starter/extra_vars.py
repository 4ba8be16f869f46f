# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Find misspelt extra variables: ``-e usr=bob`` would otherwise serve everybody."""

from __future__ import annotations

import contextlib
import difflib
import os
import re
import shlex
from typing import TYPE_CHECKING

import yaml

from .environment import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

__all__ = ["misspelt", "named_files"]

PLAYBOOK_VARIABLES = ("user", "credential", "purge", "state")
_CLOSE = 0.75
_PAIR = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=")


def named_files(extra_vars: Iterable[str]) -> list[str]:
    """The files that ``-e @FILE`` names."""
    return [given[1:] for given in extra_vars if given.startswith("@")]


def misspelt(extra_vars: Iterable[str], *, is_used: Callable[[str], bool]) -> list[str]:
    """A sentence for each variable that nothing reads and whose name is close to one of the collection's.

    ``is_used`` tells if the inventory mentions a name.
    """
    names = {name for given in extra_vars for name in _names(given)}
    if not names:
        return []
    known = {*PLAYBOOK_VARIABLES, *_role_variables()}
    found = []
    for name in sorted(names - known):
        close = difflib.get_close_matches(name, known, n=1, cutoff=_CLOSE)
        if close and not is_used(name):
            found.append(f"-e {name}=… is not known, did you mean {close[0]}?")
    return found


def _names(given: str) -> Iterator[str]:
    if given.startswith("@"):
        try:
            with open(given[1:], "rb") as file:
                given = file.read().decode()
        except (OSError, UnicodeDecodeError):
            return
    elif given[:1] not in ("{", "["):
        yield from (pair[1] for word in _words(given) if (pair := _PAIR.match(word)))
        return
    yield from _top_keys(given)


def _words(given: str) -> list[str]:
    try:
        return shlex.split(given)
    except ValueError:
        return given.split()


def _top_keys(text: str) -> list[str]:
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError:
        return []
    return [str(key.value) for key, _value in node.value] if isinstance(node, yaml.MappingNode) else []


def _role_variables() -> Iterator[str]:
    """Names of what the roles take."""
    roles = f"{CHECKOUT}/roles"
    for role in sorted(os.listdir(roles)) if os.path.isdir(roles) else ():
        with contextlib.suppress(OSError), open(f"{roles}/{role}/defaults/main.yml", encoding="utf-8") as file:
            yield from _top_keys(file.read())
