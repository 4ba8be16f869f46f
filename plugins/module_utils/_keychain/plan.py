# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Decide what to do with one item, from its reading and its wanted value; the same for check mode."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from .._stores.base import Change, Item, Reading, Step

if TYPE_CHECKING:
    from .._core.lookup import LookupResult

__all__ = ["plan_absent", "plan_present"]

_UNREAD = {"locked", "denied", "ambiguous", "unknown"}
_DESCRIPTION = ("label", "kind", "comment")


def plan_present(
    item: Item, reading: Reading, wanted: LookupResult, *, last_written: bool | None, by_hand: bool = False
) -> Step:
    """Step for an item that is to exist.

    ``wanted`` is the value to store: found, absent (any stored value is right) or blocked (unknown). ``last_written``:
    the wanted value is the one that an earlier run stored here; None if no run stored one. ``by_hand``: the value was
    entered by a person, so the item is recreated where its trusted applications cannot be set otherwise.
    """
    if wanted.state == "blocked":
        return Step(wanted.report_state, wanted.reason, wanted.remedy)
    if reading.state in _UNREAD and not (by_hand and reading.state == "denied"):
        return _plan_unread(item, reading, wanted, last_written=last_written, by_hand=by_hand)
    if wanted.state == "absent":
        return _plan_stored(item, reading, wanted)
    if reading.state == "absent":
        return Step("write", "created", change=Change("create", item, reading, wanted.secret))
    anew = by_hand and (reading.state == "denied" or _lacks_an_app(item, reading))
    change = Change("recreate" if anew else "update", item, reading, wanted.secret)
    if reading.state == "readable" and reading.secret == wanted.secret:
        return Step("write", "its trusted apps were different", change=change) if anew else _plan_description(change)
    return Step("write", "its value was different" if reading.secret else "created again", change=change)


def plan_absent(item: Item, reading: Reading) -> Step:
    """Step for an item that is not to exist."""
    if reading.exists is None:
        return Step("unknown", reading.reason, reading.remedy)
    if not reading.exists:
        return Step("ok", "does not exist")
    step = Step("write", "removed", change=Change("remove", item, reading))
    if reading.state in {"locked", "ambiguous"}:
        return replace(step, what=reading.reason, remedy=reading.remedy, blocked=True)
    return step


def _lacks_an_app(item: Item, reading: Reading) -> bool:
    return reading.trusted is not None and not set(item.trusted_apps) <= set(reading.trusted)


def _plan_unread(
    item: Item, reading: Reading, wanted: LookupResult, *, last_written: bool | None, by_hand: bool
) -> Step:
    """Step where the stored value cannot be read: the last written one tells if a write is needed."""
    if wanted.state == "absent" and reading.exists is False:
        return _plan_missing(wanted)
    undecided = last_written is None and reading.exists is not False and not by_hand
    if wanted.state == "absent" or undecided or (last_written and reading.state == "ambiguous"):
        return Step("unknown", reading.reason, reading.remedy)
    if last_written and reading.exists is not False:
        return Step("ok", f"as last written; {reading.reason}")
    need = "does not exist yet" if reading.exists is False else "differs from the value last written"
    change = Change("create" if reading.exists is False else "update", item, reading, wanted.secret)
    return Step("write", f"{need}; {reading.reason}", reading.remedy, change=change, blocked=True)


def _plan_stored(item: Item, reading: Reading, wanted: LookupResult) -> Step:
    """Step where no source has a value: the stored one is right."""
    if reading.state == "absent":
        return _plan_missing(wanted)
    if reading.state == "unusable":
        return Step("unknown", reading.reason, reading.remedy)
    return _plan_description(Change("update", item, reading, reading.secret))


def _plan_missing(wanted: LookupResult) -> Step:
    return Step("skipped", f"no value yet: {wanted.reason}" if wanted.reason else "no value yet", wanted.remedy)


def _plan_description(change: Change) -> Step:
    """Step where the stored value is right: ``change`` is made if the description or the permissions differ."""
    wanted = {name: getattr(change.item, name) for name in _DESCRIPTION}
    other = [name for name, text in wanted.items() if text is not None and text != getattr(change.before, name)]
    if change.before.readable_by_others:
        return Step("write", "other accounts could read it", change=change)
    if not other:
        return Step("ok")
    return Step("write", f"its {' and '.join(other)} {'was' if len(other) == 1 else 'were'} different", change=change)
