# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of the trace: every way to write a file is performed once and must be found."""

from __future__ import annotations

import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.machines.trace import traced, written

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(not shutil.which("strace"), reason="needs strace")

# Python code, and the paths below the folder w that the trace must contain.
WRITES = {
    "open('w/new', 'w')": {"new"},
    "open('w/old', 'a')": {"old"},
    "open('w/old', 'r+')": {"old"},
    "os.open('new', os.O_RDONLY | os.O_CREAT, dir_fd=w)": {"new"},
    "os.mkdir('w/new')": {"new"},
    "os.mkdir('new', dir_fd=w)": {"new"},
    "os.chdir('w'); os.mkdir('new')": {"new"},
    "os.fchdir(w); os.unlink('old')": {"old"},
    "os.fork() or (os.chdir('w'), os.unlink('old'), os._exit(0)); os.wait()": {"old"},
    "os.chdir('w'); os.fork() or (os.unlink('old'), os._exit(0)); os.wait()": {"old"},
    "subprocess.run('cd w; (sleep .2; rmdir folder) & cd /; wait', shell=True)": {"folder"},
    "os.rmdir('w/folder')": {"folder"},
    "os.rename('w/old', 'w/new')": {"old", "new"},
    "os.replace('old', 'new', src_dir_fd=w, dst_dir_fd=w)": {"old", "new"},
    "os.link('w/old', 'w/new')": {"old", "new"},
    "os.symlink('elsewhere', 'w/new')": {"new"},
    "os.symlink('elsewhere', 'new', dir_fd=w)": {"new"},
    "os.mkfifo('w/new')": {"new"},
    "os.truncate('w/old', 0)": {"old"},
    "os.chmod('w/old', 0)": {"old"},
    "os.chmod('old', 0, dir_fd=w)": {"old"},
    "os.chmod(w, 0o700)": {"."},
    "os.chown('w/old', -1, -1)": {"old"},
    "os.utime('w/old')": {"old"},
    "os.utime(w)": {"."},
    "os.setxattr('w/old', 'user.a', b'/b')": {"old"},
    "os.setxattr(w, 'user.a', b'/b')": {"."},
    "socket.socket(socket.AF_UNIX).bind(os.path.abspath('w/new'))": {"new"},
    "subprocess.run('cd w && mkdir -p new/deep', shell=True)": {"new", "new/deep"},
    "open('w/old').read(); os.listdir('w'); os.stat('w/old')": set(),
}


@pytest.mark.parametrize("code", WRITES)
def test_write_is_traced(code: str, tmp_path: Path) -> None:
    (tmp_path / "w" / "folder").mkdir(parents=True)
    (tmp_path / "w" / "old").write_text("old")
    program = f"import os, socket, subprocess\nw = os.open('w', os.O_RDONLY)\n{code}"
    (tmp_path / "program.py").write_text(program)
    script = traced(f"exec {sys.executable} -IB program.py", str(tmp_path / "log"))
    subprocess.run(["sh", "-c", script], cwd=tmp_path, check=True)
    with (tmp_path / "log").open() as log:
        found = {path for path in written(log) if path.startswith(str(tmp_path))}
    assert found == {str(tmp_path / "w" / name) for name in WRITES[code]}


def test_failed_write_is_not_traced(tmp_path: Path) -> None:
    script = traced("mkdir /proc/no; echo x >none/file", str(tmp_path / "log"))
    subprocess.run(["sh", "-c", script], cwd=tmp_path, capture_output=True, check=False)
    with (tmp_path / "log").open() as log:
        assert not {path for path in written(log) if not path.startswith("/dev/")}


def test_interrupted_call_is_joined_from_two_lines() -> None:
    log = ['7 mkdir("/a" <unfinished ...>', '8 rmdir("/b") = 0', "7 <... mkdir resumed>, 0777) = 0"]
    assert written(log) == {"/a", "/b"}
