# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks before Ansible runs as root: the checkout, and every file that the arguments make Ansible read."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .environment import CHECKOUT
from .stop import Stop
from .trust import Changeable, Trust

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Iterator

__all__ = ["Guard"]

_FILE_OPTIONS = ("become_password_file", "connection_password_file", "private_key_file")
_ARGUMENT_OPTIONS = ("ssh_common_args", "ssh_extra_args", "sftp_extra_args", "scp_extra_args")
_CONNECTION_VARIABLE = re.compile(r"""ansible_\w+["']?\s*[=:]\s*(.*)""", re.DOTALL)


class Guard:
    """Raises :class:`Stop` for what others than root can change."""

    def __init__(self) -> None:
        self._trust = Trust()

    def require_checkout(self) -> None:
        """Check every part of the checkout but the venv."""
        self._trust.skip(CHECKOUT)
        for part in sorted(os.listdir(CHECKOUT)):
            path = os.path.join(CHECKOUT, part)
            if part != ".venv":  # bootstrap.sh has looked at it, where root uses it
                self._check(self._trust.require, path)

    def require_arguments(self, options: Namespace, unfrack: Callable[..., str]) -> None:
        """Check what Ansible reads because of ``options``; ``unfrack`` expands a path without following links."""
        for path in _named(options, unfrack):
            if path != "-":
                self._check(self._trust.require, path)
        for path in _inside(options):
            self._check(self._trust.require_if_there, os.path.expanduser(path))
        local = f"{CHECKOUT}/inventory/local"
        if list(options.inventory) == [local] and not _has_roster(local):
            raise Stop("root serves the people of a roster, and inventory/local has none: give an inventory with -i")

    @staticmethod
    def _check(require: Callable[[str], None], path: str) -> None:
        try:
            require(path)
        except Changeable as found:
            raise Stop(
                f"as root it reads only what it has looked at, and there is no {found.path}"
                if found.absent
                else f"as root it trusts only what root alone can change, and others can change {found.path}"
            ) from None


def _named(given: Any, unfrack: Callable[..., str]) -> Iterator[str]:
    """Paths that options name, by Ansible's own understanding of them."""
    for inventory in given.inventory:
        if "," not in inventory or os.path.exists(inventory):
            yield os.path.abspath(inventory)
            beside = os.path.dirname(os.path.abspath(inventory))
            yield from filter(os.path.lexists, (f"{beside}/group_vars", f"{beside}/host_vars"))
        else:
            yield from (host for host in inventory.split(",") if "/" in host)
    yield from (word[1:] for word in given.extra_vars if word.startswith("@"))
    for playbook in given.args:
        if "/" in playbook or os.path.exists(playbook):
            yield os.path.dirname(os.path.abspath(playbook))
    yield from given.module_path or ()
    yield from given.vault_password_files
    for secret in given.vault_ids:
        if (path := secret.partition("@")[2] or secret) not in ("prompt", "prompt_ask_vault_pass"):
            yield unfrack(path, follow=False)
    for option in _FILE_OPTIONS:
        yield getattr(given, option) or "-"


def _inside(given: Any) -> Iterator[str]:
    """Paths within the value of an option or of a connection variable: ``-F FILE``, ``-oIdentityFile=FILE``."""
    texts = [getattr(given, option) or "" for option in _ARGUMENT_OPTIONS]
    for extra in given.extra_vars:
        if not extra.startswith("@"):
            texts += [found[1] for found in _CONNECTION_VARIABLE.finditer(extra)]
    for text in texts:
        yield from paths_in(text)


def paths_in(text: str) -> Iterator[str]:
    """Each part of ``text`` that may be a path: with a slash, or the name of something in the current folder."""
    try:
        words = shlex.split(text)
    except ValueError:
        words = text.split()
    for word in words:
        for piece in re.split(r"[\s=,;|&<>()'\"{}]+", word):
            option = re.match(r"-[A-Za-z](?=.)", piece)
            for path in (piece, piece[2:] if option else ""):
                if (
                    path.startswith(("/", "~", "./", "../"))
                    or ("/" in path and not path.startswith("-"))
                    or (path and not path.startswith("-") and os.path.lexists(path))
                ):
                    yield path


def _has_roster(inventory: str) -> bool:
    files = filter(Path.is_file, Path(inventory).rglob("*"))
    return any(re.search(rb"(?m)^latchkey_roster.*:", file.read_bytes()) for file in files)
