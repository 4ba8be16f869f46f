# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a first value gets in and a rotated one replaces the old, from a pipe and from a terminal."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.conftest import CHECKOUT

if TYPE_CHECKING:
    from tests.integration.conftest import Person
    from tests.twins.services import Twins

OLD, NEW = "HRKU-AA" + "o" * 58, "HRKU-AA" + "n" * 58
KEPT = ".local/share/latchkey/keychain/heroku+alice"
STORE = ("playbooks/store.yml", "-e", "credential=heroku")


@pytest.fixture
def twins(twins: Twins) -> Twins:
    for value in (OLD, NEW):
        twins.know("heroku", "valid", value)
    return twins


def declare(person: Person, twins: Twins, **more: Any) -> None:
    heroku = {
        "keychain": {"service": "heroku", "account": "alice"},
        "check": {"provider": "heroku", "base_url": twins.url("heroku")},
        "export": ["HEROKU_API_KEY", {"name": "HEROKU_API_KEY", "file": "~/jobs/heroku.env"}],
        "rotate": "docs/heroku.md",
        **more,
    }
    person.declare(latchkey_credentials={"heroku": heroku}, latchkey_keychain_backend="files")


def test_a_value_from_a_pipe_is_checked_kept_and_shown(person: Person, twins: Twins) -> None:
    declare(person, twins)
    done = person.play(*STORE, stdin=NEW + "\n")
    assert done.returncode == 0, done.stdout
    assert (person.home / KEPT).read_text() == NEW
    assert (person.home / KEPT).stat().st_mode & 0o777 == 0o600
    assert "PASS 1: heroku" in done.stdout
    assert NEW not in done.stdout + done.stderr


@pytest.mark.thorough
def test_a_rotated_value_reaches_env_files_too(person: Person, twins: Twins) -> None:
    declare(person, twins)
    person.play(*STORE, stdin=OLD)
    person.play(*STORE, stdin=NEW)
    assert NEW in (person.home / "jobs/heroku.env").read_text()
    assert OLD not in (person.home / "jobs/heroku.env").read_text()


def test_an_old_shell_changes_nothing_back(person: Person, twins: Twins) -> None:
    declare(person, twins, source=[{"env": "HEROKU_API_KEY"}])
    person.play(*STORE, stdin=NEW)
    person.play("bootstrap.yml")
    again = person.play("bootstrap.yml", env={"HEROKU_API_KEY": OLD})
    assert "changed=0" in again.stdout, again.stdout
    assert (person.home / KEPT).read_text() == NEW


def test_what_the_issuer_refuses_is_not_kept(person: Person, twins: Twins) -> None:
    declare(person, twins)
    person.play(*STORE, stdin=OLD)
    refused = person.play(*STORE, stdin="HRKU-AA" + "x" * 58)
    assert refused.returncode != 0
    assert "nothing was stored, the value is refused" in refused.stdout + refused.stderr
    assert (person.home / KEPT).read_text() == OLD


def test_without_a_verdict_it_is_kept_and_said(person: Person, twins: Twins) -> None:
    declare(person, twins)
    twins.break_("heroku", "status", status=503)
    done = person.play(*STORE, stdin=NEW)
    assert done.returncode == 0, done.stdout
    assert "UNKNOWN heroku" in done.stdout
    assert (person.home / KEPT).read_text() == NEW


def test_check_mode_keeps_nothing(person: Person, twins: Twins) -> None:
    declare(person, twins)
    done = person.play(*STORE, "--check", "--diff", stdin=NEW)
    assert done.returncode == 0, done.stdout
    assert "WOULD CREATE keychain heroku" in done.stdout
    assert not (person.home / KEPT).exists()


REFUSALS: dict[str, tuple[tuple[str, ...], dict[str, str], str, str]] = {
    "nothing": (STORE, {}, "", "no value was given"),
    "an empty line": (STORE, {}, "\r\n", "no value was given"),
    "a placeholder": (STORE, {}, "xxx\n", "fewer than 6 characters"),
    "a wrong name": (("playbooks/store.yml", "-e", "credential=herokuu"), {}, NEW, 'did you mean "heroku"?'),
    "no name": (("playbooks/store.yml",), {}, NEW, "name a credential: -e credential=NAME, one of heroku"),
    "an unknown name to remove": (
        ("playbooks/store.yml", "-e", "credential=herokuu", "-e", "state=absent"),
        {},
        "",
        'nothing is stored for herokuu: did you mean "heroku"?',
    ),
    "kept files": (STORE, {"ANSIBLE_KEEP_REMOTE_FILES": "1"}, NEW, "over a pipelining connection only"),
    "too large": (STORE, {}, "x" * (1 << 20) + "yy", "larger than 1 MiB"),
}


USAGE_ERRORS = {"a wrong name", "no name"}


@pytest.mark.parametrize("case", REFUSALS)
def test_a_refused_value_or_name_is_explained_and_nothing_is_stored(person: Person, twins: Twins, case: str) -> None:
    arguments, env, value, expected = REFUSALS[case]
    declare(person, twins)
    done = person.play(*arguments, env=env, stdin=value)
    shown = " ".join((done.stdout + done.stderr).split())
    assert done.returncode == (64 if case in USAGE_ERRORS else 2), shown
    assert expected in shown
    assert NEW not in shown
    assert not (person.home / KEPT).exists()


def test_no_place_to_keep_it_is_said_before_it_is_asked_for(person: Person, twins: Twins) -> None:
    declare(person, twins, keychain=None, export=None)
    done = person.play(*STORE, stdin=NEW)
    assert "is not stored anywhere" in " ".join(done.stdout.split())


def test_an_authority_with_another_value_keeps_its_place(person: Person, twins: Twins) -> None:
    person.write("heroku.key", OLD)
    declare(person, twins, source=[{"file": "~/heroku.key"}])
    done = person.play(*STORE, stdin=NEW)
    assert done.returncode != 0
    assert "is the authority" in " ".join(done.stdout.split())


def test_at_a_terminal_it_is_asked_for_and_not_shown(person: Person, twins: Twins) -> None:
    declare(person, twins)
    shown, status = exchange(person, f"{NEW}\r")
    assert status == 0, shown
    assert "Value for heroku of" in shown
    assert NEW not in shown
    assert (person.home / KEPT).read_text() == NEW


def test_of_several_lines_that_are_pasted_none_is_kept(person: Person, twins: Twins) -> None:
    declare(person, twins, check=None)
    shown, status = exchange(person, "-----BEGIN KEY-----\rAAAABBBBCCCC\r-----END KEY-----\r")
    assert status != 0
    assert "more than one line was typed" in " ".join(shown.split())
    assert "BBBB" not in shown
    assert not (person.home / KEPT).exists()


def test_a_line_end_of_windows_is_no_part_of_it(person: Person, twins: Twins) -> None:
    declare(person, twins, check=None)
    person.play(*STORE, stdin=NEW + "\r\n")
    assert (person.home / KEPT).read_text() == NEW


UNFIT = {
    "absent": ({"keychain": {"service": "heroku", "account": "alice", "state": "absent"}}, "is declared absent"),
    "for people only": ({"category": "human_only"}, "only a person uses it"),
}


@pytest.mark.parametrize(("declared", "expected"), UNFIT.values(), ids=UNFIT)
def test_what_is_not_kept_is_not_asked_for(
    person: Person, twins: Twins, declared: dict[str, Any], expected: str
) -> None:
    declare(person, twins)
    person.play(*STORE, stdin=OLD)
    declare(person, twins, **declared)
    done = person.play(*STORE, stdin=NEW)
    assert done.returncode != 0
    assert expected in " ".join(done.stdout.split())
    assert (person.home / KEPT).read_text() == OLD


def test_two_whose_checks_need_each_other_can_be_stored(person: Person, twins: Twins) -> None:
    url = twins.url("widgets") + "/v1/me"
    person.declare(
        latchkey_keychain_backend="files",
        latchkey_credentials={
            name: {
                "keychain": {"service": name, "account": "alice"},
                "check": {
                    "provider": "http",
                    "url": url,
                    "headers": {"X-A": "{value}", "X-B": f"{{credential.{other}}}"},
                },
            }
            for name, other in (("heroku", "id"), ("id", "heroku"))
        },
    )
    person.play(*STORE, stdin=NEW)
    assert (person.home / KEPT).read_text() == NEW


def test_state_absent_removes_the_value_of_a_declared_credential(person: Person, twins: Twins) -> None:
    declare(person, twins)
    person.play(*STORE, stdin=NEW)
    removal = (*STORE, "-e", "state=absent")
    seen = person.play(*removal, "--check")
    assert seen.returncode == 0, seen.stdout
    assert (person.home / KEPT).read_text() == NEW
    done = person.play(*removal)
    assert done.returncode == 0, done.stdout
    assert not (person.home / KEPT).exists()


@pytest.mark.parametrize("closed", [True, False], ids=["closed", "terminal of another session"])
def test_without_a_terminal_the_message_says_to_pipe_the_value_in(person: Person, twins: Twins, closed: bool) -> None:
    declare(person, twins)
    argv = [str(Path(sys.executable).parent / "ansible-playbook"), "-i", str(person.home / "inventory"), *STORE]
    if closed:
        done = person.run(["sh", "-c", '"$@" <&-', "sh", *argv], seconds=60)
        text = done.stdout + done.stderr
    else:
        text = without_controlling_terminal(person, argv)
    assert "there is no terminal to type the value at, nothing was stored: pipe the value in" in " ".join(text.split())


def without_controlling_terminal(person: Person, argv: list[str]) -> str:
    """Output of ``argv`` with a terminal as standard input that is not the controlling one, as under ``su -c``."""
    main, terminal = pty.openpty()
    try:
        done = subprocess.run(
            argv,
            stdin=terminal,
            capture_output=True,
            text=True,
            timeout=60,
            cwd=CHECKOUT,
            env=person.environment(),
            start_new_session=True,
            check=False,
            **({"user": person.uid, "group": person.gid, "extra_groups": []} if os.geteuid() == 0 else {}),
        )
    finally:
        os.close(main)
        os.close(terminal)
    assert done.returncode != 0
    return done.stdout + done.stderr


def exchange(person: Person, answer: str, *, seconds: float = 60) -> tuple[str, int]:
    """store.yml at a terminal of its own, answered at its prompt."""
    argv = [str(Path(sys.executable).parent / "ansible-playbook"), "-i", str(person.home / "inventory"), *STORE]
    pid, terminal = pty.fork()
    if pid == 0:
        if os.geteuid() == 0:
            os.initgroups(person.account, person.gid)
            os.setgid(person.gid)
            os.setuid(person.uid)
        os.execve(argv[0], argv, person.environment(TERM="dumb"))
    shown, answered, until = b"", False, time.monotonic() + seconds
    while time.monotonic() < until:
        if select.select([terminal], [], [], 0.1)[0]:
            try:
                shown += os.read(terminal, 65536)
            except OSError:
                break
        if not answered and b"(it is not shown)" in shown:
            time.sleep(0.5)
            os.write(terminal, answer.encode())
            answered = True
    _pid, status = os.waitpid(pid, 0)
    os.close(terminal)
    return shown.decode(errors="replace"), os.waitstatus_to_exitcode(status)
