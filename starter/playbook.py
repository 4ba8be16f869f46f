# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Subclass of Ansible's ansible-playbook CLI that checks arguments and YAML files before the playbook runs."""

from __future__ import annotations

import contextlib
import importlib
import os
import re
import shlex
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from ansible import constants
from ansible.cli import playbook as playbook_cli
from ansible.cli.arguments import option_helpers
from ansible.cli.playbook import PlaybookCLI
from ansible.errors import AnsibleError
from ansible.executor.playbook_executor import PlaybookExecutor
from ansible.utils.display import Display
from ansible.utils.path import unfrackpath

from . import scan, signals
from .ending import FAILED
from .environment import CHECKOUT
from .extra_vars import misspelt, named_files
from .stop import USAGE, Stop

try:
    from ansible._internal._datatag._tags import Origin
except ImportError:
    Origin = None

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterable

    from .root import Guard

__all__ = ["play"]

_USED_BY_EVERY_TASK = "ansible_collections.latchkey.workstation.plugins.filter.declaration"
_PROGRESS = "ansible_collections.latchkey.workstation.plugins.plugin_utils._progress"


class _Executor(PlaybookExecutor):  # type: ignore[misc]
    def run(self) -> Any:
        with contextlib.suppress(ImportError):  # once here instead of once in each worker, which is a fork
            importlib.import_module(_USED_BY_EVERY_TASK)
        signals.handle()  # again: the queue manager, made before, ends the process on SIGTERM at once
        return super().run()


class _Playbook(PlaybookCLI):  # type: ignore[misc]
    """ansible-playbook's CLI; ``guard`` checks the files that the arguments name, and is None except for root."""

    guard: Guard | None = None

    def init_parser(self, *arguments: Any, **options: Any) -> None:
        super().init_parser(*arguments, **options)
        self.parser.error = _refuse

    def post_process_args(self, options: Namespace) -> Namespace:
        options.args = [_locate(playbook) for playbook in options.args]
        options = super().post_process_args(options)
        if self.guard:
            self.guard.require_arguments(options, unfrackpath)
        os.environ["LATCHKEY_PLAYBOOK_COMMAND"] = _command(options.inventory)
        files = scan.yaml_files(options.inventory, options.args) + [
            os.path.expanduser(name) for name in named_files(options.extra_vars)
        ]
        problems = [problem for path in dict.fromkeys(files) for problem in scan.problems(path)]
        if any(_is_of_checkout(playbook) for playbook in options.args):
            problems += _choice_of_tasks(options)
            problems += misspelt(options.extra_vars, is_used=lambda name: _mentioned(name, files))
        if problems:
            raise Stop(*problems, status=USAGE)
        return options


def _command(inventories: Iterable[str]) -> str:
    """ansible-playbook with these inventories, as it is typed in any folder; the default inventory is left out."""
    chosen = [path for path in inventories if path != os.environ["LATCHKEY_DEFAULT_INVENTORY"]]
    words = [os.environ["LATCHKEY_ANSIBLE_PLAYBOOK"], *(word for path in chosen for word in ("-i", path))]
    return shlex.join(words)


def _choice_of_tasks(options: Namespace) -> list[str]:
    """An error if the arguments leave out tasks: without a verdict a run would end as if nothing were declared."""
    chosen = list(options.tags) != ["all"] or options.skip_tags or options.start_at_task
    return ["the playbooks have no tags, and no task can be left out: -e user=NAME or --limit serve a part"] * bool(
        chosen
    )


def _refuse(message: str) -> NoReturn:
    raise Stop(f"{message} (--help lists all arguments)", status=USAGE)


def play(arguments: list[str], guard: Guard | None, errors: list[str]) -> int:
    """Exit status of ``ansible-playbook ARGUMENTS``; ``errors`` takes the error that ended it."""
    if guard:  # links stay in paths, to be checked
        option_helpers.unfrackpath = lambda path, **_: unfrackpath(path, follow=False)
    with contextlib.suppress(OSError):
        Path(constants.ANSIBLE_HOME).expanduser().mkdir(mode=0o700, exist_ok=True)
    playbook_cli.PlaybookExecutor = _Executor
    cli = _Playbook(["ansible-playbook", *arguments])
    cli.guard = guard
    try:
        return int(cli.run() or 0)
    except SystemExit as end:
        if isinstance(end.code, str):
            errors.append(end.code)
            return USAGE
        return int(end.code or 0)
    except AnsibleError as error:
        _explain(error)
        errors.append(_sentence(error))
        return USAGE
    except (Stop, OSError):
        raise
    except Exception as error:  # noqa: BLE001 - an error of Ansible itself is no reason to end without a summary
        _explain(error)
        errors.append(f"Ansible ended with {type(error).__name__}: {error} (-v shows where)")
        return FAILED
    finally:
        if progress := sys.modules.get(_PROGRESS):
            progress.stop_all()


def _explain(error: Exception) -> None:
    display = Display()
    if display.verbosity:
        display.error(error) if isinstance(error, AnsibleError) else traceback.print_exception(error)


def _locate(playbook: str) -> str:
    """A playbook that is not in the current folder is looked for in the checkout."""
    there = os.path.join(CHECKOUT, playbook)
    return there if not os.path.exists(playbook) and os.path.isfile(there) else playbook


def _is_of_checkout(playbook: str) -> bool:
    path = os.path.realpath(playbook)
    return os.path.dirname(path) in (CHECKOUT, f"{CHECKOUT}/playbooks")


def _mentioned(name: str, files: list[str]) -> bool:
    word = re.compile(rb"\b" + name.encode() + rb"\b")
    return any(word.search(Path(path).read_bytes()) for path in files if os.path.isfile(path))


def _sentence(error: AnsibleError) -> str:
    """The message of an error with the place that Ansible knows of it."""
    text = " ".join(str(error).split())
    tag: Any = Origin.get_tag(error.obj) if Origin and error.obj is not None else None
    return f"{tag.path}:{tag.line_num}: {text}" if tag and tag.path and tag.line_num else text
