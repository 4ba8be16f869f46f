# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One test for each linter, over every tracked file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.quality.tools import ROOT, run, tracked_files

if TYPE_CHECKING:
    from pathlib import Path


def test_ruff_check() -> None:
    run("ruff", "check", "--no-cache", *tracked_files("*.py"))


def test_ruff_format() -> None:
    run("ruff", "format", "--no-cache", "--check", *tracked_files("*.py"))


def test_mypy() -> None:
    run("mypy")


def test_python_3_9_is_enough_on_a_machine() -> None:
    guarded = ("--exclude", "tomllib")
    run("vermin", "--target=3.9-", "--violations", "--no-tips", *guarded, "plugins/modules", "plugins/module_utils")


def test_yamllint() -> None:
    run("yamllint", "--strict", *tracked_files("*.yml", "*.yaml", ".yamllint", ".ansible-lint"))


def test_ansible_lint() -> None:
    run("ansible-lint", "--offline", ANSIBLE_CONFIG=str(ROOT / "ansible.cfg"))


def test_shellcheck() -> None:
    run("shellcheck", *filter(is_shell, tracked_files()))


def is_shell(name: Path) -> bool:
    if not (ROOT / name).is_file():
        return False
    with (ROOT / name).open("rb") as file:
        first = file.readline(80).rstrip()
    return name.suffix == ".sh" or (first.startswith(b"#!") and first.endswith((b"/sh", b"bash")))


def test_changelog() -> None:
    run("antsibull-changelog", "lint")


def test_documentation() -> None:
    run("antsibull-docs", "lint-collection-docs", "--plugin-docs", ".", ANSIBLE_CONFIG=str(ROOT / "ansible.cfg"))
