# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One machine: make it from a base tree, boot it, run commands over ssh, shut it down. Its state is its folder."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import secrets
import shlex
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.machines import checkout
from tests.machines.base import base_tree, instances
from tests.machines.instance import clear_cgroups, furnish

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["USERS", "Machine", "MachineError", "Result"]

USERS = ("alice", "bob", "carol", "mallory")


class MachineError(RuntimeError):
    """A machine did not boot, or a command on it failed."""


@dataclasses.dataclass(frozen=True)
class Result:
    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        return f"{self.out}\n{self.err}"

    def check(self) -> Result:
        if self.code:
            raise MachineError(f"exit status {self.code}\n{self.text}")
        return self


@dataclasses.dataclass(frozen=True)
class Machine:
    folder: Path

    # -- start and stop ---------------------------------------------------------------------------------------------

    @classmethod
    @contextlib.contextmanager
    def boot(cls, release: str = "bookworm", users: Sequence[str] = USERS) -> Iterator[Machine]:
        """Boot a machine for a with block; it also ends if this process is killed."""
        _remove_orphans()
        machine = cls.make(release, users)
        (machine.folder / "owner").write_text(str(os.getpid()))
        try:
            machine.start(ends_with_caller=True)
            yield machine
        finally:
            machine.down()

    @classmethod
    def make(cls, release: str = "bookworm", users: Sequence[str] = USERS, name: str = "") -> Machine:
        """Make the folder of a new machine; start() boots it."""
        base = base_tree(release)
        folder = instances() / (name or f"{release}-{secrets.token_hex(3)}")
        if (folder / "pid").exists():
            raise MachineError(f"{folder.name} is there already: python3 -m tests.machines down {folder.name}")
        port = _free_port()
        furnish(folder, base, users=users, port=port)
        (folder / "release").write_text(release)
        (folder / "port").write_text(str(port))
        return cls(folder)

    @classmethod
    def named(cls, name: str) -> Machine:
        machine = cls(instances() / name)
        if not machine.folder.is_dir():
            raise MachineError(f"no machine {name!r} below {machine.folder.parent}")
        return machine

    def start(self, *, ends_with_caller: bool = False) -> None:
        """Boot the machine, also after stop() or a reboot inside; its files stay."""
        keep = ["setpriv", "--pdeathsig", "TERM"] if ends_with_caller else []
        with (self.folder / "console.log").open("ab") as console:
            subprocess.Popen(
                [*keep, "unshare", "--mount", "--propagation", "private", "sh", "-eu", self.folder / "run"],
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
                start_new_session=True,
            )
        self._wait_until_up(time.monotonic() + 30)

    def stop(self) -> None:
        """Shut down by the recorded pid, after checking that the process is systemd-nspawn."""
        for end, patience in ((signal.SIGTERM, 20), (signal.SIGKILL, 5)):
            if not self.running:
                break
            os.kill(self.pid, end)
            deadline = time.monotonic() + patience
            while self.running and time.monotonic() < deadline:
                time.sleep(0.05)
        clear_cgroups(self.folder)

    def down(self) -> None:
        self.stop()
        if self.running:
            raise MachineError(f"process {self.pid} of {self.folder.name} does not end")
        shutil.rmtree(self.folder)

    # -- properties --------------------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def release(self) -> str:
        return (self.folder / "release").read_text()

    @property
    def port(self) -> int:
        return int((self.folder / "port").read_text())

    @property
    def pid(self) -> int:
        return int((self.folder / "pid").read_text())

    @property
    def key(self) -> Path:
        return self.folder / "key"

    @property
    def running(self) -> bool:
        with contextlib.suppress(OSError, ValueError):
            os.waitpid(self.pid, os.WNOHANG)
        with contextlib.suppress(OSError, ValueError):
            return Path(f"/proc/{self.pid}/exe").readlink().name == "systemd-nspawn"
        return False

    @property
    def root(self) -> Path:
        """The machine's root folder as seen from the host; absolute links in it lead to files of the host."""
        leader = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()[0]
        return Path(f"/proc/{leader}/root")

    # -- commands ---------------------------------------------------------------------------------------------

    def ssh_command(self, user: str, *options: str) -> list[str]:
        """Return the ssh command that logs in as ``user``, for programs that need a terminal or run ssh themselves."""
        settings = {
            "BatchMode": "yes",
            "ConnectTimeout": "5",
            "IdentitiesOnly": "yes",
            "LogLevel": "ERROR",
            "StrictHostKeyChecking": "no",
            "UserKnownHostsFile": "/dev/null",
        }
        given = [f"-o{name}={value}" for name, value in settings.items()]
        return ["ssh", "-F", "none", *given, "-i", str(self.key), f"-p{self.port}", *options, f"{user}@127.0.0.1"]

    def ssh(self, user: str, command: str | Sequence[str], *, stdin: str | bytes = "", seconds: float = 60) -> Result:
        """Run an argv, or a script for sh, in a new login. Any exit status is returned; Result.check() raises."""
        argv = ["sh", "-c", command] if isinstance(command, str) else command
        given = stdin.encode() if isinstance(stdin, str) else stdin
        try:
            done = subprocess.run(
                [*self.ssh_command(user, "-T"), shlex.join(argv)],
                input=given,
                capture_output=True,
                timeout=seconds,
                check=False,
            )
        except subprocess.TimeoutExpired as slow:
            raise MachineError(f"{self.name}: {user} waited {seconds:.0f} s for {shlex.join(argv)[:200]}") from slow
        return Result(done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"))

    def put(self, user: str, folder: str = "workstation") -> str:
        """Clone this checkout, uncommitted work included, into the user's home; return the absolute path."""
        place = shlex.quote(folder)
        script = f"""
            set -eu; cd; bundle=$(mktemp); trap 'rm -f "$bundle"' EXIT; cat >"$bundle"
            git clone --quiet --branch main "$bundle" {place}; cd {place}; git remote remove origin; pwd -P
        """
        return self.ssh(user, script, stdin=checkout.bundle()).check().out.strip()

    def _wait_until_up(self, deadline: float) -> None:
        last = Result(255, "", "no answer")
        while time.monotonic() < deadline:
            if _answers(self.port):
                last = self.ssh("root", "true", seconds=10)
                if last.code == 0:
                    return
            time.sleep(0.03)
        console = (self.folder / "console.log").read_text(errors="replace")[-3000:]
        raise MachineError(f"{self.name} did not come up: {last.err}\n{console}")


def _remove_orphans() -> None:
    """Shut down the machines whose owner process no longer exists."""
    for owner in instances().glob("*/owner"):
        if not Path("/proc", owner.read_text()).exists():
            Machine(owner.parent).down()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
        return connection.recv(4) == b"SSH-"
    return False
