# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._core.errors import LatchkeyError
from ansible_collections.latchkey.workstation.plugins.module_utils._sources.json_pointer import pick

DOCUMENT = json.dumps({
    "text": "a-long-value",
    "naïve": "another-value",
    "": {"": "empty-keys"},
    "a/b": "with-slash",
    "m~n": "with-tilde",
    "list": ["first-entry", {"k": "nested-value"}],
    "number": 123456,
    "flag": False,
    "null": None,
    "half": "\ud800-surrogate",
}).encode()  # fmt: skip


def value(pointer: str, data: bytes = DOCUMENT) -> str | None:
    found = pick(data, pointer, place="tree.json", origin="json tree.json")
    return found.secret.text() if found.secret else None


@pytest.mark.parametrize(
    ("pointer", "expected"),
    [
        ("/text", "a-long-value"),
        ("/naïve", "another-value"),
        ("//", "empty-keys"),
        ("/a~1b", "with-slash"),
        ("/m~0n", "with-tilde"),
        ("/list/0", "first-entry"),
        ("/list/1", '{"k":"nested-value"}'),
        ("/list/1/k", "nested-value"),
        ("/number", "123456"),
    ],
)
def test_a_pointer_selects_text_or_compact_json(pointer: str, expected: str) -> None:
    assert value(pointer) == expected


@pytest.mark.parametrize(
    "number", ["12345678901234567890", "12345678901234567.25", "1.5000000", "2.50000E+30", "-0.00000"]
)
def test_a_number_keeps_its_spelling(number: str) -> None:
    assert value("/n", f'{{"n": {number}}}'.encode()) == number


@pytest.mark.parametrize("pointer", ["/none", "/text/0", "/list/2", "/list/-", "/list/01", "/list/²", "/null"])
def test_a_pointer_without_a_value_is_absent(pointer: str) -> None:
    found = pick(DOCUMENT, pointer, place="tree.json", origin="json tree.json")
    assert (found.state, found.reason) == ("absent", f"tree.json has nothing at {pointer}")


def test_the_empty_pointer_selects_the_whole_document() -> None:
    assert value("", b'{"k": "v"}') == '{"k":"v"}'


def test_a_byte_order_mark_is_skipped() -> None:
    assert value("/k", b'\xef\xbb\xbf{"k": "long-enough"}') == "long-enough"


@pytest.mark.parametrize("data", [b"", b"{", b"\xff", b"[" * 100_000])
def test_invalid_json_is_an_error_without_its_text(data: bytes) -> None:
    with pytest.raises(LatchkeyError, match=r"^tree\.json is not JSON that can be read$"):
        value("/k", data)


def test_text_that_is_not_unicode_is_an_error() -> None:
    with pytest.raises(LatchkeyError, match="is not JSON that can be read"):
        value("/half")


def test_a_pointer_without_a_leading_slash_is_an_error() -> None:
    with pytest.raises(LatchkeyError, match="text is no JSON pointer"):
        value("text")
