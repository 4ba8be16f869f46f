# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._core.secrets import Secret
from ansible_collections.latchkey.workstation.plugins.module_utils._stores.base import ABSENT_ITEM, Change, Item
from ansible_collections.latchkey.workstation.plugins.module_utils._stores.private_files import (
    PrivateFiles,
    item_path,
    store_folder,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

VALUE = ("quote ' \" back\\slash $HOME `x` grüße\n" * 300).encode()[:8192] + b"\n"
KEYS = [
    *[("service", "account"), ("service+", "account"), ("service", "+account"), ("a+b", "c"), ("a", "b+c")],
    *[("A", "b"), ("a", "b"), ("a", "B"), ("..", ".."), (".latchkey-x", ""), ("s", ""), ("a/b", "c"), ("/", "/")],
    *[("%2f", "c"), ("grüße", "c"), ('it\'s "odd" $x *', "c"), ("x" * 300, "c"), ("x" * 301, "c"), ("s~1", "a")],
    *[("x" * 200, "c" * 100), ("-rf", "c"), ("alice@example.com", "c")],
]


@pytest.fixture
def open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def test_names_are_safe_and_apart_even_where_capitals_do_not_count() -> None:
    names = [os.path.basename(item_path("/home/alice", key)) for key in KEYS]
    assert len({name.lower() for name in names}) == len(KEYS)
    assert all(name.isascii() and "/" not in name and not name.startswith(".") and len(name) < 230 for name in names)
    assert all(os.path.dirname(item_path("/home/alice", key)) == store_folder("/home/alice") for key in KEYS)
    assert os.path.basename(item_path("/h", ("raxx-heroku", "me@example.com"))) == "raxx-heroku+me@example.com"


@pytest.mark.parametrize("key", KEYS)
def test_a_value_is_kept_byte_for_byte(tmp_path: Path, key: tuple[str, str]) -> None:
    store, item = PrivateFiles(str(tmp_path)), Item(*key)
    assert store.read([item]) == {key: ABSENT_ITEM}
    assert store.apply([Change("create", item, ABSENT_ITEM, Secret(VALUE))]) == {key: None}
    with open(item_path(str(tmp_path), key), "rb") as kept:
        assert kept.read() == VALUE
    reading = store.read([item])[key]
    assert (reading.state, reading.secret, reading.readable_by_others) == ("readable", Secret(VALUE), False)
    assert store.apply([Change("remove", item, reading)]) == {key: None}
    assert store.read([item]) == {key: ABSENT_ITEM}
    assert os.listdir(store_folder(str(tmp_path))) == []


@pytest.mark.usefixtures("open_umask")
def test_nobody_else_can_read_it(tmp_path: Path) -> None:
    store, item = PrivateFiles(str(tmp_path)), Item("s", "a")
    store.apply([Change("create", item, ABSENT_ITEM, Secret("the value"))])
    path = item_path(str(tmp_path), item.key)
    for target, mode in ((path, 0o600), (store_folder(str(tmp_path)), 0o700)):
        assert stat.S_IMODE(os.stat(target).st_mode) == mode
        os.chmod(target, 0o755)
        assert store.read([item])[item.key].readable_by_others
        store.apply([Change("update", item, store.read([item])[item.key], Secret("the value"))])
        assert stat.S_IMODE(os.stat(target).st_mode) == mode
        assert not store.read([item])[item.key].readable_by_others


def test_link_or_special_file_is_not_read(tmp_path: Path) -> None:
    store, item = PrivateFiles(str(tmp_path)), Item("s", "a")
    os.makedirs(store_folder(str(tmp_path)), 0o700)
    path = item_path(str(tmp_path), item.key)
    os.symlink("/etc/passwd", path)
    reading = store.read([item])[item.key]
    assert (reading.state, reading.exists) == ("denied", True)
    assert "symbolic link" in reading.reason
    assert store.apply([Change("update", item, reading, Secret("the value"))])[item.key]
    os.unlink(path)
    os.mkfifo(path)
    assert store.read([item])[item.key].state == "denied"


@pytest.mark.parametrize("data", [b"", b"short"])
def test_what_is_no_secret_is_unfit(tmp_path: Path, data: bytes) -> None:
    os.makedirs(store_folder(str(tmp_path)))
    with open(item_path(str(tmp_path), ("s", "a")), "wb") as kept:
        kept.write(data)
    assert PrivateFiles(str(tmp_path)).read([Item("s", "a")])["s", "a"].state == "unusable"


def test_what_is_too_long_is_refused_before(tmp_path: Path) -> None:
    change = Change("create", Item("s", "a"), ABSENT_ITEM, Secret("x" * (1 << 20)))
    assert PrivateFiles(str(tmp_path)).refusal(change) is None
    assert PrivateFiles(str(tmp_path)).refusal(
        Change("create", Item("s", "a"), ABSENT_ITEM, Secret("x" * (1 + (1 << 20))))
    )


def test_leftovers_are_swept(tmp_path: Path) -> None:
    os.makedirs(store_folder(str(tmp_path)))
    with open(os.path.join(store_folder(str(tmp_path)), ".latchkey-0123"), "w") as left:
        left.write("half a value")
    PrivateFiles(str(tmp_path)).remove_leftovers()
    assert os.listdir(store_folder(str(tmp_path))) == []
