# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is to be done with an item: decided once, from what was read and what is wanted, for check mode and for real."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ansible_collections.latchkey.workstation.plugins.module_utils._keychain import Change, Item, Reading

if TYPE_CHECKING:
    from ansible_collections.latchkey.workstation.plugins.module_utils._found import Found

__all__ = ["Step", "absence", "presence"]

_DESCRIPTION = ("label", "kind", "comment")


@dataclass(frozen=True)
class Step:
    """``state`` is ok, unknown, skipped, or write: then ``change`` is to be made, which ``blocked`` says cannot be."""

    state: str
    what: str = ""
    remedy: str = ""
    change: Change | None = None
    blocked: bool = False


def presence(item: Item, reading: Reading, wanted: Found, *, applied: bool | None, fresh: bool = False) -> Step:
    """``wanted`` is what has to be kept: found, absent (whatever is kept is right) or blocked (nobody can tell).

    ``applied`` tells whether the wanted value is what we last kept here, None where we kept nothing.
    With ``fresh`` the value was put in by hand: the item is made anew where its trusted apps cannot be had otherwise.
    """
    if wanted.state == "blocked":
        return Step(wanted.unwritten, wanted.reason, wanted.remedy)
    if reading.state in {"locked", "denied"} and not (fresh and reading.state == "denied"):
        return _unseen(item, reading, wanted, applied=applied)
    if wanted.state == "absent":
        return _as_kept(item, reading, wanted)
    if reading.state == "absent":
        return Step("write", "made", change=Change("create", item, reading, wanted.secret))
    anew = fresh and (reading.state == "denied" or _lacks_an_app(item, reading))
    change = Change("recreate" if anew else "update", item, reading, wanted.secret)
    if reading.state == "kept" and reading.secret == wanted.secret:
        return Step("write", "its trusted apps were different", change=change) if anew else _described(change)
    return Step("write", "its value was different" if reading.secret else "made anew", change=change)


def _lacks_an_app(item: Item, reading: Reading) -> bool:
    return reading.trusted is not None and not set(item.trusted_apps) <= set(reading.trusted)


def absence(item: Item, reading: Reading) -> Step:
    """What to do with an item that is not to be there."""
    if reading.exists is None:
        return Step("unknown", reading.reason, reading.remedy)
    if not reading.exists:
        return Step("ok", "is not there")
    step = Step("write", "removed", change=Change("remove", item, reading))
    if reading.state == "locked":
        return replace(step, what=reading.reason, remedy=reading.remedy, blocked=True)
    return step


def _unseen(item: Item, reading: Reading, wanted: Found, *, applied: bool | None) -> Step:
    """The value cannot be looked at: what was last applied tells whether it would have to be written."""
    if wanted.state == "absent" and reading.exists is False:
        return _missing(wanted)
    if wanted.state == "absent" or (applied is None and reading.exists is not False):
        return Step("unknown", reading.reason, reading.remedy)
    if applied and reading.exists is not False:
        return Step("ok", f"as we kept it last; {reading.reason}")
    lacking = "is not there yet" if reading.exists is False else "is not what we kept last"
    change = Change("create" if reading.exists is False else "update", item, reading, wanted.secret)
    return Step("write", f"{lacking}; {reading.reason}", reading.remedy, change=change, blocked=True)


def _as_kept(item: Item, reading: Reading, wanted: Found) -> Step:
    if reading.state == "absent":
        return _missing(wanted)
    if reading.state == "unfit":
        return Step("unknown", reading.reason, reading.remedy)
    return _described(Change("update", item, reading, reading.secret))


def _missing(wanted: Found) -> Step:
    return Step("skipped", f"no value yet: {wanted.reason}" if wanted.reason else "no value yet", wanted.remedy)


def _described(change: Change) -> Step:
    """The value is right: is everything else of it?"""
    wanted = {name: getattr(change.item, name) for name in _DESCRIPTION}
    other = [name for name, text in wanted.items() if text is not None and text != getattr(change.before, name)]
    if change.before.loose:
        return Step("write", "others could read it", change=change)
    if not other:
        return Step("ok")
    return Step("write", f"its {' and '.join(other)} {'was' if len(other) == 1 else 'were'} different", change=change)
