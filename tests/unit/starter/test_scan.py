# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from starter.scan import problems, yaml_files

if TYPE_CHECKING:
    from pathlib import Path


def found(tmp_path: Path, text: str | bytes) -> list[str]:
    path = tmp_path / "all.yml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return [problem.removeprefix(f"{path}:") for problem in problems(str(path))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: {b: 1}\n", []),
        ("a: 1\nb: 2\na: 3\n", ["3: a is declared twice, first in line 1"]),
        ("c:\n  heroku: {}\n  github: {}\n  heroku: {}\n", ["4: heroku is declared twice, first in line 2"]),
        ("- x: 1\n  x: 2\n- {y: 1, y: 2}\n", ["2: x is declared", "3: y is declared"]),
        ("a: &x {k: 1}\nb: *x\nc: {<<: *x, <<: *x}\n", []),
        ("a: 1\n'a': 2\n", ["2: a is declared twice"]),
        ("1: x\n'1': y\n", []),
        ("a: !vault |\n  $ANSIBLE_VAULT;1.1\n", []),
        ("? {a: 1}\n: x\n? ghp_012345678901234567890123456789012345678901234567890123456789012345\n: 1\n", []),
        ("$secret: 1\n$secret: 2\n", ["2: a key is declared twice, first in line 1"]),
        ("a:\n\tb: 1\n", ["2: a tab where YAML allows only spaces"]),
        ("a: 1\n  b: 2\n", ["2: is not YAML (mapping values are not allowed"]),
        ("a: [1\n", ["2: is not YAML ("]),
        ("", []),
        ("$ANSIBLE_VAULT;1.1;AES256\n6162\n", []),
        ("---\na: 1\n---\nb: 1\nb: 2\n", ["5: b is declared twice, first in line 4"]),
    ],
)
def test_problems_name_line_and_key(tmp_path: Path, text: str, expected: list[str]) -> None:
    shown = found(tmp_path, text)
    assert len(shown) == len(expected), shown
    assert all(line.startswith(start) for line, start in zip(shown, expected, strict=True)), shown


def test_bytes_that_are_no_text_are_a_problem(tmp_path: Path) -> None:
    (line,) = found(tmp_path, b"a: \xff\xfe\n")
    assert line == " is not UTF-8 text"


def test_a_value_is_never_shown(tmp_path: Path) -> None:
    assert "hunter2" not in "".join(found(tmp_path, "token: hunter2: x\n") + found(tmp_path, 'a: "hunter2\n'))


def test_aliases_that_multiply_are_read_once(tmp_path: Path) -> None:
    bomb = "a0: &a0 {k: 1, k: 2}\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 30))
    assert len(found(tmp_path, bomb)) == 1


def test_the_files_that_ansible_reads(tmp_path: Path) -> None:
    names = (
        *("hosts.yml", "group_vars/all/x.yml", "group_vars/web", "host_vars/a.b.yml", "sub/group_vars/all.yaml"),
        *("hosts.ini", "hosts", "notes.txt", "group_vars/all/x.yml~", "group_vars/.hidden.yml", "group_vars/x.txt"),
    )
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("{}\n")
    script = tmp_path / "script.yml"
    script.write_text("#!/bin/sh\n")
    script.chmod(0o755)
    read = {path.removeprefix(f"{tmp_path}/") for path in yaml_files([str(tmp_path)])}
    assert read == set(names[:5])
    beside = {path.removeprefix(f"{tmp_path}/") for path in yaml_files([f"{tmp_path}/hosts.yml"])}
    assert beside == {"hosts.yml", "group_vars/all/x.yml", "group_vars/web", "host_vars/a.b.yml"}
    assert yaml_files(["localhost,", "/nowhere"]) == []


def test_variables_beside_a_playbook_are_read(tmp_path: Path) -> None:
    for name in ("site.yml", "group_vars/all.yml", "host_vars/a/b.yml", "tasks/x.yml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("a: 1\n")
    expected = [f"{tmp_path}/group_vars/all.yml", f"{tmp_path}/host_vars/a/b.yml"]
    assert yaml_files([], [f"{tmp_path}/site.yml"]) == expected
    assert yaml_files([], ["latchkey.workstation.bootstrap", f"{tmp_path}/none.yml"]) == []
