# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._aws_files.ini import Option, split_line
from ansible_collections.latchkey.workstation.plugins.module_utils._aws_files.parser import parse
from ansible_collections.latchkey.workstation.plugins.module_utils._core.errors import LatchkeyError
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.plugins.module_utils._aws_files.aws_files import files, soups


@given(st.one_of(files(), soups(), st.text("[]a=:#;\n\r \t", max_size=40).map(str.encode)))
def test_an_unedited_file_renders_to_the_same_bytes(data: bytes) -> None:
    try:
        ini = parse(data, path="~/.aws/config", credentials=False)
    except LatchkeyError:
        return
    assert ini.render() == data


@pytest.mark.parametrize(
    ("line", "key", "value"),
    [("k = v\n", "k", "v"), ("k:v", "k", "v"), ("  k=\t a=b \r\n", "k", "a=b"), ("k =\n", "k", "")],
)
def test_a_line_is_split_at_its_first_delimiter(line: str, key: str, value: str) -> None:
    assert split_line(line)[:2] == (key, value)
    start = split_line(line)[2]
    assert line[start : start + len(value)] == value


@pytest.mark.parametrize(
    ("lines", "value"),
    [
        (["Region = x # y\n"], "x # y"),
        (["k = a\n", "  # c\n", "  b\n"], "a\nb"),
        (["s3 =\n", "  a = 1\n", "\n", "  b = x=y\n"], {"a": "1", "b": "x=y"}),
    ],
)
def test_an_option_has_the_value_that_botocore_reads(lines: list[str], value: object) -> None:
    assert Option(1, lines).value == value


def test_the_last_line_of_a_section_ignores_comments_that_follow_it() -> None:
    ini = parse(b"[a]\nk = 1\n  more\n# c\n\n[b]\n", path="x", credentials=True)
    assert [section.last_line() for section in ini.sections] == [3, 6]
