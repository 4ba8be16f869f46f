# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Report of one module about one member, its wire format, and the module result made of all reports."""

from __future__ import annotations

import collections
import datetime as dt
import json
import math
import os
import re
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Callable

from .errors import LatchkeyError
from .secrets import redactor
from .text import printable, single_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .secrets import Secret

__all__ = ["MAX_BYTES", "MemberResult", "Report", "module_result", "to_member_result"]

MAX_BYTES = 1 << 20
_ROOM = MAX_BYTES - 200_000
_KEPT_FIRST = {"changed", "failed"}
_STATES = {"ok", "changed", "failed", "unknown", "skipped"}
_MAX_ROWS = 5_000
_MAX_DIGITS = 20
_STARTED = dt.datetime.now(dt.timezone.utc).isoformat(timespec="seconds")
_SHAPE = {"items": list, "diff": list, "failed": bool, "msg": str}
_ITEM = ("item", "state", "what", "remedy")
_DIFF = ("before", "after")
_KEY = re.compile(r"[a-z][a-z0-9_]*")


@dataclass
class Report:
    """Outcome of one module for one member.

    ``items``: flat rows ``{item, state, what, remedy, …}``, state one of ok, changed, failed, unknown, skipped.
    ``diff``: rows ``{before, after}``. ``failed`` and ``msg`` concern the member as a whole.
    """

    items: list[dict[str, Any]] = field(default_factory=list)
    diff: list[dict[str, str]] = field(default_factory=list)
    failed: bool = False
    msg: str = ""

    def add(self, item: str, state: str, what: str = "", *, remedy: str = "", **more: Any) -> None:
        """Append a row; ``more`` are further columns with plain values."""
        self.items.append({"item": item, "state": state, "what": what, "remedy": remedy, **more})

    def add_error(self, item: str, error: LatchkeyError) -> None:
        """Add an item that cannot be written as failed; check mode reports the same, without trying."""
        self.add(item, "failed", error.message, remedy=error.remedy)

    def settle(self, text: Callable[[Mapping[str, Any]], str]) -> Report:
        """Set ``failed`` and ``msg`` from the failed items; ``text`` words one of them. Returns the report itself."""
        failed = [text(row) for row in self.items if row["state"] == "failed"]
        self.failed, self.msg = bool(failed), "; ".join(failed)
        return self

    @property
    def changed(self) -> bool:
        return any(row["state"] == "changed" for row in self.items)

    @classmethod
    def failure(cls, error: LatchkeyError) -> Report:
        """Report of a member for whom nothing could be done."""
        return cls(failed=True, msg=str(error))

    def encode(self, secrets: Iterable[Secret] = ()) -> bytes:
        """Encode as JSON of at most 1 MiB, with all ``secrets`` redacted."""
        return _bounded(_walk(asdict(self), redactor(secrets)))

    @classmethod
    def decode(cls, data: bytes) -> Report:
        """Decode untrusted ``data``; LatchkeyError for anything but a report.

        Texts become single lines without invisible characters; those of diffs keep their lines.
        """
        try:
            sent = json.loads(data, parse_int=_parse_int)
        except (ValueError, RecursionError):
            raise LatchkeyError("its process answered with something that is no report") from None
        if not isinstance(sent, dict) or sent.keys() != _SHAPE.keys():
            raise LatchkeyError("its process answered with a report of another shape")
        rows_fit = all(isinstance(sent[key], kind) for key, kind in _SHAPE.items()) and (
            all(_is_row(row, *_ITEM) and row["state"] in _STATES for row in sent["items"])
            and all(_is_row(row, *_DIFF) and len(row) == len(_DIFF) for row in sent["diff"])
        )
        if not rows_fit or len(sent["items"]) > _MAX_ROWS or len(sent["diff"]) > _MAX_ROWS:
            raise LatchkeyError("its process answered with a report of another shape")
        return cls(
            items=_walk(sent["items"], single_line),
            diff=_walk(sent["diff"], printable),
            failed=sent["failed"],
            msg=single_line(sent["msg"]),
        )


@dataclass
class MemberResult:
    """Report about a member, and values by credential name for the parent process to use in checks."""

    report: Report = field(default_factory=Report)
    values: dict[str, Secret] = field(default_factory=dict)


def to_member_result(work: Callable[[], MemberResult]) -> MemberResult:
    """Run ``work``; an exception becomes a failed report, which shows only the type of an unexpected one."""
    try:
        return work()
    except LatchkeyError as error:
        return MemberResult(Report.failure(error))
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else type(error).__name__
        return MemberResult(Report.failure(LatchkeyError(f"unexpected error in its process: {reason}")))
    except Exception as error:  # noqa: BLE001 - its text may hold a secret, its type does not
        return MemberResult(Report.failure(LatchkeyError(f"unexpected {type(error).__name__} in its process")))


def module_result(surface: str, reports: Mapping[str, Report], *, unserved: str) -> dict[str, Any]:
    """Result of a module from the reports by member; ``unserved="fail"``: a failed report fails the module."""
    failed = {name: report for name, report in reports.items() if report.failed}
    answer: dict[str, Any] = {
        "surface": surface,
        "begun": _STARTED,  # "started" in a result would keep async_status waiting for ever
        "members": {name: {**asdict(report), "changed": report.changed} for name, report in reports.items()},
        "changed": any(report.changed for report in reports.values()),
        "diff": [
            {**row, "before_header": f"{name}: {surface}", "after_header": f"{name}: {surface}"}
            for name, report in reports.items()
            for row in report.diff
        ],
    }
    if failed and unserved == "fail":
        answer["failed"] = True
    if failed:
        answer["msg"] = "; ".join(f"{name}: {report.msg}" for name, report in failed.items())
    for member in answer["members"].values():
        del member["diff"]
    return answer


def _bounded(sent: dict[str, Any]) -> bytes:
    """Encode within the size limit; rows without room are replaced by counts, changed and failed rows last."""
    complete = json.dumps(sent).encode()
    if len(complete) < MAX_BYTES - 8 and max(len(sent["items"]), len(sent["diff"])) <= _MAX_ROWS:
        return complete
    items, dropped = _fitting(sent["items"], _ROOM)
    diff, dropped_diff = _fitting(sent["diff"], _ROOM - len(json.dumps(items)))
    for state, count in collections.Counter(row["state"] for row in dropped).items():
        items.append({"item": f"{count:,} more", "state": state, "what": "too many to tell of each", "remedy": ""})
    if dropped_diff:
        diff.append({"before": "", "after": f"{len(dropped_diff):,} more\n"})
    return json.dumps({**sent, "items": items, "diff": diff, "msg": sent["msg"][:10_000]}).encode()


def _fitting(rows: list[dict[str, Any]], room: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Split rows into those that fit into ``room`` bytes, in their order, and the others."""
    fits: set[int] = set()
    for place in sorted(range(len(rows)), key=lambda place: rows[place].get("state") not in _KEPT_FIRST):
        size = len(json.dumps(rows[place])) + 2
        if size <= room and len(fits) < _MAX_ROWS - len(_STATES):
            fits.add(place)
            room -= size
    return [rows[place] for place in sorted(fits)], [row for place, row in enumerate(rows) if place not in fits]


def _parse_int(digits: str) -> int:
    """Parse an integer of JSON; ValueError for a long one, which takes quadratic time."""
    if len(digits) > _MAX_DIGITS:
        raise ValueError(digits)
    return int(digits)


def _is_row(row: object, *texts: str) -> bool:
    """True for a flat row with plain column names that has a string in each of the columns ``texts``."""
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
