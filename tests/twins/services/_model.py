# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Data types of the fake services: relative times, replies, requests, scenarios and the state of a service."""

from __future__ import annotations

import hashlib
import json
import string
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Literal

__all__ = [
    "DAY",
    "LATER",
    "PAST",
    "SOON",
    "Answer",
    "Meaning",
    "Reply",
    "Request",
    "Scenario",
    "Service",
    "ServiceState",
    "When",
    "specimen",
]

DAY = 86400
SOON, LATER, PAST = 5 * DAY, 200 * DAY, -3 * DAY  # when a scenario's token ends, counted from the twin's clock

# What the provider means by its answer.
Meaning = Literal[
    "valid", "invalid", "malformed", "expired", "revoked", "insufficient-scope", "rate-limited", "indeterminate"
]
FORMS: Mapping[str, Callable[[datetime], object]] = {
    "rfc3339": lambda at: at.strftime("%Y-%m-%dT%H:%M:%SZ"),
    "rfc1123": lambda at: format_datetime(at, usegmt=True),
    "epoch": lambda at: int(at.timestamp()),
    "epoch_ms": lambda at: int(at.timestamp()) * 1000,
    "zone_name": lambda at: at.strftime("%Y-%m-%d %H:%M:%S UTC"),
    "zone_offset": lambda at: at.astimezone(timezone(timedelta(hours=9))).strftime("%Y-%m-%d %H:%M:%S %z"),
}


@dataclass(frozen=True)
class When:
    """A moment counted from the twin's clock, written as that provider writes it."""

    seconds: float
    form: str = "rfc3339"

    def at(self, now: float) -> object:
        return FORMS[self.form](datetime.fromtimestamp(now + self.seconds, timezone.utc))


def _filled(value: object, now: float) -> object:
    if isinstance(value, When):
        return value.at(now)
    if isinstance(value, Mapping):
        return {key: _filled(each, now) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_filled(each, now) for each in value]
    return value


@dataclass(frozen=True)
class Answer:
    """A reply as it goes on the wire."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(frozen=True)
class Reply:
    """Text and bytes go out as they are, everything else as JSON."""

    status: int
    body: object = ""
    headers: Mapping[str, object] = field(default_factory=dict)

    def render(self, now: float) -> Answer:
        if isinstance(self.body, (str, bytes)):
            raw = self.body.encode() if isinstance(self.body, str) else self.body
            kind = "text/html; charset=utf-8" if raw.startswith(b"<") else "text/plain; charset=utf-8"
        else:
            raw, kind = json.dumps(_filled(self.body, now)).encode(), "application/json; charset=utf-8"
        headers = {"Content-Type": kind, **{name: str(_filled(value, now)) for name, value in self.headers.items()}}
        return Answer(self.status, tuple(headers.items()), raw)


@dataclass(frozen=True)
class Request:
    """What arrived. `path` is what follows the service's base; headers keep their order and their repetitions."""

    service: str
    method: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    body: bytes = b""
    elsewhere: bool = False

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def header(self, name: str) -> str:
        return next(iter(self.all(name)), "")

    def bearer(self, *schemes: str) -> str:
        scheme, _space, token = self.header("Authorization").partition(" ")
        return token if scheme.lower() in (schemes or ("bearer",)) else ""


@dataclass(frozen=True)
class Scenario:
    """One state a credential can be in: what it is, what the service answers by path, and what it means by that.

    Keys of `replies` are "GET /user"; "*" is every other resource. `says` is the documented answer in words.
    """

    means: Meaning
    replies: Mapping[str, Reply]
    secret: str = ""
    identity: str = ""
    says: str = ""

    def reply(self, request: Request) -> Reply | None:
        method = "GET" if request.method == "HEAD" else request.method
        return self.replies.get(f"{method} {request.path}") or self.replies.get("*")


@dataclass
class ServiceState:
    """State of one fake service: the scenario of each token, counters, and the chosen scenario."""

    scenarios: Mapping[str, Scenario]
    clock: Callable[[], float]
    known: dict[tuple[str, str], str] = field(default_factory=dict)
    tally: Counter[str] = field(default_factory=Counter)
    chosen: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.known = {(each.identity, each.secret): name for name, each in self.scenarios.items()}
        self.tally = Counter()
        self.chosen = next(iter(self.scenarios))

    def name_of(self, secret: str, identity: str = "") -> str:
        return self.known.get((identity, secret), "") if secret else ""

    def find(self, secret: str, identity: str = "") -> Scenario | None:
        return self.scenarios.get(self.name_of(secret, identity))

    def count(self, what: str) -> int:
        """How often `what` has happened, this time included."""
        with self.lock:
            self.tally[what] += 1
            return self.tally[what]


@dataclass(frozen=True)
class Service:
    """`base` is what the real service's base URL has after its host; `form` is a token it can read at all."""

    name: str
    scenarios: Mapping[str, Scenario]
    answer: Callable[[Request, ServiceState], Reply]
    base: str = ""
    form: str = r"[!-~](.*[!-~])?"


def specimen(seed: str, *, prefix: str = "", length: int = 40, alphabet: str = string.ascii_letters) -> str:
    """A made-up token of a real one's shape, the same in every run; the source holds nothing that looks real."""
    stream = hashlib.shake_256(seed.encode()).digest(length)
    return prefix + "".join(alphabet[byte % len(alphabet)] for byte in stream)
