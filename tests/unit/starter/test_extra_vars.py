# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from starter.extra_vars import misspelt

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("usr=bob", "user"),
        ("users=bob", "user"),
        ("credentail=heroku", "credential"),
        ("user=bob usr=carol", "user"),
        ('{"usr": "bob"}', "user"),
        ("[]", ""),
        ("{usr: bob}", "user"),
        ("keychain_backnd=files", "keychain_backend"),
        ("user=bob", ""),
        ("word='usr=bob'", ""),
        ("ansible_user=bob", ""),
        ("env=prod", ""),
        ("user='un balanced", ""),
    ],
)
def test_a_variable_close_to_a_known_one_is_named(given: str, meant: str) -> None:
    found = misspelt([given], is_used=lambda _name: False)
    assert [line.endswith(f"did you mean {meant}?") for line in found] == ([True] if meant else [])


def test_a_variable_that_the_inventory_uses_is_no_mistake() -> None:
    assert misspelt(["stage=prod"], is_used=lambda _name: False)
    assert misspelt(["stage=prod"], is_used=lambda name: name == "stage") == []


def test_variables_of_a_file_count(tmp_path: Path) -> None:
    (tmp_path / "vars.yml").write_text("usr: bob\n")
    assert "did you mean user?" in misspelt([f"@{tmp_path}/vars.yml"], is_used=lambda _name: False)[0]
    assert misspelt(["@/nowhere"], is_used=lambda _name: False) == []
