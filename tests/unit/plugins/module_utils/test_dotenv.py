# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils import _dotenv

READ = {
    "bare": (b"KEY=value\n", b"value"),
    "no newline at the end": (b"KEY=value", b"value"),
    "equals in the value": (b"KEY=a=b==\n", b"a=b=="),
    "export": (b"export KEY=value\n", b"value"),
    "export with tabs": (b"\t export\t KEY=value\n", b"value"),
    "white space around": (b"  KEY = value \t\n", b"value"),
    "CRLF": (b"A=1\r\nKEY=value\r\nB=2\r\n", b"value"),
    "byte order mark": (b"\xef\xbb\xbfKEY=value\n", b"value"),
    "comment after": (b"KEY=value # why\n", b"value"),
    "hash inside": (b"KEY=val#ue\n", b"val#ue"),
    "hash first": (b"KEY=#value\n", b"#value"),
    "only a comment": (b"KEY= # none\n", b""),
    "empty": (b"KEY=\nB=2\n", b""),
    "last one wins": (b"KEY=first\nKEY=second\n", b"second"),
    "commented out": (b"KEY=first\n#KEY=second\n", b"first"),
    "another key's end": (b"MY_KEY=other\nKEY=value\nKEY2=x\n", b"value"),
    "bare is literal": (b"KEY=a\\n$B`c`'d'\"e\n", b"a\\n$B`c`'d'\"e"),
    "single quotes are literal": (b"KEY='a\\n $B # \"c\" \\'\n", b'a\\n $B # "c" \\'),
    "double quotes escape": (b'KEY="a\\n\\t\\r\\"\\\'\\\\\\$\\`\\x"\n', b"a\n\t\r\"'\\$`\\x"),
    "an escaped backslash before n": (b'KEY="a\\\\n"\n', b"a\\n"),
    "quoted with a comment": (b"KEY='a # b' # c\n", b"a # b"),
    "over lines": (b'KEY="a\nKEY=b\nc"\nD=e\n', b"a\nKEY=b\nc"),
    "over CRLF lines": (b"KEY='a\r\nb'\r\n", b"a\nb"),
    "white space in quotes": (b"KEY='  a  '\n", b"  a  "),
    "quoted after white space": (b"KEY= 'a'\n", b"a"),
    "quoted and empty": (b"KEY=''\n", b""),
    "bytes that are no UTF-8": (b"KEY=caf\xe9 \xff\n", b"caf\xe9 \xff"),
    "unicode": ("KEY=grüße\n".encode(), "grüße".encode()),
    "after a broken line": (b"A='x\nKEY=value\n", b"value"),
    "after a broken line of its own": (b"KEY='x\nKEY=value\n", b"value"),
    "after lines that are none": (b"what is this\n=\n1A=x\nKEY=value\n", b"value"),
    "absent": (b"A=1\n", None),
    "nothing": (b"", None),
    "mentioned only": (b"KEY\n# KEY=x\n", None),
}


@pytest.mark.parametrize(("data", "wanted"), READ.values(), ids=READ)
def test_a_value(data: bytes, wanted: bytes | None) -> None:
    assert _dotenv.value(data, "KEY") == wanted


@pytest.mark.parametrize("broken", [b"'open", b'"open', b"'a'b", b'"a" b', b"'it'\\''s'", b'"a\\"'])
def test_quotes_that_do_not_end_the_value_are_an_error_with_a_line(broken: bytes) -> None:
    with pytest.raises(_dotenv.DotenvError) as error:
        _dotenv.value(b"A=1\n\nKEY=" + broken + b"\n", "KEY")
    assert error.value.line == 3
    assert "open" not in str(error.value)


def test_a_mebibyte_of_quotes_is_read_at_once() -> None:
    assert _dotenv.value(b'A="\n' * 250_000 + b"KEY=value", "KEY") == b"value"
