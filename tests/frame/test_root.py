# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""bootstrap.sh as root: what it trusts, and a venv that members can read. /opt is a layer that ends with each run."""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.frame.conftest import HOSTS, Checkout, make

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(os.getuid() != 0, reason="needs root")

NOBODY = 65534
LAYERED = 'mount -t overlay overlay -o "lowerdir=/opt,upperdir=$1/up,workdir=$1/work" /opt && shift && exec "$@"'


@dataclass
class Machine(Checkout):
    """The same checkout, owned and run by root."""

    def command(self, *argv: str | Path, **variables: str) -> dict[str, object]:
        layered = ("unshare", "--mount", "--propagation", "private", "sh", "-euc", LAYERED, "sh", self.cache)
        return {**super().command(*layered, *argv, **variables), "user": 0, "group": 0}


@pytest.fixture(scope="module")
def layer() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="latchkey-opt-"))
    for name in ("up", "work"):
        (folder / name).mkdir(mode=0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def machine(layer: Path, uv: Path) -> Iterator[Machine]:
    top = Path(tempfile.mkdtemp(prefix="latchkey-root-"))
    top.chmod(0o755)
    made = Machine(folder=make(top / "checkout"), home=top / "home", cache=layer, path=f"{uv.parent}:/usr/bin:/bin")
    made.home.mkdir(mode=0o700)
    if made.run("true").returncode:
        pytest.skip("no overlay can be mounted over /opt here")
    inventory = made.folder / "inventory" / "team"
    inventory.mkdir()
    (inventory / "hosts.yml").write_text(HOSTS)
    yield made
    shutil.rmtree(top)


def team(machine: Machine) -> tuple[str, Path]:
    return ("-i", machine.folder / "inventory" / "team")


def refused(machine: Machine, *arguments: str | Path, **variables: str) -> str:
    done = machine.bootstrap(*arguments, **variables)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "PLAY" not in done.stdout
    (line,) = done.stderr.splitlines()
    return line


def test_members_can_read_the_venv(machine: Machine) -> None:
    os.umask(0o077)
    done = machine.bootstrap(*team(machine), "--check")
    os.umask(0o022)
    assert done.returncode == 0, done.stderr
    assert "python=/opt/latchkey/venv/bin/python" in done.stdout
    assert not (machine.folder / ".venv").exists()
    member = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")
    late = "import boto3, yaml, ansible, sys; print(sys.prefix)"
    read = machine.run(*member, "/opt/latchkey/venv/bin/python", "-I", "-c", late)
    assert read.stdout == "/opt/latchkey/venv\n", read.stderr
    write = machine.run(*member, "find", "/opt/latchkey", "!", "-type", "l", "-writable")
    assert write.stdout == ""


def test_a_python_that_members_cannot_reach_is_not_taken(machine: Machine) -> None:
    private = machine.home / "bin"
    private.mkdir()
    (private / "python3.14").symlink_to("/usr/bin/python3")
    machine.path = f"{private}:{machine.path}"
    shutil.rmtree(machine.cache / "up" / "latchkey", ignore_errors=True)
    done = machine.bootstrap(*team(machine), "--version")
    assert done.returncode == 0, done.stderr
    assert "making /opt/latchkey/venv with /usr/bin/python3" in done.stderr


def test_without_a_roster(machine: Machine) -> None:
    assert "root serves the people of a roster" in refused(machine, "--check")
    (machine.folder / "inventory/local/group_vars").mkdir()
    roster = machine.folder / "inventory/local/group_vars/all.yml"
    roster.write_text("latchkey_roster: {alice: {}}\n")
    assert machine.bootstrap("--check").returncode == 0


@pytest.mark.parametrize("name", ["", "bootstrap.yml", "requirements/run.txt", "inventory/team/hosts.yml", ".."])
@pytest.mark.parametrize("how", ["owned", "writable"])
def test_what_others_can_change_is_refused(machine: Machine, name: str, how: str) -> None:
    path = machine.folder / name
    if how == "owned":
        os.chown(path, NOBODY, NOBODY)
    else:
        path.chmod(path.stat().st_mode | 0o020)
    assert "as root it trusts only what root alone can change" in refused(machine, *team(machine))


def test_a_sticky_folder_is_fine_above_and_not_inside(machine: Machine) -> None:
    machine.folder.parent.chmod(0o1777)
    assert machine.bootstrap(*team(machine), "--check").returncode == 0
    (machine.folder / "inventory" / "team").chmod(0o1777)
    assert "inventory/team" in refused(machine, *team(machine))


@pytest.mark.parametrize(
    "given", ["-i {}", "-i{}", "--inventory {}", "--inventory={}", "-v -i {}/hosts.yml", "-Ci {}", "-vCi{}"]
)
@pytest.mark.parametrize("culprit", ["", "hosts.yml", "group_vars/all.yml"])
def test_an_inventory_from_elsewhere(machine: Machine, given: str, culprit: str) -> None:
    elsewhere = machine.folder.parent / "elsewhere"
    (elsewhere / "group_vars").mkdir(parents=True)
    (elsewhere / "hosts.yml").write_text(HOSTS)
    (elsewhere / "group_vars" / "all.yml").write_text("{}\n")
    arguments = given.format(elsewhere).split()
    assert machine.bootstrap(*arguments, "--check").returncode == 0
    os.chown(elsewhere / culprit, NOBODY, NOBODY)
    assert str(elsewhere / culprit) in refused(machine, *arguments)


@pytest.mark.parametrize("variable", ["LATCHKEY_INVENTORY", "HOME"])
def test_an_inventory_that_was_chosen(machine: Machine, variable: str) -> None:
    chosen = machine.home / ".config" / "latchkey" / "inventory"
    chosen.mkdir(parents=True)
    (chosen / "hosts.yml").write_text(HOSTS)
    value = {"LATCHKEY_INVENTORY": str(chosen), "HOME": str(machine.home)}[variable]
    assert machine.bootstrap("--check", **{variable: value}).returncode == 0
    os.chown(chosen, NOBODY, NOBODY)
    assert str(chosen) in refused(machine, "--check", **{variable: value})


def test_an_inventory_behind_a_link(machine: Machine) -> None:
    real = machine.folder.parent / "real.yml"
    real.write_text(HOSTS)
    link = machine.folder.parent / "link.yml"
    link.symlink_to(real)
    assert machine.bootstrap("-i", link, "--check").returncode == 0
    os.chown(real, NOBODY, NOBODY)
    assert str(real) in refused(machine, "-i", link)


def test_sudo_in_ones_own_home(machine: Machine) -> None:
    for path in (machine.folder, *machine.folder.rglob("*")):
        os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
    line = refused(machine, SUDO_UID=str(NOBODY), SUDO_USER="alice")
    assert (
        line
        == f"bootstrap.sh: {machine.folder} belongs to alice, who is served without root: run it again without sudo"
    )


def test_a_venv_folder_that_others_can_change(machine: Machine) -> None:
    folder = machine.cache / "up" / "latchkey"
    folder.mkdir(exist_ok=True)
    folder.chmod(0o777)
    assert "/opt/latchkey" in refused(machine, *team(machine))
    folder.chmod(0o755)
