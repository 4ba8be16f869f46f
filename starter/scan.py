# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Find duplicate keys, tabs and syntax errors in YAML files, with file and line."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["problems", "yaml_files"]

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_VARIABLES = ("group_vars", "host_vars")
_YAML = (".yml", ".yaml", ".json")
_NAME = re.compile(r"[A-Za-z0-9_.{} -]{1,64}")


def yaml_files(inventories: Iterable[str], playbooks: Iterable[str] = ()) -> list[str]:
    """YAML files that Ansible reads for these inventory files and folders and beside these playbooks."""
    found: dict[str, None] = {}
    for inventory in inventories:
        if os.path.isdir(inventory):
            found.update(dict.fromkeys(_below(inventory, variables=False)))
            continue
        if inventory.endswith(_YAML) and os.path.isfile(inventory) and not os.access(inventory, os.X_OK):
            found[inventory] = None
        found.update(dict.fromkeys(_beside(inventory)))
    for playbook in playbooks:
        found.update(dict.fromkeys(_beside(playbook) if os.path.isfile(playbook) else ()))
    return list(found)


def _beside(path: str) -> Iterator[str]:
    """Files of variables in the folder that holds ``path``."""
    for name in _VARIABLES:
        yield from _below(os.path.join(os.path.dirname(path), name), variables=True)


def _below(folder: str, *, variables: bool) -> Iterator[str]:
    """Files in ``folder``: those of variables may do without an extension."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        if entry.name.startswith(".") or entry.name.endswith(("~", ".orig", ".bak", ".retry", ".pyc", ".swp")):
            continue
        if entry.is_dir():
            yield from _below(entry.path, variables=variables or entry.name in _VARIABLES)
        elif entry.name.endswith(_YAML) or (variables and "." not in entry.name):
            is_read = variables or not os.access(entry.path, os.X_OK)  # Ansible runs an inventory that is a program
            yield from [entry.path] if is_read else []


def problems(path: str) -> list[str]:
    """One sentence for each problem of a file; a file that is encrypted as a whole has none."""
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError as error:
        return [f"{path}: cannot be read ({error.strerror})"]
    if data.startswith(b"$ANSIBLE_VAULT"):
        return []
    try:
        documents = list(yaml.compose_all(data, Loader=_LOADER))
    except yaml.MarkedYAMLError as error:
        return [_syntax(path, data, error)]
    except yaml.YAMLError:
        return [f"{path}: is not UTF-8 text"]
    return [
        f"{path}:{_line(second)}: {_shown(second)} is declared twice, first in line {_line(first)}"
        for document in documents
        for first, second in _repeated(document)
    ]


def _syntax(path: str, data: bytes, error: yaml.MarkedYAMLError) -> str:
    mark = error.problem_mark or error.context_mark
    line = mark.line + 1 if mark else 1
    text = (data.splitlines() or [b""])[min(line, len(data.splitlines()) or 1) - 1]
    indent = text[: len(text) - len(text.lstrip())]
    if b"\t" in indent:
        return f"{path}:{line}: a tab where YAML allows only spaces"
    return f"{path}:{line}: is not YAML ({error.problem or error.context})"


def _repeated(node: yaml.Node | None) -> Iterator[tuple[yaml.Node, yaml.Node]]:
    """Pairs of equal keys of one mapping, anywhere below ``node``."""
    seen: set[int] = set()
    ahead = [node]
    while ahead:
        current = ahead.pop()
        if current is None or id(current) in seen:
            continue
        seen.add(id(current))
        if isinstance(current, yaml.SequenceNode):
            ahead += reversed(current.value)
        elif isinstance(current, yaml.MappingNode):
            keys: dict[tuple[str, str], yaml.Node] = {}
            for key, _value in current.value:
                if isinstance(key, yaml.ScalarNode) and key.value != "<<":
                    first = keys.setdefault((key.tag, key.value), key)
                    if first is not key:
                        yield first, key
            ahead += [value for _key, value in reversed(current.value)]


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _shown(key: yaml.Node) -> str:
    return str(key.value) if _NAME.fullmatch(str(key.value)) else "a key"
