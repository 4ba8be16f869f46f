# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write planned changes to stores: record each before it is made, write all of a store at once, report each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .._core.secrets import fingerprint

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .._core.errors import LatchkeyError
    from .._core.report import Report
    from .._core.secrets import Secret
    from .base import Change, Item, Location, Step, Store
    from .ownership import Sources, StoreRecord

__all__ = ["PlannedChange", "Writer"]


@dataclass
class PlannedChange:
    """The decision about one item of one credential.

    ``name`` is the item's name in the report. ``only_copy``: the value that the item holds before a value entered by
    hand replaces it, or will hold; None if an authority has a value. ``sources``: the declared authoritative
    sources if they have the item's value.
    """

    name: str
    item: Item
    step: Step
    store: Store
    credential: str
    only_copy: Secret | None = None
    sources: Sources = ()

    @property
    def location(self) -> Location:
        return (self.store.name, self.item.key)


@dataclass
class Writer:
    """Makes one member's planned changes and adds them to ``report``; in check mode nothing is written."""

    record: StoreRecord
    key: bytes | None
    report: Report
    check_mode: bool

    def write(self, plans: Sequence[PlannedChange]) -> set[str]:
        """Make the changes of ``plans`` and add one row for each plan to the report.

        Returns the credentials whose items are as declared now, or would be after a run without check mode.
        """
        wanted = [(plan, plan.step.change) for plan in plans if plan.step.change and not plan.step.blocked]
        refusals = {plan.location: plan.store.refusal(change) for plan, change in wanted}
        errors = {location: error for location, error in refusals.items() if error}
        errors.update(self._apply([(plan, change) for plan, change in wanted if plan.location not in errors]))
        return {plan.credential for plan in plans if self._add_row(plan, errors.get(plan.location))}

    def _apply(self, writes: Sequence[tuple[PlannedChange, Change]]) -> dict[Location, LatchkeyError]:
        """Record and make the changes; the record then holds what was written, or what was there before a failure."""
        before = dict(self.record.items)
        for plan, change in writes:
            self.record.record_intent(
                plan.location, plan.credential, made=change.action == "create", sources=plan.sources
            )
        self.record.save()
        if self.check_mode:
            return {}
        errors: dict[Location, LatchkeyError] = {}
        for store in {plan.store.name: plan.store for plan, _change in writes}.values():
            outcome = store.apply([change for plan, change in writes if plan.store is store])
            errors.update({(store.name, key): error for key, error in outcome.items() if error})
        for plan, change in writes:
            location = plan.location
            if location not in errors and change.secret:
                self.record.record_written(location, plan.credential, change.secret, key=self.key, sources=plan.sources)
            elif location in errors and location in before:
                self.record.items[location] = before[location]
            else:
                self.record.forget(location)
        return errors

    def _add_row(self, plan: PlannedChange, error: LatchkeyError | None) -> bool:
        """Add the row of ``plan`` to the report; True if the item is as declared."""
        step, report = plan.step, self.report
        if error:
            report.add_error(plan.name, error)
            return False
        if step.blocked:
            # The store may be usable by the time of the run without check mode.
            report.add(plan.name, "unknown" if self.check_mode else "failed", step.what, remedy=step.remedy)
            return False
        if step.change:
            report.add(plan.name, "changed", step.what)
            report.diff.append(_diff(step.change, self.key))
            return True
        report.add(plan.name, step.state, step.what, remedy=step.remedy)
        return step.state == "ok"


def _diff(change: Change, key: bytes | None) -> dict[str, str]:
    """Rows before and after a change: the value's fingerprint, and the description where it changes."""
    item, before = change.item, change.before
    shown = before.secret and (fingerprint(key, before.secret) if key else "kept")
    rows = {"before": [shown or ("absent" if before.exists is False else "not read")], "after": ["absent"]}
    if change.secret:
        rows["after"] = [fingerprint(key, change.secret) if key else "kept"]
        for name in ("label", "kind", "comment"):
            if getattr(item, name) not in (None, getattr(before, name)):
                rows["before"] += [f"{name}: {getattr(before, name)}"] if getattr(before, name) else []
                rows["after"].append(f"{name}: {getattr(item, name)}")
    return {side: "".join(f"{item.name}: {row}\n" for row in lines) for side, lines in rows.items()}
