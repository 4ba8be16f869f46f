# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An ordinary person to run playbooks as: oneself in another home, or, for root, an account made for the tests."""

from __future__ import annotations

import dataclasses
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

CHECKOUT = Path(__file__).parents[2]
ACCOUNT = "latchkey-tester"


@dataclasses.dataclass
class Person:
    """Somebody with a home of their own below a temporary folder."""

    account: str
    home: Path
    uid: int
    gid: int

    def environment(self, **more: str) -> dict[str, str]:
        tools = os.pathsep.join([str(Path(sys.executable).parent), "/usr/local/bin", "/usr/bin", "/bin"])
        return {
            "HOME": str(self.home),
            "USER": self.account,
            "LOGNAME": self.account,
            "PATH": tools,
            "LC_ALL": "C.UTF-8",
            "ANSIBLE_CONFIG": str(CHECKOUT / "ansible.cfg"),
            "ANSIBLE_LOCAL_TEMP": str(self.home / ".ansible/tmp"),
            **more,
        }

    def run(
        self, argv: list[str], *, env: dict[str, str] | None = None, stdin: str = "", seconds: float = 120
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            argv,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=seconds,
            cwd=CHECKOUT,
            env=self.environment(**(env or {})),
            start_new_session=True,
            check=False,
            **({"user": self.uid, "group": self.gid, "extra_groups": []} if os.geteuid() == 0 else {}),
        )

    def play(
        self, playbook: str, *arguments: str, env: dict[str, str] | None = None, stdin: str = "", seconds: float = 120
    ) -> subprocess.CompletedProcess[str]:
        """ansible-playbook from the checkout, with the inventory of :meth:`declare` when there is one."""
        inventory = self.home / "inventory"
        chosen = ["-i", str(inventory)] if inventory.exists() else []
        argv = [str(Path(sys.executable).parent / "ansible-playbook"), *chosen, playbook, *arguments]
        return self.run(argv, env=env, stdin=stdin, seconds=seconds)

    def declare(self, **variables: object) -> None:
        """An inventory of this machine with ``variables`` as its declaration."""
        folder = self.home / "inventory/group_vars/all"
        folder.mkdir(parents=True, exist_ok=True)
        host = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
        self.write("inventory/hosts.yml", yaml.safe_dump({"all": {"hosts": {"localhost": host}}}))
        self.write("inventory/group_vars/all/declaration.yml", yaml.safe_dump(variables))

    def write(self, name: str, text: str | bytes, *, mode: int = 0o644) -> Path:
        path = self.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        path.chmod(mode)
        self.own()
        return path

    def own(self) -> None:
        if os.geteuid() == 0:
            for folder, _folders, files in os.walk(self.home):
                for name in ("", *files):
                    os.lchown(Path(folder, name), self.uid, self.gid)


@pytest.fixture
def person() -> Iterator[Person]:
    """An ordinary person with an empty home; root has an account made for them once."""
    if os.geteuid() == 0:
        try:
            known = pwd.getpwnam(ACCOUNT)
        except KeyError:
            subprocess.run(["useradd", "--create-home", "--shell", "/bin/sh", ACCOUNT], check=True)
            known = pwd.getpwnam(ACCOUNT)
    else:
        known = pwd.getpwuid(os.geteuid())
    home = Path(tempfile.mkdtemp(prefix="latchkey-home-"))
    home.chmod(0o755)
    made = Person(known.pw_name, home, known.pw_uid, known.pw_gid)
    made.own()
    yield made
    shutil.rmtree(home, ignore_errors=True)
