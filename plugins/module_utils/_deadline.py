# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Time that is given, and jobs that all wait at once."""

from __future__ import annotations

import queue
import threading
import time
from typing import TYPE_CHECKING, Callable, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Deadline", "at_once"]

T = TypeVar("T")


class Deadline:
    """A moment on the monotonic clock; seconds are what is given and what is left."""

    def __init__(self, seconds: float) -> None:
        self._moment = time.monotonic() + seconds

    def left(self) -> float:
        return max(0.0, self._moment - time.monotonic())

    def narrow(self, seconds: float) -> Deadline:
        return Deadline(min(seconds, self.left()))


def at_once(jobs: Mapping[str, Callable[[], T]], deadline: Deadline, *, width: int = 64) -> dict[str, T | None]:
    """What each job returned; None for one that was not done in time. What a job raises is raised here.

    Threads are daemons: one that hangs past the deadline is left behind and ends with the process.
    """
    waiting: queue.SimpleQueue[tuple[str, Callable[[], T]]] = queue.SimpleQueue()
    done: queue.SimpleQueue[tuple[str, T | None, Exception | None]] = queue.SimpleQueue()
    for item in jobs.items():
        waiting.put(item)

    def work() -> None:
        while deadline.left():
            try:
                name, job = waiting.get_nowait()
            except queue.Empty:
                return
            try:
                done.put((name, job(), None))
            except Exception as error:  # noqa: BLE001 - handed to the caller's thread
                done.put((name, None, error))

    _begin(work, min(width, len(jobs)))
    results: dict[str, T | None] = dict.fromkeys(jobs)
    try:
        for _job in jobs:
            name, result, error = done.get(timeout=max(0.001, deadline.left()))
            results[name] = result
            if error is not None:
                raise error
    except queue.Empty:
        pass
    return results


def _begin(work: Callable[[], None], width: int) -> None:
    """``work`` in as many threads; where no more are to be had, in those that have begun and in this one."""
    try:
        for _place in range(width):
            threading.Thread(target=work, daemon=True).start()
    except RuntimeError:
        work()
