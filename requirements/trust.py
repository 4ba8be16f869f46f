# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""ansible-playbook for root: it reads what its arguments name once it is known that root alone can change that."""

from __future__ import annotations

import contextlib
import os
import re
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterator

trusted: set[str] = set()


def die(why: str) -> NoReturn:
    sys.exit(f"bootstrap.sh: {why}")


def look(path: str, *, inside: bool) -> bool:
    """Whether it is a link. In a sticky folder, like /tmp, nobody replaces what is root's on the way further down."""
    found = os.lstat(path)
    link = stat.S_ISLNK(found.st_mode)
    sticky = stat.S_ISDIR(found.st_mode) and found.st_mode & stat.S_ISVTX
    if found.st_uid or (found.st_mode & 0o022 and not link and (inside or not sticky)):
        die(f"as root it trusts only what root alone can change, and others can change {path}")
    return link


def end(path: str) -> str:
    """Where it leads, link by link, after a look at everything on the way."""
    at, ahead = "/", path.split("/")
    while ahead:
        name = ahead.pop(0)
        if name == "..":
            at = os.path.dirname(at)
        elif name not in ("", "."):
            at = os.path.join(at, name)
            if look(at, inside=False):
                link = os.readlink(at)
                at = "/" if link.startswith("/") else os.path.dirname(at)
                ahead = [*link.split("/"), *ahead]
    return at


def trust(path: str) -> None:
    if not os.path.exists(path):
        die(f"as root it reads only what it has looked at, and there is no {path}")
    top = end(path)
    look(top, inside=True)
    if top not in trusted:
        trusted.add(top)
        for folder, folders, files in os.walk(top):
            for name in folders + files:
                each = os.path.join(folder, name)
                with contextlib.suppress(FileNotFoundError):
                    if look(each, inside=True):
                        trust(each)


checkout = os.path.dirname(sys.argv[1])
trusted.add(checkout)
for part in os.listdir(checkout):
    if part != ".venv":  # which root does not use
        trust(os.path.join(checkout, part))

from ansible import context  # noqa: E402 -- it reads ansible.cfg
from ansible.cli.arguments import option_helpers  # noqa: E402
from ansible.cli.playbook import PlaybookCLI  # noqa: E402
from ansible.utils.path import unfrackpath  # noqa: E402


def named() -> Iterator[str]:
    """What Ansible is about to read, by its own understanding of its arguments."""
    given = context.CLIARGS
    for inventory in given["inventory"]:
        if "," not in inventory or os.path.exists(inventory):
            yield os.path.abspath(inventory)
            beside = os.path.dirname(os.path.abspath(inventory))
            yield from filter(os.path.lexists, (f"{beside}/group_vars", f"{beside}/host_vars"))
        else:
            yield from (host for host in inventory.split(",") if "/" in host)
    yield from (word[1:] for word in given["extra_vars"] if word.startswith("@"))
    for playbook in given["args"]:
        if "/" in playbook or os.path.exists(playbook):
            yield os.path.dirname(os.path.abspath(playbook))
    yield from given["module_path"] or ()
    yield from given["vault_password_files"]
    for secret in given["vault_ids"]:
        if (path := secret.partition("@")[2] or secret) not in ("prompt", "prompt_ask_vault_pass"):
            yield unfrackpath(path, follow=False)
    for option in ("become_password_file", "connection_password_file", "private_key_file"):
        yield given[option] or "-"


def has_roster(inventory: str) -> bool:
    files = filter(Path.is_file, Path(inventory).rglob("*"))
    return any(re.search(rb"(?m)^latchkey_roster.*:", file.read_bytes()) for file in files)


class Playbook(PlaybookCLI):
    def parse(self) -> None:
        # Links stay in what is given, to be looked at.
        option_helpers.unfrackpath = lambda path, **_: unfrackpath(path, follow=False)
        super().parse()
        for path in named():
            if path != "-":
                trust(path)
        local = f"{checkout}/inventory/local"
        if list(context.CLIARGS["inventory"]) == [local] and not has_roster(local):
            die("root serves the people of a roster, and inventory/local has none: give an inventory with -i")


sys.argv[0] = f"{sys.prefix}/bin/ansible-playbook"
Playbook.cli_executor()
