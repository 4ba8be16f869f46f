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
    Change,
    Item,
    Reading,
)
from ansible_collections.latchkey.workstation.plugins.module_utils._stores.security_cli import (
    change_commands,
    command_line,
    parse_dump,
    parse_value,
)

ENTRY = """\
    entry {number}:
        authorizations ({count}): {rights}
        {asks}
        description: {description}
        applications{apps}
"""
DECRYPT = "decrypt derive export_clear export_wrapped mac sign"
SECURITY = """ (1):
            0: /usr/bin/security (OK)
                requirement: identifier "com.apple.security" and anchor apple"""
BASH = SECURITY.replace("/usr/bin/security", "/bin/bash").replace("security", "bash")
BOTH = SECURITY.replace(" (1)", " (2)") + "\n            1: /bin/bash (OK)"


def entry(
    rights: str, *, description: str = "a label", apps: str = ": <null>", asks: str = "don't-require-password"
) -> str:
    count = len(rights.split())
    return ENTRY.format(number=0, count=count, rights=rights, asks=asks, description=description, apps=apps)


def dump(*entries: str, version: int = 512, kind: str = "genp", account: str = '"me"') -> bytes:
    text = f"""\
keychain: "/Users/u/Library/Keychains/login.keychain-db"
version: {version}
class: "{kind}"
attributes:
    0x00000007 <blob>=0x636166C3A9  "caf\\303\\251"
    0x00000008 <blob>=<NULL>
    "acct"<blob>={account}
    "cdat"<timedate>=0x32303236303831373136303731335A00  "20260817160713Z\\000"
    "crtr"<uint32>=<NULL>
    "desc"<blob>=<NULL>
    "gena"<blob>=<NULL>
    "icmt"<blob>="a "quoted" comment"
    "svce"<blob>="the service"
    "type"<uint32>=<NULL>
"""
    return (text + (f"access: {len(entries)} entries\n" + "".join(entries) if entries else "")).encode()


PARTITION = entry("partition_id", description="apple-tool:, apple:")
OPEN = entry(DECRYPT, apps=SECURITY)

# Whether the tool may read it unasked, and who may.
ACCESS = {
    "made by the tool": (dump(entry("encrypt"), OPEN, PARTITION), True, ("/usr/bin/security",)),
    "entries in another order": (dump(PARTITION, OPEN, entry("encrypt")), True, ("/usr/bin/security",)),
    "the tool and another": (
        dump(entry(DECRYPT, apps=BOTH), PARTITION), True, ("/usr/bin/security", "/bin/bash")),
    "another only": (dump(entry(DECRYPT, apps=BASH), PARTITION), False, ("/bin/bash",)),
    "the tool has changed": (
        dump(entry(DECRYPT, apps=SECURITY.replace("(OK)", "(status -67068)")), PARTITION), False, ()),
    "nobody": (dump(entry(DECRYPT, apps=" (0):"), PARTITION), False, ()),
    "any program": (dump(entry(DECRYPT), PARTITION), True, None),
    "asks for a password": (
        dump(entry(DECRYPT, apps=SECURITY, asks="require-password"), PARTITION), False, ("/usr/bin/security",)),
    "another partition": (dump(OPEN, entry("partition_id", description="teamid:ABC")), False, ("/usr/bin/security",)),
    "a partition that only sounds like it": (
        dump(OPEN, entry("partition_id", description="x-apple-tool:")), False, ("/usr/bin/security",)),
    "no partition": (dump(OPEN), False, ("/usr/bin/security",)),
    "an old keychain": (dump(OPEN, version=256), True, ("/usr/bin/security",)),
    "only encryption": (dump(entry("encrypt", apps=SECURITY), PARTITION), False, ()),
    "no access list": (dump() + b"no access control for this item\n", False, ()),
}  # fmt: skip


@pytest.mark.parametrize(("out", "quiet", "trusted"), ACCESS.values(), ids=ACCESS)
def test_who_may_read_an_item(out: bytes, quiet: bool, trusted: tuple[str, ...] | None) -> None:
    (item,) = parse_dump(out)
    assert (item.readable_unasked, item.trusted) == (quiet, trusted)


def test_attributes_are_read_as_they_are_encoded() -> None:
    (item,) = parse_dump(dump(OPEN, PARTITION))
    assert item.keychain_path == "/Users/u/Library/Keychains/login.keychain-db"
    assert (item.service, item.account, item.label) == ("the service", "me", "café")
    assert (item.kind, item.comment) == (None, 'a "quoted" comment')


def test_only_generic_passwords_count_and_each_keeps_its_own_access() -> None:
    out = dump(OPEN, PARTITION, kind="inet") + dump(entry(DECRYPT, apps=BASH)) + dump(OPEN, PARTITION, account='"you"')
    assert [(item.account, item.readable_unasked) for item in parse_dump(out)] == [("me", False), ("you", True)]
    assert parse_dump(b"") == []


SHOWN = {
    b'"text"': b"text",
    b'"in"side"': b'in"side',
    b"": b"",
    b'""': b"",
    b'"0x41"': b"0x41",
    b'0x610A62  "a\\012b"': b"a\nb",
    b'0xC3A9  "\\303\\251"': "é".encode(),
    b"0x0001 ": b"\0\1",
    b'"deadbeef"': b"deadbeef",
    b"<NULL>": None,
    b'"<NULL>"': b"<NULL>",
}


@pytest.mark.parametrize(("shown", "value"), SHOWN.items())
def test_values_are_told_apart_from_their_hexadecimal(shown: bytes, value: bytes | None) -> None:
    assert parse_value(shown) == value


def test_a_word_is_quoted_whatever_it_holds() -> None:
    assert command_line("find", 'a "b" \\c', "", "it's", "#", "$x") == b'"find" "a \\"b\\" \\\\c" "" "it\'s" "#" "$x"\n'


@pytest.mark.parametrize("word", ["a\nb", "a\rb", "a\0b"])
def test_a_line_break_is_refused(word: str) -> None:
    with pytest.raises(LatchkeyError, match="line break"):
        command_line("find", word)


ITEM = Item("s", "a", trusted_apps=("/bin/bash", "/usr/bin/security"))
THERE = Reading(
    "readable", Secret("old value"), exists=True, label="by hand", kind="a kind", comment="why", keychain_path="/k"
)


def create(value: bytes, item: Item = ITEM) -> bytes:
    return change_commands(Change("create", item, ABSENT_ITEM, Secret(value)))[0]


def test_a_new_item_trusts_the_tool_and_what_is_declared_each_once() -> None:
    made = create(b"new value")
    assert made == (
        b'"add-generic-password" "-a" "a" "-s" "s" "-w" "new value" "-T" "/bin/bash" "-T" "/usr/bin/security"\n'
    )
    assert create(b"new value", replace(ITEM, trusted_apps=())).endswith(b'"-w" "new value" "-T" "/usr/bin/security"\n')


@pytest.mark.parametrize("value", [b"two\nlines", "grüßen".encode(), b"tab\there", b"\xff\xfe\xfd\xfc\xfb\xfa"])
def test_what_is_not_printable_goes_as_hexadecimal(value: bytes) -> None:
    assert b'"-X" "' + value.hex().encode() + b'"' in create(value)


def test_an_update_touches_no_access_list_and_gives_the_label_it_would_lose() -> None:
    update, look = change_commands(Change("update", Item("s", "a"), THERE, Secret("new value")))
    assert update == b'"add-generic-password" "-a" "a" "-s" "s" "-l" "by hand" "-w" "new value" "-U" "/k"\n'
    assert look == b'"find-generic-password" "-s" "s" "-a" "a" "-g" "/k"\n'
    declared = Item("s", "a", label="", kind="k", comment="c", trusted_apps=("/bin/bash",))
    update, look = change_commands(Change("update", declared, THERE, Secret("new value")))
    assert b'"-l" "" "-D" "k" "-j" "c" "-w" "new value" "-U" "/k"\n' in update
    assert b"-T" not in update


def test_an_update_without_a_new_value_does_not_pass_the_value() -> None:
    update, _look = change_commands(Change("update", Item("s", "a", label="new label"), THERE, Secret("old value")))
    assert update == b'"add-generic-password" "-a" "a" "-s" "s" "-l" "new label" "-U" "/k"\n'


@pytest.mark.parametrize("printed", [b"text", b"0x", b"0xZZ", b"0x4", b'"', b'"open', b"<null>"])
def test_a_value_in_an_unknown_format_is_an_error(printed: bytes) -> None:
    with pytest.raises(LatchkeyError, match="unknown format"):
        parse_value(printed)


def test_an_item_made_anew_keeps_its_description() -> None:
    remove, made, _look = change_commands(Change("recreate", ITEM, THERE, Secret("new value")))
    assert remove == b'"delete-generic-password" "-a" "a" "-s" "s" "/k"\n'
    assert b'"-l" "by hand" "-D" "a kind" "-j" "why" "-w" "new value" "-T" "/bin/bash"' in made
    assert made.endswith(b'"/k"\n')


def test_removal_is_looked_at_without_asking_for_the_value() -> None:
    remove, look = change_commands(Change("remove", ITEM, THERE))
    assert (remove[:9], look) == (b'"delete-g', b'"find-generic-password" "-s" "s" "-a" "a"\n')


def test_a_line_is_never_longer_than_the_tool_reads() -> None:
    room = 4094 - (len(create(b"x" * 100)) - 1 - 100)
    assert len(create(b"x" * room)) == 4095
    with pytest.raises(LatchkeyError, match="takes 4094 bytes for a value and its texts, these would need 4095"):
        create(b"x" * (room + 1))
    with pytest.raises(LatchkeyError, match="4094"):
        create(b'"' * (room // 2 + 1))
    with pytest.raises(LatchkeyError, match="4094"):
        create(b"\n" * (room // 2 + 1))


def test_more_words_than_the_tool_takes_are_refused() -> None:
    create(b"value!", replace(ITEM, trusted_apps=tuple(f"/app{n}" for n in range(11))))
    with pytest.raises(LatchkeyError, match="trusted apps"):
        create(b"value!", replace(ITEM, trusted_apps=tuple(f"/app{n}" for n in range(12))))
