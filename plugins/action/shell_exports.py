# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Controller side of shell_exports: reads the shell programs of the collection and passes them to the module."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.utils.vars import merge_hash

_FILES = {"library": "exports.sh", "run": "latchkey-run.sh"}
_FOLDER = Path(__file__).parents[2] / "roles" / "shell_exports" / "files"


def read_programs(folder: Path = _FOLDER) -> dict[str, str]:
    """Texts of the shell programs, as the module's option ``programs`` takes them."""
    try:
        return {name: (folder / file).read_text(encoding="utf-8") for name, file in _FILES.items()}
    except OSError as error:
        raise AnsibleActionFail(
            f"{error.filename} cannot be read ({error.strerror}): install the collection again"
        ) from None


class ActionModule(ActionBase):  # type: ignore[misc]
    """Runs the module of the same name as an ordinary task does, with the option ``programs`` filled in."""

    _supports_async = True
    _supports_check_mode = True

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result = super().run(tmp, task_vars)
        arguments = {"programs": read_programs(), **self._task.args}
        wrap_async = bool(self._task.async_val and not self._connection.has_native_async)
        answer = self._execute_module(module_args=arguments, task_vars=task_vars, wrap_async=wrap_async)
        if not wrap_async:
            self._remove_tmp_path(self._connection._shell.tmpdir)  # noqa: SLF001 - as every action plugin does
        merged: dict[str, Any] = merge_hash(result, answer)
        return merged
