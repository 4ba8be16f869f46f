# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._core.errors import LatchkeyError
from ansible_collections.latchkey.workstation.plugins.module_utils._core.secrets import Secret
from ansible_collections.latchkey.workstation.plugins.module_utils._stores.base import (
    ABSENT_ITEM,
    Item,
    Reading,
    choose_backend,
    to_lookup_result,
)

ITEM = Item("service", "account")
SAME = Reading("readable", secret=Secret("new value"), exists=True)
UNUSABLE = Reading("unusable", exists=True, reason="too short")
DENIED = Reading("denied", exists=True, reason="would ask", remedy="allow it")
LOCKED = Reading("locked", exists=True, reason="is locked", remedy="unlock it")
LOCKED_ABSENT = replace(LOCKED, exists=False)
LOCKED_UNKNOWN = replace(LOCKED, exists=None)

BACKENDS = {
    "a Mac": ("darwin", "auto", "", True, "keychain"),
    "a Mac that once used files": ("darwin", "auto", "files", True, "keychain"),
    "files on a Mac": ("darwin", "files", "", True, "files"),
    "unlocked": ("linux", "auto", "", True, "secret_service"),
    "locked or not there": ("linux", "auto", "", False, "files"),
    "files before, unlocked since": ("linux", "auto", "files", True, "files"),
    "a service before, locked since": ("linux", "auto", "secret_service", False, "secret_service"),
    "declared": ("linux", "secret_service", "files", False, "secret_service"),
    "declared back": ("linux", "files", "secret_service", True, "files"),
    "a note of another system": ("linux", "auto", "keychain", False, "files"),
}


@pytest.mark.parametrize(("platform", "declared", "recorded", "unlocked", "chosen"), BACKENDS.values(), ids=BACKENDS)
def test_choose_backend(platform: str, declared: str, recorded: str, unlocked: bool, chosen: str) -> None:
    got = choose_backend(platform=platform, declared=declared, recorded=recorded, unlocked=lambda: unlocked)
    assert got == chosen


@pytest.mark.parametrize(("platform", "declared"), [("darwin", "secret_service"), ("linux", "keychain")])
def test_a_backend_of_another_platform_is_an_error(platform: str, declared: str) -> None:
    with pytest.raises(LatchkeyError, match="latchkey_keychain_backend"):
        choose_backend(platform=platform, declared=declared, recorded="", unlocked=lambda: True)


def test_the_service_is_asked_for_its_lock_only_if_the_choice_depends_on_it() -> None:
    def ask() -> bool:
        raise AssertionError

    for platform, declared, recorded in (("darwin", "auto", ""), ("linux", "files", ""), ("linux", "auto", "files")):
        choose_backend(platform=platform, declared=declared, recorded=recorded, unlocked=ask)


@pytest.mark.parametrize("name", ["service", "account", "label", "kind", "comment"])
@pytest.mark.parametrize("text", ["two\nlines", "NUL\0", "escape\x1b[2J", "del\x7f"])
def test_a_control_character_in_an_item_is_an_error(name: str, text: str) -> None:
    with pytest.raises(LatchkeyError, match=f"the {name} of a keychain item holds a control character"):
        Item.from_declaration({"service": "s", "account": "a", name: text})


def test_an_item_needs_a_service_and_may_have_an_empty_account() -> None:
    assert Item.from_declaration({"service": 'it\'s "odd" grüße', "account": ""}).account == ""
    with pytest.raises(LatchkeyError):
        Item.from_declaration({"service": "", "account": "a"})


@pytest.mark.parametrize(
    ("reading", "state"),
    [(SAME, "found"), (ABSENT_ITEM, "absent"), (UNUSABLE, "blocked"), (DENIED, "blocked"), (LOCKED, "blocked"),
     (LOCKED_ABSENT, "absent"), (LOCKED_UNKNOWN, "blocked")],
)  # fmt: skip
def test_to_lookup_result(reading: Reading, state: str) -> None:
    assert to_lookup_result(ITEM.key, reading).state == state
