# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Machines from the command line: up, ssh, put, down, list, base."""

from __future__ import annotations

import argparse
import os
import sys

from tests.machines import RELEASES, Machine, MachineError, base_tree, missing
from tests.machines.base import store
from tests.machines.machine import USERS


def main() -> str | None:
    parser = argparse.ArgumentParser(prog="python3 -m tests.machines", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    up = verbs.add_parser("up", help="boot a machine; prints its name, port, key and pid")
    up.add_argument("name")
    up.add_argument("--release", choices=RELEASES, default="bookworm")
    up.add_argument("--users", default=",".join(USERS), help="comma-separated (default: %(default)s)")
    down = verbs.add_parser("down", help="shut machines down and forget them")
    down.add_argument("names", nargs="+", metavar="name")
    ssh = verbs.add_parser("ssh", help="log in, or run a command")
    ssh.add_argument("name")
    ssh.add_argument("user")
    ssh.add_argument("command", nargs=argparse.REMAINDER)
    put = verbs.add_parser("put", help="give a user a fresh clone of this checkout; prints where")
    put.add_argument("name")
    put.add_argument("user")
    base = verbs.add_parser("base", help="make the base tree of a release")
    base.add_argument("release", choices=RELEASES)
    verbs.add_parser("list", help="machines and whether they run")
    try:
        return act(parser.parse_args())
    except MachineError as error:
        return str(error)


def act(given: argparse.Namespace) -> str | None:
    if reason := missing():
        return reason
    if given.verb == "up":
        machine = Machine.make(given.release, given.users.split(","), given.name)
        machine.start()
        print(machine.name, machine.port, machine.key, machine.pid)
    elif given.verb == "down":
        for name in given.names:
            if (store() / "up" / name).is_dir():
                Machine.named(name).down()
    elif given.verb == "ssh":
        machine = Machine.named(given.name)
        argv = [*machine.ssh_command(given.user), *given.command]
        os.execvp(argv[0], argv)
    elif given.verb == "put":
        print(Machine.named(given.name).put(given.user))
    elif given.verb == "base":
        print(base_tree(given.release))
    elif (store() / "up").is_dir():
        for folder in sorted((store() / "up").iterdir()):
            print(folder.name, "runs" if Machine(folder).running else "down")
    return None


if __name__ == "__main__":
    sys.exit(main())
