# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._errors import LatchkeyError
from ansible_collections.latchkey.workstation.plugins.module_utils._found import Found
from ansible_collections.latchkey.workstation.plugins.module_utils._keychain import (
    ABSENT,
    Item,
    Reading,
    as_found,
    choose_backend,
)
from ansible_collections.latchkey.workstation.plugins.module_utils._keychain_plan import absence, presence
from ansible_collections.latchkey.workstation.plugins.module_utils._secrets import Secret

ITEM = Item("service", "account")
OLD, NEW = Secret("old value"), Secret("new value")
FOUND = Found("found", secret=NEW)
NOTHING = Found("absent", reason="NAME is not set", remedy="store.yml")
BLOCKED = Found("blocked", reason="vault is sealed", remedy="unseal it")
LACKING = replace(BLOCKED, lacking=True)
SAME = Reading("kept", secret=NEW, exists=True)
DIFFERENT = Reading("kept", secret=OLD, exists=True)
UNFIT = Reading("unfit", exists=True, reason="too short")
DENIED = Reading("denied", exists=True, reason="would ask", remedy="allow it")
LOCKED = Reading("locked", exists=True, reason="is locked", remedy="unlock it")
LOCKED_NOT_THERE = replace(LOCKED, exists=False)
LOCKED_WHO_KNOWS = replace(LOCKED, exists=None)

# reading, wanted, applied: state, action, blocked
PRESENCE = {
    "absent, found": (ABSENT, FOUND, None, "write create"),
    "absent, nothing": (ABSENT, NOTHING, None, "skipped"),
    "absent, blocked": (ABSENT, BLOCKED, None, "unknown"),
    "absent, not to be asked here": (ABSENT, LACKING, None, "skipped"),
    "kept, not to be asked here": (DIFFERENT, LACKING, None, "skipped"),
    "same": (SAME, FOUND, None, "ok"),
    "different": (DIFFERENT, FOUND, None, "write update"),
    "different, though applied": (DIFFERENT, FOUND, True, "write update"),
    "kept, nothing": (DIFFERENT, NOTHING, None, "ok"),
    "kept, blocked": (DIFFERENT, BLOCKED, None, "unknown"),
    "unfit, found": (UNFIT, FOUND, None, "write update"),
    "unfit, nothing": (UNFIT, NOTHING, None, "unknown"),
    "denied, found": (DENIED, FOUND, None, "unknown"),
    "denied, as applied": (DENIED, FOUND, True, "ok"),
    "denied, not as applied": (DENIED, FOUND, False, "blocked update"),
    "denied, nothing": (DENIED, NOTHING, None, "unknown"),
    "denied, blocked": (DENIED, BLOCKED, None, "unknown"),
    "locked, found": (LOCKED, FOUND, None, "unknown"),
    "locked, as applied": (LOCKED, FOUND, True, "ok"),
    "locked, not as applied": (LOCKED, FOUND, False, "blocked update"),
    "locked, nothing": (LOCKED, NOTHING, None, "unknown"),
    "locked and not there, found": (LOCKED_NOT_THERE, FOUND, None, "blocked create"),
    "locked and not there, as applied": (LOCKED_NOT_THERE, FOUND, True, "blocked create"),
    "locked and not there, nothing": (LOCKED_NOT_THERE, NOTHING, None, "skipped"),
    "locked and who knows, found": (LOCKED_WHO_KNOWS, FOUND, None, "unknown"),
    "locked and who knows, as applied": (LOCKED_WHO_KNOWS, FOUND, True, "ok"),
    "locked and who knows, not as applied": (LOCKED_WHO_KNOWS, FOUND, False, "blocked update"),
    "locked and who knows, nothing": (LOCKED_WHO_KNOWS, NOTHING, None, "unknown"),
    "others can read it": (replace(SAME, loose=True), FOUND, None, "write update"),
}


def said(step: object) -> str:
    state, change = step.state, step.change  # type: ignore[attr-defined]
    word = "blocked" if step.blocked else state  # type: ignore[attr-defined]
    return f"{word} {change.action}" if change else word


@pytest.mark.parametrize(("reading", "wanted", "applied", "decision"), PRESENCE.values(), ids=PRESENCE)
def test_what_is_done_with_an_item(reading: Reading, wanted: Found, applied: bool | None, decision: str) -> None:
    step = presence(ITEM, reading, wanted, applied=applied)
    assert said(step) == decision
    if decision.startswith(("unknown", "blocked")) and reading is not UNFIT:
        assert step.remedy
    if step.change:
        assert step.change.secret == NEW


@pytest.mark.parametrize(
    ("reading", "decision"),
    [
        (DENIED, "write recreate"),
        (replace(DIFFERENT, trusted=("/usr/bin/security",)), "write recreate"),
        (replace(SAME, trusted=("/usr/bin/security",)), "write recreate"),
        (replace(DIFFERENT, trusted=("/bin/bash", "/usr/bin/security")), "write update"),
        (replace(SAME, trusted=("/bin/bash",)), "ok"),
        (replace(DIFFERENT, trusted=None), "write update"),
        (LOCKED, "unknown"),
        (ABSENT, "write create"),
    ],
)
def test_a_value_put_in_by_hand_makes_the_access_list_count(reading: Reading, decision: str) -> None:
    item = replace(ITEM, trusted_apps=("/bin/bash",))
    assert said(presence(item, reading, FOUND, applied=None, fresh=True)) == decision
    assert "recreate" not in said(presence(item, reading, FOUND, applied=None))


@pytest.mark.parametrize("name", ["label", "kind", "comment"])
def test_descriptions_count_only_where_they_are_declared(name: str) -> None:
    reading = replace(SAME, **{name: "by hand"})  # type: ignore[arg-type]
    assert said(presence(ITEM, reading, FOUND, applied=None)) == "ok"
    for wanted in (FOUND, NOTHING):
        declared = replace(ITEM, **{name: "declared"})  # type: ignore[arg-type]
        step = presence(declared, reading, wanted, applied=None)
        assert (said(step), step.what) == ("write update", f"its {name} was different")
        assert step.change
        assert step.change.secret == NEW
    assert said(presence(replace(ITEM, **{name: "by hand"}), reading, FOUND, applied=None)) == "ok"  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("reading", "decision"),
    [
        (ABSENT, "ok"),
        (SAME, "write remove"),
        (UNFIT, "write remove"),
        (DENIED, "write remove"),
        (LOCKED, "blocked remove"),
        (LOCKED_NOT_THERE, "ok"),
        (LOCKED_WHO_KNOWS, "unknown"),
    ],
)
def test_what_is_done_to_have_none(reading: Reading, decision: str) -> None:
    assert said(absence(ITEM, reading)) == decision


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
def test_the_backend(platform: str, declared: str, recorded: str, unlocked: bool, chosen: str) -> None:
    got = choose_backend(platform=platform, declared=declared, recorded=recorded, unlocked=lambda: unlocked)
    assert got == chosen


@pytest.mark.parametrize(("platform", "declared"), [("darwin", "secret_service"), ("linux", "keychain")])
def test_a_backend_of_another_system_is_refused(platform: str, declared: str) -> None:
    with pytest.raises(LatchkeyError, match="latchkey_keychain_backend"):
        choose_backend(platform=platform, declared=declared, recorded="", unlocked=lambda: True)


def test_nobody_is_asked_whether_the_service_is_unlocked_where_it_does_not_matter() -> None:
    def ask() -> bool:
        raise AssertionError

    for platform, declared, recorded in (("darwin", "auto", ""), ("linux", "files", ""), ("linux", "auto", "files")):
        choose_backend(platform=platform, declared=declared, recorded=recorded, unlocked=ask)


@pytest.mark.parametrize("name", ["service", "account", "label", "kind", "comment"])
@pytest.mark.parametrize("text", ["two\nlines", "NUL\0", "escape\x1b[2J", "del\x7f"])
def test_control_characters_are_refused(name: str, text: str) -> None:
    with pytest.raises(LatchkeyError, match=f"the {name} of a keychain item holds a control character"):
        Item.declared({"service": "s", "account": "a", name: text})


def test_an_item_may_have_no_account_and_must_have_a_service() -> None:
    assert Item.declared({"service": 'it\'s "odd" grüße', "account": ""}).account == ""
    with pytest.raises(LatchkeyError):
        Item.declared({"service": "", "account": "a"})


@pytest.mark.parametrize(
    ("reading", "state"),
    [(SAME, "found"), (ABSENT, "absent"), (UNFIT, "blocked"), (DENIED, "blocked"), (LOCKED, "blocked"),
     (LOCKED_NOT_THERE, "absent"), (LOCKED_WHO_KNOWS, "blocked")],
)  # fmt: skip
def test_a_reading_as_a_source(reading: Reading, state: str) -> None:
    assert as_found(ITEM.key, reading).state == state
