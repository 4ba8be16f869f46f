# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of one machine: the upper folder of an overlay over a base tree, and the script that boots it."""

from __future__ import annotations

import contextlib
import os
import secrets
import shlex
import shutil
import subprocess
import time
from typing import TYPE_CHECKING

from tests.machines import host

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["clear_cgroups", "furnish"]

CGROUPS = ("/sys/fs/cgroup", "/sys/fs/cgroup/unified", "/sys/fs/cgroup/systemd")

SSHD = """\
ListenAddress 127.0.0.1
Port {port}
PermitRootLogin prohibit-password
PasswordAuthentication no
MaxStartups 100
UseDNS no
"""

# The pid is written first, so that the folder alone is enough to end the machine; mounts end with the process.
# Each machine has its own cgroup: machines in one cgroup would share their user sessions.
RUN = """\
cd {folder}
echo $$ >pid
for top in {cgroups}; do
    if [ -e $top/cgroup.procs ]; then mkdir -p $top/{cgroup}; echo $$ >$top/{cgroup}/cgroup.procs; fi
done
mount -t overlay overlay -o lowerdir={base},upperdir=upper,workdir=work root
exec systemd-nspawn -D root --quiet --register=no --keep-unit --machine={name} --console=pipe \\
    --kill-signal=SIGRTMIN+3 {binds} --boot
"""


def cgroup(folder: Path) -> str:
    return f"latchkey-{folder.name}"


def clear_cgroups(folder: Path) -> None:
    """Remove the cgroups of a machine that has ended; retries, since the kernel empties them with a delay."""
    for top in CGROUPS:
        for path, _, _ in os.walk(f"{top}/{cgroup(folder)}", topdown=False):
            for _attempt in range(50):
                with contextlib.suppress(OSError):
                    os.rmdir(path)
                    break
                time.sleep(0.02)


def furnish(folder: Path, base: Path, *, users: Sequence[str], port: int) -> None:
    """Write all files of a machine; starts and mounts nothing."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    for needed in (folder, folder / "upper", folder / "work", folder / "root"):
        needed.mkdir(mode=0o700)
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", folder / "key"], check=True)
    binds = [f"--bind-ro={path}" for path in host.folders()]
    own = {"cgroup": cgroup(folder), "cgroups": " ".join(CGROUPS), "binds": shlex.join(binds)}
    (folder / "run").write_text(RUN.format(folder=folder, base=base, name=folder.name, **own))

    upper = _Upper(folder / "upper", base)
    for path, content in host.files().items():
        upper.write(path, content)
    upper.write("/etc/machine-id", f"{secrets.token_hex(16)}\n".encode())
    upper.write("/etc/hostname", f"{folder.name}\n".encode())
    upper.write("/etc/hosts", f"127.0.0.1 localhost\n127.0.1.1 {folder.name}\n::1 localhost\n".encode())
    upper.write("/etc/ssh/sshd_config.d/machine.conf", SSHD.format(port=port).encode())
    key = (folder / "key.pub").read_bytes()
    upper.write("/root/.ssh/authorized_keys", key, mode=0o600)
    for uid, user in enumerate(users, 1001):
        upper.add_user(user, uid, key)


class _Upper:
    """The upper folder of an overlay; a folder made in it gets the attributes of the folder it covers."""

    def __init__(self, upper: Path, base: Path) -> None:
        self.upper, self.base = upper, base
        shutil.copystat(base, upper)

    def folder(self, path: Path, uid: int = 0) -> None:
        """Make a folder and its parents; one that the base does not have is owned by ``uid``, 0700 unless root."""
        if path.is_dir():
            return
        self.folder(path.parent, uid)
        path.mkdir(mode=0o700 if uid else 0o755)
        covered = self.base / path.relative_to(self.upper)
        if covered.is_dir():
            shutil.copystat(covered, path)
        else:
            shutil.chown(path, uid, uid)

    def write(self, path: str, content: bytes, *, mode: int = 0o644, uid: int = 0) -> None:
        target = self.upper / path.lstrip("/")
        self.folder(target.parent, uid)
        target.write_bytes(content)
        target.chmod(mode)
        shutil.chown(target, uid, uid)

    def append(self, path: str, line: str) -> None:
        covered = self.base / path.lstrip("/")
        target = self.upper / path.lstrip("/")
        self.folder(target.parent)
        if not target.exists():
            shutil.copy2(covered, target)
            shutil.chown(target, covered.stat().st_uid, covered.stat().st_gid)
        with target.open("a") as lines:
            lines.write(line + "\n")

    def add_user(self, user: str, uid: int, key: bytes) -> None:
        """Add a user with an ssh key, zsh as shell, and a systemd user manager that runs without a login."""
        self.append("/etc/passwd", f"{user}:x:{uid}:{uid}::/home/{user}:/usr/bin/zsh")
        self.append("/etc/group", f"{user}:x:{uid}:")
        self.append("/etc/shadow", f"{user}:*:19000:0:99999:7:::")
        self.write(f"/home/{user}/.ssh/authorized_keys", key, mode=0o600, uid=uid)
        self.write(f"/var/lib/systemd/linger/{user}", b"")
