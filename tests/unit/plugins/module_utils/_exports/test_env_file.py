# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Env files: systemd, shells and the dotenv reader read the same bytes."""

from __future__ import annotations

import ctypes
import glob
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._core.errors import LatchkeyError
from ansible_collections.latchkey.workstation.plugins.module_utils._core.secrets import Secret
from ansible_collections.latchkey.workstation.plugins.module_utils._exports import env_file
from ansible_collections.latchkey.workstation.plugins.module_utils._sources import dotenv
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from pathlib import Path

VALUES = {
    "plain": "ghp_0123456789",
    "spaces": "  two  words  ",
    "quotes": """it's "quoted" `here`""",
    "dollars": "$HOME ${HOME} $(id) $$",
    "backslashes": r"\ \\ \n \$ \" \' ends with \\",
    "newlines": "one\ntwo\n\nend\n\n",
    "control characters": "one\ttwo\rthree\r\n\x1b[0m\x7f\x01",
    "hash": "one # two #three",
    "unicode": "grüße 日本 🔑",
    "equals": "a=b==;c=d",
    "percent": "%h %i %% value",
    "glob": "* ? [a-z] ~root ! {a,b}",
}
SHELLS = [["dash"], ["bash"], ["bash", "--posix"], ["zsh", "-f"], ["zsh", "--emulate", "sh"]]
SYSTEMD = [
    *glob.glob("/usr/lib/*/systemd/libsystemd-shared-*.so"),
    *glob.glob("/usr/lib/systemd/libsystemd-shared-*.so"),
]
texts = st.text(st.characters(codec="utf-8"), min_size=6, max_size=40) | st.text("\\\"'`$\n\t #ab", min_size=6)


def rendered(text: str) -> bytes:
    return env_file.render("# Made by a test", {"FIRST": Secret(text), "LAST": Secret("the last one")})


def renderable(text: str) -> bool:
    try:
        return bool(rendered(text))
    except LatchkeyError:
        return False


@pytest.mark.parametrize("shell", SHELLS, ids=" ".join)
@pytest.mark.parametrize("text", VALUES.values(), ids=VALUES)
def test_shells_read_the_rendered_value(shell: list[str], text: str, tmp_path: Path) -> None:
    if not shutil.which(shell[0]):
        pytest.skip(f"there is no {shell[0]}")
    path = tmp_path / "env"
    path.write_bytes(rendered(text))
    script = f"set -a; . {path}; /usr/bin/env -0"
    told = subprocess.run([*shell, "-c", script], env={}, capture_output=True, check=True).stdout.split(b"\0")
    assert b"FIRST=" + text.encode() in told
    assert b"LAST=the last one" in told


def systemd_reads(data: bytes, path: Path) -> list[bytes]:
    """Assignments that systemd's own reader of EnvironmentFile= finds in ``data``."""
    library = ctypes.CDLL(SYSTEMD[0])
    path.write_bytes(data)
    found = ctypes.POINTER(ctypes.c_char_p)()
    assert library.load_env_file(None, str(path).encode(), ctypes.byref(found)) >= 0
    lines = []
    while found[len(lines)] is not None:
        lines.append(found[len(lines)])
    return lines


needs_systemd = pytest.mark.skipif(not SYSTEMD, reason="there is no systemd to read EnvironmentFile=")


@needs_systemd
@pytest.mark.parametrize("text", VALUES.values(), ids=VALUES)
def test_systemd_reads_the_rendered_value(text: str, tmp_path: Path) -> None:
    assert systemd_reads(rendered(text), tmp_path / "env") == [b"FIRST=" + text.encode(), b"LAST=the last one"]


@needs_systemd
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(text=texts)
def test_systemd_and_dotenv_read_every_rendered_value(text: str, tmp_path: Path) -> None:
    if renderable(text):
        data = rendered(text)
        assert systemd_reads(data, tmp_path / "env") == [b"FIRST=" + text.encode(), b"LAST=the last one"]
        assert dotenv.value(data, "FIRST") == text.replace("\r\n", "\n").encode()


REFUSED = {
    "NUL": b"a\0bcdefg",
    "no UTF-8": b"abcdef\xff",
    "a surrogate": b"abcdef\xed\xa0\x80",
    "noncharacter at the end of a plane": "abcdef\ufffe".encode(),
    "last noncharacter of the plane": "abcdef\uffff".encode(),
    "first noncharacter of the block FDD0": "abcdef\ufdd0".encode(),
    "last noncharacter of the block FDD0": "abcdef\ufdef".encode(),
}


@pytest.mark.parametrize("character", ["\ufdcf", "\ufdf0", "\ufffd", "\U00010000"])
def test_neighbours_of_refused_characters_are_written(character: str) -> None:
    assert f'A="abcdef{character}"'.encode() in env_file.render("# made", {"A": Secret(f"abcdef{character}".encode())})


@pytest.mark.parametrize("value", REFUSED.values(), ids=REFUSED)
def test_value_that_systemd_refuses_is_an_error_without_the_value(value: bytes) -> None:
    with pytest.raises(LatchkeyError) as error:
        env_file.render("# Made by a test", {"FIRST": Secret(value)})
    assert "FIRST" in error.value.message
    assert "abc" not in str(error.value)


@needs_systemd
def test_systemd_accepts_rendered_values_and_refuses_the_others() -> None:
    takes = ctypes.CDLL(SYSTEMD[0]).env_assignment_is_valid
    takes.restype = ctypes.c_bool
    assert all(takes(b"FIRST=" + text.encode()) for text in VALUES.values())
    assert not any(takes(b"FIRST=" + value) for value in REFUSED.values() if b"\0" not in value)


@pytest.mark.parametrize("name", ["", "1A", "A B", "A=B", "A\n", "Ä", "A;id"])
def test_invalid_variable_name_is_an_error(name: str) -> None:
    with pytest.raises(LatchkeyError, match="cannot be the name"):
        env_file.render("#", {name: Secret("value-0")})
