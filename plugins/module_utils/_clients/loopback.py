# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Find the account whose process accepted a connection to this machine (Linux)."""

from __future__ import annotations

import ipaddress
import os
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Collection

__all__ = ["UntrustedServer", "require_owner"]

_TABLES = ("/proc/net/tcp", "/proc/net/tcp6")
_PAUSE = 0.01


class UntrustedServer(OSError):
    """The process at the other end of a loopback connection belongs to none of the accounts that may answer."""


def require_owner(sock: socket.socket, uids: Collection[int], left: Callable[[], float]) -> None:
    """Return once a process of one of ``uids`` has accepted the connected ``sock``.

    Only connections to loopback addresses are examined. The kernel is asked for the accepted connection, not for the
    listener, so replacing the listener meanwhile has no effect. Raises UntrustedServer for another account's process,
    and TimeoutError where no process accepts the connection while ``left`` returns seconds.
    """
    here, there = _endpoint(sock.getsockname()), _endpoint(sock.getpeername())
    if not there[0].is_loopback:
        return
    while True:
        owner = _owner(server=there, client=here)
        if owner in uids:
            return
        if owner is not None:
            raise UntrustedServer
        if not left():
            raise TimeoutError
        time.sleep(_PAUSE)


_Endpoint = tuple["ipaddress.IPv4Address | ipaddress.IPv6Address", int]


def _endpoint(address: tuple[str, int]) -> _Endpoint:
    host = ipaddress.ip_address(address[0].partition("%")[0])
    return getattr(host, "ipv4_mapped", None) or host, address[1]


def _owner(*, server: _Endpoint, client: _Endpoint) -> int | None:
    """Uid of the process that accepted the connection; None as long as no process has."""
    wanted = {(_hex(server, mapped=mapped), _hex(client, mapped=mapped)) for mapped in (False, True)}
    for table in filter(os.path.exists, _TABLES):
        with open(table, encoding="ascii") as lines:
            next(lines)
            for line in lines:
                _slot, local, remote, _state, _queues, _timer, _retransmits, uid, _probes, inode = line.split()[:10]
                # A connection that waits to be accepted has no inode, and its uid is 0 whoever listens.
                if (local, remote) in wanted and inode != "0":
                    return int(uid)
    return None


def _hex(endpoint: _Endpoint, *, mapped: bool) -> str:
    """An endpoint as /proc/net/tcp writes it, or with ``mapped`` an IPv4 one as /proc/net/tcp6 does."""
    address, port = endpoint
    packed = address.packed
    if mapped and address.version == 4:
        packed = ipaddress.IPv6Address(f"::ffff:{address}").packed
    words = [int.from_bytes(packed[start : start + 4], sys.byteorder) for start in range(0, len(packed), 4)]
    return "".join(f"{word:08X}" for word in words) + f":{port:04X}"
