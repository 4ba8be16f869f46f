# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Report of a run on one machine: the JSON object for $LATCHKEY_REPORT, and its rendering as summary lines."""

from __future__ import annotations

import collections
import datetime as dt
import os
import re
import shlex
import textwrap
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from ansible_collections.latchkey.workstation.plugins.module_utils._core.errors import LatchkeyError
from ansible_collections.latchkey.workstation.plugins.module_utils._core.text import single_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

__all__ = [
    "PROGRAMS",
    "About",
    "Commands",
    "Page",
    "make_report",
    "needs_a_person",
    "read_results",
    "render",
    "split_remedy",
    "surface_results",
]

SCHEMA = 1
STATUS = {"ok": 0, "fail": 2, "unreachable": 4, "error": 64}
_CHECKS = "credential_check"
_MEMBER = "member"
_NO_ANSWER = ("network", "timeout")
_FIELDS = (
    *("name", "provider", "outcome", "reason", "cause", "identity", "scopes", "expires_at", "expires_in_days"),
    *("warn", "fingerprint", "latency_ms", "last_validated", "remedy", "rotate"),
)
_COLOURS = {"FAIL": "red", "UNKNOWN": "bright yellow", "WARN": "bright yellow", "PASS": "green", "WOULD": "yellow"}
_WOULD = {"made": "CREATE", "created": "CREATE", "added": "CREATE", "removed": "REMOVE", "deleted": "REMOVE"}
_MOST_REASONS = 3
_LONGEST_REASONS = 300
_NOT_PRESENT = re.compile(r"(\S+) (?:CLI |is )?(not (?:installed|logged in))")
_RAW_WORD = re.compile(r"""(?:[^\s'"\\]|\\.|'[^']*'|"(?:[^"\\]|\\.)*")+""")
_CONTINUED = "    "
_QUOTED = re.compile(r"""(?<!\\)(?:\\\\)*['"]""")
_PLAYBOOK = re.compile(r"ansible-playbook playbooks/(\w+)\.yml((?: -e \w+=[\w.@+-]+)*)(?!\S)")
# First words of the commands in remedies. A remedy is a command, or a sentence, or a sentence, ": " and a command.
PROGRAMS = {
    *("ansible-playbook", "aws", "chattr", "chflags", "chmod", "chown", "docker", "gh", "ls", "mv", "rm"),
    *("secret-tool", "security", "ssh-add", "ssh-keygen", "su", "sudo", "tailscale", "wrangler", "zsh"),
}
_COMMAND_START = re.compile(r"(?:^|: )(?=(\S+))")

_Row = dict[str, Any]
_Line = tuple[str, "str | None"]


def _squeezed(value: Any) -> Any:
    return single_line(value) if isinstance(value, str) else value


@dataclass(frozen=True)
class Commands:
    """Completes the commands of remedies so that they run as printed, from any folder.

    ``program`` is ansible-playbook as it is to be typed, ``inventories`` those to name (none where they are the
    default), ``variable_files`` the files that ``-e @FILE`` named, ``machine`` the host to limit a run to where the
    inventory has several. ``accounts`` holds the accounts of the members whom another user serves, by member: their
    commands run as that account.
    """

    program: str = "ansible-playbook"
    inventories: Sequence[str] = ()
    variable_files: Sequence[str] = ()
    machine: str = ""
    installed: bool = False
    accounts: Mapping[str, str] = field(default_factory=dict)

    def complete(self, remedy: str, member: str, *, name_member: bool = False) -> str:
        """``remedy`` of ``member`` with complete commands; ``name_member`` where several members are served."""

        def playbook(found: re.Match[str]) -> str:
            words = [self.program, *(word for inventory in self.inventories for word in ("-i", inventory))]
            words.append(self._playbook(found[1]))
            words += shlex.split(found[2])
            if name_member and "-e user=" not in found[2]:
                words += ["-e", f"user={member}"]
            words += [word for path in self.variable_files for word in ("-e", f"@{path}")]
            words += ["--limit", self.machine] if self.machine else []
            return " ".join(map(_quoted, words))

        sentence, command = split_remedy(remedy)
        account = self.accounts.get(member)
        if command and account and not _PLAYBOOK.fullmatch(command):
            command = f"su - {account} -c {shlex.quote(command)}"
        return ": ".join(filter(None, (sentence, _PLAYBOOK.sub(playbook, command))))

    def _playbook(self, name: str) -> str:
        return f"latchkey.workstation.{name}" if self.installed else f"playbooks/{name}.yml"


def split_remedy(remedy: str) -> tuple[str, str]:
    """The sentence and the command of ``remedy``; either may be empty."""
    for start in _COMMAND_START.finditer(remedy):
        if _program(remedy[start.end() :]) in PROGRAMS:
            return remedy[: start.start()], remedy[start.end() :]
    return remedy, ""


def _program(command: str) -> str:
    """Name of the program that ``command`` starts; empty for a text with unbalanced quotation marks."""
    try:
        return os.path.basename(shlex.split(command)[0])
    except (IndexError, ValueError):
        return ""


class About(NamedTuple):
    """Metadata of a report: playbook, check mode and start of the run (ISO 8601; empty for now)."""

    playbook: str
    check_mode: bool
    started: str = ""


def make_report(machine: str, rows: Mapping[str, list[Any]], verdict: str, about: About) -> _Row:
    """JSON object of the report; ``rows`` has ``items`` and ``checks``, or ``errors`` of a run that ended early."""
    now = dt.datetime.now(dt.timezone.utc).isoformat(timespec="seconds")
    return {
        "schema": SCHEMA,
        "verdict": verdict,
        "exit_code": STATUS[verdict],
        "run": {
            "id": str(uuid.uuid4()),
            "started": about.started or now,
            "finished": now,
            "playbook": about.playbook,
            "check_mode": about.check_mode,
        },
        "machine": machine,
        "items": rows.get("items", []),
        "checks": rows.get("checks", []),
        "errors": rows.get("errors", []),
    }


def report_path(wanted: str, machine: str, *, several: bool) -> str:
    """Path of the report of ``machine``: each of several machines has its own file.

    LatchkeyError for a relative path below a working directory that was removed.
    """
    try:
        stem, suffix = os.path.splitext(os.path.abspath(os.path.expanduser(wanted)))
    except OSError:
        raise LatchkeyError(f"{wanted} is below a folder that was removed", remedy="use an absolute path") from None
    return f"{stem}.{re.sub(r'[^A-Za-z0-9_.-]', '_', machine)}{suffix}" if several else stem + suffix


def read_results(variables: Mapping[str, Any], *, check_mode: bool) -> dict[str, list[_Row]]:
    """``items`` and ``checks`` out of every registered result of a module."""
    report: dict[str, list[_Row]] = {"items": [], "checks": []}
    for result in surface_results(variables):
        for member, served in result["members"].items():
            _read_member(report, result["surface"], member, served, check_mode=check_mode)
    return report


def surface_results(variables: Mapping[str, Any]) -> Iterator[_Row]:
    """Every registered result of a module, those of a task with several results too."""
    for value in variables.values():
        results = value.get("results") if isinstance(value, dict) else None
        for result in results if isinstance(results, list) else [value]:
            if isinstance(result, dict) and "surface" in result and isinstance(result.get("members"), dict):
                yield result


def _read_member(report: dict[str, list[_Row]], surface: str, member: str, served: _Row, *, check_mode: bool) -> None:
    """A member who was not served at all gets one row, however many modules report it."""
    whole = {"item": "", "state": "unknown" if _is_not_served(served) else "failed", "what": served["msg"]}
    unserved = served["failed"] and (_is_not_served(served) or not _has_failed(served))
    if unserved and _item(member, _MEMBER, whole) not in report["items"]:
        report["items"].append(_item(member, _MEMBER, whole))
    for row in [] if _is_not_served(served) else served["items"]:
        if surface == _CHECKS and "outcome" in row:
            report["checks"].append({"member": member, **{name: _squeezed(row.get(name)) for name in _FIELDS}})
            continue
        state = {"changed": "drift" if check_mode else "changed", "skipped": "ok"}.get(row["state"], row["state"])
        report["items"].append(_item(member, surface, {**row, "state": state}))


def _is_not_served(served: _Row) -> bool:
    return any(row["item"] == "" for row in served["items"])


def _has_failed(served: _Row) -> bool:
    return any(row["state"] == "failed" for row in served["items"])


def _item(member: str, surface: str, row: _Row) -> _Row:
    item = {"member": member, "surface": surface, "state": row["state"]}
    item |= {key: single_line(row[key]) for key in ("item", "what")}
    return {**item, "remedy": single_line(row["remedy"])} if row.get("remedy") else item


def needs_a_person(report: Mapping[str, list[_Row]], *, fail_on: Iterable[str]) -> list[str]:
    """Titles of the rows that fail the run."""
    rows = [row for row in report["items"] if row["state"] == "failed"]
    rows += [row for row in report["checks"] if row["outcome"] in set(fail_on)]
    many = _many(report)
    return list(dict.fromkeys(_title(row, many=many) for row in rows))


@dataclass(frozen=True)
class Page:
    """Width of the summary: ``columns`` for text, ``command_columns`` for commands (0: they are not wrapped).

    ``detailed``: every reason of a SKIP is shown, however many there are.
    """

    columns: int
    command_columns: int = 0
    detailed: bool = False


def render(machine: str, report: Mapping[str, list[_Row]], page: Page) -> Iterator[_Line]:
    """Lines with the colour of each: what needs a person first, what is fine as a count."""
    many = _many(report)
    items = _grouped(report["items"], lambda row: row["state"])
    checks = _grouped(
        report["checks"], lambda row: "WARN" if row["outcome"] == "PASS" and row["warn"] else row["outcome"]
    )
    yield f"== {machine}", None
    blocks = [("FAIL", row, [row["what"], _fix(row)]) for row in items["failed"]]
    blocks += [("FAIL", row, [row["reason"], _fix(row), _rotate(row)]) for row in checks["FAIL"]]
    blocks += [("WARN", row, [_expiry(row), _rotate(row)]) for row in checks["WARN"]]
    blocks += [("UNKNOWN", row, [row["what"], *fixes]) for row, fixes in _alike(items["unknown"], _reason)]
    for word, row, details in blocks:
        yield from _block(word, _title(row, many=many), details, page)
    unread = {(row["member"], row["item"]) for row in items["unknown"]}
    news = [row for row in checks["UNKNOWN"] if row["cause"] != "locked" or (row["member"], row["name"]) not in unread]
    yield from _unknown(news, page, many=many)
    explained = {(row["member"], row["name"]) for row in report["checks"] if row["outcome"] != "PASS"}
    remarks = [row for row in items["ok"] if row.get("remedy") and (row["member"], row["item"]) not in explained]
    for word, rows in (("WOULD", items["drift"]), ("CHANGED", items["changed"]), ("NOTE", remarks)):
        for row, fixes in _alike(rows, lambda row: (row["surface"], row["item"], row["what"])):
            yield from _block(*_change(word, row, _title(row, many=many)), fixes, page)
    yield from _skipped(checks["SKIP"], page, many=many)
    yield from _passed(checks["PASS"], page, many=many)
    if items["ok"]:
        yield f"as declared: {len(items['ok'])} of {len(report['items'])} items", None
    if not (report["items"] or report["checks"]):
        yield "nothing is declared here", None


def _change(word: str, row: _Row, title: str) -> tuple[str, str]:
    """Word and title of a change; in check mode what would be done."""
    if word != "WOULD":
        return word, f"{title}: {row['what']}"
    verb = _WOULD.get(row["what"])
    return (f"WOULD {verb}", title) if verb else ("WOULD CHANGE", f"{title}: {row['what']}")


def _grouped(rows: list[_Row], group: Callable[[_Row], Any]) -> dict[Any, list[_Row]]:
    groups = collections.defaultdict(list)
    for row in rows:
        groups[group(row)].append(row)
    return groups


def _alike(rows: list[_Row], group: Callable[[_Row], Any]) -> Iterator[tuple[_Row, list[str]]]:
    """One row for each group of items, with all its members and items, and every remedy."""
    for same in _grouped(rows, group).values():
        joined = {key: ", ".join(dict.fromkeys(row[key] for row in same)) for key in ("member", "item")}
        yield {**same[0], **joined}, list(dict.fromkeys(map(_fix, same)))


def _reason(row: _Row) -> Any:
    """Key that groups unknown rows into one block: rows of one member and surface, or members, with the same reason."""
    return row["surface"] == _MEMBER or row["member"], row["surface"], row["what"]


def _unknown(rows: list[_Row], page: Page, *, many: bool) -> Iterator[_Line]:
    """Lines of unknown checks; several checks without an answer are one block."""
    outages = [row for row in rows if row["cause"] in _NO_ANSWER]
    if len(outages) > 1:
        reason = f"no answer from the network, a service or a program, first: {outages[0]['reason']}"
        yield from _block("UNKNOWN", f"{len(outages)} checks", [reason, _titles(outages, many=many)], page)
    for row in rows if len(outages) < 2 else [row for row in rows if row["cause"] not in _NO_ANSWER]:
        yield from _block("UNKNOWN", _title(row, many=many), [row["reason"], _fix(row)], page)


def _many(report: Mapping[str, list[_Row]]) -> bool:
    return len({row["member"] for row in (*report["items"], *report["checks"])}) > 1


def _skipped(rows: list[_Row], page: Page, *, many: bool) -> Iterator[_Line]:
    """Names by their reasons: a line for each of a few reasons, one paragraph for several, names alone for many."""
    reasons = _grouped(rows, (lambda row: row["reason"]) if page.detailed else _short_reason)
    lines = [f"{_titles(skipped, many=many)}: {reason}" for reason, skipped in reasons.items()]
    if len(lines) > _MOST_REASONS and not page.detailed:
        lines = ["; ".join(lines)]
        if len(lines[0]) > _LONGEST_REASONS:
            lines = [f"{_titles(rows, many=many)}: -v shows why"]
    for line in lines:
        yield from _wrapped(f"SKIP {line}", "", page)


def _short_reason(row: _Row) -> str:
    """The reason without the name of the tool where the name of the check tells it."""
    found = _NOT_PRESENT.fullmatch(row["reason"])
    return found[2] if found and found[1] in str(row["name"]).split("_") else str(row["reason"])


def _passed(rows: list[_Row], page: Page, *, many: bool) -> Iterator[_Line]:
    if rows:
        yield from _wrapped(f"PASS {len(rows)}: {_titles(rows, many=many)}", "PASS", page)


def _titles(rows: list[_Row], *, many: bool) -> str:
    return ", ".join(_title(row, many=many) for row in rows)


def _title(row: _Row, *, many: bool) -> str:
    if row.get("surface") == _MEMBER:
        return str(row["member"])
    name = row.get("name") or f"{row['surface']} {row['item']}".strip()
    return f"{row['member']}/{name}" if many else name


def _expiry(row: _Row) -> str:
    days = row["expires_in_days"]
    soon = {0: "expires today", 1: "expires in 1 day"}.get(days, f"expires in {days} days")
    return f"{'has just expired' if days < 0 else soon} ({row['expires_at']})"


def _fix(row: _Row) -> str:
    return f"fix: {row['remedy']}" if row.get("remedy") else ""


def _rotate(row: _Row) -> str:
    return f"rotate: {row['rotate']}" if row.get("rotate") else ""


def _block(word: str, title: str, details: list[str], page: Page) -> Iterator[_Line]:
    yield from _wrapped(f"{word} {title}", word, page)
    for detail in filter(None, details):
        if detail.startswith("fix: "):
            yield from _remedy(detail.removeprefix("fix: "), page)
        else:
            yield from _wrapped(detail, "", page, indent="  ")


def _remedy(remedy: str, page: Page) -> Iterator[_Line]:
    """A command behind ``fix:``, to be copied as it stands; a sentence behind ``hint:``."""
    sentence, command = split_remedy(remedy)
    if sentence:
        yield from _wrapped(f"hint: {sentence}", "", page, indent="  ")
    if command:
        yield from ((line, None) for line in command_lines("  fix: ", command, page.command_columns))


def command_lines(head: str, command: str, columns: int) -> Iterator[str]:
    """``command`` behind ``head``, broken so that a shell takes the lines together as the same command."""
    line = head
    for raw in _RAW_WORD.findall(command):
        is_long = columns and len(f"{_CONTINUED}{raw} \\") > columns
        word = "".join(map(_quoted, shlex.split(raw))) if is_long and _QUOTED.search(raw) else raw
        if line != head and columns and len(line) + 1 + len(word) + 2 > columns:
            yield f"{line} \\"
            line = _CONTINUED + word
        else:
            line += word if line == head else f" {word}"
        while columns and len(line) + 2 > columns and not _QUOTED.search(line):
            escapes = re.search(r"\\*$", line[: columns - 1])
            end = columns - 1 - (len(escapes[0]) % 2 if escapes else 0)
            yield f"{line[:end]}\\"
            line = line[end:]
    yield line


def _quoted(word: str) -> str:
    """``word`` for a shell, without quotation marks where possible: it may be broken anywhere with a backslash."""
    if shlex.quote(word) == word or not word.isprintable():
        return shlex.quote(word)
    return "".join(c if c.isalnum() or c in "@%+=:,./-_" else f"\\{c}" for c in word)


def _wrapped(text: str, word: str, page: Page, *, indent: str = "") -> Iterator[_Line]:
    lines = textwrap.wrap(
        text, page.columns, initial_indent=indent, subsequent_indent=indent + "  ", break_on_hyphens=False
    )
    for line in lines:
        yield line, _COLOURS.get(word.partition(" ")[0])
