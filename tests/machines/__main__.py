# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Machines from the command line: up, ssh, put, down, list."""

from __future__ import annotations

import argparse
import json
import os
import sys

from tests.machines import RELEASES, BaseError, Machine, MachineError, missing
from tests.machines.base import instances
from tests.machines.machine import USERS


def main() -> str | None:
    parser = argparse.ArgumentParser(prog="python3 -m tests.machines", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    verb = verbs.add_parser("up", help="boot a machine; prints how it is reached")
    verb.add_argument("name")
    verb.add_argument("--release", choices=RELEASES, default="bookworm")
    verb.add_argument("--users", default=",".join(USERS), help="comma-separated (default: %(default)s)")
    verb.set_defaults(act=up)
    verb = verbs.add_parser("down", help="shut machines down and forget them")
    verb.add_argument("names", nargs="+", metavar="name")
    verb.set_defaults(act=down)
    verb = verbs.add_parser("ssh", help="log in, or run a command")
    verb.add_argument("name")
    verb.add_argument("user")
    verb.add_argument("command", nargs=argparse.REMAINDER)
    verb.set_defaults(act=ssh)
    verb = verbs.add_parser("put", help="give a user a fresh clone of this checkout; prints where")
    verb.add_argument("name")
    verb.add_argument("user")
    verb.set_defaults(act=put)
    verb = verbs.add_parser("list", help="machines and whether they run")
    verb.set_defaults(act=show)
    given = parser.parse_args()
    try:
        return missing() or given.act(given)
    except (MachineError, BaseError) as error:
        return str(error)


def up(given: argparse.Namespace) -> None:
    machine = Machine.make(given.release, given.users.split(","), given.name)
    machine.start()
    # The words are those of Molecule's instance configuration.
    reached = {"address": "127.0.0.1", "port": machine.port, "identity_file": str(machine.key)}
    print(json.dumps({"instance": machine.name, **reached}))


def down(given: argparse.Namespace) -> None:
    for name in given.names:
        if (instances() / name).is_dir():
            Machine.named(name).down()


def ssh(given: argparse.Namespace) -> None:
    argv = [*Machine.named(given.name).ssh_command(given.user), *given.command]
    os.execvp(argv[0], argv)


def put(given: argparse.Namespace) -> None:
    print(Machine.named(given.name).put(given.user))


def show(_: argparse.Namespace) -> None:
    for folder in sorted(instances().glob("*")):
        print(folder.name, "runs" if Machine(folder).running else "is down")


if __name__ == "__main__":
    sys.exit(main())
