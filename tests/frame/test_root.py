# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""bootstrap.sh as root: what it trusts, and a venv that members can read. /opt is a layer that ends with the tests."""

from __future__ import annotations

import json
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

pytestmark = pytest.mark.root

NOBODY = 65534
LAYERED = """
mount -t overlay overlay -o "lowerdir=/opt,upperdir=$1/up,workdir=$1/work" /opt
[ -e "$1/begun" ] || rm -rf /opt/latchkey
touch "$1/begun"
mount --bind "$2" ~root
shift 2
exec "$@"
"""


@dataclass
class Machine(Checkout):
    """The same checkout, owned and run by root, whose home is home."""

    @property
    def top(self) -> Path:
        return self.folder.parent

    @property
    def ran(self) -> Path:
        """Is there once a program of the member's has run as root."""
        return self.top / "ran"

    @property
    def programs(self) -> dict[str, str]:
        """What a member puts into a folder of theirs: each is a program that leaves a trace."""
        shell = f"#!/bin/sh\ntouch {self.ran}\necho '{{}}'\n"
        python = f"open({str(self.ran)!r}, 'w').close()\n"
        task = f"- {{hosts: localhost, gather_facts: false, tasks: [{{command: touch {self.ran}}}]}}\n"
        return {
            **dict.fromkeys(("hosts.sh", "python3.14", "uv", "id", "find", "dirname", "readlink"), shell),
            "mine.py": python,
            "debug.py": python,
            "all.yml": f"word: \"{{{{ lookup('pipe', 'touch {self.ran}') }}}}\"\n",
            "hosts.yml": HOSTS,
            "play.yml": task,
        }

    def member(self, name: str = "member") -> Path:
        """A folder of somebody else's, full of programs."""
        folder = self.top / name
        folder.mkdir()
        for program, text in self.programs.items():
            (folder / program).write_text(text)
            (folder / program).chmod(0o755)
        for path in (folder, *folder.iterdir()):
            os.chown(path, NOBODY, NOBODY)
        return folder

    def command(self, *argv: str | Path, **variables: str) -> dict[str, object]:
        layered = ("unshare", "--mount", "--propagation", "private", "sh", "-euc", LAYERED, "sh", self.cache, self.home)
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
    (made.home / ".cache").symlink_to(layer)
    if made.run("true").returncode:
        pytest.skip("no overlay can be mounted over /opt here")
    inventory = made.folder / "inventory" / "team"
    inventory.mkdir()
    (inventory / "hosts.yml").write_text(HOSTS)
    if not (layer / "up/latchkey/venv/.latchkey").exists():
        assert made.bootstrap(*team(made), "--version").returncode == 0
    yield made
    shutil.rmtree(top)


def team(machine: Machine) -> tuple[str, Path]:
    return ("-i", machine.folder / "inventory" / "team")


def refused(machine: Machine, *arguments: str | Path, **variables: str) -> str:
    done = machine.bootstrap(*arguments, **variables)
    assert not machine.ran.exists()
    assert done.returncode == 1, done.stdout + done.stderr
    assert "PLAY" not in done.stdout
    (line,) = done.stderr.splitlines()
    return line


def test_members_can_read_the_venv(machine: Machine) -> None:
    machine.run("rm", "-rf", "/opt/latchkey")
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
    machine.run("rm", "-rf", "/opt/latchkey")
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
@pytest.mark.parametrize(
    "culprit",
    ["", *(pytest.param(name, marks=pytest.mark.thorough) for name in ("hosts.yml", "group_vars/all.yml"))],
)
def test_an_inventory_from_elsewhere(machine: Machine, given: str, culprit: str) -> None:
    elsewhere = machine.folder.parent / "elsewhere"
    (elsewhere / "group_vars").mkdir(parents=True)
    (elsewhere / "hosts.yml").write_text(HOSTS)
    (elsewhere / "group_vars" / "all.yml").write_text("{}\n")
    arguments = given.format(elsewhere).split()
    assert machine.bootstrap(*arguments, "--check").returncode == 0
    os.chown(elsewhere / culprit, NOBODY, NOBODY)
    assert str(elsewhere / culprit) in refused(machine, *arguments)


@pytest.mark.parametrize("place", ["chosen", "home/.config/latchkey/inventory"])
def test_an_inventory_that_was_chosen(machine: Machine, place: str) -> None:
    chosen = machine.top / place
    chosen.mkdir(parents=True)
    (chosen / "hosts.yml").write_text(HOSTS)
    variables = {"LATCHKEY_INVENTORY": str(chosen)} if place == "chosen" else {}
    assert machine.bootstrap("--check", **variables).returncode == 0
    os.chown(chosen, NOBODY, NOBODY)
    assert place.partition("home")[2] in refused(machine, "--check", **variables)


def test_an_inventory_behind_a_link(machine: Machine) -> None:
    real = machine.folder.parent / "real.yml"
    real.write_text(HOSTS)
    link = machine.folder.parent / "link.yml"
    link.symlink_to(real)
    assert machine.bootstrap("-i", link, "--check").returncode == 0
    os.chown(real, NOBODY, NOBODY)
    assert str(real) in refused(machine, "-i", link)


@pytest.mark.parametrize("link", ["group_vars", "hosts.sh"])
@pytest.mark.parametrize("hops", [1, 2])
def test_a_link_inside_an_inventory(machine: Machine, link: str, hops: int) -> None:
    culprit = machine.member() / link.replace("group_vars", ".")
    folders = [machine.top / f"inventory{hop}" for hop in range(hops)]
    for folder, further in zip(folders, [*folders[1:], None], strict=True):
        folder.mkdir()
        (folder / "further" if further else folder / link).symlink_to(further or culprit)
    assert str(culprit.parent) in refused(machine, "-i", folders[0])


@pytest.mark.parametrize("given", ["-i {}", "-e @{}", "$LATCHKEY_INVENTORY"])
def test_a_chain_of_links(machine: Machine, given: str) -> None:
    real, hop, link = machine.top / "real.yml", machine.member() / "hop", machine.top / "link"
    real.write_text(HOSTS)
    hop.symlink_to(real)
    link.symlink_to(hop)
    if given.startswith("$"):
        assert str(hop.parent) in refused(machine, LATCHKEY_INVENTORY=str(link))
    else:
        assert str(hop.parent) in refused(machine, *team(machine), *given.format(link).split())


def test_a_comma_in_an_inventory(machine: Machine) -> None:
    two = machine.member("a,b") / "hosts.sh"
    assert "a,b" in refused(machine, LATCHKEY_INVENTORY=str(two))
    assert "a,b" in refused(machine, "-i", two)
    assert "/member" in refused(machine, LATCHKEY_INVENTORY=f"{team(machine)[1]},{machine.member()}/hosts.sh")
    assert "nothere" in refused(machine, "-i", f"{team(machine)[1]},/nothere")
    for hosts in ("localhost,", "localhost,localhost"):
        done = machine.bootstrap("-i", hosts, "-c", "local", "--check")
        assert done.returncode == 0, done.stderr
        assert f"inventory={hosts}" in done.stdout


@pytest.mark.parametrize(
    "given",
    ["-i={}", "-Ci={}", "-i ~root/..{}", "--inventory=~/..{}", "-i $MEMBER", "--inventory=${{MEMBER}}"],
)
def test_an_inventory_by_another_word(machine: Machine, given: str) -> None:
    culprit = machine.member() / "hosts.sh"
    assert str(culprit.parent) in refused(machine, *given.format(culprit).split(), MEMBER=str(culprit))


@pytest.mark.parametrize("given", ["-i nothere", "-i~nobodyatall/hosts", "-i $NOTHING/hosts", "-e @nothere"])
def test_what_is_not_there_is_refused(machine: Machine, given: str) -> None:
    assert "as root it reads only what it has looked at, and there is no " in refused(machine, *given.split())


@pytest.mark.parametrize(
    "given",
    [
        *("-e @{}/all.yml", "-e@{}/all.yml", "--extra-vars @{}/all.yml", "--extra-vars=@{}/all.yml"),
        *("-M {}", "--module-path={}", "{}/play.yml"),
        *("--vault-password-file {}/hosts.sh", "--vault-pass-file={}/hosts.sh", "--vault-id x@{}/hosts.sh"),
        *("--become-password-file={}/hosts.sh", "--conn-pass-file {}/hosts.sh"),
    ],
)
def test_other_files_are_as_powerful(machine: Machine, given: str) -> None:
    folder = machine.member()
    assert str(folder) in refused(machine, *given.format(folder).split(), *team(machine))


@pytest.mark.parametrize(
    "given",
    [
        *(
            "--ssh-extra-args=-F{}/all.yml",
            "--ssh-common-args=-oIdentityFile={}/all.yml",
            "--sftp-extra-args=-S{}/all.yml",
        ),
        *("-e ansible_ssh_common_args=-F{}/all.yml", "-e ansible_python_interpreter={}/python3.14"),
        *('-e {{"ansible_ssh_extra_args":"-F{}/all.yml"}}', "--private-key={}/all.yml"),
    ],
)
def test_files_inside_the_value_of_an_option(machine: Machine, given: str) -> None:
    folder = machine.member()
    assert str(folder) in refused(machine, *given.format(folder).split(), *team(machine))


@pytest.mark.parametrize(
    "given", ["-i {}/hosts.yml", "-i {}/hosts.sh", "--vault-password-file {}/hosts.sh", "-e @{}/hosts.yml"]
)
def test_a_named_file_in_a_sticky_folder_is_refused(machine: Machine, given: str) -> None:
    """Others can put group_vars beside an inventory there, or json.py beside a script."""
    shared = machine.top / "shared"
    shared.mkdir()
    for name in ("hosts.yml", "hosts.sh"):
        (shared / name).write_text(HOSTS if name == "hosts.yml" else f"#!/bin/sh\ntouch {machine.ran}\necho '{{}}'\n")
    (shared / "hosts.sh").chmod(0o755)
    shared.chmod(0o1777)
    arguments = given.format(shared).split()
    assert refused(machine, *team(machine), *arguments).endswith(f"others can change {shared}")


def test_ansible_playbook_itself_guards_what_it_reads(machine: Machine) -> None:
    theirs = machine.member()
    assert machine.bootstrap("--version").returncode == 0
    for program in ("/opt/latchkey/venv/bin/ansible-playbook", machine.folder / "bootstrap.sh"):
        for arguments in (("-i", theirs / "hosts.sh"), (theirs / "play.yml", *team(machine))):
            done = machine.run(program, "playbooks/check.yml", *arguments)
            assert not machine.ran.exists()
            assert (done.returncode, done.stdout) == (1, ""), done.stderr
            assert str(theirs) in done.stderr
    done = machine.run("/opt/latchkey/venv/bin/ansible-playbook", "bootstrap.yml", *team(machine))
    assert done.returncode == 0, done.stderr
    assert "python=/opt/latchkey/venv/bin/python" in done.stdout
    os.chown(machine.folder / "starter/run.py", NOBODY, NOBODY)
    done = machine.run("/opt/latchkey/venv/bin/ansible-playbook", "bootstrap.yml", *team(machine))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("ansible-playbook: as root it trusts only")


def test_a_full_disk_is_one_line(machine: Machine) -> None:
    small = 'rm -rf /opt/latchkey; mount -t tmpfs -o size=20m,mode=755 tmpfs /opt && exec "$@"'
    done = machine.run("sh", "-c", small, "sh", machine.folder / "bootstrap.sh", "--version")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(
        "bootstrap.sh: requirements/run.txt could not be installed: there is no room"
    )
    assert "Traceback" not in done.stderr


def test_arguments_that_name_files_of_root(machine: Machine) -> None:
    file = machine.top / "vars.yml"
    file.write_text("word: kept\n")
    done = machine.bootstrap(*team(machine), "-e", f"@{file}", "-e", "a=@b", "--vault-id", f"x@{file}", "-l", "here")
    assert done.returncode == 0, done.stderr
    assert "word=kept" in done.stdout


def test_the_home_of_root_is_its_own(machine: Machine) -> None:
    elsewhere = machine.member()
    done = machine.bootstrap(*team(machine), HOME=str(elsewhere / "nope"), ANSIBLE_HOME=str(elsewhere / "none"))
    assert done.returncode == 0, done.stderr
    assert {path.name for path in elsewhere.iterdir()} == machine.programs.keys()


@pytest.mark.parametrize(
    "how", ["a folder", *(pytest.param(how, marks=pytest.mark.thorough) for how in ("a link in a folder", "a chain"))]
)
def test_programs_that_others_can_change(machine: Machine, how: str) -> None:
    folder = machine.member()
    if how != "a folder":
        own = machine.top / "bin"
        own.mkdir()
        for name in ("python3.14", "uv"):
            (own / name).symlink_to(folder / name)
            if how == "a chain":
                (machine.top / name).write_text(machine.programs[name])
                (machine.top / name).chmod(0o755)
                (folder / name).unlink()
                (folder / name).symlink_to(machine.top / name)
        folder = own
    machine.path = f"{folder}:{machine.path}"
    machine.run("rm", "-rf", "/opt/latchkey")
    done = machine.bootstrap(*team(machine), "--check")
    assert done.returncode == 0, done.stderr
    assert not machine.ran.exists()


def test_what_stays_of_the_environment(machine: Machine) -> None:
    folder = str(machine.member())
    names = ("LD_LIBRARY_PATH", "PYTHONBREAKPOINT", "XDG_CACHE_HOME", "TMPDIR", "OPENSSL_CONF", "UV_CACHE_DIR", "KEPT")
    found = "".join(f"{name}={{{{ lookup('env', '{name}') }}}}," for name in names)
    play = {"hosts": "all", "gather_facts": False, "tasks": [{"ansible.builtin.debug": {"msg": found}}, {"ping": None}]}
    (machine.folder / "bootstrap.yml").write_text(json.dumps([play]))
    (Path(folder) / "ping.py").symlink_to(f"{folder}/mine.py")
    plugins = ("CALLBACK_PLUGINS", "LIBRARY", "ACTION_PLUGINS", "LOOKUP_PLUGINS", "FILTER_PLUGINS", "COLLECTIONS_PATH")
    variables = {**{f"ANSIBLE_{name}": folder for name in plugins}, **dict.fromkeys(names, folder)}
    done = machine.bootstrap(*team(machine), **variables, ANSIBLE_FORCE_COLOR="1", ANSIBLE_CONFIG=f"{folder}/a.cfg")
    assert done.returncode == 0, done.stdout + done.stderr
    assert not machine.ran.exists()
    assert "".join(f"{name}={folder if name == 'KEPT' else ''}," for name in names) in done.stdout
    assert "\x1b[" in done.stdout


@pytest.mark.parametrize("how", ["written", "linked"])
def test_not_a_line_is_read_before_it_is_looked_at(machine: Machine, how: str) -> None:
    script = machine.folder / "requirements" / "venv.sh"
    script.write_text(f"touch {machine.ran}\n{script.read_text()}")
    if how == "written":
        script.chmod(0o775)
    else:
        script.rename(machine.member() / "venv.sh")
        os.chown(machine.top / "member" / "venv.sh", NOBODY, NOBODY)
        script.symlink_to(machine.top / "member" / "venv.sh")
    assert str(script) in refused(machine, *team(machine))


def test_sudo_in_ones_own_home(machine: Machine) -> None:
    for path in (machine.folder, *machine.folder.rglob("*")):
        os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
    line = refused(machine, SUDO_UID=str(NOBODY), SUDO_USER="alice")
    assert (
        line
        == f"bootstrap.sh: {machine.folder} belongs to alice, who is served without root: run it again without sudo"
    )


def test_a_venv_folder_that_others_can_change(machine: Machine) -> None:
    machine.run("sh", "-c", "mkdir -p /opt/latchkey; chmod 777 /opt/latchkey")
    assert "/opt/latchkey" in refused(machine, *team(machine))
    machine.run("chmod", "755", "/opt/latchkey")
