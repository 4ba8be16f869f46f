# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keys an ssh-agent holds, told by fingerprint: a comment can say anything."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from ansible_collections.latchkey.workstation.plugins.module_utils import _files
from ansible_collections.latchkey.workstation.plugins.module_utils._checks_base import (
    ABSENT,
    FAIL,
    PASS,
    UNKNOWN,
    Option,
    Outcome,
    Provider,
)
from ansible_collections.latchkey.workstation.plugins.module_utils._command import CommandMissing

if TYPE_CHECKING:
    from ansible_collections.latchkey.workstation.plugins.module_utils._checks_base import Check, Here
    from ansible_collections.latchkey.workstation.plugins.module_utils._command import Finished

__all__ = ["PROVIDERS"]

_LINE = re.compile(rb"^\d+ (SHA256:\S+) (.*) \(([A-Z0-9-]+)\)[ \t\r]*$", re.MULTILINE)
_NO_IDENTITIES, _NO_AGENT = 1, 2


def _local(check: Check, here: Here) -> Outcome:
    options = check.options
    socket = _files.expand(options["socket"], here.home) if options.get("socket") else os.environ.get("SSH_AUTH_SOCK")
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
    load = f"ssh-add {re.sub('[.]pub$', '', options['key'])}" if options.get("key") else "ssh-add"
    if listed.code in (0, _NO_IDENTITIES):
        return _find(wanted, listed, remedy=load)
    if listed.code == _NO_AGENT:
        return Outcome(ABSENT, "no ssh-agent answers at its socket", "unreachable", remedy="start one, or log in anew")
    return Outcome(UNKNOWN, f"ssh-add ended with {listed.code}", "unexpected")


def _find(wanted: str | None, listed: Finished, *, remedy: str) -> Outcome:
    keys = {found[0].decode(): found[1].decode(errors="replace") for found in _LINE.findall(listed.out)}
    if listed.code == _NO_IDENTITIES or not keys:
        return Outcome(ABSENT, "the ssh-agent holds no key, or is locked", "absent", remedy=remedy)
    if wanted and wanted not in keys:
        return Outcome(ABSENT, f"the ssh-agent does not hold {wanted}", "absent", remedy=remedy)
    if wanted:
        return Outcome(PASS, "the key is loaded", identity=keys[wanted])
    return Outcome(PASS, f"{len(keys)} loaded", identity=next(iter(keys.values())))


def _fingerprint(key: str | None, here: Here) -> str | None:
    """The fingerprint of a public key's file; "" where it has none."""
    if not key:
        return None
    told = here.run(["ssh-keygen", "-l", "-f", _files.expand(key, here.home)])
    found = _LINE.search(told.out)
    return found[1].decode() if found and not told.code else ""


PROVIDERS = {
    "ssh_agent": Provider(
        {"fingerprint": Option(), "key": Option(), "socket": Option()}, local=_local, takes_value=False
    )
}
