# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Broken or hostile homes of members, each with the pattern that the report of a run must contain."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.team import Account

__all__ = ["HANGS", "TROUBLES", "Trouble", "full_home"]

HANGS = ["/bin/sleep", "1000"]


@dataclass(frozen=True)
class Trouble:
    """A broken home, made by root after the home of another member; ``told`` is a pattern of the report."""

    make: Callable[[Account, Account], None]
    told: str


def _file(account: Account, _neighbour: Account) -> None:
    shutil.rmtree(account.home)
    account.home.write_text("no home\n")
    os.chown(account.home, account.uid, account.gid)


def _strangers(account: Account, neighbour: Account) -> None:
    os.chown(account.home, neighbour.uid, neighbour.gid)


def _fifo(account: Account, _neighbour: Account) -> None:
    os.mkfifo(account.home / ".zshrc")
    os.chown(account.home / ".zshrc", account.uid, account.gid)


def _link(name: str, target: Callable[[Account], str]) -> Callable[[Account, Account], None]:
    def make(account: Account, neighbour: Account) -> None:
        link = account.home / name
        account.write(f"{name}.beside", "")
        link.symlink_to(target(neighbour))
        os.lchown(link, account.uid, account.gid)

    return make


def _read_only(account: Account, _neighbour: Account) -> None:
    account.home.chmod(0o555)


def _folder(account: Account, _neighbour: Account) -> None:
    account.write(".aws/config/nothing", "")


def _nothing(_account: Account, _neighbour: Account) -> None:
    """The trouble lies elsewhere: in what is declared for the member, or in the disk below the home."""


TROUBLES = {
    "home-is-a-file": Trouble(_file, r"its home \S+ cannot be entered"),
    "home-of-another": Trouble(_strangers, r"its home \S+ belongs to somebody else"),
    "zshrc-is-a-fifo": Trouble(_fifo, r"\.zshrc"),
    "zshrc-of-root": Trouble(_link(".zshrc", lambda _: "/etc/shadow"), r"\.zshrc"),
    "state-of-another": Trouble(_link(".local/state", lambda other: f"{other.home}/.local/state"), r"\.local/state"),
    "home-is-read-only": Trouble(_read_only, r"\.local"),
    "home-is-full": Trouble(_nothing, r"is full|[Nn]o space"),
    "aws-config-is-a-folder": Trouble(_folder, r"\.aws/config"),
    "source-hangs": Trouble(_nothing, r"not done within|10 s"),
}


@contextlib.contextmanager
def full_home(account: Account) -> Iterator[None]:
    """The home on a disk of its own that has no room left."""
    own = f"size=64k,mode=0755,uid={account.uid},gid={account.gid}"
    subprocess.run(["mount", "-t", "tmpfs", "-o", own, "tmpfs", account.home], check=True)
    try:
        account.write("authorities/build", "value that cannot be kept\n")
        with contextlib.suppress(OSError), (account.home / "fills").open("wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))
        yield
    finally:
        subprocess.run(["umount", account.home], check=True)
