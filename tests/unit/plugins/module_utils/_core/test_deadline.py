# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Jobs that wait at once, and a moment after which nothing is waited for."""

from __future__ import annotations

import threading
import time

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._core.deadline import Deadline, at_once
from ansible_collections.latchkey.workstation.plugins.module_utils._core.errors import LatchkeyError

SECONDS = 0.4
SLACK = 0.6  # two busy cores; a deadline that is not kept is late by many seconds


def test_hanging_job_is_abandoned_at_the_deadline() -> None:
    never = threading.Event()
    started = time.monotonic()
    done = at_once({"slow": never.wait, "fast": lambda: True}, Deadline(SECONDS))
    assert done == {"slow": None, "fast": True}
    assert time.monotonic() - started < SECONDS + SLACK
    never.set()


def test_no_job_starts_after_the_deadline() -> None:
    begun: list[int] = []

    def job() -> None:
        begun.append(1)
        time.sleep(0.3)

    at_once({str(n): job for n in range(5)}, Deadline(0.1), width=1)
    time.sleep(0.5)
    assert begun == [1]


@pytest.mark.parametrize("granted", [0, 1])
def test_remaining_threads_do_all_jobs_when_threads_are_refused(monkeypatch: pytest.MonkeyPatch, granted: int) -> None:
    begin, begun = threading.Thread.start, []

    def start(thread: threading.Thread) -> None:
        if len(begun) >= granted:
            raise RuntimeError("can't start new thread")
        begun.append(thread)
        begin(thread)

    monkeypatch.setattr(threading.Thread, "start", start)
    done = at_once({str(n): lambda: True for n in range(30)}, Deadline(5))
    assert set(done.values()) == {True}


def test_exception_of_a_job_is_raised_again() -> None:
    def job() -> None:
        raise LatchkeyError("told")

    with pytest.raises(LatchkeyError, match="told"):
        at_once({"one": job}, Deadline(5))
