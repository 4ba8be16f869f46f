# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Mount a FUSE file system that never answers, to test a member's home that hangs.

with dead_home(path): ...
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import stat
import struct
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["dead_home"]

_MS_NOSUID_NODEV = 2 | 4


@contextlib.contextmanager
def dead_home(path: str) -> Iterator[bool]:
    """Mount it and unmount it afterwards; yields False if FUSE or the right to mount is missing."""
    server = subprocess.Popen([sys.executable, __file__, path], stdout=subprocess.PIPE)
    assert server.stdout
    try:
        yield server.stdout.readline() == b"mounted\n"
    finally:
        server.kill()
        server.communicate()
        subprocess.run(["umount", "--lazy", path], stderr=subprocess.DEVNULL, check=False)


def _serve(path: str) -> None:
    fd = os.open("/dev/fuse", os.O_RDWR)
    owner = os.stat(path)
    about = f"fd={fd},rootmode={stat.S_IFDIR | 0o755:o},user_id={owner.st_uid},group_id={owner.st_gid},allow_other"
    if ctypes.CDLL(None).mount(b"latchkey", path.encode(), b"fuse", _MS_NOSUID_NODEV, about.encode()):
        sys.exit("cannot be mounted")
    _length, _opcode, unique = struct.unpack_from("IIQ", os.read(fd, 1 << 17))
    hello = struct.pack("IIIIHHI40x", 7, 31, 0, 0, 0, 0, 4096)
    os.write(fd, struct.pack("IiQ", 16 + len(hello), 0, unique) + hello)
    os.write(1, b"mounted\n")
    while True:
        os.read(fd, 1 << 17)


if __name__ == "__main__":
    _serve(sys.argv[1])
