# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The environment in which Ansible runs: configuration, inventory, collections, locale and temporary folder.

As a program it runs a command in that environment: ``python -I starter/environment.py COMMAND [ARGUMENT…]``.
"""

from __future__ import annotations

import locale
import os
import pwd
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import MutableMapping

CHECKOUT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LOCALES = ("C.UTF-8", "en_US.UTF-8")


def prepare(environ: MutableMapping[str, str]) -> None:
    """Complete ``environ`` for Ansible; raises SystemExit with a sentence where that cannot be done."""
    _require_account(environ)
    _require_folder()
    environ.setdefault("PATH", os.defpath)
    environ["ANSIBLE_CONFIG"] = f"{CHECKOUT}/ansible.cfg"
    _choose_inventory(environ)
    _add_collections(environ)
    _choose_locale(environ)


def _require_account(environ: MutableMapping[str, str]) -> None:
    try:
        account = pwd.getpwuid(os.getuid())
    except KeyError:
        raise SystemExit(
            f"user id {os.getuid()} has no account (passwd entry) on this machine: run it as a user that has one"
        ) from None
    if not environ.get("HOME"):
        environ["HOME"] = account.pw_dir


def _require_folder() -> None:
    try:
        os.getcwd()
    except OSError:
        raise SystemExit("the current folder was removed: change to another one (cd) and start again") from None


def default_inventory(environ: MutableMapping[str, str]) -> str:
    """The inventory that is used without ``-i`` and without $LATCHKEY_INVENTORY."""
    own = f"{environ['HOME']}/.config/latchkey/inventory"
    return own if os.path.exists(own) else f"{CHECKOUT}/inventory/local"


def _choose_inventory(environ: MutableMapping[str, str]) -> None:
    environ["LATCHKEY_DEFAULT_INVENTORY"] = default_inventory(environ)
    if not environ.get("LATCHKEY_INVENTORY"):
        environ["LATCHKEY_INVENTORY"] = environ["LATCHKEY_DEFAULT_INVENTORY"]
    # Expanded by Ansible after it has split the list at commas: a comma in a path stays.
    environ["ANSIBLE_INVENTORY"] = "$LATCHKEY_INVENTORY"


def _add_collections(environ: MutableMapping[str, str]) -> None:
    own, given = f"{CHECKOUT}/.collections", environ.get("ANSIBLE_COLLECTIONS_PATH", "")
    if given and given.split(":")[0] != own:
        environ["ANSIBLE_COLLECTIONS_PATH"] = f"{own}:{given}"


def _choose_locale(environ: MutableMapping[str, str]) -> None:
    """Set LC_ALL where the locale is not UTF-8, on which Ansible insists."""
    for name in ("", *LOCALES):
        try:
            locale.setlocale(locale.LC_ALL, name)
        except locale.Error:
            continue
        if locale.nl_langinfo(locale.CODESET) == "UTF-8":
            if name:
                environ["LC_ALL"] = name
            return
    raise SystemExit(f"Ansible needs a UTF-8 locale, and this machine has none of {', '.join(LOCALES)}")


def require_temporary_folder(environ: MutableMapping[str, str]) -> None:
    """Make Ansible's own temporary folder, where Ansible would end in a traceback if it could not."""
    if environ.get("ANSIBLE_LOCAL_TEMP") or environ.get("ANSIBLE_HOME"):
        return
    folder = f"{environ['HOME']}/.ansible/tmp"
    before = os.umask(0o077)
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError:
        pass
    finally:
        os.umask(before)
    if not os.access(folder, os.W_OK):
        raise SystemExit(f"Ansible cannot write {folder}: ANSIBLE_LOCAL_TEMP=FOLDER names another")


if __name__ == "__main__":
    prepare(os.environ)
    os.execvp(sys.argv[1], sys.argv[1:])  # noqa: S606
