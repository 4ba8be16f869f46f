# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The macOS Keychain, on the twin of its tool."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._core.argument_spec import SECURITY
from ansible_collections.latchkey.workstation.plugins.module_utils._core.secrets import Secret
from ansible_collections.latchkey.workstation.plugins.module_utils._stores import macos_keychain
from ansible_collections.latchkey.workstation.plugins.module_utils._stores.base import ABSENT_ITEM, Change, Item

from tests.integration.keychains import ODD, Person, credential, source
from tests.twins import security

if TYPE_CHECKING:
    from pathlib import Path

VALUES = {
    "plain": "first-value",
    "quotes": 'it\'s "quoted" \\ $HOME `x` # !',
    "backslash at the end": "value\\",
    "odd": ODD * 8,
    "hexadecimal itself": "deadbeef",
    "begins like hexadecimal": "0xDEADBEEF",
    "begins with a dash": "-w -U -T",
    "white space around": "  value  ",
    "unicode": "grüße ☃ 鍵",
    "newline at the end": "value\n\n",
}


@pytest.fixture
def twin(security_tool: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> security.Twin:
    monkeypatch.setenv("HOME", str(tmp_path))
    security.first_login(tmp_path)
    return security.Twin(security_tool, tmp_path)


@pytest.fixture
def alice(twin: security.Twin) -> Person:
    return Person(twin.home, security=str(twin.tool))


def value_of(twin: security.Twin, service: str = "s") -> str:
    (item,) = (item for item in twin.items() if item.service == service)
    return bytes.fromhex(item.secret).decode()


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_a_value_arrives_byte_for_byte_and_only_over_standard_input(
    twin: security.Twin, alice: Person, value: str
) -> None:
    wanted = credential("s", source("json", path="~/value", pointer="/v"))
    (twin.home / "value").write_text(json.dumps({"v": value}))
    assert alice.states(wanted) == ["changed"]
    assert value_of(twin) == value
    assert [call.argv[1:] for call in twin.calls()] == [["-i"]] * len(twin.calls())
    assert alice.states(wanted) == ["ok"]
    assert alice.states(wanted, check_mode=True) == ["ok"]


def test_reading_takes_three_processes_and_a_change_one_more(twin: security.Twin, alice: Person) -> None:
    wanted = [credential(f"s{n}", alice.write(f"f{n}", f"value number {n}")) for n in range(10)]

    def processes() -> int:
        before = len(twin.calls())
        alice.converge(*wanted)
        return len(twin.calls()) - before

    assert processes() == 2
    assert processes() == 3
    alice.write("f3", "another value")
    assert processes() == 4
    assert value_of(twin, "s3") == "another value"


HAND_MADE = [
    *("raxx-cf-access-mgmt-token", "raxx-cf-worker-deploy-token"),
    *("raxx-heroku-api-key", "raxx-github-api-secrets-token"),
]


@pytest.mark.parametrize("always_allowed", [False, True])
def test_a_machine_set_up_by_hand_as_the_runbook_says_is_adopted_as_it_is(
    twin: security.Twin, alice: Person, monkeypatch: pytest.MonkeyPatch, always_allowed: bool
) -> None:
    for service in HAND_MADE:
        twin.run(
            *("add-generic-password", "-s", service, "-a", "claude-bootstrap"),
            *("-w", f"value of {service}", "-T", "/bin/bash", "-U"),
        )
    twin.control(dialog="always")
    for service in HAND_MADE if always_allowed else []:
        twin.run("find-generic-password", "-s", service, "-a", "claude-bootstrap", "-w")
    twin.control(dialog="nobody")
    before = twin.items()
    monkeypatch.setenv("TOKEN", "what an old shell still exports")
    declared = [
        credential(service, source("env", name="TOKEN"), account="claude-bootstrap", trusted_apps=["/bin/bash"])
        for service in HAND_MADE
    ]
    report = alice.converge(*declared)
    assert [row["state"] for row in report.items] == ["ok" if always_allowed else "unknown"] * 4
    assert not report.changed
    assert not report.failed
    assert twin.items() == before
    if not always_allowed:
        assert {row["what"] for row in report.items} == {"cannot be read without a prompt"}
        assert all(
            row["remedy"].startswith("at the Mac, then choose Always Allow: security find-generic")
            for row in report.items
        )


def test_a_new_item_trusts_the_tool_and_an_update_leaves_the_access_list_and_descriptions(
    twin: security.Twin, alice: Person
) -> None:
    wanted = credential("s", alice.write("f", "first value"), trusted_apps=["/bin/bash"])
    alice.converge(wanted)
    (item,) = twin.items()
    assert (item.apps, item.label, item.kind, item.comment) == (["/bin/bash", SECURITY], "s", None, None)
    twin.run(
        "add-generic-password", "-s", "t", "-a", "me", "-l", "by hand", "-j", "why", "-D", "what", "-w", "old value"
    )
    alice.converge(wanted, credential("t", alice.write("t", "new value"), trusted_apps=["/bin/bash"]))
    _s, item = twin.items()
    assert (bytes.fromhex(item.secret), item.apps) == (b"new value", [SECURITY])
    assert (item.label, item.comment, item.kind) == ("by hand", "why", "what")


def test_a_declared_description_is_kept_and_nothing_else_of_it_touched(twin: security.Twin, alice: Person) -> None:
    twin.run("add-generic-password", "-s", "s", "-a", "me", "-l", "by hand", "-j", "why", "-w", "the value")
    assert alice.states(credential("s")) == ["ok"]
    assert alice.states(credential("s", kind="declared ü"), check_mode=True) == ["changed"]
    assert alice.states(credential("s", kind="declared ü")) == ["changed"]
    assert alice.states(credential("s", kind="declared ü")) == ["ok"]
    (item,) = twin.items()
    assert (item.label, item.comment, item.kind) == ("by hand", "why", "declared ü")
    assert value_of(twin) == "the value"


@pytest.mark.parametrize("screen", [True, False])
def test_a_locked_keychain_is_told_apart_and_nothing_hangs(
    twin: security.Twin, alice: Person, monkeypatch: pytest.MonkeyPatch, screen: bool
) -> None:
    kept = credential("s", alice.write("f", "the value"))
    by_hand = credential("t", alice.write("t", "the value"))
    twin.put("t", "me", b"another value", apps=[SECURITY])
    alice.converge(kept)
    twin.lock()
    twin.control(ui=screen)
    monkeypatch.setattr(macos_keychain, "_SECONDS", 2)
    before = twin.items()
    new = credential("new", alice.write("new", "a new value"))
    report = alice.converge(kept, by_hand, new, check_mode=True)
    states = {row["item"]: row["state"] for row in report.items}
    assert states == {"s": "ok", "t": "unknown", "new": "unknown"}
    assert all("security unlock-keychain" in row["remedy"] for row in report.items if row["state"] == "unknown")
    alice.write("f", "a rotated value")
    assert alice.states(kept, check_mode=True) == ["unknown"]
    report = alice.converge(kept, by_hand)
    assert [row["state"] for row in report.items] == ["failed", "unknown"]
    assert "differs from the value last written" in report.items[0]["what"]
    assert report.failed
    assert twin.items() == before
    twin.unlock()
    monkeypatch.undo()
    monkeypatch.setenv("HOME", str(twin.home))
    assert alice.states(kept) == ["changed"]


def test_over_ssh_it_is_known_that_an_item_is_not_there(twin: security.Twin, alice: Person) -> None:
    twin.control(session="ssh", ui=False)
    report = alice.converge(credential("s", alice.write("f", "the value")), credential("t", source("env", name="NONE")))
    assert [row["state"] for row in report.items] == ["failed", "skipped"]
    assert report.items[0]["what"] == "does not exist yet; its keychain is locked"
    twin.unlock("ssh")
    assert alice.states(credential("s", alice.write("f", "the value"))) == ["changed"]


REFUSED = {
    "another program's": {"apps": ["/bin/bash"]},
    "nobody's": {"apps": []},
    "made by an app in its own process": {"apps": [SECURITY], "partitions": ["teamid:ABC"]},
}


@pytest.mark.parametrize("more", REFUSED.values(), ids=REFUSED)
def test_an_item_that_would_ask_is_not_even_tried(
    twin: security.Twin, alice: Person, more: dict[str, list[str]]
) -> None:
    twin.put("s", "me", b"its own value", **more)
    before = twin.items()
    for sources in ([], [alice.write("f", "another value")]):
        report = alice.converge(credential("s", *sources))
        assert [row["state"] for row in report.items] == ["unknown"]
    assert not any("find-generic-password" in call.commands for call in twin.calls())
    assert twin.items() == before


@pytest.mark.parametrize("status", [-25308, -25293, -128, -25320])
def test_silent_refusals_are_no_value(twin: security.Twin, alice: Person, status: int) -> None:
    alice.converge(credential("s", alice.write("f", "the value")))
    twin.control(refuse=[{"service": "s", "account": "me", "status": status}])
    assert alice.states(credential("s")) == ["unknown"]
    alice.write("f", "another value")
    report = alice.converge(credential("s", source("file", path="~/f")))
    assert [row["state"] for row in report.items] == ["failed"]
    assert value_of(twin) == "the value"


def test_an_update_that_the_keychain_refuses_is_seen_by_reading_back(twin: security.Twin, alice: Person) -> None:
    """1.2: 45 after -U means that the update failed, and a killed tool that nothing is known."""
    alice.converge(credential("s", alice.write("f", "the value")))
    store = macos_keychain.MacosKeychain(tool=str(twin.tool))
    item = Item("s", "me")
    reading = store.read([item])[item.key]
    twin.control(refuse=[{"service": "s", "account": "me", "status": -25308}])
    error = store.apply([Change("update", item, reading, Secret("another value"))])[item.key]
    assert error
    assert "status -25299" in error.message
    assert "another value" not in str(error)
    assert value_of(twin) == "the value"


FORGETFUL = """#!/bin/sh
while read -r line; do
    case $line in
        latchkey-*) echo "$line: returned 1" >&2 ;;
        *find-generic-password*) echo 'password: "the old value"' >&2 ;;
        *wait*) exec sleep 60 ;;
        *die*) exit 0 ;;
    esac
done
"""


@pytest.mark.parametrize(
    ("service", "why"),
    [
        ("s", "the tool did not store the value (status 0)"),
        ("wait", "{tool} printed nothing for 0.3 s: a dialog may be waiting for an answer"),
        ("die", "{tool} ended before it had run all commands"),
    ],
)
def test_a_tool_that_says_nothing_is_not_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, service: str, why: str
) -> None:
    monkeypatch.setattr(macos_keychain, "_SECONDS", 0.3)
    tool = tmp_path / "security"
    tool.write_text(FORGETFUL)
    tool.chmod(0o755)
    item = Item(service, "me")
    outcome = macos_keychain.MacosKeychain(tool=str(tool)).apply(
        [Change("create", item, ABSENT_ITEM, Secret("new value"))]
    )
    error = outcome[item.key]
    assert error
    assert error.message == why.format(tool=tool)


def test_a_value_put_in_by_hand_replaces_what_is_kept_and_sets_the_apps(twin: security.Twin, alice: Person) -> None:
    twin.run("add-generic-password", "-s", "s", "-a", "me", "-l", "by hand", "-w", "old value", "-T", "/bin/bash")
    wanted = credential("s", trusted_apps=["/bin/bash"], comment="declared")
    report = alice.converge(wanted, value="new value", exclusive=False)
    assert [(row["state"], row["what"]) for row in report.items] == [("changed", "created again")]
    (item,) = twin.items()
    assert (item.apps, item.label, item.comment) == (["/bin/bash", SECURITY], "by hand", "declared")
    assert value_of(twin) == "new value"
    assert alice.states(wanted, value="new value", exclusive=False) == ["ok"]
    assert alice.states(wanted, value="newer value", exclusive=False) == ["changed"]
    assert alice.states(wanted) == ["ok"]


def test_an_authority_is_not_overruled_by_hand(twin: security.Twin, alice: Person) -> None:
    wanted = credential("s", alice.write("f", "the authority's"))
    report = alice.converge(wanted, value="another value", exclusive=False)
    assert [row["what"] for row in report.items] == ["file ~/f is the authority"]
    assert report.items[0]["remedy"] == "put the new value there"
    assert report.failed
    assert twin.items() == []
    sealed = credential("s", source("vault", path="p", field="f"))
    assert alice.states(sealed, value="another value") == ["failed"]
    assert alice.states(wanted, value="the authority's") == ["changed"]


def test_an_item_in_two_keychains_is_ambiguous_and_neither_is_written(twin: security.Twin, alice: Person) -> None:
    twin.run("create-keychain", "-p", "pw", "second")
    wanted = credential("s", alice.write("f", "the value"))
    alice.converge(wanted)
    twin.put("s", "me", b"in the second", keychain="second", apps=[SECURITY])
    before = (twin.items(), twin.items("second"))
    assert alice.states(wanted) == ["unknown"]
    alice.write("f", "a rotated value")
    report = alice.converge(wanted)
    assert [row["state"] for row in report.items] == ["failed"]
    assert "2 keychains hold it" in report.items[0]["what"]
    assert "delete-generic-password -s s -a me" in report.items[0]["remedy"]
    assert alice.states(credential("s", state="absent")) == ["failed"]
    assert alice.states() == ["unknown"]
    assert (twin.items(), twin.items("second")) == before


def test_access_lists_are_read_only_of_unlocked_keychains_with_wanted_items(twin: security.Twin, alice: Person) -> None:
    twin.run("create-keychain", "-p", "pw", "second")
    twin.put("unrelated", "me", b"its own value", keychain="second")
    twin.run("lock-keychain", "second")
    wanted = credential("s", alice.write("f", "the value"))
    for state in ("changed", "ok"):
        assert alice.states(wanted) == [state]


@pytest.mark.thorough
def test_slow_access_lists_do_not_end_the_read_while_output_comes(
    twin: security.Twin, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = credential("s", alice.write("f", "the value"))
    alice.converge(wanted)
    for number in range(40):
        twin.put(f"unrelated {number}", "me", b"its own value" * 200)
    monkeypatch.setattr(macos_keychain, "_SECONDS", 5)
    twin.control(slow_access=0.2)
    assert alice.states(wanted) == ["ok"]


def test_an_update_of_the_label_only_keeps_the_partition_list(twin: security.Twin, alice: Person) -> None:
    wanted = credential("s", alice.write("f", "the value"))
    alice.converge(wanted)
    (item,) = twin.items()
    twin.run("delete-generic-password", "-s", "s", "-a", "me")
    twin.put("s", "me", b"the value", apps=[SECURITY], partitions=["apple-tool:", "teamid:ABC"])
    assert alice.states(credential("s", alice.write("f", "the value"), label="declared")) == ["changed"]
    (item,) = twin.items()
    assert (item.label, item.partitions) == ("declared", ["apple-tool:", "teamid:ABC"])
    assert value_of(twin) == "the value"
    assert alice.states(credential("s", alice.write("f", "another value"), label="declared")) == ["changed"]
    (item,) = twin.items()
    assert item.partitions == ["apple-tool:"]


def test_an_item_of_another_keychain_waits_for_that_keychain(twin: security.Twin, alice: Person) -> None:
    twin.run("create-keychain", "-p", "pw", "second")
    twin.put("s", "me", b"in the second", keychain="second", apps=[SECURITY])
    assert alice.states(credential("s")) == ["ok"]
    twin.run("lock-keychain", "second")
    twin.control(ui=False)
    report = alice.converge(credential("s"), credential("t", alice.write("t", "the value")))
    assert [row["state"] for row in report.items] == ["unknown", "changed"]
    assert report.items[0]["remedy"].endswith("second.keychain-db") or "second" in report.items[0]["remedy"]


@pytest.mark.parametrize("service", ["with spaces", 'it\'s "quoted"', "grüße ☃", "-s", "-w", "back\\slash", "#"])
@pytest.mark.parametrize("account", ["me", "", "-w"])
def test_odd_names(twin: security.Twin, alice: Person, service: str, account: str) -> None:
    wanted = credential(service, alice.write("f", "the value"), account=account)
    assert alice.states(wanted) == ["changed"]
    assert alice.states(wanted) == ["ok"]
    assert [(item.service, item.account) for item in twin.items()] == [(service, account)]
    assert alice.states() == ["changed"]
    assert twin.items() == []


def test_a_name_with_a_line_break_is_refused_and_the_others_go_on(twin: security.Twin, alice: Person) -> None:
    authority = alice.write("f", "the value")
    report = alice.converge(credential("a\nb", authority), credential("s", authority))
    assert [row["state"] for row in report.items] == ["failed", "changed"]
    assert [item.service for item in twin.items()] == ["s"]


def test_what_the_tool_cannot_carry_is_an_error_in_both_modes_and_never_cut(twin: security.Twin, alice: Person) -> None:
    too_long = credential("s", alice.write("f", "x" * 8192))
    report = alice.converge(too_long, credential("t", alice.write("t", "the value")), check_mode=True)
    assert [row["state"] for row in report.items] == ["failed", "changed"]
    report = alice.converge(too_long, credential("t", alice.write("t", "the value")))
    assert [row["state"] for row in report.items] == ["failed", "changed"]
    assert "4094 bytes" in report.items[0]["what"]
    assert "files" in report.items[0]["remedy"]
    assert [item.service for item in twin.items()] == ["t"]


def test_a_trusted_app_that_is_not_there_is_said_before_anything_is_written(twin: security.Twin, alice: Person) -> None:
    report = alice.converge(credential("s", alice.write("f", "the value"), trusted_apps=["/none/such"]))
    assert report.items[0]["what"] == "its trusted app /none/such does not exist"
    assert twin.items() == []


def test_what_we_made_goes_when_it_is_no_longer_declared_and_nothing_else_does(
    twin: security.Twin, alice: Person
) -> None:
    twin.put("adopted", "me", b"by hand", apps=[SECURITY])
    adopted, made = (
        credential("adopted", alice.write("a", "rotated")),
        credential("made", alice.write("m", "our value")),
    )
    assert alice.states(adopted, made) == ["changed", "changed"]
    assert alice.states(adopted, made) == ["ok", "ok"]
    assert alice.states(made, exclusive=False) == ["ok"]
    assert alice.states(check_mode=True) == ["changed"]
    assert alice.states() == ["changed"]
    assert [item.service for item in twin.items()] == ["adopted"]
    assert alice.states() == []


def test_without_a_default_keychain_nothing_is_decided(twin: security.Twin, alice: Person) -> None:
    twin.run("default-keychain", "-s")
    report = alice.converge(credential("s", alice.write("f", "the value")))
    assert [row["state"] for row in report.items] == ["failed"]
    assert "not available (status -25307)" in report.items[0]["what"]


def test_a_machine_without_the_tool_is_said(tmp_path: Path) -> None:
    report = Person(tmp_path, security="/none/security").converge(credential("s"))
    assert [(row["state"], row["what"]) for row in report.items] == [("unknown", "/none/security is not installed")]


@pytest.mark.parametrize("point", ["called", "opened", "temporary", "renamed", "answered"])
@pytest.mark.parametrize(
    "command", ["show-keychain-info", "dump-keychain", "find-generic-password", "add-generic-password"]
)
@pytest.mark.parametrize("start", [pytest.param("nothing", marks=pytest.mark.thorough), "another value"])
def test_a_killed_tool_leaves_the_item_as_it_was_or_as_it_shall_be(
    twin: security.Twin, alice: Person, point: str, command: str, start: str
) -> None:
    wanted = credential("s", alice.write("f", "old value"))
    if start != "nothing":
        alice.converge(wanted)
    alice.write("f", "new value")
    twin.control(kill={"point": point, "command": command, "whom": "tool"})
    alice.converge(wanted)
    kept = [bytes.fromhex(item.secret).decode() for item in twin.items()]
    assert kept in ([[], ["new value"]] if start == "nothing" else [["old value"], ["new value"]])
    twin.control(kill={})
    report = alice.converge(wanted)
    assert not report.failed
    assert value_of(twin) == "new value"
    assert alice.states(wanted) == ["ok"]
    assert not any((twin.home / ".local/state/latchkey").glob(".latchkey-*"))


@pytest.mark.parametrize("point", ["called", "opened", "temporary", "renamed", "answered"])
@pytest.mark.parametrize("command", ["delete-generic-password", "add-generic-password", "find-generic-password"])
def test_a_tool_killed_while_an_item_is_made_anew_does_not_cost_the_value(
    twin: security.Twin, alice: Person, point: str, command: str
) -> None:
    twin.put("s", "me", b"old value", apps=["/bin/bash"])
    twin.control(kill={"point": point, "command": command, "whom": "tool"})
    alice.converge(credential("s"), value="new value")
    assert value_of(twin) in ("old value", "new value")
