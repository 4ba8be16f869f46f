# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Provider that finds keys in an ssh-agent by fingerprint; comments are free text and prove nothing."""

from __future__ import annotations

import os
import re
import shlex
from typing import TYPE_CHECKING

from ..._core.errors import LatchkeyError
from ..._host import files
from ..._host.command import CommandMissing
from ..base import ABSENT, FAIL, PASS, UNKNOWN, Option, Outcome, Provider

if TYPE_CHECKING:
    from ..._host.command import Finished
    from ..base import Check, LocalContext

__all__ = ["PROVIDERS"]

_LINE = re.compile(rb"\d+ (SHA256:\S+) (.*) \(([A-Z0-9-]+)\)[ \t\r]*")
_NO_IDENTITIES, _NO_AGENT, _NO_KEY = 1, 2, 255
_NOT_A_KEY = re.compile(rb"not a public key file|No such file")
_RUN_SSH_ADD = "run ssh-add -l and see what it says"


def _local(check: Check, here: LocalContext) -> Outcome:
    options = check.options
    socket = files.expand(options["socket"], here.home) if options.get("socket") else os.environ.get("SSH_AUTH_SOCK")
    if not socket:
        reason = "no ssh-agent here (SSH_AUTH_SOCK is not set)"
        return Outcome(ABSENT, reason, "unreachable", remedy="start one, or declare its socket")
    try:
        wanted = options.get("fingerprint") or _fingerprint(options.get("key"), here)
        listed = here.run(["ssh-add", "-l"], env={"SSH_AUTH_SOCK": socket})
    except CommandMissing as error:
        return Outcome(ABSENT, error.message, "prerequisite", remedy="install OpenSSH's client")
    if wanted == "":
        reason = f"{options['key']} is no public key that ssh-keygen can read"
        return Outcome(FAIL, reason, "malformed", remedy="name the file of a public key as key")
    load = f"ssh-add {_shell_path(options['key'].removesuffix('.pub'))}" if options.get("key") else "ssh-add"
    return _judge(listed, wanted, load=load)


def _judge(listed: Finished, wanted: str | None, *, load: str) -> Outcome:
    """Outcome for what ``ssh-add -l`` printed; ``load`` is the command that loads the key."""
    if listed.code == 0:
        return _find(wanted, listed.out, remedy=load)
    if listed.code == _NO_IDENTITIES and b"no identities" in listed.out + listed.err:
        return Outcome(ABSENT, "the ssh-agent holds no key, or is locked", "absent", remedy=load)
    if listed.code == _NO_AGENT and b"denied" not in listed.err:
        return Outcome(ABSENT, "no ssh-agent answers at its socket", "unreachable", remedy="start one, or log in anew")
    return Outcome(UNKNOWN, f"ssh-add {listed.status}", "unexpected", remedy=_RUN_SSH_ADD)


def _find(wanted: str | None, listed: bytes, *, remedy: str) -> Outcome:
    lines = [_LINE.fullmatch(line) for line in listed.splitlines()]
    keys = {found[1].decode(): found[2].decode(errors="replace") for found in lines if found}
    if wanted in keys:
        return Outcome(PASS, "the key is loaded", identity=keys[wanted])
    if not keys or None in lines:
        return Outcome(UNKNOWN, "ssh-add printed something else than keys", "unexpected", remedy=_RUN_SSH_ADD)
    if wanted:
        return Outcome(ABSENT, f"the ssh-agent does not hold {wanted}", "absent", remedy=remedy)
    return Outcome(PASS, f"{len(keys)} loaded", identity=next(iter(keys.values())))


def _fingerprint(key: str | None, here: LocalContext) -> str | None:
    """Fingerprint of a public key's file; "" where it holds no public key, None without a file.

    LatchkeyError for any other failure of ssh-keygen.
    """
    if not key:
        return None
    finished = here.run(["ssh-keygen", "-l", "-f", files.expand(key, here.home)])
    found = _LINE.fullmatch(finished.out.strip())
    if found and not finished.code:
        return found[1].decode()
    if finished.code == _NO_KEY and _NOT_A_KEY.search(finished.out + finished.err):
        return ""
    raise LatchkeyError(f"ssh-keygen {finished.status} for {key}", remedy=f"ssh-keygen -l -f {_shell_path(key)}")


def _shell_path(path: str) -> str:
    """``path`` quoted for a shell, which still replaces a leading ``~/`` by the home."""
    return f"~/{shlex.quote(path[2:])}" if path.startswith("~/") and len(path) > len("~/") else shlex.quote(path)


PROVIDERS = {
    "ssh_agent": Provider(
        {"fingerprint": Option(), "key": Option(), "socket": Option()}, local=_local, takes_value=False
    )
}
