# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The gate works: planted leaks are found, in every spelling, in every place that is searched."""

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

from tests.canary.programs import Started, started, traced
from tests.canary.scanner import Leak, files_with, hatch, songs

if TYPE_CHECKING:
    from pathlib import Path

BIRD, SHORT = hatch("bird"), hatch("short", size=40, odd=False)
needs_strace = pytest.mark.skipif(not shutil.which("strace"), reason="needs strace")


def names(data: bytes | str) -> set[str]:
    return {name for name, _spelling in songs(data.encode() if isinstance(data, str) else data)}


def test_a_canary_has_its_size_and_every_oddity() -> None:
    assert len(BIRD.raw) == 8192
    assert len(SHORT.raw) == 40
    for oddity in ("'", '"', "\n", "\r\n", "\t", "$", "`", "\\", "ü", "漢", "🗝", "{{", "%"):
        assert oddity in BIRD.value
    assert all("!" <= character <= "~" for character in SHORT.value)
    assert BIRD.value.splitlines() != [BIRD.value]


SPELLED: dict[str, Callable[[str], str]] = {
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


@pytest.mark.parametrize("spell", SPELLED.values(), ids=SPELLED)
@pytest.mark.parametrize("canary", [BIRD, SHORT], ids=["bird", "short"])
def test_every_spelling_is_heard(spell: Callable[[str], str], canary: object) -> None:
    bird = canary if canary is SHORT else BIRD
    assert names(f"before {spell(bird.value)} after") == {bird.name}  # type: ignore[attr-defined]


@given(st.integers(0, 8192 - 64))
def test_any_64_bytes_are_heard(start: int) -> None:
    piece = BIRD.raw[start : start + 64]
    assert names(piece)
    assert names(piece.hex())
    assert names(base64.b64encode(piece))


def test_no_song_is_heard_in_two_spellings() -> None:
    for data in (SHORT.raw, SHORT.raw.hex().encode(), SHORT.raw.hex().upper().encode(), base64.b64encode(SHORT.raw)):
        assert len({spelling.split(" at ")[0] for _name, spelling in songs(data)}) == 1


def test_wide_characters_are_heard() -> None:
    assert names(BIRD.value.encode("utf-16-le")) == names(BIRD.value.encode("utf-16")) == {"bird"}


def test_a_beginning_without_a_name_is_heard() -> None:
    assert names(BIRD.value[:10]) == {"?"}


@given(st.binary(max_size=10_000))
def test_nothing_else_is_heard(data: bytes) -> None:
    assert not names(data)
    assert not names(base64.b64encode(data))


PLANTED: dict[str, Callable[[Path], Path]] = {
    "a file": lambda folder: write(folder / "file", BIRD.raw),
    "a hidden one below": lambda folder: write(folder / ".a/.b/.c", b"x" * 70_000 + BIRD.raw[:64]),
    "a module that was kept": lambda folder: write(folder / "AnsiballZ.py", f"ARGS = {BIRD.raw!r}".encode()),
    "a name": lambda folder: write(folder / SHORT.value, b""),
    "the name of a folder": lambda folder: write(folder / SHORT.value / "x", b"").parent,
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
def test_every_place_is_searched(plant: Callable[[Path], Path], tmp_path: Path) -> None:
    place = plant(tmp_path)
    assert {leak.place for leak in files_with([tmp_path])} == {str(place)}
    assert not list(files_with([tmp_path], spared=[tmp_path / place.relative_to(tmp_path).parts[0]]))


def test_a_clean_folder_is_clean(tmp_path: Path) -> None:
    write(tmp_path / "a/b", b"nothing")
    (tmp_path / "dangling").symlink_to("nowhere")
    assert not list(files_with([tmp_path, tmp_path / "none"]))


def test_a_leak_does_not_say_the_value(tmp_path: Path) -> None:
    write(tmp_path / "file", BIRD.raw)
    (leak,) = files_with([tmp_path])
    assert leak == Leak(str(tmp_path / "file"), "bird", "plain")


# Programs


def trace(tmp_path: Path, argv: list[str], **environment: str) -> list[Started]:
    log = tmp_path / "log"
    subprocess.run(
        traced(argv, str(log)), check=False, capture_output=True, env={"PATH": "/usr/bin:/bin", **environment}
    )
    with log.open("rb") as lines:
        return list(started(lines))


@needs_strace
def test_arguments_and_environments_are_read_whole(tmp_path: Path) -> None:
    odd = 'a "quoted" ], [ \\x41 ...\n) = 0 grüße' + "x" * 100_000
    (program,) = trace(tmp_path, ["true", odd, "", "]"], ODD=odd)
    assert program.program.endswith("/true")
    assert program.argv == (b"true", odd.encode(), b"", b"]")
    assert f"ODD={odd}".encode() in program.environment


GIVEN: dict[str, tuple[str, set[str]]] = {
    "an argument": ("/bin/echo {short}", {"argv"}),
    "an argument of a grandchild": ("(sh -c 'sleep 0.01; /bin/echo {short}' &) ; sleep 0.2", {"argv"}),
    "one that fails": ("/no/such/program {short}", {"argv"}),
    "what exec is given": ("exec /bin/echo {short}", {"argv"}),
    "a variable": ("A={short} /bin/true", {"environment"}),
    "a variable in hex": ("A={hex} env B=1 true", {"environment"}),
    "an exported one": ("export A={short}; /bin/true", {"environment"}),
    "a script's text": ("sh -c 'read -r A; export A; /bin/true' <{file}", {"environment"}),
    "standard input": ("cat <{file} >/dev/null", set()),
    "a variable that is not exported": ('read -r A <{file}; /bin/true; [ -n "$A" ]', set()),
}


@needs_strace
@pytest.mark.parametrize(("text", "expected"), GIVEN.values(), ids=GIVEN)
def test_what_programs_are_given_is_heard(tmp_path: Path, text: str, expected: set[str]) -> None:
    file = write(tmp_path / "file", SHORT.raw + b"\n")
    script = write(tmp_path / "script", text.format(short=SHORT.value, hex=SHORT.raw.hex(), file=file).encode())
    found = trace(tmp_path, ["sh", str(script)])
    heard = {where for one in found for where in ("argv", "environment") if names(b"\0".join(getattr(one, where)))}
    assert found
    assert heard == expected


@needs_strace
def test_threads_and_interruptions_lose_no_program(tmp_path: Path) -> None:
    text = """
import subprocess, sys, threading
def start(): [subprocess.run(["/bin/true", sys.argv[1]]) for _ in range(10)]
threads = [threading.Thread(target=start) for _ in range(8)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
"""
    found = trace(tmp_path, [sys.executable, "-IS", "-c", text, SHORT.value])
    assert sum(one.argv == (b"/bin/true", SHORT.raw) for one in found) == 80


CUT = {
    "a string": b'7 execve("\\x61", ["\\x61"...], []) = 0\n',
    "an environment that is a number": b'7 execve("\\x61", ["\\x61"], 0x7ffe /* 30 vars */) = 0\n',
    "arguments that are not all": b'7 execve("\\x61", ["\\x61", ...], []) = 0\n',
    "text that is not hex": b'7 execve("a", ["a"], []) = 0\n',
}


@pytest.mark.parametrize("line", CUT.values(), ids=CUT)
def test_a_log_that_says_less_than_everything_is_an_error(line: bytes) -> None:
    with pytest.raises(ValueError, match=r"cannot be read|not whole"):
        list(started([line]))


def test_unfinished_calls_count() -> None:
    (one,) = started([b'7 execve("\\x61", ["\\x62"], ["\\x63"] <unfinished ...>\n', b"7 <... execve resumed>) = 0\n"])
    assert one == Started("a", (b"b",), (b"c",))


def test_what_is_packed_is_not_heard() -> None:
    """What the scanner cannot do, so that nobody relies on it."""
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb") as stream:
        stream.write(BIRD.raw)
    assert not names(packed.getvalue())
