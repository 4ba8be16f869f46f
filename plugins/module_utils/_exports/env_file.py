# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Env files: NAME="value" lines that are the same to systemd's EnvironmentFile=, a POSIX shell and a dotenv reader."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .._core.errors import LatchkeyError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .._core.secrets import Secret

__all__ = ["render", "require_variable_name"]

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_SPECIAL = re.compile(r'(["\\`$])')


def render(header: str, values: Mapping[str, Secret]) -> bytes:
    """The file: ``header`` and a line for each of ``values``."""
    return (header + "\n" + "".join(_line(name, secret) for name, secret in values.items())).encode()


def require_variable_name(name: str) -> None:
    """Raise where no variable can have this name."""
    if not _NAME.match(name):
        raise LatchkeyError(
            f"{name!r} cannot be the name of a variable", remedy="letters, digits and _, no digit first"
        )


def _line(name: str, secret: Secret) -> str:
    require_variable_name(name)
    text = secret.reveal().decode(errors="replace")
    if text.encode() != secret.reveal() or any(map(_is_refused, text)):
        raise LatchkeyError(
            f"the value of {name} is no text that an env file can hold: systemd takes UTF-8 without NUL",
            remedy="export it to shells, or let the program read it where it is kept",
        )
    return name + '="' + _SPECIAL.sub(r"\\\1", text) + '"\n'


def _is_refused(character: str) -> bool:
    """NUL, and the code points that Unicode gives to nobody: for one of those systemd refuses the whole file."""
    code = ord(character)
    return not code or 0xFDD0 <= code <= 0xFDEF or code & 0xFFFE == 0xFFFE
