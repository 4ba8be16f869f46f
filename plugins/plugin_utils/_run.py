# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Result of a run, collected from callback events: the summary and the exit status."""

from __future__ import annotations

import os
import re
import shutil
import sys
import textwrap
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ansible_collections.latchkey.workstation.plugins.module_utils._core.text import single_line

from ._verdict import (
    STATUS,
    About,
    Page,
    make_report,
    render,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["Machine", "Run", "has_verdict", "page", "summary"]

VERDICT = "latchkey.workstation.verdict"
_DECLARATION = "declaration"
_LONGEST_LIST = 8
_ERRNO = re.compile(r"\[Errno \d+\] ")
_COLLECTION = "/ansible_collections/latchkey/workstation/"
_ORIGIN = re.compile(r"Origin: (/.*:\d+:\d+)$", re.MULTILINE)
_SSH = re.compile(r"^.*?Failed to connect to the host via ssh: ", re.DOTALL)

_Line = tuple[str, "str | None"]


def page(*, detailed: bool) -> Page:
    """The columns of standard output; without a terminal commands are not broken."""
    columns = shutil.get_terminal_size((80, 24)).columns
    limited = bool(os.environ.get("COLUMNS")) or (sys.__stdout__ is not None and sys.__stdout__.isatty())
    return Page(max(20, min(100, columns)), max(20, columns) if limited else 0, detailed)


def has_verdict(play: Any) -> bool:
    """True for a play that ends with a verdict."""
    return "latchkey_playbook" in play.get_vars()


@dataclass
class Machine:
    """One machine of a run.

    ``report`` and ``needs`` are those of its verdict, ``problems`` the tasks that failed before it. ``is_refused``: the
    declaration or the arguments have an error.
    """

    name: str
    report: dict[str, Any] | None = None
    is_judged: bool = False
    needs: list[str] = field(default_factory=list)
    problems: list[tuple[str, list[str]]] = field(default_factory=list)
    unreachable: str = ""
    is_refused: bool = False

    @property
    def verdict(self) -> str:
        if self.is_refused:
            return "error"
        if self.unreachable:
            return "unreachable"
        return "fail" if self.problems or self.needs else "ok"


class Run:
    """Machines by their name in the inventory, in the order of their first event."""

    def __init__(self) -> None:
        self.machines: dict[str, Machine] = {}
        self.playbook = ""
        self.check_mode = False

    def start(self, play: Any) -> None:
        self.playbook = os.path.basename(str(play.get_vars().get("latchkey_playbook", "")))
        self.check_mode = bool(play.check_mode)

    def machine(self, result: Any) -> Machine:
        name = str(result.host.get_name())
        return self.machines.setdefault(name, Machine(name))

    def succeeded(self, result: Any) -> None:
        machine = self.machine(result)
        if _is_verdict(result.task):
            self._judge(machine, result.result)

    def failed(self, result: Any) -> None:
        machine = self.machine(result)
        if _is_verdict(result.task) and "needs" in result.result:
            self._judge(machine, result.result)
            return
        role = result.task._role  # noqa: SLF001 - there is no other way to a task's role
        is_declaration = bool(role) and role.get_name(include_role_fqcn=False) == _DECLARATION
        machine.is_refused |= is_declaration or bool(result.result.get("usage_error"))
        place = _origin(getattr(result, "exception", None)) if is_declaration else ""
        machine.problems.append((short_name(result.task), [place + text for text in _messages(result.result)]))

    def unreachable(self, result: Any) -> None:
        text = _SSH.sub("", str(result.result.get("msg", "")))
        lines = [single_line(line) for line in text.splitlines() if single_line(line)]
        self.machine(result).unreachable = lines[-1] if lines else "no answer"

    @staticmethod
    def _judge(machine: Machine, result: Mapping[str, Any]) -> None:
        machine.is_judged = True
        machine.report = result.get("report")
        machine.needs = list(result.get("needs", []))

    @property
    def exit_status(self) -> int:
        """Exit status of the run: an error to correct is before an unreachable machine, and that before a failure."""
        return max((STATUS[machine.verdict] for machine in self.machines.values()), default=0)

    def missing_reports(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Names and reports of machines whose run ended before their verdict."""
        about = About(self.playbook, self.check_mode)
        for machine in self.machines.values():
            if not machine.is_judged and (machine.problems or machine.unreachable):
                errors: list[Any] = [machine.unreachable] if machine.unreachable else []
                errors += [f"{title}: {text}" for title, texts in machine.problems for text in texts]
                report = make_report(machine.name, {"errors": errors}, machine.verdict, about)
                yield machine.name, report


def short_name(task: Any) -> str:
    """Role of a task, else the last part of its action."""
    role = task._role  # noqa: SLF001
    return str(role.get_name(include_role_fqcn=False) if role else task.action.rpartition(".")[2])


def _is_verdict(task: Any) -> bool:
    return task.action in (VERDICT, "verdict")


def _messages(result: Mapping[str, Any]) -> list[str]:
    """Messages of a failed task, with the last line of the error of a module that crashed."""
    found = result.get("msg", "failed without a message")
    texts = [str(text) for text in (found if isinstance(found, list) else [found])]
    crash = [line for line in str(result.get("module_stderr", "")).splitlines() if line.strip()]
    return [single_line(_ERRNO.sub("", text)).removeprefix("Task failed: ") for text in (*texts, *crash[-1:])]


def _origin(error: Any) -> str:
    """File, line and column, with a colon and a blank, of the template in which an error began; empty if unknown.

    ``error`` is the error summary of a task result of ansible-core 2.19 and later: a chain of events, the cause last.
    Files of the collection are left out: the task that found an error is not its place.
    """
    event, place = getattr(error, "event", None), ""
    while event:
        found = _ORIGIN.match(event.formatted_source_context or "")
        if found and _COLLECTION not in found[1]:
            place = f"{found[1]}: "
        event = event.chain.event if event.chain else None
    return place


def summary(run: Run, *, changed: int, inventory: str, page: Page) -> Iterator[_Line]:
    """Lines of the summary: machine by machine, failures first, then one sentence on the whole run."""
    machines = list(run.machines.values())
    for machine in machines:
        if machine.report:
            yield from render(str(machine.report["machine"]), machine.report, page)
        elif machine.problems:
            yield f"== {machine.name}", None
        for title, texts in machine.problems:
            yield from _problem(title, texts, page)
    for machine in machines:
        if machine.unreachable:
            line = f"UNREACHABLE {machine.name}: {machine.unreachable}"
            yield textwrap.shorten(line, page.columns, placeholder="…"), "bright red"
    yield from _wrapped(f"inventory: {inventory} (changed={changed})", page)
    yield from _wrapped(_sentence(run, machines), page)


def _problem(title: str, texts: list[str], page: Page) -> Iterator[_Line]:
    yield f"FAIL {title}", "red"
    for text in texts:
        yield from _wrapped(text, page, indent="  ")


def _wrapped(text: str, page: Page, *, indent: str = "") -> Iterator[_Line]:
    for line in textwrap.wrap(
        text, page.columns, initial_indent=indent, subsequent_indent=indent + "  ", break_on_hyphens=False
    ):
        yield line, None


def _sentence(run: Run, machines: list[Machine]) -> str:
    rows = [(machine, row) for machine in machines if machine.report for row in _rows(machine.report)]
    parts = []
    needs = [_named(machine, need, machines) for machine in machines for need in machine.needs]
    if needs:
        parts.append(f"{len(needs)} of {len(rows)} {'needs' if len(needs) == 1 else 'need'} you: {_listed(needs)}")
    for verdict, text in (
        ("error", "have an error to correct first"),
        ("fail", "not finished"),
        ("unreachable", "not seen"),
    ):
        names = [machine.name for machine in machines if machine.verdict == verdict and not machine.needs]
        if names:
            parts.append(f"{len(names)} of {len(machines)} machines {text}: {_listed(names)}")
    if parts:
        return f"{'; '.join(parts)}. (exit {run.exit_status})"
    if not machines:
        return "Nothing was run: no machine matched."
    return _all_well([row for _machine, row in rows])


def _all_well(rows: list[dict[str, Any]]) -> str:
    states = [str(row.get("outcome") or row["state"]).lower() for row in rows]
    drift = states.count("drift")
    if drift:
        return f"{drift} of {len(rows)} would change; nothing was written."
    if not rows:
        return "Nothing is declared, so there was nothing to do."
    others = {"skipped": states.count("skip"), "unknown": states.count("unknown")}
    well = len(rows) - sum(others.values())
    if well == len(rows):
        return f"All well: {well} of {well}."
    counts = {"well": well, **others}
    first, *more = [f"{count} {word}" for word, count in counts.items() if count]
    number, _blank, word = first.partition(" ")
    return f"Nothing needs you: {', '.join([f'{number} of {len(rows)} {word}', *more])}."


def _rows(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [*report["items"], *report["checks"]]


def _named(machine: Machine, need: str, machines: list[Machine]) -> str:
    return f"{machine.name}: {need}" if len(machines) > 1 else need


def _listed(names: list[str]) -> str:
    more = len(names) - _LONGEST_LIST
    return ", ".join(names[:_LONGEST_LIST]) + (f" and {more} more" if more > 0 else "")
