# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.twins.security.show import encoded, plain

if TYPE_CHECKING:
    from tests.twins.security import Twin

FIND = ("find-generic-password", "-s", "svc", "-a", "me")
MISSING = b"security: SecKeychainSearchCopyNext: The specified item could not be found in the keychain.\n"
BLOCK = """\
keychain: "{home}/Library/Keychains/login.keychain-db"
version: 512
class: "genp"
attributes:
    0x00000007 <blob>="caf\\303\\251"
    0x00000008 <blob>=<NULL>
    "acct"<blob>="me"
    "cdat"<timedate>=0x32303236303831373136303731335A00  "20260817160713Z\\000"
    "crtr"<uint32>="crea"
    "cusi"<sint32>=<NULL>
    "desc"<blob>="kind"
    "gena"<blob>=<NULL>
    "icmt"<blob>=<NULL>
    "invi"<sint32>=<NULL>
    "mdat"<timedate>=0x32303236303831373136303731335A00  "20260817160713Z\\000"
    "nega"<sint32>=<NULL>
    "prot"<blob>=<NULL>
    "scrp"<sint32>=<NULL>
    "svce"<blob>="svc"
    "type"<uint32>=<NULL>
"""


def test_attribute_block(twin: Twin) -> None:
    """the attribute block, its order and indent; values use the -g encoder, absent `<NULL>`."""
    stamp = "20260817160713Z"
    twin.put("svc", "me", b"v", created=stamp, modified=stamp, kind="kind", creator="crea", label="café")
    expected = BLOCK.format(home=twin.home).replace('"caf\\303', '0x636166C3A9  "caf\\303')
    done = twin.run(*FIND)
    assert (done.returncode, done.stdout.decode(), done.stderr) == (0, expected, b"")


@pytest.mark.parametrize("flags", [(), ("-w",), ("-g",)])
def test_every_failed_lookup_is_44(item: Twin, flags: tuple[str, ...]) -> None:
    """any lookup failure (missing item, missing keychain file …) is one text and 44."""
    for rest in (("-s", "none"), ("-s", "svc", *flags, "missing.keychain"), ("-s", "svc", *flags, "/etc/passwd")):
        done = item.run("find-generic-password", *flags, *rest)
        assert (done.returncode, done.stdout, done.stderr) == (44, b"", MISSING)


def test_keychain_that_does_not_open(item: Twin) -> None:
    """it prints its own error and the search silently uses the default list."""
    done = item.run(*FIND, "-w", "/" + "x" * 2000)
    assert (done.returncode, done.stdout) == (0, b"old value\n")
    assert done.stderr.startswith(b"security: SecKeychainOpen /xxx")


def test_both_keys_hide_the_other_selectors(item: Twin) -> None:
    """if both -a and -s are given the others are ignored."""
    assert item.run(*FIND, "-l", "no such label").returncode == 0
    assert item.run("find-generic-password", "-s", "svc", "-l", "no such label").returncode == 44
    for selector in (("-a", "me"), ("-l", "svc"), ("-j", "note"), ("-D", "kind")):
        assert item.run("find-generic-password", *selector).returncode == 0


def test_first_match_in_search_list_order(item: Twin) -> None:
    """first match only, in search-list order."""
    item.run("create-keychain", "-p", "pw", "work.keychain")
    item.run("add-generic-password", "-s", "svc", "-a", "me", "-w", "at work", "work.keychain")
    assert item.run(*FIND, "-w").stdout == b"old value\n"
    item.run("list-keychains", "-s", "work.keychain", "login.keychain")
    assert item.run(*FIND, "-w").stdout == b"at work\n"


def test_attributes_need_no_access(ssh: Twin) -> None:
    """no -w/-g: the password is never fetched, so no ACL check and no unlock."""
    ssh.put("other", "me", b"x", apps=[], partitions=[])
    assert ssh.run("find-generic-password", "-s", "svc").returncode == 0
    assert ssh.run("find-generic-password", "-s", "other").returncode == 0


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (b'plain ~text\\ "quoted"', b'plain ~text\\ "quoted"'),
        (b"", b""),
        (b"caf\xc3\xa9", b"636166c3a9"),
        (b"a\tb", b"610962"),
        (b"a\n", b"610a"),
        (b"\x00", b"00"),
        (b"6162", b"6162"),
    ],
)
def test_value_on_stdout(value: bytes, shown: bytes) -> None:
    """-w: one byte that is not printable ASCII: the whole value as lower-case hex, no prefix."""
    assert plain(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (b'with "quotes"', b'"with "quotes""'),
        (b"", b""),
        (b"a\\b", b'0x615C62  "a\\134b"'),
        (b"caf\xc3\xa9", b'0x636166C3A9  "caf\\303\\251"'),
        (b"\x00\xff", b"0x00FF "),
    ],
)
def test_value_on_stderr(value: bytes, shown: bytes) -> None:
    """-g: the encoder; a backslash forces hex here but not in -w."""
    assert encoded(value) == shown


def test_both_ways_through_the_tool(twin: Twin) -> None:
    """-w is value and newline on stdout; -g is attributes on stdout and `password: ` on stderr."""
    twin.put("svc", "me", b"a\\b", apps=None)
    value, shown = twin.run(*FIND, "-w"), twin.run(*FIND, "-g")
    assert (value.returncode, value.stdout, value.stderr) == (0, b"a\\b\n", b"")
    assert (shown.returncode, shown.stderr) == (0, b'password: 0x615C62  "a\\134b"\n')
    assert shown.stdout.startswith(b"keychain: ")


@pytest.mark.parametrize("flag", ["-w", "-g"])
def test_refused_read_is_silent(item: Twin, flag: str) -> None:
    """fetch refused (locked, ACL, partition, cancelled): 36/51/128 with nothing on stdout or stderr."""
    item.put("acl", "me", b"x", apps=["/bin/bash"])
    item.put("partition", "me", b"x", apps=None, partitions=["teamid:ABCDE12345"])
    cases: list[tuple[dict[str, object], int]] = [
        ({"dialog": "cancel"}, 128),
        ({"dialog": "refuse"}, 51),
        ({"ui": False}, 36),
        ({"dark_wake": True}, 24),
    ]
    for controls, code in cases:
        item.control(**controls)
        for service in ("acl", "partition"):
            done = item.run("find-generic-password", "-s", service, flag)
            assert (done.returncode, done.stdout, done.stderr) == (code, b"", b"")
    item.lock()
    assert item.run(*FIND, flag).returncode == 24


def test_dates_are_utc(item: Twin) -> None:
    """dates UTC."""
    assert re.search(rb'"cdat"<timedate>=0x[0-9A-F]{32}  "20\d{12}Z\\000"', item.run(*FIND).stdout)


def test_delete(item: Twin) -> None:
    """the block on stdout, `password has been deleted.` on stderr."""
    block = item.run(*FIND).stdout
    done = item.run("delete-generic-password", "-s", "svc")
    assert (done.returncode, done.stdout, done.stderr) == (0, block, b"password has been deleted.\n")
    assert item.items() == []


def test_delete_takes_the_first_match_only(item: Twin) -> None:
    """deletes the first match only."""
    item.put("svc", "you", b"x")
    item.run("delete-generic-password", "-s", "svc")
    assert [kept.account for kept in item.items()] == ["you"]


def test_delete_says_deleted_even_when_it_was_not(ssh: Twin) -> None:
    """always `password has been deleted.`, even when deletion failed; all writes give 36 when locked."""
    done = ssh.run("delete-generic-password", "-s", "svc", "-a", "me")
    assert (done.returncode, done.stderr) == (36, b"password has been deleted.\n")
    assert len(ssh.items()) == 1


def test_delete_of_nothing(twin: Twin) -> None:
    """missing: same 44 text as find."""
    done = twin.run("delete-generic-password", "-s", "svc")
    assert (done.returncode, done.stdout, done.stderr) == (44, b"", MISSING)
