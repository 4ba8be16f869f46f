# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The managed block: insertion, replacement and removal preserve all bytes outside it."""

from __future__ import annotations

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._core.errors import LatchkeyError
from ansible_collections.latchkey.workstation.plugins.module_utils._exports import zshrc_block
from hypothesis import given
from hypothesis import strategies as st

LIBRARY = "~/.local/share/latchkey/exports.sh"
BEGIN = b"# >>> latchkey >>> made by latchkey.workstation: changes between these two lines are lost\n"
END = b"# <<< latchkey <<<\n"

names = st.lists(st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True), min_size=1, max_size=4, unique=True)
pieces = st.sampled_from(
    [b"\n", b"\r\n", b"\r", b"# a comment", b"alias ll='ls -l'", b"export A=1", b"\xff\x00", b" ", b"latchkey", b"#"]
)
texts = st.lists(pieces | st.binary(max_size=6), max_size=12).map(b"".join)


def block(*exported: str) -> bytes:
    return zshrc_block.render(exported or ["KEY"], library=LIBRARY)


@given(texts, names, names)
def test_insert_replace_and_remove_preserve_all_other_bytes(text: bytes, first: list[str], second: list[str]) -> None:
    placed = zshrc_block.insert(text, block(*first))
    assert zshrc_block.insert(placed, block(*first)) == placed
    changed = zshrc_block.insert(placed, block(*second))
    assert changed == placed.replace(block(*first), block(*second))
    joined = bool(text) and not text.endswith(b"\n")
    assert zshrc_block.remove(changed, joined=joined) == text


@given(texts, texts, names)
def test_block_in_the_middle_is_replaced_in_place(before: bytes, after: bytes, exported: list[str]) -> None:
    before += b"\n"
    data = before + block("OLD", "OTHER") + after
    assert zshrc_block.insert(data, block(*exported)) == before + block(*exported) + after
    assert zshrc_block.remove(data, joined=False) == before + after


def test_block_has_one_line_for_each_variable() -> None:
    lines = block("A", "B_2").decode().splitlines()
    assert lines[0] + "\n" == BEGIN.decode()
    assert lines[-1] + "\n" == END.decode()
    assert [line.strip(" \\") for line in lines[4:-2]] == ["A", "B_2"]


def test_block_with_crlf_gets_lf_and_other_lines_keep_crlf() -> None:
    data = b"one\r\n" + block().replace(b"\n", b"\r\n") + b"two\r\n"
    assert zshrc_block.insert(data, block()) == b"one\r\n" + block() + b"two\r\n"


def test_added_newline_stays_if_lines_follow_the_block() -> None:
    data = zshrc_block.insert(b"one", block()) + b"two\n"
    assert zshrc_block.remove(data, joined=True) == b"one\ntwo\n"


DAMAGED = {
    "no end": (b"a\n" + BEGIN + b"b\n", ["line 2"]),
    "no begin": (b"a\nb\n" + END, ["line 3"]),
    "two blocks": (BEGIN + END + b"x\n" + BEGIN + END, ["line 1", "line 2", "line 4", "line 5"]),
    "end before begin": (END + BEGIN, ["line 1", "line 2"]),
    "begun twice": (BEGIN + b"\n" + BEGIN + END, ["line 1", "line 3", "line 4"]),
}


@pytest.mark.parametrize(("data", "lines"), DAMAGED.values(), ids=DAMAGED)
def test_unpaired_markers_are_an_error_with_their_lines(data: bytes, lines: list[str]) -> None:
    for act in (lambda: zshrc_block.insert(data, block()), lambda: zshrc_block.remove(data, joined=False)):
        with pytest.raises(LatchkeyError) as error:
            act()
        assert all(line in error.value.message for line in lines)
        assert error.value.remedy


def test_text_for_diff_masks_foreign_lines() -> None:
    data = b"export PASSWORD=hunter22\n" + block("A", "B").replace(b"fi\n", b"export TOKEN=hunter33\nfi\n")
    shown = zshrc_block.text_for_diff(data)
    assert shown == block("A", "B").decode().replace("fi\n", "(a line that latchkey.workstation did not write)\nfi\n")
    assert zshrc_block.text_for_diff(b"export PASSWORD=hunter22\n") == ""
