# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._core.errors import LatchkeyError
from ansible_collections.latchkey.workstation.plugins.module_utils._core.validation import (
    is_duration,
    is_words,
    parse_duration,
    require_safe,
    safe_to_echo,
    suggest,
)

HIDDEN = "(what is written there)"
MACHINES = ["build-2024-11-frankfurt-01.example.com", "devvm"]


@pytest.mark.parametrize(
    "word", ["sorce", "cloudflare_worker_deploy", "HEROKU_API_KEY", "Alice", "s3", "v0.2", "my-team", True, "a" * 24]
)
def test_possible_misspelling_is_echoed(word: object) -> None:
    assert safe_to_echo(word) == str(word)


@pytest.mark.parametrize(
    "word",
    [
        *("8f3kq02mz7xw1vt5plr9ya6d", "abc123", "a" * 25, "hunter2 and more", "p@ssword", "../x", "x\n", 111122223333),
        *("AKIAIOSFODNN7EXAMPL3KEY9", "sk-ant-oat01-x1y2", "grüße", "build-2024-11"),
    ],
)
def test_possible_secret_is_not_echoed(word: object) -> None:
    assert safe_to_echo(word, MACHINES) == HIDDEN


def test_word_similar_to_a_valid_one_is_echoed() -> None:
    assert safe_to_echo("build-2024-11-frankfrut-01.example.com", MACHINES) == "build-2024-11-frankfrut-01.example.com"


@pytest.mark.parametrize(
    ("word", "words", "expected"),
    [
        ("sorce", ["source", "check"], 'did you mean "source"?'),
        ("xyz", ["source", "check"], "known: check, source"),
        ("xyz", [], "none is declared"),
    ],
)
def test_suggestion_names_the_closest_word_or_all(word: str, words: list[str], expected: str) -> None:
    assert suggest(word, words) == expected


@pytest.mark.parametrize(
    ("duration", "seconds"), [("10s", 10), ("2m", 120), ("6h", 21600), ("1d", 86400), ("2w", 1209600), ("0s", 0)]
)
def test_duration_is_parsed_to_seconds(duration: str, seconds: int) -> None:
    assert parse_duration(duration) == seconds
    assert is_duration(duration)


@pytest.mark.parametrize("duration", ["10", "s", "10 s", "-1s", "1.5h", "1y", "10s\n", "1234567s", None, 10])
def test_other_text_is_no_duration(duration: str) -> None:
    assert not is_duration(duration)
    with pytest.raises(ValueError, match=r".*"):
        parse_duration(duration)


def test_words_are_a_list_of_strings() -> None:
    assert is_words([])
    assert is_words(["a"])
    assert not is_words("a")
    assert not is_words(["a", 1])


@pytest.mark.parametrize("url", ["https://example.com/", "http://localhost:1/", "http://[::1]:1/", "http://127.0.0.1/"])
def test_safe_url_is_returned_unchanged(url: str) -> None:
    assert require_safe(url) == url


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://example.com/s3cr3t", "http://example.com is not used"),
        ("ftp://example.com/", "ftp://example.com is not used"),
        ("https:///path", "https:// is not used"),
        ("https://alice@example.com/", "must not carry a user name or password"),
        ("https://:s3cr3t@example.com/", "must not carry a user name or password"),
        ("https://example.com:x/", "no URL"),
        ("http://localhost.example.com/", "is not used"),
    ],
)
def test_unsafe_url_is_an_error_without_its_secrets(url: str, expected: str) -> None:
    with pytest.raises(LatchkeyError, match=expected) as refused:
        require_safe(url)
    assert "s3cr3t" not in str(refused.value)
