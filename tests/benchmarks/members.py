# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A bootstrap that finds nothing to do, for 1, 10 and 50 members, beside a play of as many pings as it has modules.

Every member has twelve values kept in files, ten exported, one checked by its issuer, and three AWS sections.
"""

from __future__ import annotations

import functools
import os
from typing import TYPE_CHECKING

import yaml

from tests.benchmarks.issuers import issuers
from tests.benchmarks.timing import costs
from tests.benchmarks.work import declaration, furnish, token
from tests.team import CHECKOUT, Team, recap

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

    from tests.benchmarks.timing import Cost

__all__ = ["run"]

COUNTS = (1, 10, 50)
RUNS = 3
BOOTSTRAP = "playbooks/bootstrap.yml"
ON_CONTROLLER = {"verdict"}


def module_tasks() -> int:
    """Tasks of a bootstrap that start a module on the machine."""
    modules = {path.stem for path in (CHECKOUT / "plugins" / "modules").glob("*.py")}
    (play,) = yaml.safe_load((CHECKOUT / BOOTSTRAP).read_text())
    files = [CHECKOUT / "roles" / role.rpartition(".")[2] / "tasks" / "main.yml" for role in play["roles"]]
    tasks = [task for file in files for task in yaml.safe_load(file.read_text())] + play["tasks"]
    words = {word.rpartition(".")[2] for task in tasks for word in task if word.startswith("latchkey.workstation.")}
    return len(words & modules - ON_CONTROLLER)


def nothing_to_do(done: subprocess.CompletedProcess[str]) -> None:
    """Only a run that succeeds and changes nothing is worth a number."""
    if done.returncode or recap(done.stdout)["changed"]:
        raise RuntimeError(f"exit status {done.returncode}\n{done.stdout}\n{done.stderr}")


def run() -> list[str]:
    """Printable rows: seconds for each number of members, as a ratio to pings and to one member."""
    if os.geteuid() != 0:
        return ["SKIP: only root serves others"]
    with Team.of(max(COUNTS)) as team, issuers("github", (token(each.name) for each in team.accounts)) as url:
        names = [account.name for account in team.accounts]
        for account in team.accounts:
            furnish(account)
        team.declare(**declaration(names, url))
        first = team.play(BOOTSTRAP)
        if first.returncode:
            raise RuntimeError(first.stdout + first.stderr)

        def bootstrap(count: int) -> None:
            team.declare(**declaration(names[:count], url))
            nothing_to_do(team.play(BOOTSTRAP))

        pings = pings_play(team.folder / "pings" / "pings.yml", module_tasks())
        jobs = {f"{count} members": functools.partial(bootstrap, count) for count in COUNTS}
        measured = costs({"pings": lambda: nothing_to_do(team.play(pings)), **jobs}, runs=RUNS)
    return table(measured, module_tasks())


def pings_play(path: Path, count: int) -> Path:
    tasks = [{"name": f"Ping {number}", "ansible.builtin.ping": {}} for number in range(count)]
    path.parent.mkdir()
    path.write_text(yaml.safe_dump([{"hosts": "all", "gather_facts": False, "tasks": tasks}]))
    return path


def table(measured: dict[str, Cost], tasks: int) -> list[str]:
    pings, one = measured["pings"], measured[f"{COUNTS[0]} members"]
    titles = {"pings": f"a play of {tasks} pings", f"{COUNTS[0]} members": "1 member"}
    rows = [f"{f'nothing to do, median of {RUNS}':<28}{'s':>7}{'cpu s':>7}  {'to pings':>13}  {'to one member':>13}"]
    for name, cost in measured.items():
        to_pings = f"{cost.wall / pings.wall:.1f}x cpu {cost.cpu / pings.cpu:.1f}x"
        to_one = f"{cost.wall / one.wall:.1f}x cpu {cost.cpu / one.cpu:.1f}x"
        rows.append(f"{titles.get(name, name):<28}{cost.wall:7.2f}{cost.cpu:7.2f}  {to_pings:>13}  {to_one:>13}")
    return [*rows, "meant: at most 10 module tasks, and 50 members within twice the time of one"]


if __name__ == "__main__":
    print("\n".join(run()))
