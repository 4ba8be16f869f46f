# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._core.secrets import Secret
from ansible_collections.latchkey.workstation.plugins.module_utils._stores.base import (
    ABSENT_ITEM,
    Change,
    Item,
    Reading,
)
from ansible_collections.latchkey.workstation.plugins.module_utils._stores.macos_keychain import (
    MacosKeychain,
    to_reading,
)
from ansible_collections.latchkey.workstation.plugins.module_utils._stores.security_cli import DumpedItem

from tests.twins.security import Twin, first_login

if TYPE_CHECKING:
    from pathlib import Path

ITEM = DumpedItem("/k", "s", "a", label="my label")
VALUE = b'password: "the value"'
DENIED = {-25308, -25293, -128, -25320}


def returned(status: int) -> bytes:
    return b"find-generic-password: returned %d" % status


def test_a_printed_value_is_read_with_the_attributes_of_the_item() -> None:
    reading = to_reading(ITEM, 0, [VALUE])
    assert (reading.state, reading.secret, reading.label) == ("readable", Secret("the value"), "my label")


@pytest.mark.parametrize("output", [[], [VALUE]], ids=["no value", "value"])
@pytest.mark.parametrize("status", [*range(1, 256), *range(-255, 0), -25300, -25307, -25299, *sorted(DENIED)])
def test_a_status_that_is_no_documented_refusal_is_unknown(status: int, output: list[bytes]) -> None:
    assert to_reading(ITEM, 0, [*output, returned(status)]).state == ("denied" if status in DENIED else "unknown")


@pytest.mark.parametrize("answer", [[], [b""], [b"the value"], [b"password: the value"], [b"password: 0xZZ"]])
def test_an_answer_without_a_value_in_a_known_format_is_unknown(answer: list[bytes]) -> None:
    reading = to_reading(ITEM, 0, answer)
    assert (reading.state, reading.exists) == ("unknown", True)


def test_an_empty_value_is_unusable() -> None:
    assert to_reading(ITEM, 0, [b"password: "]).state == "unusable"


def test_an_item_that_was_not_looked_up_is_denied() -> None:
    reading = to_reading(ITEM, 0, None)
    assert (
        reading.state,
        reading.remedy.startswith("at the Mac, then choose Always Allow: security find-generic-password"),
    ) == ("denied", True)


@pytest.mark.parametrize(("status", "reason"), [(-25308, "is locked"), (-25294, "not available (status -25294)")])
def test_a_lock_is_reported_before_anything_else(status: int, reason: str) -> None:
    reading = to_reading(ITEM, status, [VALUE])
    assert (reading.state, reason in reading.reason, reading.secret) == ("locked", True, None)


@pytest.fixture
def twin(security_tool: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Twin:
    monkeypatch.setenv("HOME", str(tmp_path))
    first_login(tmp_path)
    return Twin(security_tool, tmp_path)


WANTED = Item("s", "a")


def read_one(twin: Twin) -> Reading:
    return MacosKeychain(tool=str(twin.tool)).read([WANTED])[WANTED.key]


def apply(twin: Twin, action: str, before: Reading, value: bytes | None = None) -> str:
    change = Change(action, WANTED, before, Secret(value) if value else None)
    error = MacosKeychain(tool=str(twin.tool)).apply([change])[WANTED.key]
    return str(error or "")


def test_an_item_is_created_read_updated_and_removed(twin: Twin) -> None:
    assert read_one(twin) == ABSENT_ITEM
    assert apply(twin, "create", ABSENT_ITEM, b"the value") == ""
    before = read_one(twin)
    assert (before.state, before.secret, before.exists) == ("readable", Secret(b"the value"), True)
    assert apply(twin, "update", before, b"new value") == ""
    assert read_one(twin).secret == Secret(b"new value")
    assert apply(twin, "remove", read_one(twin)) == ""
    assert read_one(twin) == ABSENT_ITEM


def test_an_item_in_two_keychains_is_ambiguous_and_names_both(twin: Twin) -> None:
    second = twin.home / "Library/Keychains/second.keychain-db"
    twin.run("create-keychain", "-p", "second", str(second))
    for keychain in ("login.keychain-db", "second.keychain-db"):
        twin.put("s", "a", b"the value", keychain=keychain)
    reading = read_one(twin)
    assert (reading.state, reading.exists, reading.secret) == ("ambiguous", True, None)
    assert reading.reason.startswith("is ambiguous: 2 keychains hold it (")
    assert reading.remedy.endswith(
        shlex.join(["security", "delete-generic-password", "-s", "s", "-a", "a", str(second)])
    )


def test_a_locked_keychain_names_the_command_that_unlocks_it(twin: Twin) -> None:
    twin.control(ui=False)
    twin.lock()
    assert (read_one(twin).state, read_one(twin).remedy) == ("locked", "security unlock-keychain")
    assert apply(twin, "create", ABSENT_ITEM, b"the value").endswith("(status -25308): security unlock-keychain")


def test_a_tool_that_ends_early_is_unknown(tmp_path: Path) -> None:
    dead = tmp_path / "dead"
    dead.write_text("#!/bin/sh\nexit 1\n")
    dead.chmod(0o755)
    keychain = MacosKeychain(tool=str(dead))
    assert keychain.read([WANTED])[WANTED.key].state == "unknown"
    error = keychain.apply([Change("create", WANTED, ABSENT_ITEM, Secret(b"the value"))])[WANTED.key]
    assert str(error) == f"{dead} ended before it had run all commands: run again"


@pytest.mark.parametrize("survives", [False, True])
def test_an_item_that_a_dying_tool_removed_is_created_again(
    twin: Twin, tmp_path: Path, survives: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tool dies once, after or before the removal of the item."""
    twin.put("s", "a", b"the value", apps=["/usr/bin/security"], partitions=["apple-tool:"])
    before = read_one(twin)
    script = f"""#!/bin/sh
    if [ ! -e {tmp_path}/died ] && [ -e {tmp_path}/deadly ]; then
        touch {tmp_path}/died
        {"exit 1" if survives else f"head -n 2 | {twin.tool} -i; exit 1"}
    fi
    exec {twin.tool} "$@"
    """
    deadly = tmp_path / "security"
    deadly.write_text(script)
    deadly.chmod(0o755)
    (tmp_path / "deadly").touch()
    keychain = MacosKeychain(tool=str(deadly))
    error = keychain.apply([Change("recreate", WANTED, before, Secret(b"new value"))])[WANTED.key]
    monkeypatch.undo()
    monkeypatch.setenv("HOME", str(tmp_path))
    assert (error is None) is not survives
    assert read_one(twin).secret == Secret(b"the value" if survives else b"new value")
