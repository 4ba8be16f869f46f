# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run found, as one object to keep and as lines for a person on a phone."""

from __future__ import annotations

import collections
import textwrap
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

__all__ = ["needs_a_person", "read_results", "render", "surface_results"]

_CHECKS = "credential_check"
_MEMBER = "member"
_FIELDS = (
    *("name", "provider", "outcome", "reason", "cause", "identity", "scopes", "expires_at", "expires_in_days"),
    *("warn", "fingerprint", "latency_ms", "last_validated", "remedy", "rotate"),
)
_COLOURS = {"FAIL": "red", "UNKNOWN": "bright yellow", "WARN": "bright yellow", "PASS": "green", "DRIFT": "yellow"}

_Row = dict[str, Any]
_Line = tuple[str, "str | None"]


def read_results(variables: Mapping[str, Any], *, check_mode: bool) -> dict[str, list[_Row]]:
    """``items`` and ``checks`` out of every registered result of a surface."""
    report: dict[str, list[_Row]] = {"items": [], "checks": []}
    for result in surface_results(variables):
        for member, served in result["members"].items():
            _read_member(report, result["surface"], member, served, check_mode=check_mode)
    return report


def surface_results(variables: Mapping[str, Any]) -> Iterator[_Row]:
    """Every registered result of a surface, those of a task with several results too."""
    for value in variables.values():
        results = value.get("results") if isinstance(value, dict) else None
        for result in results if isinstance(results, list) else [value]:
            if isinstance(result, dict) and "surface" in result and isinstance(result.get("members"), dict):
                yield result


def _read_member(report: dict[str, list[_Row]], surface: str, member: str, served: _Row, *, check_mode: bool) -> None:
    """Whoever was not served at all is told of once, whatever the surfaces that say so."""
    whole = {"item": "", "state": "unknown" if _is_left_alone(served) else "failed", "what": served["msg"]}
    unserved = served["failed"] and (_is_left_alone(served) or not _has_failed(served))
    if unserved and _item(member, _MEMBER, whole) not in report["items"]:
        report["items"].append(_item(member, _MEMBER, whole))
    for row in [] if _is_left_alone(served) else served["items"]:
        if surface == _CHECKS and "outcome" in row:
            report["checks"].append({"member": member, **{field: row.get(field) for field in _FIELDS}})
            continue
        state = {"changed": "drift" if check_mode else "changed", "skipped": "ok"}.get(row["state"], row["state"])
        report["items"].append(_item(member, surface, {**row, "state": state}))


def _is_left_alone(served: _Row) -> bool:
    return any(row["item"] == "" for row in served["items"])


def _has_failed(served: _Row) -> bool:
    return any(row["state"] == "failed" for row in served["items"])


def _item(member: str, surface: str, row: _Row) -> _Row:
    item = {"member": member, "surface": surface, "item": row["item"], "state": row["state"], "what": row["what"]}
    return {**item, "remedy": row["remedy"]} if row.get("remedy") else item


def needs_a_person(report: Mapping[str, list[_Row]], *, fail_on: Iterable[str]) -> list[str]:
    """Names of what makes the run a failure."""
    rows = [row for row in report["items"] if row["state"] == "failed"]
    rows += [row for row in report["checks"] if row["outcome"] in set(fail_on)]
    many = _many(report)
    return list(dict.fromkeys(_title(row, many=many) for row in rows))


def render(machine: str, report: Mapping[str, list[_Row]], *, width: int) -> Iterator[_Line]:
    """Lines with the colour of each: what needs a person first, what is fine as a count."""
    many = _many(report)
    items = _grouped(report["items"], lambda row: row["state"])
    checks = _grouped(
        report["checks"], lambda row: "WARN" if row["outcome"] == "PASS" and row["warn"] else row["outcome"]
    )
    yield f"== {machine}", None
    blocks = [("FAIL", row, [row["what"], _fix(row)]) for row in items["failed"]]
    blocks += [("FAIL", row, [row["reason"], _fix(row), _rotate(row)]) for row in checks["FAIL"]]
    blocks += [("WARN", row, [_dying(row), _rotate(row)]) for row in checks["WARN"]]
    blocks += [("UNKNOWN", row, [row["what"], *fixes]) for row, fixes in _alike(items["unknown"], _reason)]
    for word, row, details in blocks:
        yield from _block(word, _title(row, many=many), details, width=width)
    unread = {(row["member"], row["item"]) for row in items["unknown"]}
    news = [row for row in checks["UNKNOWN"] if row["cause"] != "locked" or (row["member"], row["name"]) not in unread]
    yield from _unknown(news, many=many, width=width)
    told = {(row["member"], row["name"]) for row in report["checks"] if row["outcome"] != "PASS"}
    remarks = [row for row in items["ok"] if row.get("remedy") and (row["member"], row["item"]) not in told]
    for word, rows in (("DRIFT", items["drift"]), ("CHANGED", items["changed"]), ("NOTE", remarks)):
        for row, fixes in _alike(rows, lambda row: (row["surface"], row["item"], row["what"])):
            yield from _block(word, f"{_title(row, many=many)}: {row['what']}", fixes, width=width)
    yield from _skipped(checks["SKIP"], many=many, width=width)
    yield from _passed(checks["PASS"], many=many, width=width)
    if items["ok"]:
        yield f"as declared: {len(items['ok'])}", None
    if not any(report.values()):
        yield "nothing is declared here", None


def _grouped(rows: list[_Row], group: Callable[[_Row], Any]) -> dict[Any, list[_Row]]:
    groups = collections.defaultdict(list)
    for row in rows:
        groups[group(row)].append(row)
    return groups


def _alike(rows: list[_Row], group: Callable[[_Row], Any]) -> Iterator[tuple[_Row, list[str]]]:
    """One row for each group of items, with all its members and items, and every way out."""
    for same in _grouped(rows, group).values():
        joined = {key: ", ".join(dict.fromkeys(row[key] for row in same)) for key in ("member", "item")}
        yield {**same[0], **joined}, list(dict.fromkeys(map(_fix, same)))


def _reason(row: _Row) -> Any:
    """What makes one block of all of which the same is unknown: items of a member's surface, or members."""
    return row["surface"] == _MEMBER or row["member"], row["surface"], row["what"]


def _unknown(rows: list[_Row], *, many: bool, width: int) -> Iterator[_Line]:
    """One outage is one line, however many checks it blinds."""
    outages = [row for row in rows if row["cause"] == "network"]
    if len(outages) > 1:
        names = ", ".join(_title(row, many=many) for row in outages)
        reason = f"the network or the service was out of reach, first: {outages[0]['reason']}"
        yield from _block("UNKNOWN", f"{len(outages)} checks", [reason, names], width=width)
    for row in rows if len(outages) < 2 else [row for row in rows if row["cause"] != "network"]:
        yield from _block("UNKNOWN", _title(row, many=many), [row["reason"], _fix(row)], width=width)


def _many(report: Mapping[str, list[_Row]]) -> bool:
    return len({row["member"] for rows in report.values() for row in rows}) > 1


def _skipped(rows: list[_Row], *, many: bool, width: int) -> Iterator[_Line]:
    for reason, skipped in _grouped(rows, lambda row: row["reason"]).items():
        names = ", ".join(_title(row, many=many) for row in skipped)
        yield from _wrapped(f"SKIP {names}: {reason}", "", width=width)


def _passed(rows: list[_Row], *, many: bool, width: int) -> Iterator[_Line]:
    if rows:
        names = ", ".join(_title(row, many=many) for row in rows)
        yield from _wrapped(f"PASS {len(rows)}: {names}", "PASS", width=width)


def _title(row: _Row, *, many: bool) -> str:
    if row.get("surface") == _MEMBER:
        return str(row["member"])
    name = row.get("name") or f"{row['surface']} {row['item']}".strip()
    return f"{row['member']}/{name}" if many else name


def _dying(row: _Row) -> str:
    days = row["expires_in_days"]
    soon = {0: "dies today", 1: "dies in 1 day"}.get(days, f"dies in {days} days")
    return f"{'has just ended' if days < 0 else soon} ({row['expires_at']})"


def _fix(row: _Row) -> str:
    return f"fix: {row['remedy']}" if row.get("remedy") else ""


def _rotate(row: _Row) -> str:
    return f"rotate: {row['rotate']}" if row.get("rotate") else ""


def _block(word: str, title: str, details: list[str], *, width: int) -> Iterator[_Line]:
    yield from _wrapped(f"{word} {title}", word, width=width)
    for detail in filter(None, details):
        yield from _wrapped(detail, "", width=width, indent="  ")


def _wrapped(text: str, word: str, *, width: int, indent: str = "") -> Iterator[_Line]:
    lines = textwrap.wrap(
        text,
        width,
        initial_indent=indent,
        subsequent_indent=indent + "  ",
        break_long_words=False,
        break_on_hyphens=False,
    )
    for line in lines:
        yield line, _COLOURS.get(word)
