# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._aws_files.declared import KeyPath
from ansible_collections.latchkey.workstation.plugins.module_utils._aws_files.editor import (
    add_section,
    get_value,
    header_of,
    remove_section,
    remove_value,
    render_verified,
    set_value,
)
from ansible_collections.latchkey.workstation.plugins.module_utils._aws_files.parser import parse
from ansible_collections.latchkey.workstation.plugins.module_utils._core.errors import LatchkeyError

if TYPE_CHECKING:
    from ansible_collections.latchkey.workstation.plugins.module_utils._aws_files.ini import Ini, Section


def section_of(text: str) -> tuple[Ini, Section]:
    """The parsed file and its first section."""
    ini = parse(text.encode(), path="~/.aws/config", credentials=False)
    return ini, ini.sections[0]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (KeyPath("k"), "1"),
        (KeyPath("s3"), {"a": "1"}),
        (KeyPath("s3", "a"), "1"),
        (KeyPath("s3", "b"), None),
        (KeyPath("k", "a"), None),
        (KeyPath("none"), None),
    ],
)
def test_get_value_gives_text_a_block_or_none(path: KeyPath, value: object) -> None:
    _ini, section = section_of("[default]\nK = 1\ns3 =\n  a = 1\n")
    assert get_value(section, path) == value


def test_set_value_keeps_spelling_and_spacing_of_an_existing_line() -> None:
    ini, section = section_of("[default]\n  Region   :  x  \n# c\n")
    set_value(ini, section, KeyPath("region"), "y")
    assert ini.render() == b"[default]\n  Region   :  y  \n# c\n"


def test_set_value_adds_a_key_after_the_last_key_of_the_section() -> None:
    ini, section = section_of("[default]\n\tk = 1\n# of the next section\n[profile b]\n")
    set_value(ini, section, KeyPath("s3", "a"), "2")
    assert ini.render() == b"[default]\n\tk = 1\n\ts3 =\n\t    a = 2\n# of the next section\n[profile b]\n"


def test_remove_value_removes_an_empty_block_and_keeps_its_comments() -> None:
    ini, section = section_of("[default]\ns3 =\n  # why\n  a = 1\n")
    remove_value(ini, section, KeyPath("s3", "a"))
    assert ini.render() == b"[default]\n  # why\n"


def test_remove_value_of_a_key_with_continuation_lines_is_an_error() -> None:
    ini, section = section_of("[default]\nk = 1\n  [profile b]\n")
    with pytest.raises(LatchkeyError, match="line 3 is indented deeper than k above it"):
        remove_value(ini, section, KeyPath("k"))


@pytest.mark.parametrize("text", ["", "[a]\nk = 1\n", "[a]\nk = 1", "# c\n", "[a]\r\n"])
def test_removing_an_added_section_restores_the_original_bytes(text: str) -> None:
    ini = parse(text.encode(), path="~/.aws/config", credentials=False)
    section = add_section(ini, "profile", "dev")
    set_value(ini, section, KeyPath("k"), "v")
    assert b"[profile dev]" in ini.render()
    remove_section(ini, section)
    assert ini.render() == text.encode()


@pytest.mark.parametrize(
    ("kind", "name", "header"),
    [
        ("profile", "dev", "profile dev"),
        ("profile", "default", "default"),
        ("profile", "two words", "profile 'two words'"),
        ("sso-session", "default", "sso-session default"),
        ("credentials", "two words", "two words"),
    ],
)
def test_a_header_is_written_as_by_the_aws_cli(kind: str, name: str, header: str) -> None:
    assert header_of(kind, name) == header


def test_render_verified_refuses_an_edit_that_changes_what_botocore_reads_elsewhere() -> None:
    ini, section = section_of("[profile dev]\n    k = 1\n    [b]\n")
    ini.preamble.append("[a]\nk = 1\n")
    assert section.header == "profile dev"
    remove_section(ini, section)
    with pytest.raises(LatchkeyError, match="indented so that an edit would change"):
        render_verified(ini)
