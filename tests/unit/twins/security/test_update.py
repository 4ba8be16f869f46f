# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.twins.security import Twin

UPDATE = ("add-generic-password", "-U", "-s", "svc", "-a", "me")
EXISTS = b"security: SecKeychainItemCreateFromContent (<default>): The specified item already exists in the keychain.\n"
NO_DIALOG = b"User interaction is not allowed.\n"


def test_new_value(item: Twin) -> None:
    """-U: the password and only the attributes given; comment, kind, created date and ACL are kept."""
    before = asdict(item.items()[0])
    done = item.run(*UPDATE, "-w", "new value")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    after = asdict(item.items()[0])
    changed = {key for key in after if after[key] != before[key]}
    assert changed - {"modified"} == {"secret"}
    assert bytes.fromhex(after["secret"]) == b"new value"


def test_label_is_always_rewritten(twin: Twin) -> None:
    """-U: label is always rewritten, to -l or the service name."""
    twin.run("add-generic-password", "-s", "svc", "-a", "me", "-w", "v", "-l", "My label")
    twin.run(*UPDATE, "-w", "v", "-l", "Other")
    assert twin.items()[0].label == "Other"
    twin.run(*UPDATE, "-w", "v")
    assert twin.items()[0].label == "svc"


def test_given_attributes_replace(item: Twin) -> None:
    """-U: comment and kind when given."""
    item.run(*UPDATE, "-w", "v", "-j", "", "-D", "other")
    assert (item.items()[0].comment, item.items()[0].kind) == ("", "other")


def test_without_an_item_it_creates(twin: Twin) -> None:
    """-U: without an existing item = create, -T included, no prompt."""
    assert twin.run(*UPDATE, "-w", "v", "-T", "/bin/bash").returncode == 0
    assert twin.items()[0].apps == ["/bin/bash"]


def test_keeps_the_trusted_applications(twin: Twin) -> None:
    """-U: without -T the trusted-app list is preserved."""
    twin.run("add-generic-password", "-s", "svc", "-a", "me", "-w", "v", "-T", "/usr/bin/security", "-T", "/bin/bash")
    assert twin.run(*UPDATE, "-w", "w").returncode == 0
    assert twin.items()[0].apps == ["/usr/bin/security", "/bin/bash"]


def test_locked_says_both_and_45(ssh: Twin) -> None:
    """-U: the real error first, then the duplicate error, exit 45."""
    done = ssh.run(*UPDATE, "-w", "new value")
    assert done.returncode == 45
    assert done.stderr == b"security: SecKeychainItemModifyContent: " + NO_DIALOG + EXISTS
    assert bytes.fromhex(ssh.items()[0].secret) == b"old value"


def test_locked_and_new_says_36(ssh: Twin) -> None:
    """-U: nothing to update: the create's own error."""
    done = ssh.run("add-generic-password", "-U", "-s", "new", "-a", "me", "-w", "v")
    assert (done.returncode, done.stderr.count(b"\n")) == (36, 1)


def test_interactive_result_is_signed(ssh: Twin) -> None:
    """`: returned -25299` for the 45 of a failed -U."""
    done = ssh.run("-i", stdin=b"add-gen -U -s svc -a me -w new\n")
    assert (done.returncode, done.stderr.splitlines()[-1]) == (45, b"add-gen: returned -25299")


def test_trust_prompts_even_when_unlocked(item: Twin) -> None:
    """-U: -T calls SetAccess, which prompts; refused: 45, and the value is already the new one."""
    item.control(ui=False)
    done = item.run(*UPDATE, "-w", "new value", "-T", "/bin/bash")
    assert done.returncode == 45
    assert done.stderr == b"security: SecKeychainItemSetAccess: " + NO_DIALOG + EXISTS
    kept = item.items()[0]
    assert (bytes.fromhex(kept.secret), kept.apps) == (b"new value", ["/usr/bin/security"])


def test_trust_merges_when_a_person_allows(item: Twin) -> None:
    """-U: apps appended, duplicates accumulate, description replaced."""
    item.control(dialog="allow")
    for _ in range(2):
        assert item.run(*UPDATE, "-w", "v", "-T", "/bin/bash", "-l", "Other").returncode == 0
    assert item.items()[0].apps == ["/usr/bin/security", "/bin/bash", "/bin/bash"]
    assert item.items()[0].description == "Other"
    assert item.run(*UPDATE, "-w", "v", "-A").returncode == 0
    assert item.items()[0].apps is None


def test_hits_another_keychain(item: Twin) -> None:
    """-U: without a keychain the whole search list, so it may hit another keychain than the default."""
    item.run("create-keychain", "-p", "pw", "work.keychain")
    item.run("default-keychain", "-s", "work.keychain")
    assert item.run(*UPDATE, "-w", "new value").returncode == 0
    assert item.items("work.keychain") == []
    assert bytes.fromhex(item.items()[0].secret) == b"new value"


def test_named_keychain_is_the_only_one(item: Twin) -> None:
    """-U: looks up in the given keychain."""
    item.run("create-keychain", "-p", "pw", "work.keychain")
    assert item.run(*UPDATE, "-w", "new value", "work.keychain").returncode == 0
    assert bytes.fromhex(item.items("work.keychain")[0].secret) == b"new value"
    assert bytes.fromhex(item.items()[0].secret) == b"old value"


def test_item_of_another_program(twin: Twin) -> None:
    """9: partition effects of -U on items made by other apps are open; the twin takes the harder answer."""
    twin.put("svc", "me", b"theirs", apps=None, partitions=["teamid:ABCDE12345"])
    twin.control(ui=False)
    assert twin.run(*UPDATE, "-w", "ours").returncode == 45
    assert bytes.fromhex(twin.items()[0].secret) == b"theirs"
