# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Env files: the same bytes to systemd, to every shell and to a dotenv reader."""

from __future__ import annotations

import ctypes
import glob
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils import _dotenv, _exports_env
from ansible_collections.latchkey.workstation.plugins.module_utils._errors import LatchkeyError
from ansible_collections.latchkey.workstation.plugins.module_utils._secrets import Secret
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
    return _exports_env.render("# Made by a test", {"FIRST": Secret(text), "LAST": Secret("the last one")})


def renderable(text: str) -> bool:
    try:
        return bool(rendered(text))
    except LatchkeyError:
        return False


@pytest.mark.parametrize("shell", SHELLS, ids=" ".join)
@pytest.mark.parametrize("text", VALUES.values(), ids=VALUES)
def test_shells_read_the_same_bytes(shell: list[str], text: str, tmp_path: Path) -> None:
    if not shutil.which(shell[0]):
        pytest.skip(f"there is no {shell[0]}")
    path = tmp_path / "env"
    path.write_bytes(rendered(text))
    script = f"set -a; . {path}; /usr/bin/env -0"
    told = subprocess.run([*shell, "-c", script], env={}, capture_output=True, check=True).stdout.split(b"\0")
    assert b"FIRST=" + text.encode() in told
    assert b"LAST=the last one" in told


def systemd_reads(data: bytes, path: Path) -> list[bytes]:
    """What systemd's own reader of EnvironmentFile= makes of it."""
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
def test_systemd_reads_the_same_bytes(text: str, tmp_path: Path) -> None:
    assert systemd_reads(rendered(text), tmp_path / "env") == [b"FIRST=" + text.encode(), b"LAST=the last one"]


@needs_systemd
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(text=texts)
def test_systemd_and_dotenv_read_whatever_is_rendered(text: str, tmp_path: Path) -> None:
    if renderable(text):
        data = rendered(text)
        assert systemd_reads(data, tmp_path / "env") == [b"FIRST=" + text.encode(), b"LAST=the last one"]
        assert _dotenv.value(data, "FIRST") == text.replace("\r\n", "\n").encode()


REFUSED = {
    "NUL": b"a\0bcdefg",
    "no UTF-8": b"abcdef\xff",
    "a surrogate": b"abcdef\xed\xa0\x80",
    "nobody's code point": "abcdef\ufffe".encode(),
    "nobody's code point either": "abcdef\ufdd0".encode(),
}


@pytest.mark.parametrize("value", REFUSED.values(), ids=REFUSED)
def test_what_systemd_would_not_take_is_an_error_that_does_not_say_it(value: bytes) -> None:
    with pytest.raises(LatchkeyError) as error:
        _exports_env.render("# Made by a test", {"FIRST": Secret(value)})
    assert "FIRST" in error.value.message
    assert "abc" not in str(error.value)


@needs_systemd
def test_systemd_takes_what_is_rendered_and_not_what_is_refused() -> None:
    takes = ctypes.CDLL(SYSTEMD[0]).env_assignment_is_valid
    takes.restype = ctypes.c_bool
    assert all(takes(b"FIRST=" + text.encode()) for text in VALUES.values())
    assert not any(takes(b"FIRST=" + value) for value in REFUSED.values() if b"\0" not in value)


@pytest.mark.parametrize("name", ["", "1A", "A B", "A=B", "A\n", "Ä", "A;id"])
def test_a_name_that_is_none_is_an_error(name: str) -> None:
    with pytest.raises(LatchkeyError, match="cannot be the name"):
        _exports_env.render("#", {name: Secret("value-0")})
