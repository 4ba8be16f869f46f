# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

r"""Read one value from a dotenv file.

exports.sh reads the same grammar; a test compares both on generated files.

One entry a line, the last entry of a key is used:

    [export ]KEY=bare value      up to the end of the line, or to white space and #; nothing in it is special
    [export ]KEY='as it is'      up to the next ', over several lines too; nothing in it is special
    [export ]KEY="escaped"       the same up to the next ", with \n \r \t \\ \" \' \$ and \` for one character each

After a closing quote only white space and a # comment may stand. White space around KEY and = does not count. Lines
that are empty, begin with # or are no entry are passed over. CRLF and LF end a line, and so does a CR at the end of the
file; a byte order mark is passed over. Nothing is substituted: $NAME stays as it is.

A file with a NUL byte (UTF-16, for one) and a value that is not UTF-8 are errors: neither is text.
"""

from __future__ import annotations

import re

from .._core.errors import LatchkeyError

__all__ = ["DotenvError", "value"]

_ENTRY = re.compile(rb"^[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_.-]*)[ \t]*=", re.MULTILINE)
_END = rb"[ \t]*(?:#.*)?(?:\n|\Z)"
_QUOTED = {
    b"'": re.compile(rb"[ \t]*'([^']*)'" + _END),
    b'"': re.compile(rb'[ \t]*"((?:[^"\\]|\\[\s\S])*)"' + _END),
}
_BARE = re.compile(rb"[^\n]*")
_COMMENT = re.compile(rb"[ \t]#.*")
_ESCAPE = re.compile(rb"\\([nrt\\\"'$`])")
_SPECIAL = {b"n": b"\n", b"r": b"\r", b"t": b"\t"}


class DotenvError(LatchkeyError):
    """The wanted entry cannot be read; ``line`` is its line."""

    def __init__(self, message: str, *, line: int, remedy: str) -> None:
        super().__init__(message, remedy=remedy)
        self.line = line


def value(data: bytes, key: str) -> bytes | None:
    """The value of ``key``, None if no entry has that key. DotenvError if the value or the file is no text."""
    text = data[3:] if data.startswith(b"\xef\xbb\xbf") else data
    text = text.replace(b"\r\n", b"\n")
    text = text[:-1] if text.endswith(b"\r") else text
    if b"\0" in text:
        line = text.count(b"\n", 0, text.index(b"\0")) + 1
        raise DotenvError("there is a NUL byte, so the file is no text", line=line, remedy="save the file as UTF-8")
    wanted = key.encode()
    found: bytes | None = None
    start: int | None = None
    position = 0
    while entry := _ENTRY.search(text, position):
        content, position = _content(text, entry.end())
        if entry[1] == wanted:
            found, start = content, entry.start()
    if start is None:
        return None
    line = text.count(b"\n", 0, start) + 1
    if found is None:
        message = f"the value of {key} has a quote that does not end it"
        raise DotenvError(message, line=line, remedy="quote the whole value once")
    try:
        found.decode()
    except UnicodeDecodeError:
        raise DotenvError(f"the value of {key} is not UTF-8", line=line, remedy="save the file as UTF-8") from None
    return found


def _content(text: bytes, start: int) -> tuple[bytes | None, int]:
    """The value that begins at ``start``, None if its quotes do not end it, and the offset of the next line."""
    bare = _BARE.match(text, start)
    if bare is None:
        return None, len(text)
    quote = bare[0].lstrip(b" \t")[:1]
    if quote not in _QUOTED:
        return _COMMENT.sub(b"", bare[0]).strip(b" \t"), bare.end()
    quoted = _QUOTED[quote].match(text, start)
    if quoted is None:
        return None, bare.end()
    inner = quoted[1]
    return (inner if quote == b"'" else _ESCAPE.sub(lambda e: _SPECIAL.get(e[1], e[1]), inner)), quoted.end()
