# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Record of what the collection has made for a member, kept without values in the member's state folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .state import State

__all__ = ["OwnershipRecord"]


class OwnershipRecord:
    """``NAME.json`` in a member's state folder: a JSON object whose entries name what the collection has made.

    Hold ``State.lock`` from loading to saving; loading alone, to read, needs no lock. Record an intent before each
    write and the outcome after it::

        record = OwnershipRecord(state, "exports", fits=_fits)
        record.record_intent({"env_files": ["~/a.env"]})  # saved before ~/a.env is created: a killed run is known
        ...
        record.record_written({"env_files": ["~/a.env"]})  # replaces the entry; an empty one is dropped

    ``data`` is the recorded object, ``{entry: list or dict}``; digests and names, never a value. In check mode it
    follows the calls, and the file stays as it is.
    """

    def __init__(self, state: State, name: str, *, fits: Callable[[dict[str, Any]], bool]) -> None:
        """Load the record, empty if there is no file.

        LatchkeyError if the file is damaged: no JSON object, or one for which ``fits`` is false or raises
        AttributeError, KeyError, TypeError or ValueError.
        """
        self._state, self._name = state, name
        self.data = state.load(name)
        try:
            intact = fits(self.data)
        except (AttributeError, KeyError, TypeError, ValueError):
            intact = False
        if not intact:
            raise state.damaged(name)

    def record_intent(self, entries: Mapping[str, Any]) -> None:
        """Add ``entries`` to what is recorded and save: dicts are merged, lists gain what they lack."""
        self.record_written({name: _union(self.data.get(name), entry) for name, entry in entries.items()})

    def record_written(self, entries: Mapping[str, Any]) -> None:
        """Replace the recorded entries of the same names and save; empty entries are dropped."""
        self.data = {name: entry for name, entry in {**self.data, **entries}.items() if entry}
        self._state.save(self._name, self.data)


def _union(known: Any, new: Any) -> Any:
    if isinstance(known, dict) and isinstance(new, dict):
        return {**known, **{name: _union(known.get(name), entry) for name, entry in new.items()}}
    if isinstance(known, list) and isinstance(new, list):
        return [*known, *(entry for entry in new if entry not in known)]
    return new
