# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A secret that masks itself, and what may be seen of it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import html
import json
import shlex
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import quote, quote_plus

from ansible_collections.latchkey.workstation.plugins.module_utils._errors import LatchkeyError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["MASK", "Secret", "digest", "fingerprint", "redactor"]

MASK = "<secret>"
_SHORTEST = 6


class Secret:
    """Bytes that say ``<secret>`` wherever they are shown and must be asked for their value."""

    __slots__ = ("_value",)

    def __init__(self, value: bytes | str) -> None:
        try:
            self._value = value.encode() if isinstance(value, str) else bytes(value)
        except UnicodeEncodeError:
            raise LatchkeyError("the value is not UTF-8 text") from None
        if len(self._value.decode(errors="replace")) < _SHORTEST:
            message = f"a value of fewer than {_SHORTEST} characters is no secret"
            raise LatchkeyError(message, remedy="look at the source: it may be cut off or a placeholder")

    def reveal(self) -> bytes:
        return self._value

    def text(self) -> str:
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
    """64 hex digits that tell same from different for whoever holds ``key``, apart for each purpose."""
    return hmac.new(key, purpose.encode() + b"\0" + secret.reveal(), hashlib.sha256).hexdigest()


def fingerprint(key: bytes, secret: Secret) -> str:
    """8 hex digits: what people see of a value."""
    return digest(key, secret, purpose="fingerprint")[:8]


def redactor(secrets: Iterable[Secret]) -> Callable[[str], str]:
    """What takes the secrets out of a text, in any spelling a program is likely to echo them in."""
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
    yield from (part for part in (plain.strip(), *plain.splitlines()) if len(part) >= _SHORTEST)


def _base64_cores(raw: bytes) -> Iterable[str]:
    """What base64 makes of ``raw`` alone and inside of something longer, as in ``user:password``."""
    yield base64.b64encode(raw).decode()
    for ahead in range(3):
        whole = base64.b64encode(bytes(ahead) + raw)
        core = whole[-(-8 * ahead // 6) : 8 * (ahead + len(raw)) // 6].decode()
        yield from (core, core.translate({ord("+"): "-", ord("/"): "_"}))
