# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Debian trees that machines are booted from: made once by debootstrap, stored outside the checkout."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
from pathlib import Path

from tests.machines import host

__all__ = ["RELEASES", "BaseError", "base_folder", "base_tree", "instances", "missing"]

RELEASES = ("bookworm", "trixie")
PACKAGES = (
    "systemd,systemd-sysv,dbus,python3,python3-venv,sudo,zsh,openssh-server,"
    "libpam-systemd,dbus-user-session,git,ca-certificates,strace"
)
MASKED = (
    "systemd-networkd.service",
    "systemd-resolved.service",
    "systemd-timesyncd.service",
    "console-getty.service",
    "getty@.service",
    "getty.target",
    "apt-daily.timer",
    "apt-daily-upgrade.timer",
    "e2scrub_all.timer",
)
TOOLS = ("systemd-nspawn", "debootstrap", "unshare", "setpriv", "ssh", "ssh-keygen", "git")


class BaseError(RuntimeError):
    """A tree could not be made, usually because no mirror was reachable."""


def store() -> Path:
    """Return the folder of the trees; it must not lie on an overlay file system."""
    return Path(os.environ.get("LATCHKEY_MACHINES", "/var/cache/latchkey-machines"))


def instances() -> Path:
    """Return the folder of running machines: in memory if /dev/shm has at least 4 GiB."""
    memory = Path("/dev/shm")
    large_enough = memory.is_mount() and shutil.disk_usage(memory).total >= 4 << 30
    return memory / "latchkey-machines" if large_enough else store() / "up"


def missing() -> str:
    """Return why machines cannot be booted on this host; empty if they can."""
    if os.geteuid() != 0:
        return "booting a machine needs root"
    absent = [tool for tool in TOOLS if shutil.which(tool) is None]
    return f"booting a machine needs {', '.join(absent)}" if absent else ""


def base_folder(release: str) -> Path:
    """Return the folder of a release's tree; its name depends on the packages and masked units."""
    recipe = hashlib.sha256(" ".join([PACKAGES, *MASKED]).encode()).hexdigest()[:8]
    return store() / "base" / f"{release}-{recipe}"


def base_tree(release: str) -> Path:
    """Return the tree of a release and make it if absent; a second process waits for the first."""
    tree = base_folder(release)
    tree.parent.mkdir(parents=True, exist_ok=True)
    with tree.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not tree.is_dir():
            unfinished = tree.with_suffix(".unfinished")
            shutil.rmtree(unfinished, ignore_errors=True)
            _debootstrap(release, unfinished, lock.fileno())
            _prepare(unfinished)
            unfinished.rename(tree)
    return tree


def _debootstrap(release: str, tree: Path, lock: int) -> None:
    log = tree.with_suffix(".log")
    command = ["debootstrap", "--variant=minbase", f"--include={PACKAGES}", release, str(tree), host.mirror()]
    # Mounts stay in a private namespace. debootstrap holds the lock too, in case this process is killed.
    with log.open("wb") as output:
        done = subprocess.run(
            ["unshare", "--mount", "--propagation", "private", *filter(None, command)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            pass_fds=[lock],
            check=False,
        )
    if done.returncode:
        last = log.read_text(errors="replace").strip().rpartition("\n")[2]
        raise BaseError(f"debootstrap {release} ended with {done.returncode}: {last} (see {log})")


def _prepare(tree: Path) -> None:
    units = tree / "etc/systemd/system"
    for unit in MASKED:
        (units / unit).unlink(missing_ok=True)
        (units / unit).symlink_to("/dev/null")
    for stale in [*(tree / "var/cache/apt/archives").glob("*.deb"), *(tree / "var/lib/apt/lists").glob("*_*")]:
        stale.unlink()
