# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run ansible-playbook in this process, with checks before it and a documented exit status after it."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import re
import signal
import sys
from typing import TYPE_CHECKING

from . import environment, signals
from .ending import FAILED, OutcomeFile, status, write_report
from .stop import USAGE, Stop

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]

_SIGNALLED = 128
_STARTED = dt.datetime.now(dt.UTC)
_LISTINGS = {"--list-hosts", "--list-tasks", "--list-tags", "--syntax-check", "--version", "--help", "-h"}
_BLANKS = re.compile(r"[\s\u00ad\u115f\u1160\u200b-\u200f\u2028\u2029\u2800\u3164\ufeff\uffa0]+")


def main(program: str, arguments: Sequence[str]) -> int:
    """Run ``ansible-playbook ARGUMENTS``; ``program`` is the name to show in errors. Returns the exit status."""
    errors: list[str] = []
    if os.isatty(2) and "ANSIBLE_STDOUT_CALLBACK" not in os.environ and not _LISTINGS.intersection(arguments):
        os.write(2, b"starting\r")  # whatever comes next is written over it
    signals.handle()
    try:
        code = _run(list(arguments), errors)
    except Stop as stop:
        errors, code = list(stop.messages), stop.status
    except KeyboardInterrupt:
        number = signals.received()
        reason = "interrupted" if number == signal.SIGINT else f"ended by {number.name}"
        errors, code = [f"{reason}: what was done stays, start it again to complete it"], _SIGNALLED + number
    except OSError as error:
        errors, code = [_reason(error)], FAILED
    if errors:
        _show(program, errors, code)
        if not _LISTINGS.intersection(arguments):
            _report(program, errors, code, arguments)
    return code


def _run(arguments: list[str], errors: list[str]) -> int:
    """Exit status of Ansible; ``errors`` takes what ended it before its summary."""
    try:
        environment.prepare(os.environ)
        os.environ["LATCHKEY_ANSIBLE_PLAYBOOK"] = sys.argv[0] = f"{sys.prefix}/bin/ansible-playbook"
        environment.require_temporary_folder(os.environ)
    except SystemExit as refusal:
        raise Stop(str(refusal.code)) from None
    guard = None
    if not os.getuid():
        from .root import Guard  # noqa: PLC0415 - only root needs it

        guard = Guard()
        guard.require_checkout()
    outcome = OutcomeFile.prepare()
    try:
        from .playbook import play  # noqa: PLC0415 - Ansible reads its configuration when it is imported

        code = play(arguments, guard, errors)
        left = outcome.read()
        if left is None:
            return code
        return FAILED if errors else status(code, left)
    except ImportError as error:
        if (error.name or "").partition(".")[0] == "starter":
            raise
        with contextlib.suppress(OSError):
            os.unlink(f"{sys.prefix}/.latchkey")
        raise Stop(
            f"{sys.prefix} is damaged ({error.name} cannot be imported): "
            f"{environment.CHECKOUT}/bootstrap.sh makes it anew"
        ) from None
    finally:
        outcome.remove()


def _reason(error: OSError) -> str:
    """A sentence for an error of the operating system, without its number."""
    where = f" ({error.filename})" if error.filename else ""
    return f"{error.strerror or type(error).__name__}{where}: nothing more was done, start it again when that is mended"


def _show(program: str, errors: Sequence[str], code: int) -> None:
    if os.isatty(2):
        os.write(2, b"\r\x1b[K")
    for error in errors:
        print(f"{program}: {_BLANKS.sub(' ', error).strip()}", file=sys.stderr)  # one line each
    if code == USAGE:
        print("Nothing was touched: correct this first. (exit 64)", file=sys.stderr)


def _report(program: str, errors: list[str], code: int, arguments: Sequence[str]) -> None:
    playbook = next((word for word in arguments if word.endswith((".yml", ".yaml"))), "")
    checking = bool({"--check", "-C"}.intersection(arguments))
    trouble = write_report(errors, code, started=_STARTED, check_mode=checking, playbook=playbook)
    if trouble:
        print(f"{program}: {trouble}", file=sys.stderr)
