# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two hundred profiles, 800 options, with nothing to do, beside community.general.ini_file and `aws configure set`.

Everybody looks at the same file. What a play costs that does nothing is shown, for it is part of both plays.
"""

from __future__ import annotations

import functools
import os
import subprocess
import time
from typing import TYPE_CHECKING

import yaml

from tests.benchmarks.members import nothing_to_do
from tests.benchmarks.stock import STOCK, StockError, stock_ansible
from tests.benchmarks.timing import medians
from tests.team import LOCAL, Account, Team

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["run"]

PROFILES = {
    f"team-{number:03}": {
        "sso_session": "corp",
        "sso_account_id": f"{number:012}",
        "sso_role_name": "ReadOnly" if number % 2 else "Administrator",
        "region": "eu-west-1",
    }
    for number in range(200)
}
SESSION = {"sso_start_url": "https://example.awsapps.com/start", "sso_region": "eu-west-1"}
OPTIONS = [
    {"section": f"profile {name}", "key": key, "value": value}
    for name, settings in PROFILES.items()
    for key, value in settings.items()
]
RUNS = 3
SAMPLE = 10
AWS = "/usr/bin/aws"
OURS = {"name": "AWS config", "hosts": "all", "gather_facts": False, "roles": ["latchkey.workstation.aws_config"]}
PLAIN = {
    "name": "Nothing",
    "hosts": "all",
    "gather_facts": False,
    "tasks": [{"name": "Say so", "ansible.builtin.debug": {"msg": "nothing"}}],
}
STOCK_PLAY = {
    "name": "AWS config",
    "hosts": "all",
    "gather_facts": False,
    "tasks": [
        {
            "name": "Set an option",
            "community.general.ini_file": {
                "path": "{{ file }}",
                "section": "{{ item.section }}",
                "option": "{{ item.key }}",
                "value": "{{ item.value }}",
            },
            "loop": "{{ options }}",
            "loop_control": {"label": "{{ item.section }} {{ item.key }}"},
        }
    ],
}


def run() -> list[str]:
    """Table rows: seconds of each way, and its ratio to the collection's."""
    if os.geteuid() != 0:
        return ["SKIP: only root serves others"]
    with Team.of(1) as team:
        (account,) = team.accounts
        team.declare(
            latchkey_roster={account.name: {}},
            aws_config_sso_sessions={"corp": SESSION},
            aws_config_profiles=PROFILES,
        )
        ours, plain = (_written(team.folder / name, play) for name, play in (("ours.yml", OURS), ("plain.yml", PLAIN)))
        first = team.play(ours)
        if first.returncode:
            raise StockError(first.stdout + first.stderr)
        seconds = medians(
            {
                "a play that does nothing": lambda: nothing_to_do(team.play(plain)),
                "aws_config, the whole play": lambda: nothing_to_do(team.play(ours)),
            },
            runs=RUNS,
        )
        rows = [f"{'no-op':<44}{'s':>9}{'x ours':>9}{'x ours, less an empty play':>28}"]
        rows += [_row(name, taken, seconds) for name, taken in seconds.items()]
        others: dict[str, Callable[[], float | str]] = {
            f"ini_file, {len(OPTIONS)} options in a loop": functools.partial(_ini_file, team, account),
            f"aws configure set, {SAMPLE} of {len(OPTIONS)}, times {len(OPTIONS) // SAMPLE}": lambda: _aws_cli(account),
        }
        for name, other in others.items():
            taken = other()
            rows.append(f"{name:<44} SKIP: {taken}" if isinstance(taken, str) else _row(name, taken, seconds))
    return rows


def _row(name: str, taken: float, seconds: dict[str, float]) -> str:
    empty, ours = seconds.values()
    less = f"{(taken - empty) / (ours - empty):27.0f}x" if taken > empty else ""
    return f"{name:<44}{taken:9.2f}{taken / ours:8.1f}x{less}"


def _written(path: Path, play: dict[str, object], **variables: object) -> Path:
    path.write_text(yaml.safe_dump([{**play, "vars": variables}]))
    return path


def _ini_file(team: Team, account: Account) -> float | str:
    """One run over all options, which all are as they should be."""
    try:
        program = stock_ansible()
    except StockError as error:
        return f"{STOCK} cannot be had here: {error}"
    inventory = team.folder / "stock-hosts.yml"
    inventory.write_text(yaml.safe_dump({"all": {"hosts": {"localhost": LOCAL}}}))
    settings = team.folder / "stock.cfg"
    settings.write_text("[defaults]\n[connection]\npipelining = true\n")
    play = _written(team.folder / "stock.yml", STOCK_PLAY, file=str(account.home / ".aws/config"), options=OPTIONS)
    own = {"HOME": str(team.folder), "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "ANSIBLE_CONFIG": str(settings)}
    argv = [str(program), "-i", str(inventory), str(play)]
    started = time.perf_counter()
    done = subprocess.run(argv, env=own, cwd=team.folder, capture_output=True, text=True, check=False)
    taken = time.perf_counter() - started
    nothing_to_do(done)
    return taken


def _aws_cli(account: Account) -> float | str:
    """Seconds for all options, from those of a sample; the CLI writes the file each time, equal or not."""
    if not os.path.exists(AWS):
        return "there is no AWS CLI"
    started = time.perf_counter()
    for option in OPTIONS[:: len(OPTIONS) // SAMPLE]:
        name = option["section"].partition(" ")[2]
        done = account.run(AWS, "configure", "set", option["key"], option["value"], "--profile", name)
        if done.returncode:
            return done.stderr.strip()
    return (time.perf_counter() - started) * len(OPTIONS) / SAMPLE


if __name__ == "__main__":
    print("\n".join(run()))
