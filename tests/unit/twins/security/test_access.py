# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.twins.security import Twin

READ = ("find-generic-password", "-s", "svc", "-w")
PARTITIONS = ("set-generic-password-partition-list", "-S", "apple-tool:,apple:", "-s", "svc")
ACCESS = """\
access: 5 entries
    entry 0:
        authorizations (1): encrypt
        don't-require-password
        description: svc
        applications: <null>
    entry 1:
        authorizations (6): decrypt derive export_clear export_wrapped mac sign
        don't-require-password
        description: svc
        applications (2):
            0: /usr/bin/security (OK)
                requirement: identifier "com.apple.security" and anchor apple
            1: /gone/app (status -67068)
                requirement: identifier "com.apple.app" and anchor apple
"""


def test_dump_with_access(twin: Twin) -> None:
    """Read: five entries; an app that is gone has a status in place of (OK)."""
    twin.put("svc", "you", b"value", apps=["/usr/bin/security", "/gone/app"], partitions=["apple-tool:", "apple:"])
    done = twin.run("dump-keychain", "-a")
    shown = done.stdout.decode()
    assert done.returncode == 0
    assert ACCESS in shown
    partition = shown.split("authorizations (1): partition_id\n")[1]
    assert partition.startswith("        don't-require-password\n        description: apple-tool:, apple:\n")
    assert "authorizations (1): integrity" in shown
    assert "authorizations (1): change_acl" in shown


@pytest.mark.parametrize(("apps", "shown"), [(None, "applications: <null>"), ([], "applications (0):")])
def test_anyone_and_nobody(twin: Twin, apps: list[str] | None, shown: str) -> None:
    """`applications: <null>` on the decrypt entry = any app; `applications (0):` = nobody."""
    twin.put("svc", "me", b"value", apps=apps)
    entry = twin.run("dump-keychain", "-a").stdout.decode().split("entry 1:")[1].split("entry 2:")[0]
    assert entry.rstrip().endswith(shown)


def test_created_by_the_tool(item: Twin) -> None:
    """created by `security`: `apple-tool:`; it reads without a prompt."""
    assert item.items()[0].partitions == ["apple-tool:"]
    item.control(ui=False)
    assert item.run(*READ).returncode == 0


@pytest.mark.parametrize(
    ("apps", "partitions", "code"),
    [
        (["/usr/bin/security"], ["apple-tool:"], 0),
        (["/usr/bin/security"], ["apple-tool:", "teamid:ABCDE12345"], 0),
        (None, ["apple-tool:"], 0),
        (None, ["apple:"], 36),
        (None, ["teamid:ABCDE12345"], 36),
        (["/usr/bin/security"], ["cdhash:00"], 36),
        (["/bin/bash"], ["apple-tool:"], 36),
        ([], ["apple-tool:"], 36),
        (["/usr/bin/security"], [], 36),
    ],
)
def test_two_gates(twin: Twin, apps: list[str] | None, partitions: list[str], code: int) -> None:
    """the partition list is a second gate, all must match; only `apple-tool:` is this tool."""
    twin.put("svc", "me", b"value", apps=apps, partitions=partitions)
    twin.control(ui=False)
    assert twin.run(*READ).returncode == code


def test_dialog_hangs_until_killed(twin: Twin) -> None:
    """in a GUI session an item that does not admit the tool prompts; before nobody the call just stays."""
    twin.put("svc", "me", b"value", apps=["/bin/bash"])
    with pytest.raises(subprocess.TimeoutExpired):
        twin.run(*READ, seconds=1)
    assert twin.calls()[-1].exit is None
    assert twin.run("add-generic-password", "-s", "other", "-a", "me", "-w", "v").returncode == 0


def test_dialog_of_an_update_holds_nobody_up(item: Twin) -> None:
    """-U: the prompt of SetAccess; other callers go on while it is up."""
    update = [str(item.tool), "add-generic-password", "-U", "-s", "svc", "-a", "me", "-w", "v", "-T", "/bin/bash"]
    with subprocess.Popen(update, env={"HOME": str(item.home)}, start_new_session=True) as waiting:
        try:
            with pytest.raises(subprocess.TimeoutExpired):
                waiting.wait(1)
            assert item.run("add-generic-password", "-s", "other", "-a", "me", "-w", "v").returncode == 0
        finally:
            waiting.kill()


def test_locked_in_a_gui_session_hangs_too(item: Twin) -> None:
    """a locked keychain asks for its password where there is a screen."""
    item.lock()
    with pytest.raises(subprocess.TimeoutExpired):
        item.run(*READ, seconds=1)
    item.control(dialog="allow")
    assert item.run(*READ).returncode == 0
    item.control(ui=False)
    assert item.run(*READ).returncode == 0


def test_allow_is_once_and_always_is_kept(twin: Twin) -> None:
    """The answer Always Allow enters the tool in the list of applications and the partition list."""
    twin.put("svc", "me", b"value", apps=["/bin/bash"], partitions=["teamid:ABCDE12345"])
    twin.control(dialog="allow")
    assert twin.run(*READ).returncode == 0
    twin.control(ui=False)
    assert twin.run(*READ).returncode == 36
    twin.control(ui=True, dialog="always")
    assert twin.run(*READ).returncode == 0
    twin.control(ui=False)
    assert twin.run(*READ).returncode == 0
    assert twin.items()[0].apps == ["/bin/bash", "/usr/bin/security"]


def test_set_partitions(twin: Twin) -> None:
    """replaces the list on all matches; prints each match's attribute block on stdout."""
    twin.put("svc", "me", b"value", apps=None, partitions=["teamid:ABCDE12345"])
    twin.put("svc", "you", b"value", apps=None, partitions=["unsigned:"])
    done = twin.run(*PARTITIONS, "-k", "login password", "login.keychain")
    assert (done.returncode, done.stderr, done.stdout.count(b'"svce"<blob>="svc"')) == (0, b"", 2)
    assert [kept.partitions for kept in twin.items()] == [["apple-tool:", "apple:"]] * 2
    twin.control(ui=False)
    assert twin.run(*READ).returncode == 0


def test_set_partitions_prompts(item: Twin) -> None:
    """-k absent: prompt."""
    done = item.run(*PARTITIONS, stdin=b"login password\n")
    assert (done.returncode, done.stderr) == (0, b"password to unlock default: ")


def test_set_partitions_fails_with_1(item: Twin) -> None:
    """failures all exit 1 with `SecKeychainUnlock: …` / `SecItemCopyMatching: …` (not 44)."""
    wrong = item.run(*PARTITIONS, "-k", "wrong")
    assert (wrong.returncode, wrong.stderr.startswith(b"security: SecKeychainUnlock: ")) == (1, True)
    none = item.run("set-generic-password-partition-list", "-S", "apple:", "-s", "none", "-k", "login password")
    assert (none.returncode, none.stderr.startswith(b"security: SecItemCopyMatching: ")) == (1, True)
    assert item.run(*PARTITIONS, "-k", "login password", "a", "b").returncode == 2


def test_dump_without_values(ssh: Twin) -> None:
    """needs no unlock for attributes; -d also decrypts."""
    plain = ssh.run("dump-keychain", "login.keychain")
    assert (plain.returncode, b"access:" in plain.stdout, b"old value" in plain.stdout) == (0, False, False)
    assert b"old value" not in ssh.run("dump-keychain", "-d").stdout
    ssh.unlock("ssh")
    assert b'data:\n"old value"\n' in ssh.run("dump-keychain", "-d").stdout


def test_access_lists_of_a_locked_keychain_ask_once_for_each_item(twin: Twin) -> None:
    """Defect 3: "needs each keychain UNLOCKED"; over SSH a message for each item, and the result 0."""
    for account in ("a", "b"):
        twin.put("s", account, b"value")
    twin.lock()
    twin.control(ui=False)
    done = twin.run("dump-keychain", "-a")
    assert done.stderr.decode().count("SecKeychainItemCopyAccess: User interaction is not allowed.") == 2
    assert b"access:" not in done.stdout
    assert b'"svce"<blob>="s"' in done.stdout
    assert done.returncode == 0
    twin.control(ui=True)
    with pytest.raises(subprocess.TimeoutExpired):
        twin.run("dump-keychain", "-a", seconds=2)
    assert twin.run("dump-keychain", seconds=20).returncode == 0


def test_access_lists_take_their_time_for_each_item(twin: Twin) -> None:
    """Defect 1: "for EVERY trusted app of EVERY item" the signature is verified."""
    for account in ("a", "b"):
        twin.put("s", account, b"value")
    twin.control(slow_access=60)
    assert twin.run("dump-keychain", seconds=20).returncode == 0
    with pytest.raises(subprocess.TimeoutExpired):
        twin.run("dump-keychain", "-a", seconds=2)


def test_an_update_with_a_value_resets_the_partition_list_and_one_without_keeps_it(twin: Twin) -> None:
    """Defect 5: "-U with a value drops the partition list"."""
    twin.put("s", "a", b"value", apps=["/usr/bin/security"], partitions=["apple-tool:", "teamid:ABC"])
    twin.run("add-generic-password", "-s", "s", "-a", "a", "-l", "label", "-U")
    assert twin.items()[0].partitions == ["apple-tool:", "teamid:ABC"]
    twin.run("add-generic-password", "-s", "s", "-a", "a", "-w", "new", "-U")
    assert twin.items()[0].partitions == ["apple-tool:"]
