# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import pty
import time

from ansible_collections.latchkey.workstation.plugins.plugin_utils._progress import Progress


def everything(descriptor: int) -> str:
    os.set_blocking(descriptor, False)
    data = b""
    while True:
        try:
            data += os.read(descriptor, 65536)
        except OSError:
            return data.decode()
        if not data:
            return ""


def until(read: int, wanted: str) -> str:
    """What is written up to ``wanted``."""
    text = ""
    while wanted not in text:
        text += os.read(read, 4096).decode()
    return text


def test_without_a_terminal_one_line_grows() -> None:
    read, write = os.pipe()
    progress = Progress(write)
    progress.show("keychain")
    text = until(read, "keychain.")
    progress.show("verdict")
    text += until(read, "verdict")
    progress.stop()
    text += everything(read)
    assert text.startswith("keychain.")
    assert " verdict" in text
    assert text.count("\n") == 1
    assert text.endswith("\n")


def test_what_is_quick_shows_nothing() -> None:
    read, write = os.pipe()
    progress = Progress(write)
    progress.show("keychain")
    progress.stop()
    assert everything(read) == ""


def test_on_a_terminal_one_line_is_rewritten_and_erased() -> None:
    master, slave = pty.openpty()
    progress = Progress(slave)
    progress.show("keychain")
    assert "keychain 0 s" in until(master, "keychain 0 s")
    progress.stop()
    text = everything(master)
    assert text.endswith("\r\x1b[K")
    assert "\n" not in text


def test_while_paused_the_line_belongs_to_others() -> None:
    master, slave = pty.openpty()
    progress = Progress(slave)
    progress.show("store")
    until(master, "store")
    progress.pause()
    os.write(slave, b"question: ")
    until(master, "question: ")
    time.sleep(0.6)  # two beats
    assert everything(master) == ""
    progress.stop()
