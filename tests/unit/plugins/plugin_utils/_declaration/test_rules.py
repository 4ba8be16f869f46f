# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules that hold for every declared variable, each tried with each variable."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible_collections.latchkey.workstation.plugins.plugin_utils._declaration.compile import compile_declaration
from ansible_collections.latchkey.workstation.plugins.plugin_utils._declaration.variables import MERGED

from tests.unit.plugins.plugin_utils._declaration.declared import MACHINE

if TYPE_CHECKING:
    from pathlib import Path

pytest.importorskip("ansible._internal._datatag._tags", reason="this ansible-core has no origin tags")

# Variable, an entry of it, and a key of the entry that takes a text.
ENTRIES: dict[str, tuple[str, dict[str, Any], str]] = {
    "latchkey_roster": ("alice", {"email": "alice@example.com"}, "email"),
    "latchkey_credentials": ("heroku", {"about": "x"}, "about"),
    "aws_config_sso_sessions": ("corp", {"sso_region": "eu-west-1"}, "sso_region"),
    "aws_config_profiles": ("dev", {"region": "eu-west-1"}, "region"),
    "aws_config_credentials": ("reader", {"region": "eu-west-1"}, "region"),
}
SECRET = "ghp_" + "aB3dE5" * 6
EVERY = pytest.mark.parametrize("variable", ENTRIES)
RESTRICTED = pytest.mark.parametrize("variable", [name for name in ENTRIES if name != "latchkey_roster"])


def errors(folder: Path, text: str, **more: Any) -> list[str]:
    path = folder / "mine.yml"
    path.write_text(textwrap.dedent(text))
    variables = DataLoader().load_from_file(str(path))
    found = compile_declaration(variables, MACHINE, names=variables, **more)["errors"]
    return [error.replace(f"{path}:", "mine.yml:") for error in found]


@EVERY
def test_valid_entry_has_no_error(variable: str, tmp_path: Path) -> None:
    name, entry, _key = ENTRIES[variable]
    assert errors(tmp_path, f"{variable}: {{{name}: {entry}}}") == []


@EVERY
def test_value_that_is_no_mapping_is_an_error_with_file_line_and_variable(variable: str, tmp_path: Path) -> None:
    (error,) = errors(tmp_path, f"# a comment\n{variable}: [x]")
    assert error == f"mine.yml:2: {variable} must be a mapping of names to entries"


@EVERY
def test_entry_that_is_no_mapping_is_an_error_with_its_name(variable: str, tmp_path: Path) -> None:
    name = ENTRIES[variable][0]
    (error,) = errors(tmp_path, f"{variable}:\n  {name}: text")
    assert error.startswith(f"mine.yml:2: {variable}.{name} must be a mapping of ")


@pytest.mark.parametrize("variable", MERGED[:2])
def test_unknown_key_is_an_error_with_the_nearest_key(variable: str, tmp_path: Path) -> None:
    name, _entry, key = ENTRIES[variable]
    (error,) = errors(tmp_path, f"{variable}:\n  {name}:\n    {key[:-1]}: x")
    assert error == f'mine.yml:3: {variable}.{name}.{key[:-1]}: no such key, did you mean "{key}"?'


@RESTRICTED
def test_unknown_key_of_only_is_an_error_with_the_nearest_key(variable: str, tmp_path: Path) -> None:
    name, _entry, _key = ENTRIES[variable]
    (error,) = errors(tmp_path, f"{variable}:\n  {name}:\n    only: {{user: [alice]}}")
    assert error == f'mine.yml:3: {variable}.{name}.only.user: no such key, did you mean "users"?'


@RESTRICTED
def test_unknown_user_in_only_is_an_error_with_the_nearest_name(variable: str, tmp_path: Path) -> None:
    name, _entry, _key = ENTRIES[variable]
    (error,) = errors(tmp_path, f"{variable}:\n  {name}:\n    only: {{users: [alcie]}}")
    assert error == f'mine.yml:3: {variable}.{name}.only.users: alcie is not on the roster, did you mean "alice"?'


@RESTRICTED
def test_unknown_placeholder_is_an_error_with_the_nearest_name(variable: str, tmp_path: Path) -> None:
    name, _entry, key = ENTRIES[variable]
    (error,) = errors(tmp_path, f"{variable}:\n  {name}:\n    {key}: 'x-{{usr}}'")
    assert error == f'mine.yml:3: {variable}.{name}.{key}: {{usr}} is no placeholder, did you mean "user"?'


@pytest.mark.parametrize("variable", MERGED[:2])
def test_entry_in_two_merged_variables_is_an_error_with_both(variable: str, tmp_path: Path) -> None:
    name = ENTRIES[variable][0]
    text = f"{variable}_a: {{{name}: {{}}}}\n{variable}_b: {{{name}: {{}}}}"
    (error,) = errors(tmp_path, text)
    assert (
        error == f"mine.yml:2: {variable}_b.{name} is declared twice, also as {variable}_a.{name}: remove one of them"
    )


@pytest.mark.parametrize("variable", MERGED[:2])
def test_entries_of_a_variable_with_a_suffix_are_merged(variable: str, tmp_path: Path) -> None:
    name = ENTRIES[variable][0]
    variables = {f"{variable}_team": {name: {}}, variable: {f"{name}2": {}}}
    members = compile_declaration(variables, MACHINE)["members"]
    names = [each["name"] for each in (members if variable == "latchkey_roster" else members[0]["credentials"])]
    assert sorted(names) == [name, f"{name}2"]


@EVERY
def test_misspelt_variable_is_an_error_with_the_nearest_name(variable: str, tmp_path: Path) -> None:
    (error,) = errors(tmp_path, f"{variable[:-1]}_: {{}}")
    assert error == f'{variable[:-1]}_: no such variable, did you mean "{variable}"?'


MISPLACED = {
    "variable": "V: {}",
    "entry": "V: {N: {}}",
    "list for an entry": "V: {N: [{}]}",
    "unknown key": "V: {N: {{}: x}}",
    "state": "V: {N: {state: {}}}",
    "only": "V: {N: {only: {}}}",
    "user": "V: {N: {only: {users: [{}]}}}",
    "placeholder": "V: {N: {K: '{vars.{}}'}}",
    "number of a list": "V: {N: {K: [{}]}}",
}


@EVERY
@pytest.mark.parametrize("text", MISPLACED.values(), ids=MISPLACED)
def test_error_does_not_repeat_a_misplaced_secret(variable: str, text: str, tmp_path: Path) -> None:
    name, _entry, key = ENTRIES[variable]
    text = text.replace("{}", SECRET).replace("V", variable, 1).replace("N", name, 1).replace("K", key, 1)
    found = errors(tmp_path, text)
    assert SECRET not in "".join(found)


@EVERY
def test_error_is_one_line_whatever_names_contain(variable: str, tmp_path: Path) -> None:
    odd = "x\\nFAIL bob\\u2800\\u001b[2J\\u3164y" + "z" * 300
    text = f'{variable}:\n  "{odd}": {{only: {{users: ["{odd}"]}}, "{odd}": "{{vars.{odd}}}"}}'
    found = errors(tmp_path, text, user="x\nFAIL bob", credential="x\nFAIL bob")
    assert found
    for error in found:
        assert error.isprintable()
        assert "\u2800" not in error
        assert "z" * 101 not in error


@EVERY
def test_error_is_one_line_whatever_the_name_of_the_file_contains(variable: str, tmp_path: Path) -> None:
    (tmp_path / "x\nFAIL bob").mkdir()
    (error,) = errors(tmp_path / "x\nFAIL bob", f"{variable}: [x]")
    assert "x FAIL bob" in error
    assert error.isprintable()
