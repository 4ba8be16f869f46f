# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._sources import dotenv

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
    "CR at the end of the file": (b"KEY=abcdef123\r", b"abcdef123"),
    "CR at the end of the file after a quote": (b"KEY='a b'\r", b"a b"),
    "CR at the end of the file after CRLF lines": (b"A=1\r\nKEY=value\r", b"value"),
    "two CRs": (b"KEY=value\r\r\n", b"value\r"),
    "CR inside": (b"KEY=a\rb\n", b"a\rb"),
    "bytes that are not UTF-8 elsewhere": (b"# caf\xe9\nA=\xff\nKEY=value\n", b"value"),
    "bytes that are not UTF-8 in an earlier entry": (b"KEY=\xff\nKEY=value\n", b"value"),
    "unicode of every length": (
        "KEY=\u00e9\u20ac\U0001f511\ud7ff\uffff\U0010ffff\n".encode(),
        "\u00e9\u20ac\U0001f511\ud7ff\uffff\U0010ffff".encode(),
    ),
    "unicode": ("KEY=grüße\n".encode(), "grüße".encode()),
    "after a broken line": (b"A='x\nKEY=value\n", b"value"),
    "after a broken line of its own": (b"KEY='x\nKEY=value\n", b"value"),
    "after lines that are none": (b"what is this\n=\n1A=x\nKEY=value\n", b"value"),
    "absent": (b"A=1\n", None),
    "nothing": (b"", None),
    "mentioned only": (b"KEY\n# KEY=x\n", None),
}


@pytest.mark.parametrize(("data", "wanted"), READ.values(), ids=READ)
def test_value_of_the_key(data: bytes, wanted: bytes | None) -> None:
    assert dotenv.value(data, "KEY") == wanted


@pytest.mark.parametrize("broken", [b"'open", b'"open', b"'a'b", b'"a" b', b"'it'\\''s'", b'"a\\"'])
def test_unclosed_quote_is_an_error_with_its_line(broken: bytes) -> None:
    with pytest.raises(dotenv.DotenvError) as error:
        dotenv.value(b"A=1\n\nKEY=" + broken + b"\n", "KEY")
    assert error.value.line == 3
    assert "open" not in str(error.value)


UNREADABLE = {
    "NUL in the value": (b"A=1\nKEY=a\0b\n", 2, "NUL"),
    "NUL in another line": (b"A=\0\nKEY=value\n", 1, "NUL"),
    "NUL in a file without the key": (b"A=1\n\0", 2, "NUL"),
    "UTF-16": ("KEY=value\n".encode("utf-16-le"), 1, "NUL"),
    "UTF-16 with its mark": ("KEY=value\n".encode("utf-16"), 1, "NUL"),
    "Latin-1": (b"\nKEY=caf\xe9\n", 2, "UTF-8"),
    "a continuation byte alone": (b"KEY=a\x80\n", 1, "UTF-8"),
    "an overlong form": (b"KEY=\xc0\xaf\n", 1, "UTF-8"),
    "an overlong form of three bytes": (b"KEY=\xe0\x9f\xbf\n", 1, "UTF-8"),
    "a surrogate": (b"KEY=\xed\xa0\x80\n", 1, "UTF-8"),
    "beyond Unicode": (b"KEY=\xf4\x90\x80\x80\n", 1, "UTF-8"),
    "cut off": (b"KEY='\xe2\x82'\n", 1, "UTF-8"),
    "a character inside another": (b"KEY=\xe2\xc3\xa9\x82\xac\n", 1, "UTF-8"),
}


@pytest.mark.parametrize(("data", "line", "reason"), UNREADABLE.values(), ids=UNREADABLE)
def test_what_is_no_text_is_an_error_with_its_line(data: bytes, line: int, reason: str) -> None:
    with pytest.raises(dotenv.DotenvError, match=reason) as error:
        dotenv.value(data, "KEY")
    assert (error.value.line, error.value.remedy) == (line, "save the file as UTF-8")


def test_mebibyte_of_quotes_is_read_in_one_pass() -> None:
    assert dotenv.value(b'A="\n' * 250_000 + b"KEY=value", "KEY") == b"value"
