# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults in well-formed HTTP replies: functions that replace status, headers or body of the correct answer."""

from __future__ import annotations

import functools
import gzip
import json
import zlib
from collections.abc import Callable, Mapping

from tests.twins.services._model import Answer

__all__ = ["REPLY_FAULTS", "Bend"]

Bend = Callable[..., Answer]  # (answer, location, **options)

# Window title, clear screen, colour, carriage return, backspaces, C1 CSI, bidi override, zero width, NUL.
ESCAPES = "\x1b]0;owned\x07\x1b[2J\x1b[31m\r\n\b\b\x9b1m\u202e\u200b\x00"
UNICODE = "Zoë 漢字 🗝 e\u0301 \ud800"  # the last is half a surrogate pair: JSON can carry it, UTF-8 cannot
NAMES = ("login", "name", "email", "message", "accountName", "id", "error")
LOGIN_PAGE = "<!doctype html><html><title>Sign in to the network</title><form method='post'></form></html>"


def _with(answer: Answer, *, status: int = 200, body: bytes | None = None, **headers: object) -> Answer:
    """Other body, status and headers; underscores in a header's name stand for dashes."""
    new = {name.replace("_", "-"): str(value) for name, value in headers.items() if value is not None}
    kept = tuple((name, value) for name, value in answer.headers if name.lower() not in {each.lower() for each in new})
    return Answer(status, (*kept, *new.items()), answer.body if body is None else body)


def _redirect(answer: Answer, location: str, *, status: int = 302, to: str = "") -> Answer:
    return _with(answer, status=status, body=b"", Location=to or location)


def _html(answer: Answer, location: str, *, status: int = 200) -> Answer:
    return _with(answer, status=status, body=LOGIN_PAGE.encode(), Content_Type="text/html; charset=utf-8")


def _status(answer: Answer, location: str, *, status: int = 503, retry_after: object = None) -> Answer:
    page = f"<html><head><title>{status}</title></head><body><center>nginx</center></body></html>".encode()
    return _with(answer, status=status, body=page, Content_Type="text/html", Retry_After=retry_after)


def _invalid_json(answer: Answer, location: str) -> Answer:
    return _with(answer, body=answer.body[: len(answer.body) // 2] + b'"')


def _not_utf8(answer: Answer, location: str) -> Answer:
    return _with(answer, body=b'{"login": "\xff\xfe\xc3("}')


def _json(answer: Answer, location: str, *, value: object = None, status: int = 200) -> Answer:
    return _with(answer, status=status, body=json.dumps(value).encode(), Content_Type="application/json")


def _deep(answer: Answer, location: str, *, depth: int = 100_000) -> Answer:
    return _with(answer, body=b"[" * depth + b"]" * depth, Content_Type="application/json")


def _tainted(value: object, taint: str, names: tuple[str, ...]) -> object:
    if isinstance(value, dict):
        return {
            key: f"{taint}{each}" if key in names and isinstance(each, str) else _tainted(each, taint, names)
            for key, each in value.items()
        }
    return [_tainted(each, taint, names) for each in value] if isinstance(value, list) else value


def _taint(answer: Answer, location: str, *, taint: str, names: tuple[str, ...] = NAMES) -> Answer:
    """Every named string of the true answer carries the taint; its status stays."""
    body = json.dumps(_tainted(json.loads(answer.body), taint, tuple(names))).encode()
    return _with(answer, status=answer.status, body=body)


def _huge_header(answer: Answer, location: str, *, size: int = 1 << 20) -> Answer:
    return _with(answer, status=answer.status, X_Filler="x" * size)


def _many_headers(answer: Answer, location: str, *, count: int = 20_000) -> Answer:
    filler = tuple((f"X-Filler-{number}", "x") for number in range(count))
    return Answer(answer.status, (*answer.headers, *filler), answer.body)


@functools.lru_cache
def _packed_spaces(size: int) -> bytes:
    packer, chunk = zlib.compressobj(9, zlib.DEFLATED, 31), b" " * (1 << 20)
    return b"".join(packer.compress(chunk) for _each in range(size >> 20)) + packer.flush()


def _gzip_bomb(answer: Answer, location: str, *, size: int = 128 << 20) -> Answer:
    """Compressed although nobody asked: spaces, which JSON allows, and the true answer as the second member."""
    packed = _packed_spaces(size) + gzip.compress(answer.body)
    return _with(answer, status=answer.status, body=packed, Content_Encoding="gzip")


REPLY_FAULTS: Mapping[str, Bend] = {
    "redirect": _redirect,
    "html": _html,
    "status": _status,
    "invalid_json": _invalid_json,
    "not_utf8": _not_utf8,
    "json": _json,
    "deep": _deep,
    "escapes": functools.partial(_taint, taint=ESCAPES),
    "unicode": functools.partial(_taint, taint=UNICODE),
    "huge_header": _huge_header,
    "many_headers": _many_headers,
    "gzip_bomb": _gzip_bomb,
}
