# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pathlib
from typing import TYPE_CHECKING

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._aws_files.parser import parse
from ansible_collections.latchkey.workstation.plugins.module_utils._core.errors import LatchkeyError
from hypothesis import example, given
from hypothesis import strategies as st

from tests.unit.plugins.module_utils._aws_files.aws_files import botocore_profiles, botocore_sections, files, soups

if TYPE_CHECKING:
    from ansible_collections.latchkey.workstation.plugins.module_utils._aws_files.ini import Ini

FIXTURES = sorted((pathlib.Path(__file__).parents[4] / "fixtures/aws").glob("*.ini"))
_INHERITED = "DEFAULT"


def read(data: bytes, *, credentials: bool = False) -> Ini:
    return parse(data, path="~/.aws/config", credentials=credentials)


def as_botocore(ini: Ini) -> dict[str, object]:
    """Sections with what [DEFAULT] gives to each of them, as configparser has it."""
    inherited: dict[str, object] = {}
    for header, values in ini.values():
        if header == _INHERITED:
            inherited.update(values)
    return {header: {**inherited, **values} for header, values in ini.values() if header != _INHERITED}


@given(st.one_of(files(), files(credentials=True), soups()))
@example(b"[profile a]\ns3 =\n  x = 1\n\n  y = 2\n[DEFAULT]\nq = 1\n[DEFAULT]\nw = 1\n")
@example(b"[default]\nregion = x\n    [profile b]\nk = v\n")
@example(b"[default]\nk = \xff\n")
@example(b"[default] # see [1]\nk = v\n")
def test_parses_and_refuses_the_same_files_as_botocore(data: bytes) -> None:
    sections = botocore_sections(data)
    try:
        ini = read(data)
    except LatchkeyError:
        assert sections is None
        return
    if ini.bom:
        assert sections is None
        sections = botocore_sections(data[3:])
    assert as_botocore(ini) == sections


@given(files())
def test_sections_have_the_names_that_botocore_gives_them(data: bytes) -> None:
    try:
        ini = read(data.removeprefix(b"\xef\xbb\xbf"))
    except LatchkeyError:
        return
    found = botocore_profiles(ini.render())
    for kind, there in (("profile", "profiles"), ("sso-session", "sso_sessions"), ("services", "services")):
        ours = {s.identity[1] for s in ini.sections if s.identity and s.identity[0] == kind and s.header != _INHERITED}
        assert ours == set(found[there])


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.stem)
def test_files_written_by_real_tools_parse_as_in_botocore(path: pathlib.Path) -> None:
    data = path.read_bytes()
    sections = botocore_sections(data.removeprefix(b"\xef\xbb\xbf"))
    if sections is None:
        with pytest.raises(LatchkeyError):
            read(data)
    else:
        ini = read(data)
        assert ini.render() == data
        assert as_botocore(ini) == sections


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("[a]\nk = 1\n\n[b]\n[a]\nk = 1\n", "~/.aws/config has [a] twice, in line 1 and in line 5: "
         "they are equal: delete lines 5 to 6"),
        ("[a]\nk = 1\n[a]\nk = 2\nj = 1\n", "~/.aws/config has [a] twice, in line 1 and in line 3: "
         "they differ in j, k: keep the right one and delete the other"),
        ("[a]\nk = 1\nK : 2\n", "~/.aws/config has k twice in [a], lines 2 and 3: delete one of them"),
        ("k = 1\n", "~/.aws/config line 1 is before the first [section]: move it into a section or delete it"),
        ("[a]\nword\n", "~/.aws/config line 2 is neither a [section] nor a key with a value: correct or delete it"),
        ("[a]\n= 1\n", "~/.aws/config line 2 is neither a [section] nor a key with a value: correct or delete it"),
        ("[a]\ns3 =\n  x\n", "~/.aws/config line 2: a line of the block s3 has no =: correct or delete it"),
    ],
)  # fmt: skip
def test_a_file_that_botocore_refuses_is_an_error_with_its_line(data: str, message: str) -> None:
    with pytest.raises(LatchkeyError) as caught:
        read(data.encode())
    assert str(caught.value) == message
    assert botocore_sections(data.encode()) is None


def test_bytes_that_are_not_utf8_are_an_error_with_their_line() -> None:
    with pytest.raises(LatchkeyError, match="line 2 is not UTF-8"):
        read(b"[default]\n# caf\xe9\n")


def test_parse_errors_contain_no_value() -> None:
    secret = "wJalrXUtnFEMIK7MDENG"
    for text in (f"[a]\nk = 1{secret}\n[a]\nk = 2{secret}\n", f"[a]\n{secret}\n", f"[a]\nk = {secret}\nk = {secret}\n"):
        with pytest.raises(LatchkeyError) as caught:
            read(text.encode(), credentials=True)
        assert secret not in str(caught.value)
