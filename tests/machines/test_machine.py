# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of the machines that the other tests rely on."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.machines import Machine, MachineError
from tests.machines.base import instances
from tests.machines.checkout import ROOT
from tests.machines.listeners import listeners

BOOTS_AND_DIES = """
import os, sys
from tests.machines import Machine
with Machine.boot(sys.argv[1], users=[]) as machine:
    print(machine.name, flush=True)
    os.kill(os.getpid(), 9)
"""


def test_systemd_runs_and_every_user_has_a_manager(machine: Machine) -> None:
    assert machine.ssh("root", "systemctl is-system-running --wait").out == "running\n"
    for uid, user in enumerate(("alice", "bob", "carol", "mallory"), 1001):
        assert machine.ssh(user, "id -u; systemctl --user is-system-running --wait").out == f"{uid}\nrunning\n"


def test_ssh_passes_arguments_stdin_and_status_unchanged(machine: Machine) -> None:
    odd = ["a b", "c'd", "$HOME", "", "ü"]
    assert machine.ssh("alice", ["printf", "%s|", *odd]).out == "|".join(odd) + "|"
    assert machine.ssh("alice", "cat; exit 3", stdin="x\ny") == machine.ssh("alice", "printf 'x\\ny'; exit 3")
    with pytest.raises(MachineError, match="exit status 3"):
        machine.ssh("alice", "exit 3").check()
    with pytest.raises(MachineError, match="alice waited 1 s for sleep 9"):
        machine.ssh("alice", ["sleep", "9"], seconds=1)


def test_fresh_machine_has_no_tools_and_empty_homes(machine: Machine) -> None:
    looked_for = "ansible-playbook uv pip pip3 bao aws"
    assert machine.ssh("alice", f"command -v {looked_for}; ls -A ~").out == ".ssh\n"


def test_pip_on_a_machine_uses_the_hosts_settings(machine: Machine) -> None:
    script = "python3 -m venv v && v/bin/pip install --quiet packaging && v/bin/python -c 'import packaging'; rm -r v"
    machine.ssh("alice", script, seconds=120).check()


def test_clone_contains_uncommitted_files_and_no_ignored_ones(machine: Machine) -> None:
    checkout = machine.put("bob", "a clone")
    assert checkout == "/home/bob/a clone"
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--deduplicate"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    expected = sorted(path for path in listed if os.path.lexists(ROOT / path))
    found = machine.ssh("bob", f"cd '{checkout}' && git ls-files && git status --porcelain").check().out
    assert sorted(found.splitlines()) == expected


def test_root_of_a_machine_is_readable_from_the_host(machine: Machine) -> None:
    machine.ssh("carol", "echo hello >~/note").check()
    assert (machine.root / "home/carol/note").read_text() == "hello\n"
    assert (machine.root / "etc/hostname").read_text().strip() == machine.name


def test_listeners_excludes_sockets_of_the_host(machine: Machine) -> None:
    before = listeners(machine)
    with socket.create_server(("127.0.0.1", 0)):
        assert listeners(machine) == before
    serve = "import socket, time; s = socket.create_server(('127.0.0.1', 0)); time.sleep(60)"
    machine.ssh("alice", ["systemd-run", "--user", "--unit=waits", "python3", "-c", serve]).check()
    deadline = time.monotonic() + 10
    while listeners(machine) == before and time.monotonic() < deadline:
        time.sleep(0.1)
    (new,) = listeners(machine) - before
    assert new.startswith("tcp 0100007F:")
    machine.ssh("alice", "systemctl --user stop waits").check()


def test_second_machine_runs_beside_the_first_and_leaves_nothing(machine: Machine) -> None:
    with Machine.boot(machine.release, users=["dora"]) as other:
        assert other.port != machine.port
        assert other.ssh("dora", "hostname").out.strip() == other.name
        assert other.ssh("alice", "true").code == 255
        folder, pid = other.folder, other.pid
        other.ssh("dora", "echo kept >note").check()
        began = time.monotonic()
        other.stop()
        assert time.monotonic() - began < 10, "shutdown timed out and the machine was killed"
        other.start(ends_with_caller=True)
        assert other.ssh("dora", "cat note").out == "kept\n"
    assert not folder.exists()
    assert not Path("/proc", str(pid)).exists()
    assert not list(Path("/sys/fs/cgroup").glob(f"**/latchkey-{folder.name}"))
    assert machine.running


def test_machine_ends_when_its_owner_process_is_killed(release: str) -> None:
    name = subprocess.run(
        [sys.executable, "-c", BOOTS_AND_DIES, release], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.strip()
    orphan = Machine.named(name)
    deadline = time.monotonic() + 10
    while orphan.running and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not orphan.running
    with Machine.boot(release, users=[]):
        assert not (instances() / name).exists()


def test_stop_does_not_kill_a_process_that_is_not_systemd_nspawn(machine: Machine, tmp_path: Path) -> None:
    with subprocess.Popen(["sleep", "60"]) as bystander:
        (tmp_path / "pid").write_text(str(bystander.pid))
        Machine(tmp_path).stop()
        assert bystander.poll() is None
        bystander.terminate()
