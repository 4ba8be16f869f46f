# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._words import shown

HIDDEN = "(what is written there)"
MACHINES = ["build-2024-11-frankfurt-01.example.com", "devvm"]


@pytest.mark.parametrize(
    "word", ["sorce", "cloudflare_worker_deploy", "HEROKU_API_KEY", "Alice", "s3", "v0.2", "my-team", True, "a" * 24]
)
def test_what_could_be_a_misspelling_is_shown(word: object) -> None:
    assert shown(word) == str(word)


@pytest.mark.parametrize(
    "word",
    [
        *("8f3kq02mz7xw1vt5plr9ya6d", "abc123", "a" * 25, "hunter2 and more", "p@ssword", "../x", "x\n", 111122223333),
        *("AKIAIOSFODNN7EXAMPL3KEY9", "sk-ant-oat01-x1y2", "grüße", "build-2024-11"),
    ],
)
def test_what_could_be_a_secret_is_not(word: object) -> None:
    assert shown(word, MACHINES) == HIDDEN


def test_a_word_like_one_of_the_known_is_shown() -> None:
    assert shown("build-2024-11-frankfrut-01.example.com", MACHINES) == "build-2024-11-frankfrut-01.example.com"
