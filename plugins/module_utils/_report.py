# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a surface says of a member; whatever a member's process sent is read strictly."""

from __future__ import annotations

import collections
import datetime as dt
import json
import math
import re
import unicodedata
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Callable

from ansible_collections.latchkey.workstation.plugins.module_utils._errors import LatchkeyError
from ansible_collections.latchkey.workstation.plugins.module_utils._secrets import redactor

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ansible_collections.latchkey.workstation.plugins.module_utils._secrets import Secret

__all__ = ["LONGEST", "Report", "Served", "attempt", "clean", "result"]

LONGEST = 1 << 20
_ROOM = LONGEST - 200_000
_PRESSING = {"changed", "failed"}
_STATES = {"ok", "changed", "failed", "unknown", "skipped"}
_LONGEST_TEXT = 200_000
_MOST = 5_000
_STARTED = dt.datetime.now(dt.timezone.utc).isoformat(timespec="seconds")
_SHAPE = {"items": list, "diff": list, "failed": bool, "msg": str}
_ITEM = ("item", "state", "what", "remedy")
_DIFF = ("before", "after")
_KEY = re.compile(r"[a-z][a-z0-9_]*")


@dataclass
class Report:
    """``items``: flat rows with at least item, state, what; ``diff``: rows of before, after."""

    items: list[dict[str, Any]] = field(default_factory=list)
    diff: list[dict[str, str]] = field(default_factory=list)
    failed: bool = False
    msg: str = ""

    def add(self, item: str, state: str, what: str = "", *, remedy: str = "", **more: Any) -> None:
        self.items.append({"item": item, "state": state, "what": what, "remedy": remedy, **more})

    @property
    def changed(self) -> bool:
        return any(row["state"] == "changed" for row in self.items)

    @classmethod
    def failure(cls, error: LatchkeyError) -> Report:
        return cls(failed=True, msg=str(error))

    def encode(self, secrets: Iterable[Secret] = ()) -> bytes:
        """JSON without any of ``secrets`` in it, and no longer than it is read."""
        return _bounded(_walk(asdict(self), redactor(secrets)))

    @classmethod
    def decode(cls, data: bytes) -> Report:
        """The report in ``data``; anything of another shape is an error."""
        try:
            sent = json.loads(data)
        except (ValueError, RecursionError):
            raise LatchkeyError("its process answered with something that is no report") from None
        if not isinstance(sent, dict) or sent.keys() != _SHAPE.keys():
            raise LatchkeyError("its process answered with a report of another shape")
        rows_fit = all(isinstance(sent[key], kind) for key, kind in _SHAPE.items()) and (
            all(_is_row(row, *_ITEM) and row["state"] in _STATES for row in sent["items"])
            and all(_is_row(row, *_DIFF) and len(row) == len(_DIFF) for row in sent["diff"])
        )
        if not rows_fit or len(sent["items"]) > _MOST or len(sent["diff"]) > _MOST:
            raise LatchkeyError("its process answered with a report of another shape")
        return cls(**_walk(sent, clean))


@dataclass
class Served:
    """What was done for a member, and the values handed up for the parent to use."""

    report: Report = field(default_factory=Report)
    values: dict[str, Secret] = field(default_factory=dict)


def attempt(work: Callable[[], Served]) -> Served:
    """What ``work`` came to; whatever it raises becomes a failed report, in which a bug shows its type only."""
    try:
        return work()
    except LatchkeyError as error:
        return Served(Report.failure(error))
    except Exception as error:  # noqa: BLE001 - its text may hold a secret, its type does not
        return Served(Report.failure(LatchkeyError(f"unexpected {type(error).__name__} in its process")))


def clean(text: str) -> str:
    """``text`` without anything a terminal would act on, cut to a readable length."""
    return "".join(c for c in text[:_LONGEST_TEXT] if c in "\n\t" or not unicodedata.category(c).startswith("C"))


def result(surface: str, reports: Mapping[str, Report], *, unserved: str) -> dict[str, Any]:
    """The module's result; with ``unserved: fail`` whoever could not be served fails it."""
    failed = {name: report for name, report in reports.items() if report.failed}
    answer: dict[str, Any] = {
        "surface": surface,
        "started": _STARTED,
        "members": {name: {**asdict(report), "changed": report.changed} for name, report in reports.items()},
        "changed": any(report.changed for report in reports.values()),
        "diff": [
            {**row, "before_header": f"{name}: {surface}", "after_header": f"{name}: {surface}"}
            for name, report in reports.items()
            for row in report.diff
        ],
        "failed": bool(failed) and unserved == "fail",
    }
    if failed:
        answer["msg"] = "; ".join(f"{name}: {report.msg}" for name, report in failed.items())
    for member in answer["members"].values():
        del member["diff"]
    return answer


def _bounded(sent: dict[str, Any]) -> bytes:
    """A report that is read whole: what there is no room for is counted, what was changed or failed last of all."""
    whole = json.dumps(sent).encode()
    if len(whole) < LONGEST - 8 and max(len(sent["items"]), len(sent["diff"])) <= _MOST:
        return whole
    items, others = _fitting(sent["items"], _ROOM)
    diff, unseen = _fitting(sent["diff"], _ROOM - len(json.dumps(items)))
    for state, count in collections.Counter(row["state"] for row in others).items():
        items.append({"item": f"{count:,} more", "state": state, "what": "too many to tell of each", "remedy": ""})
    if unseen:
        diff.append({"before": "", "after": f"{len(unseen):,} more\n"})
    return json.dumps({**sent, "items": items, "diff": diff, "msg": sent["msg"][:10_000]}).encode()


def _fitting(rows: list[dict[str, Any]], room: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The rows there is room for, in their order, and the others."""
    fits: set[int] = set()
    for place in sorted(range(len(rows)), key=lambda place: rows[place].get("state") not in _PRESSING):
        size = len(json.dumps(rows[place])) + 2
        if size <= room and len(fits) < _MOST - len(_STATES):
            fits.add(place)
            room -= size
    return [rows[place] for place in sorted(fits)], [row for place, row in enumerate(rows) if place not in fits]


def _is_row(row: object, *texts: str) -> bool:
    """Flat, with plain names, and with a text for each of ``texts``."""
    return (
        isinstance(row, dict)
        and all(_KEY.fullmatch(name) and _is_flat(value) for name, value in row.items())
        and all(isinstance(row.get(name), str) for name in texts)
    )


def _is_flat(value: object) -> bool:
    if isinstance(value, list):
        return all(isinstance(entry, str) for entry in value)
    return value is None or isinstance(value, (str, bool, int)) or (isinstance(value, float) and math.isfinite(value))


def _walk(value: Any, change: Any) -> Any:
    if isinstance(value, dict):
        return {change(name): _walk(entry, change) for name, entry in value.items()}
    if isinstance(value, list):
        return [_walk(entry, change) for entry in value]
    return change(value) if isinstance(value, str) else value
