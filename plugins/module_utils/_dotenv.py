# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

r"""One value out of a dotenv file.

The grammar, one entry a line, the last entry of a key wins:

    [export ]KEY=bare value      up to the end of the line, or to white space and #; nothing in it is special
    [export ]KEY='as it is'      up to the next ', over several lines too; nothing in it is special
    [export ]KEY="escaped"       the same up to the next ", with \n \r \t \\ \" \' \$ and \` for one character each

After a closing quote only white space and a # comment may stand. White space around KEY and = does not count. Lines
that are empty, begin with # or are no entry are passed over. CRLF and LF end a line; a byte order mark is passed over.
Nothing is substituted: $NAME stays as it is.
"""

from __future__ import annotations

import re

from ansible_collections.latchkey.workstation.plugins.module_utils._errors import LatchkeyError

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
    """The wanted entry cannot be understood; ``line`` is where it stands."""

    def __init__(self, message: str, *, line: int) -> None:
        super().__init__(message, remedy="quote the whole value once")
        self.line = line


def value(data: bytes, key: str) -> bytes | None:
    """The value of ``key``, None where no entry has that key."""
    text = data[3:] if data.startswith(b"\xef\xbb\xbf") else data
    text = text.replace(b"\r\n", b"\n")
    wanted = key.encode()
    found: bytes | None = None
    broken: int | None = None
    position = 0
    while entry := _ENTRY.search(text, position):
        content, position = _content(text, entry.end())
        if entry[1] == wanted:
            found = content
            broken = None if content is not None else text.count(b"\n", 0, entry.start()) + 1
    if broken is not None:
        raise DotenvError(f"the value of {key} has a quote that does not end it", line=broken)
    return found


def _content(text: bytes, start: int) -> tuple[bytes | None, int]:
    """The value that begins at ``start``, None for one whose quotes are wrong, and where the next line begins."""
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
