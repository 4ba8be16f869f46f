# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._aws_files.declared import WantedSection, declare
from ansible_collections.latchkey.workstation.plugins.module_utils._aws_files.editor import header_of
from ansible_collections.latchkey.workstation.plugins.module_utils._aws_files.parser import parse
from ansible_collections.latchkey.workstation.plugins.module_utils._aws_files.plan import FilePlan, plan_file
from ansible_collections.latchkey.workstation.plugins.module_utils._core.errors import LatchkeyError
from ansible_collections.latchkey.workstation.plugins.module_utils._core.secrets import Secret
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.unit.plugins.module_utils._aws_files.aws_files import (
    botocore_profiles,
    botocore_sections,
    declarations,
    files,
)

if TYPE_CHECKING:
    from ansible_collections.latchkey.workstation.plugins.module_utils._aws_files.ini import Ini, Option

THERE = {"profile": "profiles", "sso-session": "sso_sessions"}
BOM = b"\xef\xbb\xbf"
KEY = b"k" * 32


def read(data: bytes, *, credentials: bool = False) -> Ini:
    return parse(data, path="~/.aws/config", credentials=credentials)


def edit(
    data: bytes, *wanted: WantedSection, owned: Any = None, exclusive: bool = True, credentials: bool = False
) -> FilePlan:
    ini = read(data, credentials=credentials)
    return plan_file(ini, wanted=wanted, owned=owned or {}, exclusive=exclusive, key=KEY)


def ours(plan: FilePlan) -> dict[str, set[str]]:
    return {item: set(places) for item, places in plan.owned.items()}


def profile(name: str = "dev", absent: bool = False, **settings: Any) -> WantedSection:
    return declare("profile", name, settings, absent=absent)


def as_read(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else str(value)


def untouched(data: bytes, sections: list[dict[str, Any]], *, credentials: bool) -> list[str]:
    """Every line but blank ones, headers and keys that ``sections`` declare."""
    declared = {(entry["kind"], entry["name"]): entry for entry in sections}
    ini = read(data, credentials=credentials)
    lines = [line for line in ini.preamble if isinstance(line, str)]
    for section in ini.sections:
        entry = declared.get(section.identity or ("", ""))
        if not entry:
            lines.append(section.line)
        for part in section.body:
            if isinstance(part, str):
                lines.append(part)
            elif not entry or (part.key not in entry["settings"] and not entry["absent"]):
                lines += part.lines
            else:
                lines += _undeclared_part(part, entry)
    return [line for line in lines if line.strip()]


def _undeclared_part(option: Option, entry: dict[str, Any]) -> list[str]:
    """Comments of a declared key, and what is not declared of its block."""
    block = {} if entry["absent"] else entry["settings"].get(option.key)
    return [
        line
        for line in option.lines[1:]
        if line.lstrip().startswith(("#", ";"))
        or (isinstance(block, dict) and isinstance(option.value, dict) and block and _key(line) not in block)
    ]


def _key(line: str) -> str:
    return line.partition("=")[0].strip()


def attempt(data: bytes, sections: list[dict[str, Any]], *, credentials: bool, owned: Any = None) -> FilePlan:
    """A plan where there can be one: not for what AWS cannot read, nor for a section spelled in two ways."""
    try:
        return edit(data, *(declare(**entry) for entry in sections), credentials=credentials, owned=owned)
    except LatchkeyError as error:
        indented = "indented" in error.message
        doubled = " twice" in error.message
        lost = "would remove it" in error.message
    if indented or lost:
        assert any(line[:1].isspace() for line in data.decode().splitlines())
    else:
        assert doubled or botocore_sections(data.removeprefix(BOM)) is None
    assume(False)
    raise AssertionError


@st.composite
def cases(draw: Any) -> tuple[bytes, list[dict[str, Any]], bool]:
    credentials = draw(st.booleans())
    return draw(files(credentials=credentials)), draw(declarations(credentials=credentials)), credentials


@given(cases())
def test_botocore_reads_the_declared_values_from_the_edited_file(case: Any) -> None:
    data, sections, credentials = case
    after = attempt(data, sections, credentials=credentials).data.removeprefix(BOM)
    inherited = {key for header, values in read(after).values() if header == "DEFAULT" for key in values}
    profiles = botocore_sections(after) if credentials else botocore_profiles(after)
    for entry in sections:
        there = profiles if credentials else profiles[THERE[entry["kind"]]]
        assert (entry["name"] in there) is not entry["absent"]
        for key, value in {} if entry["absent"] else entry["settings"].items():
            found = there[entry["name"]].get(key)
            if isinstance(value, dict):
                block = found if isinstance(found, dict) else {}
                for below, inner in value.items():
                    assert block.get(below) == (None if inner is None else as_read(inner)) or key in inherited
            else:
                assert found == (None if value is None else as_read(value)) or key in inherited


@given(cases())
def test_undeclared_lines_are_unchanged_by_an_edit(case: Any) -> None:
    data, sections, credentials = case
    result = attempt(data, sections, credentials=credentials)
    before, after = (untouched(part, sections, credentials=credentials) for part in (data, result.data))
    if data.removeprefix(BOM) and not data.endswith((b"\r", b"\n")):
        assert not result.data.endswith((b"\r", b"\n"))
    assert [line.rstrip("\r\n") for line in after] == [line.rstrip("\r\n") for line in before]
    assert ends(result.data) <= (ends(data) or {"\n"})
    assert result.data.startswith(BOM) == data.startswith(BOM)
    assert result.changed == (result.data != data)


@given(cases())
def test_a_second_run_changes_neither_file_nor_ownership(case: Any) -> None:
    data, sections, credentials = case
    first = attempt(data, sections, credentials=credentials)
    second = attempt(first.data, sections, credentials=credentials, owned=first.owned)
    assert (second.data, second.owned, second.before, second.after) == (first.data, first.owned, "", "")
    assert not second.changed


@given(cases())
def test_removing_only_added_keys_restores_the_original_bytes(case: Any) -> None:
    data, sections, credentials = case
    there = {section.identity: section for section in read_or_skip(data, credentials=credentials).sections}
    for entry in sections:
        section = there.get((entry["kind"], entry["name"]))
        found = section.values() if section else {}
        entry["settings"] = {
            key: value for key, value in entry["settings"].items() if key not in found and value is not None
        }
    sections = [entry for entry in sections if not entry["absent"]]
    first = attempt(data, sections, credentials=credentials)
    last = edit(first.data, owned=first.owned, credentials=credentials)
    assert last.data == data
    assert last.owned == {}


def ends(data: bytes) -> set[str]:
    return {line[len(line.rstrip("\r\n")) :] for line in data.decode().splitlines(keepends=True)} - {""}


def read_or_skip(data: bytes, *, credentials: bool) -> Ini:
    try:
        return read(data, credentials=credentials)
    except LatchkeyError:
        assume(False)
        raise


@pytest.mark.parametrize(
    ("before", "wanted", "after"),
    [
        pytest.param("", profile(region="x"), "[profile dev]\nregion = x\n", id="empty file"),
        pytest.param("[a]\nk = 1", profile(region="x"), "[a]\nk = 1\n\n[profile dev]\nregion = x", id="open end"),
        pytest.param("[a]\r\nk=1\r\n", profile(k="2"), "[a]\r\nk=1\r\n\r\n[profile dev]\r\nk = 2\r\n", id="CRLF"),
        pytest.param("", profile("default", k="2"), "[default]\nk = 2\n", id="default"),
        pytest.param("", profile("a b", k="2"), "[profile 'a b']\nk = 2\n", id="name with a space"),
        pytest.param(
            "[profile dev]\nRegion   =   x  \n", profile(region="y"), "[profile dev]\nRegion   =   y  \n", id="spelling"
        ),
        pytest.param("[profile dev]\nk:1\n", profile(k="2"), "[profile dev]\nk:2\n", id="colon"),
        pytest.param("[profile dev]\nk =\n", profile(k="2"), "[profile dev]\nk = 2\n", id="was empty"),
        pytest.param("[profile dev]\nk = 1\n  # c\n", profile(k="4"), "[profile dev]\nk = 4\n  # c\n", id="comment"),
        pytest.param(
            '[profile  "dev"] # mine\n\tk = 1\n\n# next\n[b]\n',
            profile(k="1", j="2"),
            '[profile  "dev"] # mine\n\tk = 1\n\tj = 2\n\n# next\n[b]\n',
            id="indented keys and a quoted header",
        ),
        pytest.param(
            "[profile dev]\n  [profile b]\n",
            profile(k="1"),
            "[profile dev]\n  k = 1\n  [profile b]\n",
            id="deep header",
        ),
        pytest.param(
            "[profile dev]\ns3 =\n  a = 1\n  # why\n  b = 2\nk = 1\n",
            profile(s3={"b": 3, "c": True}),
            "[profile dev]\ns3 =\n  a = 1\n  # why\n  b = 3\n  c = true\nk = 1\n",
            id="block in place",
        ),
        pytest.param(
            "[profile dev]\nk = 1\n", profile(s3={"b": 3}), "[profile dev]\nk = 1\ns3 =\n    b = 3\n", id="new block"
        ),
        pytest.param(
            "[profile dev]\ns3 =\n  a = 1\n  b = 2\n",
            profile(s3={"a": None}),
            "[profile dev]\ns3 =\n  b = 2\n",
            id="one",
        ),
        pytest.param(
            "[profile dev]\ns3 =\n  a = 1\n", profile(s3={"a": None}), "[profile dev]\n", id="last of a block"
        ),
        pytest.param(
            "[profile dev]\ns3 = x\n", profile(s3={"a": 1}), "[profile dev]\ns3 =\n    a = 1\n", id="value to block"
        ),
        pytest.param(
            "[profile dev]\ns3 =\n  a = 1\n  a = 2\n",
            profile(s3={"a": 3}),
            "[profile dev]\ns3 =\n  a = 1\n  a = 3\n",
            id="the last of two counts in a block",
        ),
        pytest.param(
            "[profile dev]\ns3 =\n  # why\n  a = 1\n", profile(s3=None), "[profile dev]\n  # why\n", id="absent block"
        ),
        pytest.param("[profile dev]\nk = 1\nj = 2\n", profile(k=None), "[profile dev]\nj = 2\n", id="absent key"),
        pytest.param(
            "[a]\nk = 1\n\n[profile dev]\n# c\nk = 1\n\nj = 2\n\n# b\n[b]\n",
            profile(absent=True),
            "[a]\nk = 1\n# c\n\n# b\n[b]\n",
            id="absent section, its comment stays",
        ),
        pytest.param("[profile dev]\nk = 1\n\n[b]\n", profile(absent=True), "[b]\n", id="absent section at the top"),
        pytest.param("[b]\n", profile(absent=True), "[b]\n", id="absent and not there"),
        pytest.param("", profile(scopes=["a:b", "c"]), "[profile dev]\nscopes = a:b,c\n", id="list"),
        pytest.param("\ufeff[a]\nk = 1\n", profile(k="1"), "\ufeff[a]\nk = 1\n\n[profile dev]\nk = 1\n", id="BOM"),
    ],
)
def test_an_edit_gives_the_expected_file(before: str, wanted: WantedSection, after: str) -> None:
    assert edit(before.encode(), wanted).data.decode() == after


@pytest.mark.parametrize("again", ["[profile 'dev']", "[profile  dev]", '[profile "dev"] # c'])
def test_a_declared_section_in_two_spellings_is_an_error_with_both_lines(again: str) -> None:
    with pytest.raises(LatchkeyError, match=r"twice, in line 1 and in line 4: they differ in k: keep the right one"):
        edit(f"[profile dev]\nk = 1\n\n{again}\nk = 2\n".encode(), profile(k="1"))
    assert not edit(f"[profile dev]\nk = 1\n\n{again}\nk = 2\n".encode(), profile("other", absent=True)).changed


def test_default_and_profile_default_are_the_same_section() -> None:
    with pytest.raises(LatchkeyError, match="twice, in line 1 and in line 3: they are equal: delete lines 3 to 4"):
        edit(b"[default]\nk = 1\n[profile default]\nk = 1\n", profile("default", k="1"))


def test_an_edit_that_would_change_another_section_is_refused() -> None:
    with pytest.raises(LatchkeyError, match=r"start every \[section\] line in the first column"):
        edit(b"[a]\nk = 1\n[profile dev]\n    k = 1\n    [b]\n", profile(absent=True))


SWALLOWED = "[dev]\nk = 1\n\n  # c\n  [prod]\n  aws_secret_access_key = swallowed\nj = 2\n"
BLOCK = "[dev]\nk =\n  # c\n  aws_secret_access_key = swallowed\n"


@pytest.mark.parametrize("kind", ["profile", "credentials"])
@pytest.mark.parametrize(
    ("there", "settings", "absent", "line"),
    [
        (SWALLOWED, {"k": "2"}, False, 5),
        (SWALLOWED, {"k": None}, False, 5),
        (SWALLOWED, {"k": {"a": "1"}}, False, 5),
        (SWALLOWED, {}, True, 5),
        (BLOCK, {"k": "2"}, False, 4),
    ],
)
def test_a_value_with_continuation_lines_is_not_replaced_or_removed(
    kind: str, there: str, settings: dict[str, Any], absent: bool, line: int
) -> None:
    data = (there if kind == "credentials" else there.replace("[dev]", "[profile dev]")).encode()
    with pytest.raises(LatchkeyError) as caught:
        edit(data, declare(kind, "dev", settings, absent=absent), credentials=kind == "credentials")
    assert str(caught.value) == (
        f"~/.aws/config line {line} is indented deeper than k above it, "
        "so AWS reads it as part of that value, and this edit would remove it: "
        "start it in the column of k, or delete it"
    )


def test_only_owned_keys_are_removed_when_no_longer_declared() -> None:
    first = edit(b"[profile adopted]\nregion = x\n", profile(region="x", output="json"), profile("adopted", k="1"))
    assert ours(first) == {"profile dev": {"[]", "output", "region"}, "profile adopted": {"k"}}
    by_hand = first.data + b"cli_pager = less\n"
    second = edit(by_hand, owned=first.owned)
    assert second.data == b"[profile adopted]\nregion = x\n\n[profile dev]\ncli_pager = less\n"
    assert [(row.item, row.what) for row in second.results] == [
        ("profile adopted", "removed k, no longer declared"),
        ("profile dev", "removed output, region, no longer declared"),
    ]
    assert second.owned == {}


def test_an_owned_key_is_removed_when_only_it_is_no_longer_declared() -> None:
    first = edit(b"", profile(region="x", s3={"a": 1, "b": 2}))
    second = edit(first.data, profile(s3={"a": 1}), owned=first.owned)
    assert second.data == b"[profile dev]\ns3 =\n    a = 1\n"
    assert ours(second) == {"profile dev": {"[]", "s3.a"}}


def test_without_exclusive_nothing_is_removed() -> None:
    first = edit(b"", profile(region="x"))
    second = edit(first.data, profile("other", k="1"), owned=first.owned, exclusive=False)
    assert second.data == first.data + b"\n[profile other]\nk = 1\n"
    assert set(second.owned) == {"profile dev", "profile other"}


def test_an_equal_existing_section_is_neither_changed_nor_owned() -> None:
    result = edit(b"[profile 'dev']\n  REGION:x  \n", profile(region="x"))
    assert (result.changed, result.owned) == (False, {})


def test_an_existing_key_is_updated_but_not_owned() -> None:
    first = edit(b"[profile dev]\nregion = x\n", profile(region="y"))
    assert (first.data, first.owned) == (b"[profile dev]\nregion = y\n", {})


def test_a_section_removed_by_hand_is_created_again_while_declared() -> None:
    first = edit(b"", profile(region="x"))
    assert edit(b"", profile(region="x"), owned=first.owned).data == first.data
    assert not edit(b"", owned=first.owned).changed


def static(**settings: Any) -> WantedSection:
    return declare("credentials", "writer", settings)


def test_a_deferred_section_and_its_ownership_are_unchanged() -> None:
    first = edit(b"", static(region="x"), credentials=True)
    held = declare("credentials", "writer", {}, deferred=True)
    second = edit(first.data, held, owned=first.owned, credentials=True)
    assert (second.data, second.owned, second.results) == (first.data, first.owned, [])


def test_diffs_and_results_contain_no_secret() -> None:
    old, new, other = "wJalrXUtnFEMI-old", "je7MtGbClwBF-new", "foreign-aws-secret"
    data = (
        f"[x]\naws_secret_access_key = {other}\n[writer]\naws_secret_access_key = {old}\nx_note = {old}\nregion = a\n"
    )
    wanted = static(aws_secret_access_key=Secret(new), aws_session_token=Secret(new), region="b", x_note=None)
    result = edit(data.encode(), wanted, credentials=True)
    assert new.encode() in result.data
    before, after = (re.sub("<secret [0-9a-f]{8}>", "<masked>", text) for text in (result.before, result.after))
    assert before == "[writer]\naws_secret_access_key = <masked>\nregion = a\nx_note = <masked>\n"
    assert after == "[writer]\naws_secret_access_key = <masked>\naws_session_token = <masked>\nregion = b\n"
    for shown in (result.before, result.after, repr(result.results), repr(wanted)):
        assert not any(secret in shown for secret in (old, new, other))
    gone = edit(data.encode(), declare("credentials", "writer", {}, absent=True), credentials=True)
    assert old not in gone.before


@pytest.mark.parametrize(
    "name", ["dev", "two words", "o'neil", 'a"b', "back\\slash", "tab\u00a0x", "#1", "ümlaut", "=x"]
)
def test_a_written_section_name_is_read_back_unchanged(name: str) -> None:
    result = edit(b"", profile(name, region="x"))
    assert botocore_profiles(result.data)["profiles"] == {name: {"region": "x"}}
    assert header_of("profile", name) == read(result.data).sections[0].header
    assert not edit(result.data, profile(name, region="x")).changed
