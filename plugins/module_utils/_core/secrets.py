# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Secret values that mask themselves, their keyed digests, and redaction of texts."""

from __future__ import annotations

import base64
import hashlib
import hmac
import html
import json
import shlex
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import quote, quote_plus

from .errors import LatchkeyError, MalformedValue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["MASK", "Secret", "digest", "fingerprint", "redactor"]

MASK = "<secret>"
_MIN_CHARACTERS = 6


class Secret:
    """Bytes shown as ``<secret>`` everywhere; :meth:`reveal` and :meth:`text` return the value.

    MalformedValue for a value of fewer than 6 characters, which could not be redacted without damaging other text.
    """

    __slots__ = ("_value",)

    def __init__(self, value: bytes | str) -> None:
        try:
            self._value = value.encode() if isinstance(value, str) else bytes(value)
        except UnicodeEncodeError:
            raise MalformedValue("the value is not UTF-8 text") from None
        characters = len(self._value.decode(errors="replace"))
        if characters < _MIN_CHARACTERS:
            message = f"the value has {characters} characters; fewer than {_MIN_CHARACTERS} characters are refused"
            raise MalformedValue(message, remedy="look at the source: it may be cut off or a placeholder")

    def reveal(self) -> bytes:
        """Return the value."""
        return self._value

    def text(self) -> str:
        """Return the value as text; LatchkeyError if it is not UTF-8."""
        try:
            return self._value.decode()
        except UnicodeDecodeError:
            raise LatchkeyError("the value is not UTF-8 text") from None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(self._value, other._value)

    def __hash__(self) -> int:
        return hash(self._value)

    def __repr__(self) -> str:
        return MASK

    __str__ = __repr__

    def __format__(self, _spec: str) -> str:
        return MASK

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, _memo: object) -> Secret:
        return self

    def __reduce__(self) -> NoReturn:
        message = "a secret is not pickled"
        raise TypeError(message)


def digest(key: bytes, secret: Secret, *, purpose: str) -> str:
    """HMAC-SHA256 of a secret as 64 hex digits, to recognise a value; differs for each ``key`` and ``purpose``."""
    return hmac.new(key, purpose.encode() + b"\0" + secret.reveal(), hashlib.sha256).hexdigest()


def fingerprint(key: bytes, secret: Secret) -> str:
    """First 8 hex digits of a digest, the only part of a value that people see."""
    return digest(key, secret, purpose="fingerprint")[:8]


def redactor(secrets: Iterable[Secret]) -> Callable[[str], str]:
    """Function that masks ``secrets`` in a text, also quoted, URL-encoded, hexadecimal and base64-encoded."""
    spellings = sorted({s for secret in secrets for s in _spellings(secret)}, key=len, reverse=True)

    def without(text: str) -> str:
        for spelling in spellings:
            text = text.replace(spelling, MASK)
        return text

    return without


def _spellings(secret: Secret) -> Iterable[str]:
    raw = secret.reveal()
    plain = raw.decode(errors="replace")
    yield from (plain, repr(plain)[1:-1], json.dumps(plain)[1:-1], json.dumps(plain, ensure_ascii=False)[1:-1])
    yield from (quote(plain), quote(plain, safe=""), quote_plus(plain), shlex.quote(plain), html.escape(plain))
    yield from (raw.hex(), raw.hex().upper(), *_base64_cores(raw))
    yield from (part for part in (plain.strip(), *plain.splitlines()) if len(part) >= _MIN_CHARACTERS)


def _base64_cores(raw: bytes) -> Iterable[str]:
    """Base64 of ``raw`` alone and at any offset inside of a longer text such as ``user:password``."""
    yield base64.b64encode(raw).decode()
    for ahead in range(3):
        whole = base64.b64encode(bytes(ahead) + raw)
        core = whole[-(-8 * ahead // 6) : 8 * (ahead + len(raw)) // 6].decode()
        yield from (core, core.translate({ord("+"): "-", ord("/"): "_"}))
