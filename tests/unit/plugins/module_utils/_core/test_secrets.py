# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import copy
import html
import io
import json
import logging
import pickle
import pprint
import shlex
import traceback
from dataclasses import asdict, dataclass
from typing import Any, Callable
from urllib.parse import quote, quote_plus

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._core.errors import LatchkeyError
from ansible_collections.latchkey.workstation.plugins.module_utils._core.secrets import (
    MASK,
    Secret,
    digest,
    fingerprint,
    redactor,
)
from hypothesis import given
from hypothesis import strategies as st

VALUE = "s3cr3t 'quoted' \"twice\" grüße & <more>\nsecond line"
KEY = bytes(32)


def logged(secret: Secret) -> str:
    stream = io.StringIO()
    logger = logging.getLogger(__name__)
    logger.addHandler(logging.StreamHandler(stream))
    logger.error("%s %r %s", secret, secret, {"a": [secret]})
    return stream.getvalue()


def raised(secret: Secret) -> str:
    error = ValueError(secret)
    return "".join(traceback.format_exception(error)) + repr(error)


SHOWN: dict[str, Callable[[Secret], str]] = {
    "str": str,
    "repr": repr,
    "format": lambda secret: format(secret, ">80"),
    "f-string": lambda secret: f"{secret} {secret!r} {secret!s} {secret!a} {secret:.3}",
    "percent": lambda secret: "%s %r %a" % (secret, secret, secret),  # noqa: UP031 - this is what is tried
    "in a list": lambda secret: str([secret, {secret: secret}, (secret,)]),
    "pprint": lambda secret: pprint.pformat({"a": secret}),
    "JSON by default": lambda secret: json.dumps({"a": secret}, default=str),
    "log": logged,
    "exception": raised,
}


@pytest.mark.parametrize("show", SHOWN.values(), ids=SHOWN.keys())
def test_secret_is_masked_however_it_is_shown(show: Callable[[Secret], str]) -> None:
    shown = show(Secret(VALUE))
    assert MASK in shown
    assert "s3cr3t" not in shown
    assert "second" not in shown


TAKEN: dict[str, Callable[[Any], object]] = {
    "JSON": json.dumps,
    "pickle": pickle.dumps,
    "oldest pickle": lambda secret: pickle.dumps(secret, protocol=0),
    "bytes": bytes,
    "join": "".join,
    "iteration": list,
    "length": len,
    "attributes": vars,
}


@pytest.mark.parametrize("take", TAKEN.values(), ids=TAKEN.keys())
def test_secret_cannot_be_serialised(take: Callable[[Any], object]) -> None:
    with pytest.raises(TypeError) as refused:
        take(Secret(VALUE))
    assert "s3cr3t" not in str(refused.value)


def test_copy_of_a_secret_is_the_same_object() -> None:
    @dataclass
    class Holder:
        secret: Secret

    secret = Secret(VALUE)
    assert copy.copy(secret) is secret
    assert copy.deepcopy({"a": [secret]})["a"][0] is secret
    assert asdict(Holder(secret))["secret"] is secret


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=6))
def test_reveal_returns_the_value(value: str) -> None:
    secret = Secret(value)
    assert secret.text() == value
    assert secret.reveal() == value.encode()
    assert secret == Secret(value.encode())
    assert hash(secret) == hash(Secret(value.encode()))
    assert secret != Secret(value + "x")
    assert secret != value


@pytest.mark.parametrize("value", ["", "short", b"short", "grüße", b"\xff" * 5])
def test_value_of_fewer_than_six_characters_is_refused(value: str | bytes) -> None:
    with pytest.raises(LatchkeyError, match=r"the value has [0-5] characters; fewer than 6 characters"):
        Secret(value)


def test_value_of_six_characters_is_accepted() -> None:
    assert Secret("grüßen").text() == "grüßen"


def test_binary_value_is_kept_and_text_is_an_error() -> None:
    secret = Secret(b"\xff\xfe s3cr3t")
    assert secret.reveal() == b"\xff\xfe s3cr3t"
    with pytest.raises(LatchkeyError) as refused:
        secret.text()
    assert "s3cr3t" not in "".join(traceback.format_exception(refused.value))


def test_lone_surrogate_is_an_error_without_the_value() -> None:
    with pytest.raises(LatchkeyError) as refused:
        Secret("s3cr3t \ud800")
    assert refused.value.__suppress_context__
    assert "not UTF-8" in str(refused.value)


def test_fingerprint_has_eight_digits_and_depends_on_key_and_value() -> None:
    seen = {
        fingerprint(KEY, Secret(VALUE)),
        fingerprint(b"\1" * 32, Secret(VALUE)),
        fingerprint(KEY, Secret(VALUE + "x")),
        digest(KEY, Secret(VALUE), purpose="another")[:8],
    }
    assert len(seen) == 4
    assert {len(text) for text in seen} == {8}
    assert fingerprint(KEY, Secret(VALUE)) == digest(KEY, Secret(VALUE), purpose="fingerprint")[:8]
    assert len(digest(KEY, Secret(VALUE), purpose="x")) == 64


ECHOED: dict[str, Callable[[str], str]] = {
    "plain": str,
    "of Python": repr,
    "of bytes": lambda value: repr(value)[1:-1],
    "of JSON": json.dumps,
    "of JSON with its letters": lambda value: json.dumps(value, ensure_ascii=False),
    "of a URL": quote,
    "of a URL's parameter": lambda value: quote(value, safe=""),
    "of a form": quote_plus,
    "of a shell": shlex.quote,
    "of HTML": html.escape,
    "hex": lambda value: value.encode().hex(),
    "HEX": lambda value: value.encode().hex().upper(),
    "base64": lambda value: base64.b64encode(value.encode()).decode(),
    "base64 for URLs": lambda value: base64.urlsafe_b64encode(value.encode()).decode(),
    "base64 after a user's name": lambda value: base64.b64encode(b"alice:" + value.encode()).decode(),
    "base64 before something": lambda value: base64.b64encode(b"ab" + value.encode() + b"xyz").decode(),
    "stripped": lambda value: value.strip(),
    "its first line": lambda value: value.splitlines()[0],
    "its last line": lambda value: value.splitlines()[-1],
}


@pytest.mark.parametrize("echo", ECHOED.values(), ids=ECHOED.keys())
def test_encoded_forms_of_a_secret_are_redacted(echo: Callable[[str], str]) -> None:
    text = redactor([Secret("another secret"), Secret(VALUE)])(f"before {echo(VALUE)} after")
    assert MASK in text
    assert "s3cr3t" not in text
    assert "second" not in text
    # Of what stood there only what was put around the value may be left.
    assert len(text) < len("before  after") + len(MASK) + 24
    assert text.startswith("before ")
    assert text.endswith(" after")


def test_url_safe_base64_is_redacted() -> None:
    value = "~~~???>>>~~~"
    spelled = base64.urlsafe_b64encode(f"alice:{value}".encode()).decode()
    assert "-" in spelled or "_" in spelled
    assert len(redactor([Secret(value)])(spelled)) < len(MASK) + 12


@given(st.binary(min_size=6, max_size=80).filter(lambda raw: len(raw.decode(errors="replace")) >= 6), st.binary())
def test_base64_of_a_text_around_the_secret_is_redacted(raw: bytes, around: bytes) -> None:
    text = base64.b64encode(around + raw + around).decode()
    start = -(-8 * len(around) // 6)
    assert text[start : 8 * (len(around) + len(raw)) // 6] not in redactor([Secret(raw)])(text)


@pytest.mark.parametrize("value", ["     a", "a\nb\nc\nd", "a     "])
def test_redaction_keeps_other_words(value: str) -> None:
    assert redactor([Secret(value)])("a banana and a cab") == "a banana and a cab"


def test_longer_secret_is_redacted_before_its_prefix() -> None:
    text = redactor([Secret("abcdef"), Secret("abcdefghij")])("abcdefghij")
    assert text == MASK
