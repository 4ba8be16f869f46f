# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection with nothing to do, for one user and for ten, beside a play of builtin and community.general.

That play is stock.yml; it comes with the `ansible` package of PyPI, in a venv below the cache folder.
"""

from __future__ import annotations

import dataclasses
import functools
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from tests.benchmarks.issuers import issuers
from tests.benchmarks.members import BOOTSTRAP, nothing_to_do
from tests.benchmarks.timing import costs
from tests.benchmarks.work import EXPORTED, KEPT, PROFILES, SESSION, SESSION_KEYS, declaration, furnish, token
from tests.team import LOCAL, Team

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.benchmarks.timing import Cost

__all__ = ["run", "stock_ansible"]

# The release that carries the ansible-core of requirements/run.txt, so that both sides run on the same one.
STOCK = "ansible==12.3.0"
PLAY = Path(__file__).with_name("stock.yml")
COUNTS = (1, 10)
RUNS = 3


class StockError(RuntimeError):
    """The stock play could not be run, so that there is nothing to compare with."""


def stock_ansible() -> Path:
    """ansible-playbook of the `ansible` package; installed once."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    venv = cache / "latchkey" / "benchmarks" / STOCK.replace("==", "-")
    found = venv / "bin" / "ansible-playbook"
    if not found.exists():
        for argv in ([sys.executable, "-m", "venv", "--clear", venv], [venv / "bin/pip", "install", "--quiet", STOCK]):
            done = subprocess.run(argv, capture_output=True, text=True, check=False)
            if done.returncode:
                raise StockError((done.stderr.strip().splitlines() or ["it says nothing"])[-1])
    return found


@dataclasses.dataclass(frozen=True)
class Stock:
    """The stock play for the people of a team."""

    program: Path
    team: Team
    issuer: str

    def play(self, names: list[str]) -> subprocess.CompletedProcess[str]:
        sections = {f"sso-session {SESSION}": SESSION_KEYS}
        sections.update({f"profile {name}": keys for name, keys in PROFILES.items()})
        aws = [
            {"section": title, "key": key, "value": sections[title][key]}
            for title in sections
            for key in sections[title]
        ]
        more = {"home": str(self.team.folder), "people": names, "kept": KEPT, "exported": EXPORTED, "aws": aws}
        inventory = self.team.folder / "stock.yml"
        inventory.write_text(
            yaml.safe_dump({"all": {"hosts": {"localhost": LOCAL}, "vars": {**more, "issuer": self.issuer}}})
        )
        settings = self.team.folder / "stock.cfg"
        settings.write_text("[defaults]\n[connection]\npipelining = true\n")
        own = {"HOME": str(self.team.folder), "PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL": "C.UTF-8"}
        return subprocess.run(
            [self.program, "-i", inventory, PLAY],
            cwd=self.team.folder,
            env={**own, "ANSIBLE_CONFIG": str(settings)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )


def run() -> list[str]:
    """Printable rows: seconds of both sides, and how many times longer the stock play takes."""
    if os.geteuid() != 0:
        return ["SKIP: only root serves others"]
    try:
        program = stock_ansible()
    except StockError as error:
        return [f"SKIP: {STOCK} cannot be had here: {error}"]
    with Team.of(max(COUNTS)) as team, issuers("github", (token(each.name) for each in team.accounts)) as url:
        for account in team.accounts:
            furnish(account)
        names = [account.name for account in team.accounts]
        stock = Stock(program, team, url)

        def ours(people: list[str]) -> subprocess.CompletedProcess[str]:
            team.declare(**declaration(people, url))
            return team.play(BOOTSTRAP)

        for first in (ours(names), stock.play(names)):
            if first.returncode:
                raise StockError(first.stdout + first.stderr)
        jobs: dict[str, Callable[[], None]] = {}
        for count in COUNTS:
            jobs[f"ours {count}"] = functools.partial(lambda people: nothing_to_do(ours(people)), names[:count])
            jobs[f"stock {count}"] = functools.partial(lambda people: nothing_to_do(stock.play(people)), names[:count])
        return table(costs(jobs, runs=RUNS))


def table(measured: dict[str, Cost]) -> list[str]:
    rows = [
        f"{f'nothing to do, median of {RUNS}':<28}{'ours s':>8}{'cpu s':>7}{'stock s':>9}{'cpu s':>7}{'stock/ours':>12}"
    ]
    for count in COUNTS:
        ours, stock = measured[f"ours {count}"], measured[f"stock {count}"]
        title = f"{count} user" if count == 1 else f"{count} users"
        both = f"{ours.wall:8.2f}{ours.cpu:7.2f}{stock.wall:9.2f}{stock.cpu:7.2f}"
        rows.append(f"{title:<28}{both}{stock.wall / ours.wall:11.1f}x")
    return rows


if __name__ == "__main__":
    print("\n".join(run()))
