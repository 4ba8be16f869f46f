# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Command line for the machines: up, ssh, put, down, list."""

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
    verb = verbs.add_parser("down", help="shut machines down and remove their folders")
    verb.add_argument("names", nargs="+", metavar="name")
    verb.set_defaults(act=down)
    verb = verbs.add_parser("ssh", help="log in, or run a command")
    verb.add_argument("name")
    verb.add_argument("user")
    verb.add_argument("command", nargs=argparse.REMAINDER)
    verb.set_defaults(act=ssh)
    verb = verbs.add_parser("put", help="clone this checkout into a user's home; prints the path")
    verb.add_argument("name")
    verb.add_argument("user")
    verb.set_defaults(act=put)
    verb = verbs.add_parser("list", help="machines and whether they run")
    verb.set_defaults(act=show)
    options = parser.parse_args()
    try:
        return missing() or options.act(options)
    except (MachineError, BaseError) as error:
        return str(error)


def up(options: argparse.Namespace) -> None:
    machine = Machine.make(options.release, options.users.split(","), options.name)
    machine.start()
    # The keys of Molecule's instance configuration.
    reached = {"address": "127.0.0.1", "port": machine.port, "identity_file": str(machine.key)}
    print(json.dumps({"instance": machine.name, **reached}))


def down(options: argparse.Namespace) -> None:
    for name in options.names:
        if (instances() / name).is_dir():
            Machine.named(name).down()


def ssh(options: argparse.Namespace) -> None:
    argv = [*Machine.named(options.name).ssh_command(options.user), *options.command]
    os.execvp(argv[0], argv)


def put(options: argparse.Namespace) -> None:
    print(Machine.named(options.name).put(options.user))


def show(_: argparse.Namespace) -> None:
    for folder in sorted(instances().glob("*")):
        print(folder.name, "runs" if Machine(folder).running else "is down")


if __name__ == "__main__":
    sys.exit(main())
