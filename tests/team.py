# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Accounts made for a while on this machine, and root's folder from which playbooks serve them.

with Team.of(20) as team:
    team.declare(latchkey_credentials={...})
    team.play("bootstrap.yml")
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import pwd
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["CHECKOUT", "LOCAL", "Account", "Team", "recap"]

CHECKOUT = Path(__file__).parents[1]
LOCAL = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
_MADE_BY = "made for a test by process"


@dataclasses.dataclass(frozen=True)
class Account:
    """An ordinary account whose home lies below the team's folder."""

    name: str
    uid: int
    gid: int
    home: Path

    def write(self, name: str, text: str, *, mode: int = 0o600) -> None:
        path = self.home / name
        missing = [parent for parent in reversed(path.parents) if not parent.exists()]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)
        for each in (*missing, path):
            os.chown(each, self.uid, self.gid)

    def run(self, *argv: str, seconds: float = 30) -> subprocess.CompletedProcess[str]:
        """A program as this account, in their home, with nothing of root's environment."""
        own = {"HOME": str(self.home), "USER": self.name, "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
        return subprocess.run(
            argv,
            env=own,
            cwd=self.home,
            user=self.uid,
            group=self.gid,
            extra_groups=[],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )


@dataclasses.dataclass(frozen=True)
class Team:
    """Root's folder, which nobody else can write, and the accounts."""

    folder: Path
    accounts: list[Account]

    @classmethod
    @contextlib.contextmanager
    def of(cls, count: int) -> Iterator[Team]:
        """As many new accounts, gone at the end; those of a process that was killed go at the next start."""
        _sweep()
        folder = Path(tempfile.mkdtemp(prefix="latchkey-team-"))
        folder.chmod(0o755)
        names = [f"lk-{secrets.token_hex(2)}-{number:02}" for number in range(count)]
        try:
            yield cls(folder, [_make(name, folder) for name in names])
        finally:
            for name in names:
                _remove(name)
            shutil.rmtree(folder)

    def declare(self, hosts: dict[str, object] | None = None, **variables: object) -> None:
        """The inventory: this machine unless told otherwise, and what holds for all."""
        declared = self.folder / "inventory" / "group_vars" / "all" / "declared.yml"
        declared.parent.mkdir(parents=True, exist_ok=True)
        declared.write_text(yaml.safe_dump(variables))
        text = yaml.safe_dump({"all": {"hosts": hosts or {"localhost": LOCAL}}})
        (self.folder / "inventory" / "hosts.yml").write_text(text)

    def play(
        self, playbook: str | Path, *arguments: str, seconds: float = 300, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """ansible-playbook from the checkout by root, with nothing of the environment but what it needs."""
        bin_folder = Path(sys.executable).parent
        own = {
            "HOME": str(self.folder),
            "PATH": f"{bin_folder}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
            "LC_ALL": "C.UTF-8",
            "ANSIBLE_CONFIG": str(CHECKOUT / "ansible.cfg"),
            "ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.default",  # its recap has a line for each host
            **environment,
        }
        argv = ["ansible-playbook", "-i", str(self.folder / "inventory"), str(playbook), *arguments]
        return subprocess.run(
            [str(bin_folder / argv[0]), *argv[1:]],
            env=own,
            cwd=CHECKOUT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )


def recap(output: str, host: str = "localhost") -> dict[str, int]:
    """The line of PLAY RECAP of a host, as numbers."""
    lines = output.partition("PLAY RECAP")[2].splitlines()
    line = next((line for line in lines if line.split(":")[0].strip() == host), "")
    return {name: int(number) for name, number in re.findall(r"(\w+)=(\d+)", line)}


def _make(name: str, folder: Path) -> Account:
    home = folder / name
    comment = f"{_MADE_BY} {os.getpid()}"
    argv = ["useradd", "--no-create-home", "--home-dir", str(home), "--shell", "/bin/sh", "--comment", comment, name]
    subprocess.run(argv, check=True, capture_output=True)
    known = pwd.getpwnam(name)
    home.mkdir(mode=0o755)
    os.chown(home, known.pw_uid, known.pw_gid)
    return Account(name, known.pw_uid, known.pw_gid, home)


def _remove(name: str) -> None:
    subprocess.run(["userdel", "--force", name], check=False, capture_output=True)


def _sweep() -> None:
    for known in pwd.getpwall():
        made_by = known.pw_gecos.removeprefix(_MADE_BY).strip()
        if known.pw_gecos.startswith(_MADE_BY) and not Path("/proc", made_by).exists():
            _remove(known.pw_name)
