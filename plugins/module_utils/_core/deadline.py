# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Deadlines, and jobs that run in parallel threads until one deadline."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from typing import TYPE_CHECKING, Callable, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Deadline", "Jobs", "at_once"]

T = TypeVar("T")


class Deadline:
    """A point in time on the monotonic clock; all durations are in seconds."""

    def __init__(self, seconds: float) -> None:
        self._moment = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds until the deadline, 0 once it has passed."""
        return max(0.0, self._moment - time.monotonic())

    def narrow(self, seconds: float) -> Deadline:
        """A deadline ``seconds`` from now, but never later than this one."""
        return Deadline(min(seconds, self.left()))


class Jobs(Generic[T]):
    """Thread pool whose jobs start when they are added and share one deadline.

    The threads are daemons: a job that hangs past the deadline is abandoned and ends with the process.
    """

    def __init__(self, deadline: Deadline, *, width: int = 64) -> None:
        self._deadline = deadline
        self._width = width
        self._names: list[str] = []
        self._threads = 0
        self._waiting: queue.SimpleQueue[tuple[str, Callable[[], T]] | None] = queue.SimpleQueue()
        self._done: queue.SimpleQueue[tuple[str, T | None, Exception | None]] = queue.SimpleQueue()

    def add(self, name: str, job: Callable[[], T]) -> None:
        self._names.append(name)
        self._waiting.put((name, job))
        if self._threads < self._width:
            # Without a further thread (limit of the system), the running ones work through the queue.
            with contextlib.suppress(RuntimeError):
                threading.Thread(target=self._work, daemon=True).start()
                self._threads += 1

    def results(self) -> dict[str, T | None]:
        """Result of each job by name, None for a job that missed the deadline; re-raises the exception of a job."""
        for _thread in range(max(1, self._threads)):
            self._waiting.put(None)
        if not self._threads:
            self._work()
        results: dict[str, T | None] = dict.fromkeys(self._names)
        try:
            for _job in self._names:
                name, result, error = self._done.get(timeout=max(0.001, self._deadline.left()))
                results[name] = result
                if error is not None:
                    raise error
        except queue.Empty:
            pass
        return results

    def _work(self) -> None:
        while self._deadline.left():
            try:
                item = self._waiting.get(timeout=self._deadline.left())
            except queue.Empty:
                return
            if item is None:
                return
            name, job = item
            try:
                self._done.put((name, job(), None))
            except Exception as error:  # noqa: BLE001 - handed to the caller's thread
                self._done.put((name, None, error))


def at_once(jobs: Mapping[str, Callable[[], T]], deadline: Deadline, *, width: int = 64) -> dict[str, T | None]:
    """Run ``jobs`` in parallel; results by name as in :meth:`Jobs.results`."""
    several: Jobs[T] = Jobs(deadline, width=width)
    for name, job in jobs.items():
        several.add(name, job)
    return several.results()
