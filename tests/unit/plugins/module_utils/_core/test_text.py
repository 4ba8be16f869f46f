# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import unicodedata

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._core.text import printable, single_line
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    "between",
    [
        *(" ", "\n", "\t", "\r\n", "\v", "\f", "\0", "\x1b", "\x85", "\x9b", "\u00a0", "\u1680", "\u2003", "\u2028"),
        *("\u2029", "\u202f", "\u205f", "\u3000", "\u2800", "\u3164", "\u115f", "\u1160", "\uffa0", "\u034f", "\u180e"),
        *("\u200b", "\u200d", "\u200e", "\u202e", "\u2060", "\u2066", "\ufeff", "\u00ad", "\ud800", "\ue000", "\uffff"),
        *("\U000e0041", " \n\u3164\u2800 \u00a0"),
    ],
    ids=ascii,
)
def test_white_space_and_invisible_characters_become_one_blank(between: str) -> None:
    assert single_line(f"a{between}b{between}{between}c") == "a b c"
    assert single_line(f"{between}a{between}") == "a"


@pytest.mark.parametrize("text", ["", "a b", "grüße 漢字 🗝 é", "~/.config/app/token (mode 0644)"])
def test_single_line_of_visible_text_is_unchanged(text: str) -> None:
    assert single_line(text) == text


@given(st.text())
def test_single_line_is_one_line_of_visible_characters(text: str) -> None:
    line = single_line(text)
    assert single_line(line) == line
    assert len(line.splitlines()) <= 1
    assert not any(unicodedata.category(c)[0] in "CZ" and c != " " for c in line)


def test_single_line_cuts_long_text() -> None:
    assert len(single_line("x" * 300_000)) == 200_000


@given(st.text())
def test_printable_keeps_readable_text(text: str) -> None:
    cleaned = printable(text)
    assert printable(cleaned) == cleaned
    assert not any(ord(c) < 32 and c not in "\n\t" for c in cleaned)
    assert not any(0x7F <= ord(c) < 0xA0 or 0xD800 <= ord(c) < 0xE000 for c in cleaned)


def test_printable_keeps_letters_of_every_script_and_cuts_long_text() -> None:
    assert printable("grüße\t漢字\n🗝") == "grüße\t漢字\n🗝"
    assert len(printable("x" * 300_000)) == 200_000


def test_printable_leaves_no_other_line_separators() -> None:
    assert printable("a\u2028b\u2029c\x85d\re\vf\ng") == "a b cdef\ng"
