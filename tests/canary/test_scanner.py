# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the leak scanner: planted secrets are found in every encoding and every searched place."""

from __future__ import annotations

import base64
import gzip
import html
import io
import json
import pickle
import shlex
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Callable
from urllib.parse import quote, quote_plus

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.canary.programs import ProgramStart, read_log, strace_argv
from tests.canary.scanner import Canary, Leak, find_canaries, leaks_in_files, make_canary

if TYPE_CHECKING:
    from pathlib import Path

LONG, SHORT = make_canary("long"), make_canary("short", size=40, odd=False)
needs_strace = pytest.mark.skipif(not shutil.which("strace"), reason="needs strace")


def names(data: bytes | str) -> set[str]:
    return {name for name, _spelling in find_canaries(data.encode() if isinstance(data, str) else data)}


def test_canary_has_the_given_size_and_every_special_character() -> None:
    assert len(LONG.raw) == 8192
    assert len(SHORT.raw) == 40
    for special in ("'", '"', "\n", "\r\n", "\t", "$", "`", "\\", "ü", "漢", "🗝", "{{", "%"):
        assert special in LONG.value
    assert all("!" <= character <= "~" for character in SHORT.value)
    assert LONG.value.splitlines() != [LONG.value]


ENCODERS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "JSON": json.dumps,
    "JSON twice": lambda value: json.dumps(json.dumps(value)),
    "Python": repr,
    "Python's bytes": lambda value: repr(value.encode()),
    "YAML": yaml.safe_dump,
    "URL": lambda value: quote(value, safe=""),
    "form": quote_plus,
    "shell": shlex.quote,
    "HTML": html.escape,
    "hex": lambda value: value.encode().hex(),
    "HEX": lambda value: value.encode().hex().upper(),
    "old pickle": lambda value: pickle.dumps(value, protocol=0).decode("latin-1"),
    **{
        f"base64 {coder.__name__} after {ahead}": lambda value, coder=coder, ahead=ahead: coder(
            b"x" * ahead + value.encode()
        ).decode()
        for coder in (base64.b64encode, base64.urlsafe_b64encode)
        for ahead in range(4)
    },
}


@pytest.mark.parametrize("encode", ENCODERS.values(), ids=ENCODERS)
@pytest.mark.parametrize("canary", [LONG, SHORT], ids=["long", "short"])
def test_canary_is_found_in_every_encoding(encode: Callable[[str], str], canary: Canary) -> None:
    assert names(f"before {encode(canary.value)} after") == {canary.name}


@given(st.integers(0, 8192 - 64))
def test_any_64_bytes_of_a_canary_are_found(start: int) -> None:
    piece = LONG.raw[start : start + 64]
    assert names(piece)
    assert names(piece.hex())
    assert names(base64.b64encode(piece))


def test_canary_is_found_in_one_encoding_only() -> None:
    for data in (SHORT.raw, SHORT.raw.hex().encode(), SHORT.raw.hex().upper().encode(), base64.b64encode(SHORT.raw)):
        assert len({encoding.split(" at ")[0] for _name, encoding in find_canaries(data)}) == 1


def test_canary_in_utf_16_is_found() -> None:
    assert names(LONG.value.encode("utf-16-le")) == names(LONG.value.encode("utf-16")) == {"long"}


def test_canary_cut_before_its_name_is_found_without_a_name() -> None:
    assert names(LONG.value[:10]) == {"?"}


@given(st.binary(max_size=10_000))
def test_random_bytes_contain_no_canary(data: bytes) -> None:
    assert not names(data)
    assert not names(base64.b64encode(data))


PLANTED: dict[str, Callable[[Path], Path]] = {
    "a file": lambda folder: write(folder / "file", LONG.raw),
    "a hidden file in a hidden folder": lambda folder: write(folder / ".a/.b/.c", b"x" * 70_000 + LONG.raw[:64]),
    "a module left by Ansible": lambda folder: write(folder / "AnsiballZ.py", f"ARGS = {LONG.raw!r}".encode()),
    "a file name": lambda folder: write(folder / SHORT.value, b""),
    "a folder name": lambda folder: write(folder / SHORT.value / "x", b"").parent,
    "the target of a link": lambda folder: link(folder / "link"),
}


def write(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def link(path: Path) -> Path:
    path.symlink_to(SHORT.value)
    return path


@pytest.mark.parametrize("plant", PLANTED.values(), ids=PLANTED)
def test_canary_is_found_in_every_kind_of_place(plant: Callable[[Path], Path], tmp_path: Path) -> None:
    place = plant(tmp_path)
    assert {leak.place for leak in leaks_in_files([tmp_path])} == {str(place)}
    assert not list(leaks_in_files([tmp_path], excluded=[tmp_path / place.relative_to(tmp_path).parts[0]]))


def test_folder_without_canaries_has_no_leak(tmp_path: Path) -> None:
    write(tmp_path / "a/b", b"nothing")
    (tmp_path / "dangling").symlink_to("nowhere")
    assert not list(leaks_in_files([tmp_path, tmp_path / "none"]))


def test_leak_does_not_contain_the_value(tmp_path: Path) -> None:
    write(tmp_path / "file", LONG.raw)
    (leak,) = leaks_in_files([tmp_path])
    assert leak == Leak(str(tmp_path / "file"), "long", "plain")


# Programs


def trace(tmp_path: Path, argv: list[str], **environment: str) -> list[ProgramStart]:
    log = tmp_path / "log"
    subprocess.run(
        strace_argv(argv, str(log)), check=False, capture_output=True, env={"PATH": "/usr/bin:/bin", **environment}
    )
    with log.open("rb") as lines:
        return list(read_log(lines))


@needs_strace
def test_arguments_and_environments_are_read_completely(tmp_path: Path) -> None:
    odd = 'a "quoted" ], [ \\x41 ...\n) = 0 grüße' + "x" * 100_000
    (program,) = trace(tmp_path, ["true", odd, "", "]"], ODD=odd)
    assert program.program.endswith("/true")
    assert program.argv == (b"true", odd.encode(), b"", b"]")
    assert f"ODD={odd}".encode() in program.environment


RECEIVED: dict[str, tuple[str, set[str]]] = {
    "an argument": ("/bin/echo {short}", {"argv"}),
    "an argument of a grandchild": ("(sh -c 'sleep 0.01; /bin/echo {short}' &) ; sleep 0.2", {"argv"}),
    "an argument of a program that does not exist": ("/no/such/program {short}", {"argv"}),
    "an argument of exec": ("exec /bin/echo {short}", {"argv"}),
    "a variable": ("A={short} /bin/true", {"environment"}),
    "a variable in hex": ("A={hex} env B=1 true", {"environment"}),
    "an exported one": ("export A={short}; /bin/true", {"environment"}),
    "a script's text": ("sh -c 'read -r A; export A; /bin/true' <{file}", {"environment"}),
    "standard input": ("cat <{file} >/dev/null", set()),
    "a variable that is not exported": ('read -r A <{file}; /bin/true; [ -n "$A" ]', set()),
}


@needs_strace
@pytest.mark.parametrize(("text", "expected"), RECEIVED.values(), ids=RECEIVED)
def test_canary_in_arguments_or_environment_is_found(tmp_path: Path, text: str, expected: set[str]) -> None:
    file = write(tmp_path / "file", SHORT.raw + b"\n")
    script = write(tmp_path / "script", text.format(short=SHORT.value, hex=SHORT.raw.hex(), file=file).encode())
    found = trace(tmp_path, ["sh", str(script)])
    received = {where for one in found for where in ("argv", "environment") if names(b"\0".join(getattr(one, where)))}
    assert found
    assert received == expected


@needs_strace
def test_programs_started_by_parallel_threads_are_all_read(tmp_path: Path) -> None:
    text = """
import subprocess, sys, threading
def start(): [subprocess.run(["/bin/true", sys.argv[1]]) for _ in range(10)]
threads = [threading.Thread(target=start) for _ in range(8)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
"""
    found = trace(tmp_path, [sys.executable, "-IS", "-c", text, SHORT.value])
    assert sum(one.argv == (b"/bin/true", SHORT.raw) for one in found) == 80


TRUNCATED = {
    "a string": b'7 execve("\\x61", ["\\x61"...], []) = 0\n',
    "an environment that is a number": b'7 execve("\\x61", ["\\x61"], 0x7ffe /* 30 vars */) = 0\n',
    "arguments that are not all": b'7 execve("\\x61", ["\\x61", ...], []) = 0\n',
    "text that is not hex": b'7 execve("a", ["a"], []) = 0\n',
}


@pytest.mark.parametrize("line", TRUNCATED.values(), ids=TRUNCATED)
def test_truncated_log_line_raises(line: bytes) -> None:
    with pytest.raises(ValueError, match=r"cannot be read|not whole"):
        list(read_log([line]))


def test_unfinished_call_is_read() -> None:
    (one,) = read_log([b'7 execve("\\x61", ["\\x62"], ["\\x63"] <unfinished ...>\n', b"7 <... execve resumed>) = 0\n"])
    assert one == ProgramStart("a", (b"b",), (b"c",))


def test_compressed_canary_is_not_found() -> None:
    """A known limit of the scanner."""
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb") as stream:
        stream.write(LONG.raw)
    assert not names(packed.getvalue())
