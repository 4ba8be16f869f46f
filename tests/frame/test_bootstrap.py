# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""bootstrap.sh for an ordinary user: the first start, every later one, and those that go wrong."""

from __future__ import annotations

import os
import re
import shutil
import signal
import time
from typing import TYPE_CHECKING

import pytest

from tests.frame.conftest import LOCAL

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.frame.conftest import Checkout

# Settings of a person that would leave a venv empty.
PIP_CONF = "[global]\nuser = true\n[install]\ntarget = elsewhere\nno-deps = true\n"


@pytest.mark.parametrize("with_uv", [False, True], ids=["pip", "uv"])
def test_first_start(checkout: Checkout, uv: Path, with_uv: bool) -> None:
    sudo = checkout.home / "bin" / "sudo"
    sudo.parent.mkdir()
    sudo.write_text("#!/bin/sh\ntouch asked\n")
    sudo.chmod(0o755)
    config = checkout.home / ".config/pip/pip.conf"
    config.parent.mkdir(parents=True)
    config.write_text(PIP_CONF)
    checkout.give(checkout.home)
    checkout.path = f"{sudo.parent}:{uv.parent if with_uv else LOCAL}:{LOCAL}"
    done = checkout.bootstrap("--check", "-e", "word='two words'")
    assert done.returncode == 0, done.stderr
    assert f"config={checkout.folder}/ansible.cfg" in done.stdout
    assert f"python={checkout.folder}/.venv/bin/python" in done.stdout
    assert "check=True" in done.stdout
    assert "word=two words" in done.stdout
    making, _newline, progress = done.stderr.partition("\n")
    assert making.startswith(f"bootstrap.sh: making {checkout.folder}/.venv with ")
    assert re.fullmatch(r"([a-z ]+\.*)*\n?", progress), progress
    assert (checkout.folder / ".venv/bin/pip").exists() is not with_uv
    assert not (checkout.home / "asked").exists()


def test_later_starts_leave_the_venv_as_it_is(ready: Checkout) -> None:
    venv = ready.folder / ".venv"
    before = {path: path.lstat().st_mtime_ns for path in (venv, venv / ".latchkey", *venv.glob("bin/*"))}
    assert ready.bootstrap("--version").stderr == ""
    assert {path: path.lstat().st_mtime_ns for path in before} == before


def test_the_environment_of_the_user_stays_out(ready: Checkout) -> None:
    spoiled = ready.home / "spoiled"
    spoiled.mkdir()
    (spoiled / "ansible.py").write_text("raise SystemExit('imported from PYTHONPATH')\n")
    ready.give(spoiled)
    done = ready.bootstrap(
        PYTHONPATH=str(spoiled), PYTHONHOME="/nonexistent", LC_ALL="C", ANSIBLE_COLLECTIONS_PATH="/nowhere"
    )
    assert done.returncode == 0, done.stderr
    assert "locale=C.UTF-8" in done.stdout
    assert f"collections={ready.folder}/.collections:/nowhere" in done.stdout


def test_which_inventory(ready: Checkout) -> None:
    def used(*arguments: str | Path, **variables: str) -> str:
        done = ready.bootstrap(*arguments, **variables)
        assert done.returncode == 0, done.stderr
        return done.stdout.partition("inventory=")[2].partition("\n")[0]

    own, given, named = (ready.home / name for name in (".config/latchkey/inventory", "given", "named"))
    assert used() == f"{ready.folder}/inventory/local"
    for folder in (own, given, named):
        folder.mkdir(parents=True)
        (folder / "hosts.yml").write_text("all: {hosts: {here: {ansible_connection: local}}}\n")
    ready.give(ready.home / ".config", given, named)
    assert used() == str(own)
    assert used(LATCHKEY_INVENTORY=str(named)) == str(named)
    assert used(LATCHKEY_INVENTORY="named") == str(named)
    assert used("-i", given, LATCHKEY_INVENTORY=str(named)) == str(given)
    assert ready.bootstrap(LATCHKEY_INVENTORY="/nowhere").returncode != 0


@pytest.mark.parametrize("shell", ["sh", "bash", "zsh"])
def test_a_prepared_shell(ready: Checkout, shell: str) -> None:
    line = '. "$1/.venv/bin/activate" && ansible-playbook "$1/bootstrap.yml"'
    done = ready.run(shell, "-euc" if shell != "zsh" else "-ec", line, shell, ready.folder, LC_ALL="C")
    assert done.returncode == 0, done.stderr
    assert f"config={ready.folder}/ansible.cfg" in done.stdout
    assert f"inventory={ready.folder}/inventory/local" in done.stdout


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_deactivate_leaves_nothing(ready: Checkout, shell: str) -> None:
    line = 'env >before && . "$1/.venv/bin/activate" && deactivate && env >after && diff before after'
    done = ready.run(shell, "-c", line, shell, ready.folder)
    of_the_venv_itself = "_=|OLDPWD=|PS1=$"
    assert not re.findall(rf"(?m)^[<>] (?!{of_the_venv_itself}).*", done.stdout), done.stdout


def test_changed_requirements_make_it_anew(checkout: Checkout, uv: Path) -> None:
    ready = checkout
    ready.path = f"{uv.parent}:{LOCAL}"
    assert ready.bootstrap("--version").returncode == 0
    stray = ready.folder / ".venv" / "stray"
    stray.touch()
    with (ready.folder / "requirements/run.txt").open("a") as file:
        file.write("\n")
    assert "making" in ready.bootstrap("--version").stderr
    assert not stray.exists()
    assert ready.bootstrap("--version").stderr == ""


@pytest.mark.parametrize(
    "spoil",
    [lambda pins: re.sub("sha256:.{8}", "sha256:00000000", pins), lambda pins: f"{pins}\niniconfig==2.1.0\n"],
    ids=["another hash", "no hash"],
)
def test_a_package_that_is_not_pinned_is_refused(checkout: Checkout, uv: Path, spoil: Callable[[str], str]) -> None:
    checkout.path = f"{uv.parent}:{LOCAL}"
    pins = checkout.folder / "requirements/run.txt"
    pins.write_text(spoil(pins.read_text()))
    done = checkout.bootstrap("--version")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("bootstrap.sh: requirements/run.txt could not be installed")


@pytest.mark.parametrize("moment", [*(pytest.param(s, marks=pytest.mark.thorough) for s in (0.05, 0.2, 0.4)), 0.8])
def test_a_killed_start_is_mended_by_the_next(checkout: Checkout, uv: Path, moment: float) -> None:
    checkout.path = f"{uv.parent}:{LOCAL}"
    first = checkout.start("--version")
    assert "making" in first.stdout.readline()
    time.sleep(moment)
    os.killpg(first.pid, signal.SIGKILL)
    first.communicate()
    done = checkout.bootstrap("--check")
    assert done.returncode == 0, done.stderr
    assert "check=True" in done.stdout


def test_several_first_starts_at_once_make_one_venv(checkout: Checkout, uv: Path) -> None:
    checkout.path = f"{uv.parent}:{LOCAL}"
    started = [checkout.start("--check") for _ in range(3)]
    said = [each.communicate()[0] for each in started]
    assert [each.returncode for each in started] == [0, 0, 0], said
    assert sum(text.count("making") for text in said) == 1


def test_an_index_that_cannot_be_had(checkout: Checkout, uv: Path) -> None:
    done = checkout.bootstrap("--version", PIP_NO_INDEX="1", PIP_FIND_LINKS="/nowhere", PIP_RETRIES="0")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("bootstrap.sh: requirements/run.txt could not be installed")
    assert not (checkout.folder / ".venv").exists()
    checkout.path = f"{uv.parent}:{LOCAL}"
    assert checkout.bootstrap("--version").returncode == 0


# Debian without python3-venv: everything is there but ensurepip, and pip only where python3-pip is installed.
WITHOUT_VENV = """#!/usr/bin/env -S /usr/bin/python3 -I
import os, sys
argv = sys.argv[1:]
if "-m" in argv and {pip}:
    os.execv("/usr/bin/python3", ["python3", *argv])
if "-m" in argv:
    sys.exit("No module named pip")
sys.modules["ensurepip"] = None
sys.argv = argv[argv.index("-c") + 1 :]
exec(sys.argv[0])
"""


def twin(checkout: Checkout, *, pip: bool) -> Path:
    python = checkout.home / "python3"
    python.write_text(WITHOUT_VENV.format(pip=pip))
    python.chmod(0o755)
    return python


def test_no_python(checkout: Checkout) -> None:
    checkout.path = checkout.only()
    assert last_line(checkout) == "bootstrap.sh: no Python 3.11 to 3.14 here: install one, or uv, which fetches one"


@pytest.mark.parametrize("tools", [False, True])
def test_python_of_a_mac_without_command_line_tools_is_not_started(checkout: Checkout, tools: bool) -> None:
    """It would open a dialog. /usr/bin/python3 of this machine stands for it."""
    stubs = checkout.home / "stubs"
    stubs.mkdir()
    scripts = {"uname": "echo Darwin", "xcode-select": f'[ "$*" = -p ] && exit {0 if tools else 2}', "uv": "exit 1"}
    for name, script in scripts.items():
        (stubs / name).write_text(f"#!/bin/sh\n{script}\n")
        (stubs / name).chmod(0o755)
    checkout.give(stubs)
    checkout.path = f"{stubs}:/usr/bin"
    message = last_line(checkout, PIP_INDEX_URL="http://127.0.0.1:9/simple", PIP_RETRIES="0")
    expected = "bootstrap.sh: no Python 3.11 to 3.14 here: run xcode-select --install, or brew install python3"
    assert (message == expected) is not tools


def test_no_venv_module(checkout: Checkout) -> None:
    checkout.path = checkout.only(twin(checkout, pip=False))
    assert "cannot make a venv: install python3-venv (Debian: apt install python3-venv) or uv" in last_line(checkout)


def test_no_python_that_uv_can_fetch(checkout: Checkout, uv: Path) -> None:
    checkout.path = checkout.only(uv)
    assert "uv could not fetch one" in last_line(checkout, UV_PYTHON_DOWNLOADS="never")


def last_line(checkout: Checkout, **variables: str) -> str:
    done = checkout.bootstrap("--version", **variables)
    assert done.returncode == 1
    assert not (checkout.folder / ".venv").exists()
    return done.stderr.splitlines()[-1]


def test_uv_is_fetched_where_there_is_pip_and_no_venv_module(checkout: Checkout) -> None:
    checkout.path = checkout.only(twin(checkout, pip=True))
    done = checkout.bootstrap("--check")
    assert done.returncode == 0, done.stderr
    assert "check=True" in done.stdout
    assert not list(checkout.home.glob("tmp*/bin"))


def test_a_folder_that_cannot_be_written(checkout: Checkout) -> None:
    checkout.folder.chmod(0o555)
    if not os.getuid() or not os.access(checkout.folder, os.W_OK):
        assert "cannot write" in last_line(checkout)
    checkout.folder.chmod(0o755)


@pytest.mark.thorough
def test_an_index_that_does_not_answer_is_one_line(checkout: Checkout) -> None:
    closed = {"PIP_INDEX_URL": "http://alice:hunter2@127.0.0.1:9/simple", "PIP_RETRIES": "0"}
    nothing = {"PIP_EXTRA_INDEX_URL": "", "PIP_FIND_LINKS": ""}
    done = checkout.bootstrap("--version", **closed, **nothing)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        "bootstrap.sh: requirements/run.txt could not be installed: the package index http://127.0.0.1:9 does not"
        " answer; nothing was touched: check the network, the proxy and the index in PIP_INDEX_URL or pip.conf, and"
        " start again"
    )
    assert "hunter2" not in done.stderr
    assert not (checkout.folder / ".venv").exists()


UV_TWIN = """#!/bin/sh
env >"$HOME/environment-of-uv"
case $* in
*install*) echo "error: invalid peer certificate: UnknownIssuer" >&2; exit 2 ;;
esac
exec {uv} "$@"
"""


@pytest.mark.thorough
def test_where_uv_fails_pip_is_used(checkout: Checkout, uv: Path) -> None:
    twin = checkout.home / "bin/uv"
    twin.parent.mkdir()
    twin.write_text(UV_TWIN.format(uv=uv))
    twin.chmod(0o755)
    checkout.give(checkout.home)
    checkout.path = f"{twin.parent}:{LOCAL}"
    done = checkout.bootstrap("--version", UV_TARGET="elsewhere")
    assert done.returncode == 0, done.stderr
    assert (checkout.folder / ".venv/bin/pip").exists()
    environment = (checkout.home / "environment-of-uv").read_text()
    assert "UV_SYSTEM_CERTS=true" in environment
    assert "UV_TARGET" not in environment


def test_an_interrupted_first_start_is_one_line(checkout: Checkout, uv: Path) -> None:
    checkout.path = f"{uv.parent}:{LOCAL}"
    first = checkout.start("--version")
    assert "making" in first.stdout.readline()
    second = checkout.start("--version")
    assert "waiting for another start" in second.stdout.readline()
    for each in (second, first):
        os.killpg(each.pid, signal.SIGINT)
        text = each.communicate()[0].splitlines()
        assert each.returncode == 130
        assert "Traceback" not in "".join(text)
        assert text[-1] == "bootstrap.sh: interrupted: nothing was touched, the next start begins anew"
    assert not (checkout.folder / ".venv").exists()


def test_a_venv_that_lost_a_package_is_made_anew(checkout: Checkout, uv: Path) -> None:
    checkout.path = f"{uv.parent}:{LOCAL}"
    assert checkout.bootstrap("--version").returncode == 0
    shutil.rmtree(next((checkout.folder / ".venv").glob("lib/python3*/site-packages/ansible")))
    damaged = checkout.play("bootstrap.yml")
    assert damaged.returncode == 1
    assert damaged.stderr == (
        f"ansible-playbook: {checkout.folder}/.venv is damaged (ansible cannot be imported): "
        f"{checkout.folder}/bootstrap.sh makes it anew\n"
    )
    again = checkout.bootstrap("--check")
    assert again.returncode == 0, again.stderr


def test_a_home_that_cannot_be_written(ready: Checkout) -> None:
    ready.home.chmod(0o555)
    refused = ready.bootstrap("--check")
    done = ready.bootstrap("--check", ANSIBLE_LOCAL_TEMP=str(ready.cache))
    ready.home.chmod(0o755)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == (
        f"bootstrap.sh: Ansible cannot write {ready.home}/.ansible/tmp: ANSIBLE_LOCAL_TEMP=FOLDER names another\n"
    )
    assert done.returncode == 0, done.stderr
    assert "check=True" in done.stdout


def test_help_is_about_bootstrap_and_needs_no_venv(checkout: Checkout) -> None:
    done = checkout.bootstrap("--help")
    assert done.returncode == 0
    assert done.stdout.startswith("./bootstrap.sh ")
    assert f"{checkout.folder}/.venv/bin/ansible-playbook --help" in done.stdout
    assert not (checkout.folder / ".venv").exists()


def test_suites_are_named(checkout: Checkout) -> None:
    shown = checkout.run(checkout.folder / "test.sh", "--help")
    refused = checkout.run(checkout.folder / "test.sh", "unti")
    assert shown.returncode == 0
    assert all(f"\n{name} " in shown.stdout for name in ("unit", "quality", "frame", "machines", "benchmarks"))
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    assert "no suite unti" in refused.stderr
