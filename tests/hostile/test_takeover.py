# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A member who can write the folder of another member's file, or whose process is taken over."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import textwrap
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._core.errors import LatchkeyError
from ansible_collections.latchkey.workstation.plugins.module_utils._core.report import MemberResult, Report
from ansible_collections.latchkey.workstation.plugins.module_utils._exports.managed_files import (
    ManagedFiles,
    WantedFile,
)
from ansible_collections.latchkey.workstation.plugins.module_utils._host import atomic_write, files
from ansible_collections.latchkey.workstation.plugins.module_utils._host.state import State
from ansible_collections.latchkey.workstation.plugins.module_utils._members import child as members_child

from tests.hostile.conftest import PYTHON, run_as, say

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ansible_collections.latchkey.workstation.plugins.module_utils._core.member import Member

    from tests.team import Account, Team

pytestmark = pytest.mark.root

WRITES, SIZE = 100, 100_000  # the larger the file, the longer its temporary file can be swapped
# Replaces every temporary file by a link to the key, as fast as it can.
SWAP = """
import os, sys
folder, key = sys.argv[1:]
print("ready", flush=True)
while True:
    for name in os.listdir(folder):
        if name.startswith(".latchkey-"):
            try:
                os.rename(f"{folder}/{name}", f"{folder}/taken")
                os.symlink(key, f"{folder}/{name}")
            except OSError:
                pass
"""


@pytest.fixture
def shared(team: Team) -> Iterator[Path]:
    """A folder that everybody can write."""
    folder = team.folder / "shared"
    folder.mkdir()
    folder.chmod(0o777)
    yield folder
    subprocess.run(["rm", "-rf", str(folder)], check=True)


def test_temporary_file_swapped_by_another_member_changes_no_mode(
    mallory: Account, peggy: Account, shared: Path
) -> None:
    peggy.write("key", "key\n", mode=0o600)
    (shared / "file").write_text("0\n")
    os.chown(shared / "file", peggy.uid, peggy.gid)
    key = peggy.home / "key"

    def work(_member: Member, _entry: dict[str, Any]) -> MemberResult:
        written = 0
        for number in range(WRITES):
            with contextlib.suppress(LatchkeyError):
                atomic_write.write(files.read(str(shared / "file")), b"%07d\n" % number * SIZE, mode=0o644)
                written += 1
        return say(written)

    argv = [PYTHON, "-I", "-c", SWAP, str(shared), str(key)]
    with subprocess.Popen(
        argv, stdout=subprocess.PIPE, user=mallory.uid, group=mallory.gid, extra_groups=[], text=True
    ) as attack:
        try:
            assert attack.stdout
            assert attack.stdout.readline() == "ready\n"
            report = run_as([peggy], work, seconds=60)[peggy.name].report
        finally:
            attack.kill()
    assert not report.failed, report.msg
    assert (key.read_text(), key.stat().st_mode & 0o777) == ("key\n", 0o600)


FORGED = "~/a.env\nFAIL bob vault\u3164\u3164\u3164stolen\u202e"


def test_newlines_in_a_members_own_record_forge_no_line(mallory: Account) -> None:
    def work(member: Member, _entry: dict[str, Any]) -> MemberResult:
        report = Report()
        report.add(FORGED, "changed", f"removed {FORGED}", remedy=f"rm {FORGED}")
        managed = ManagedFiles(report, State(member.home, check_mode=True), home=member.home, check_mode=True)
        wanted = WantedFile(FORGED, b"A=b\n", 0o600, ("", "A=b\n"))
        managed.put(wanted, files.Snapshot(f"{member.home}/a.env", None))
        report.msg = FORGED
        return MemberResult(report)

    report = run_as([mallory], work)[mallory.name].report
    line = "~/a.env FAIL bob vault stolen"
    assert [row["item"] for row in report.items] == [line, line]
    assert (report.items[0]["what"], report.items[0]["remedy"], report.msg) == (f"removed {line}", f"rm {line}", line)
    assert report.diff == [{"before": "", "after": f"{line}\nA=b\n"}]


def test_flood_of_values_is_refused_without_decoding(mallory: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    send = members_child._send
    flood = b"".join(b"n%06d\tczNjcjN0LXZhbHVl\n" % number for number in range(300_000))
    monkeypatch.setattr(members_child, "_send", lambda fd, body: send(fd, body if b"items" in body else flood))
    monkeypatch.setattr(members_child.base64, "b64decode", lambda *_a, **_k: pytest.fail("decoded"))
    result = run_as([mallory], lambda _member, _entry: say("fine"))[mallory.name]
    assert result.report.msg == "its process sent more values than are declared"
    assert result.values == {}


# In a pid namespace of its own, where the next pid can be chosen: the tree's process ends between two looks, its pid
# goes to a process that has nothing to do with it, and the tree is killed.
REUSE = textwrap.dedent(
    """
    import os, signal, subprocess, sys, time
    from ansible_collections.latchkey.workstation.plugins.module_utils._host import process_tree

    def start(*argv, **more):
        return subprocess.Popen(argv, **more)

    leader = start("sleep", "60", start_new_session=True)
    # Part of the tree by its session, but a child of this process, which can wait for it at the right moment.
    doomed = start("sleep", "60", preexec_fn=lambda: os.setpgid(0, 0))
    real, scans, innocent = process_tree._processes, [], []

    def scan():
        found = real()
        if not scans:
            found[doomed.pid] = found[doomed.pid].__class__(
                doomed.pid, found[doomed.pid].start, leader.pid, leader.pid, False)
            doomed.kill(); doomed.wait(); time.sleep(0.05)
            while not innocent:
                open("/proc/sys/kernel/ns_last_pid", "w").write(str(doomed.pid - 1))
                one = start("sleep", "60", start_new_session=True)
                if one.pid == doomed.pid:
                    innocent.append(one)
                else:
                    one.kill(); one.wait()
        scans.append(1)
        return found

    process_tree._processes = scan
    process_tree.kill_process_tree(leader.pid)
    time.sleep(0.1)
    status = open(f"/proc/{innocent[0].pid}/stat").read().rpartition(")")[2].split()[0]
    print(leader.wait(), innocent[0].poll(), status)
    innocent[0].kill()
    """
)


def test_process_with_a_reused_pid_is_not_killed() -> None:
    unshare = ["unshare", "--pid", "--fork", "--mount-proc", sys.executable, "-c", REUSE]
    done = subprocess.run(
        unshare,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, "PYTHONPATH": ".collections"},
    )
    if "Operation not permitted" in done.stderr or "ns_last_pid" in done.stderr:
        pytest.skip(f"needs a pid namespace and ns_last_pid: {done.stderr.strip().splitlines()[-1]}")
    assert done.stdout.split() == ["-9", "None", "S"], done.stderr
