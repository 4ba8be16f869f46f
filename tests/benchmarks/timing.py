# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Median wall and CPU time of several jobs, run in turns so that other load affects all of them alike."""

from __future__ import annotations

import dataclasses
import os
import statistics
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["Cost", "costs", "medians"]


@dataclasses.dataclass(frozen=True)
class Cost:
    """Seconds that passed, and seconds that processors worked for it, which tells more where others work as well."""

    wall: float
    cpu: float


def medians(jobs: Mapping[str, Callable[[], object]], *, runs: int) -> dict[str, float]:
    """Median of the seconds that each took."""
    return {name: cost.wall for name, cost in costs(jobs, runs=runs).items()}


def costs(jobs: Mapping[str, Callable[[], object]], *, runs: int) -> dict[str, Cost]:
    """Medians of what each job costs, the programs it ran included."""
    taken: dict[str, list[Cost]] = {name: [] for name in jobs}
    for _ in range(runs):
        for name, job in jobs.items():
            wall, cpu = time.perf_counter(), _cpu()
            job()
            taken[name].append(Cost(time.perf_counter() - wall, _cpu() - cpu))
    return {
        name: Cost(statistics.median(cost.wall for cost in each), statistics.median(cost.cpu for cost in each))
        for name, each in taken.items()
    }


def _cpu() -> float:
    return sum(os.times()[:4])
