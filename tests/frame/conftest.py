# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A checkout with a one-task bootstrap.yml, and the person it belongs to: nobody where root runs the tests."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
FRAME = (
    *("bootstrap.sh", "test.sh", "ansible.cfg", "requirements", "starter"),
    *(".collections", "galaxy.yml", "meta", "playbooks", "plugins", "roles"),
)
PLAYBOOK = """
- hosts: all
  gather_facts: false
  tasks:
    - ansible.builtin.debug:
        msg:
          - "config={{ ansible_config_file }}"
          - "python={{ ansible_playbook_python }}"
          - "inventory={{ ansible_inventory_sources | join(',') }}"
          - "check={{ ansible_check_mode }}"
          - "word={{ word | default('none') }}"
          - "collections={{ lookup('config', 'COLLECTIONS_PATHS') | join(':') }}"
          - "locale={{ lookup('env', 'LC_ALL') }}"
"""
LOCAL = "/usr/local/bin:/usr/bin:/bin"
HOSTS = (
    "all: {hosts: {here: {ansible_connection: local, ansible_python_interpreter: '{{ ansible_playbook_python }}'}}}\n"
)
# Where packages come from is the business of the machine, for every user of it.
SETTINGS = ("PIP_", "UV_", "SSL_", "REQUESTS_", "CURL_", "HTTP_", "HTTPS_", "NO_PROXY", "http_", "https_", "no_proxy")

UNSET = "\0"


def uid() -> int:
    """The one who runs bootstrap.sh as an ordinary user."""
    return os.getuid() or 65534


@dataclass
class Checkout:
    folder: Path
    home: Path
    cache: Path
    path: str = LOCAL

    def command(self, *argv: str | Path, **variables: str) -> dict[str, object]:
        """What subprocess needs to run it as the owner of the checkout."""
        given = {name: value for name, value in os.environ.items() if name.startswith(SETTINGS)}
        own = {"HOME": str(self.home), "PATH": self.path, "LANG": "C.UTF-8", "XDG_CACHE_HOME": str(self.cache)}
        person = {"user": uid(), "group": uid(), "extra_groups": []} if not os.getuid() else {}
        environment = {name: value for name, value in {**given, **own, **variables}.items() if value != UNSET}
        return {"args": argv, "cwd": self.home, "env": environment, "text": True, **person}

    def run(self, *argv: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
        command = self.command(*argv, **variables)
        return subprocess.run(**command, capture_output=True, stdin=subprocess.DEVNULL, check=False)

    def bootstrap(self, *arguments: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
        return self.run(self.folder / "bootstrap.sh", *arguments, **variables)

    def play(self, *arguments: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
        """ansible-playbook of the checkout."""
        return self.run(self.folder / ".venv/bin/ansible-playbook", *arguments, **variables)

    def declare(self, declared: str, *, name: str = "inventory") -> Path:
        """An inventory of this machine in the person's home."""
        folder = self.home / name
        (folder / "group_vars").mkdir(parents=True, exist_ok=True)
        (folder / "hosts.yml").write_text(HOSTS)
        (folder / "group_vars/all.yml").write_text(declared)
        self.give(self.home)
        return folder

    def start(self, *arguments: str, **variables: str) -> subprocess.Popen[str]:
        command = self.command(self.folder / "bootstrap.sh", *arguments, **variables)
        return subprocess.Popen(**command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)

    def give(self, *paths: Path) -> None:
        """Hands what the test made to the owner of the checkout."""
        for path in paths:
            for each in (path, *path.rglob("*")):
                os.chown(each, uid(), uid() if not os.getuid() else -1, follow_symlinks=False)

    def only(self, *extra: Path) -> str:
        """A PATH with the tools of every system, no Python and no uv but those given."""
        folder = Path(tempfile.mkdtemp(dir=self.home))
        plain = "awk cat chmod cksum cp dirname env find grep head id locale ls mkdir mktemp readlink rm sed sh uname"
        for tool in plain.split():
            (folder / tool).symlink_to(shutil.which(tool))
        for tool in extra:
            (folder / tool.name).symlink_to(tool)
        self.give(folder)
        return str(folder)


@pytest.fixture(scope="session")
def cache() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="latchkey-cache-"))
    os.chown(folder, uid(), -1)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def checkout(cache: Path) -> Iterator[Checkout]:
    with _checked_out(cache) as made:
        yield made


@pytest.fixture(scope="session")
def started(cache: Path, uv: Path) -> Iterator[Checkout]:
    """A checkout that was started once, the quick way; tests leave it as it is."""
    with _checked_out(cache) as made:
        made.path = f"{uv.parent}:{LOCAL}"
        done = made.bootstrap("--version")
        assert done.returncode == 0, done.stderr
        yield made


@pytest.fixture
def ready(started: Checkout) -> Iterator[Checkout]:
    """The started checkout for a person with an empty home."""
    home = started.folder.parent / "home of a test"
    home.mkdir()
    made = dataclasses.replace(started, home=home)
    made.give(home)
    yield made
    shutil.rmtree(home)


@contextlib.contextmanager
def _checked_out(cache: Path) -> Iterator[Checkout]:
    top = Path(tempfile.mkdtemp(prefix="latchkey-frame-"))
    top.chmod(0o755)
    made = Checkout(folder=make(top / "it's a checkout"), home=top / "home", cache=cache)
    made.home.mkdir()
    made.give(made.folder, made.home)
    yield made
    shutil.rmtree(top)


def make(folder: Path) -> Path:
    folder.mkdir(mode=0o755)
    for name in FRAME:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy2
        copy(ROOT / name, folder / name, **({"symlinks": True} if copy is shutil.copytree else {}))
    (folder / "bootstrap.yml").write_text(PLAYBOOK)
    (folder / "inventory" / "local").mkdir(parents=True)
    (folder / "inventory" / "local" / "hosts.yml").write_text(HOSTS)
    return folder


@pytest.fixture(scope="session")
def uv() -> Iterator[Path]:
    """The pinned uv, where an ordinary user can run it."""
    found = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    assert found, "uv is one of the test requirements"
    folder = Path(tempfile.mkdtemp(prefix="latchkey-uv-"))
    folder.chmod(0o755)
    yield Path(shutil.copy2(found, folder / "uv"))
    shutil.rmtree(folder)
