# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""ansible-playbook of the checkout, as it is started by hand: what it reads, how it ends and what it shows."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import re
import signal
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from tests.frame.conftest import HOSTS, ROOT, UNSET

if TYPE_CHECKING:
    from tests.frame.conftest import Checkout

SCHEMA = json.loads((ROOT / "docs/report.schema.json").read_text())
ONE_FAIL = """
latchkey_keychain_backend: files
latchkey_credentials:
  f: {source: [{file: ~/tok}], keychain: {service: s, account: a}, required: true}
  g: {source: [{file: ~/there}], keychain: {service: g, account: a}, export: GG}
"""
WELL = """
latchkey_keychain_backend: files
latchkey_credentials:
  g: {source: [{file: ~/there}], export: GG, check: {provider: command, argv: ["true"]}}
"""
SLEEPING = """
latchkey_credentials:
  f: {source: [{command: [sleep, "60"]}], check: {provider: command, argv: [cat], stdin: "{value}"}}
"""


def declare(ready: Checkout, declared: str, *, name: str = "inventory") -> Path:
    (ready.home / "there").write_text("abcdefghijklmnop\n")
    return ready.declare(declared, name=name)


def report(ready: Checkout, name: str = "report.json") -> dict[str, Any]:
    found = json.loads((ready.home / name).read_text())
    jsonschema.validate(found, SCHEMA)
    assert isinstance(found, dict)
    return found


def kept(ready: Checkout) -> dict[str, str]:
    return {"LATCHKEY_REPORT": str(ready.home / "report.json")}


def test_an_empty_environment_and_any_folder_are_enough(ready: Checkout) -> None:
    nothing = {"PATH": UNSET, "LANG": UNSET}
    play = ready.folder / ".venv/bin/ansible-playbook"
    done = ready.run("/usr/bin/env", "-C", "/", "-i", f"HOME={ready.home}", play, "bootstrap.yml")
    assert done.returncode == 0, done.stderr
    assert f"config={ready.folder}/ansible.cfg" in done.stdout
    own = ready.declare("{}\n", name=".config/latchkey/inventory")
    done = ready.run(play, "playbooks/check.yml", **nothing)
    assert done.returncode == 0, done.stderr
    assert "inventory: ~/.config/latchkey/inventory (changed=0)" in done.stdout
    named = ready.declare("{}\n", name="named")
    for arguments, variables in (((), {"LATCHKEY_INVENTORY": str(named)}), (("-i", own), {})):
        shown = ready.play("playbooks/check.yml", *arguments, **variables).stdout
        assert f"inventory: ~/{'named' if variables else '.config/latchkey/inventory'} " in shown


def test_a_playbook_of_the_current_folder_comes_first(ready: Checkout) -> None:
    mine = ready.home / "bootstrap.yml"
    mine.write_text("[{hosts: all, gather_facts: false, tasks: [{debug: {msg: mine}}]}]\n")
    assert "mine" in ready.play("bootstrap.yml").stdout
    mine.unlink()
    assert "config=" in ready.play("bootstrap.yml").stdout


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        (
            "latchkey_credentials:\n  a: {export: A}\n  b: {export: B}\n  a: {export: C}\n",
            "all.yml:4: a is declared twice, first in line 2",
        ),
        ("latchkey_credentials:\n\ta: {}\n", "all.yml:2: a tab where YAML allows only spaces"),
        ("latchkey_credentials: {a: {exprot: A}}\n", "exprot"),
        ("latchkey_credentials: [\n", "is not YAML"),
        ("latchkey_credentials:\n  a: {about: '{{ nothing }}'}\n", "all.yml:2:14: 'nothing' is undefined"),
        ("latchkey_credentials:\n  a: {about: '{{ 1 +'}\n", "all.yml:2:14: Syntax error in template"),
    ],
)
def test_what_is_declared_wrong_ends_with_64_and_a_report(ready: Checkout, declared: str, expected: str) -> None:
    inventory = declare(ready, declared)
    done = ready.play("-i", inventory, "playbooks/check.yml", **kept(ready))
    assert done.returncode == 64, done.stdout + done.stderr
    assert expected in " ".join((done.stdout + done.stderr).split())
    assert "Traceback" not in done.stderr
    assert "[ERROR]" not in done.stderr
    assert "roles" not in done.stdout
    found = report(ready)
    assert (found["verdict"], found["exit_code"], found["run"]["playbook"]) == ("error", 64, "check")
    assert expected in "".join(found["errors"])


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("playbooks/check.yml", "-e", "usr=bob"), "did you mean user?"),
        (("playbooks/check.yml", "--nonsense"), "--nonsense"),
        (("playbooks/check.yml", "--tags", "nothing"), "the playbooks have no tags"),
        (("playbooks/check.yml", "--skip-tags", "nothing"), "the playbooks have no tags"),
        (("playbooks/chek.yml",), "playbooks/chek.yml could not be found"),
        (("playbooks/check.yml", "-i", "/nowhere"), "/nowhere"),
        (("playbooks/check.yml", "--limit", "nobody"), "limit"),
        ((), "playbook"),
    ],
)
def test_a_usage_error_is_one_sentence_and_64(ready: Checkout, arguments: tuple[str, ...], expected: str) -> None:
    done = ready.play(*arguments, **kept(ready))
    assert done.returncode == 64, done.stdout + done.stderr
    shown = [line for line in done.stderr.splitlines() if not line.startswith("[WARNING]")]
    assert expected in "".join(shown)
    assert "usage:" not in done.stderr
    assert report(ready)["exit_code"] == 64


def test_one_failure_fits_a_screen(ready: Checkout) -> None:
    inventory = declare(ready, ONE_FAIL)
    done = ready.play("-i", inventory, "playbooks/bootstrap.yml", COLUMNS="80", **kept(ready))
    lines = done.stdout.splitlines()
    assert done.returncode == 2, done.stdout + done.stderr
    assert len(lines) <= 25
    assert max(map(len, lines)) <= 80
    assert not re.search(r"PLAY|TASK|fatal|\[ERROR\]|Origin|ok: \[", done.stdout + done.stderr)
    assert lines[0].startswith("== ")
    assert lines[-1] == f"1 of {len(report(ready)['items'] + report(ready)['checks'])} needs you: f. (exit 2)"
    assert (report(ready)["verdict"], report(ready)["exit_code"]) == ("fail", 2)
    narrow = ready.play("-i", inventory, "playbooks/bootstrap.yml", COLUMNS="40").stdout.splitlines()
    assert max(map(len, narrow)) <= 40


def test_nothing_to_do_is_short(ready: Checkout) -> None:
    inventory = declare(ready, WELL)
    assert ready.play("-i", inventory, "playbooks/bootstrap.yml").returncode == 0
    again = ready.play("-i", inventory, "playbooks/bootstrap.yml", **kept(ready))
    assert again.returncode == 0, again.stdout + again.stderr
    assert len((again.stdout + again.stderr).splitlines()) <= 8
    assert "(changed=0)" in again.stdout
    assert again.stdout.splitlines()[-1].startswith("All well: ")
    assert report(ready)["verdict"] == "ok"


def test_check_mode_says_what_it_would_do_and_shows_the_diff(ready: Checkout) -> None:
    inventory = declare(ready, WELL)
    done = ready.play("-i", inventory, "playbooks/bootstrap.yml", "--check", "--diff")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "WOULD CREATE shell_exports ~/.zshrc" in done.stdout
    assert "\n+++ after: " in done.stdout
    assert "nothing was written." in done.stdout.splitlines()[-1]


def test_more_words_bring_back_what_ansible_shows(ready: Checkout) -> None:
    inventory = declare(ready, WELL)
    done = ready.play("-i", inventory, "playbooks/check.yml", "-v")
    assert "PLAY [" in done.stdout
    assert "PLAY RECAP" in done.stdout
    assert done.stdout.splitlines()[-1].startswith(("All well", "Nothing"))


@pytest.mark.parametrize("callback", ["ansible.builtin.default", "ansible.builtin.minimal"])
def test_other_callbacks_show_the_summary_and_64_stays(ready: Checkout, callback: str) -> None:
    inventory = declare(ready, ONE_FAIL)
    done = ready.play("-i", inventory, "playbooks/check.yml", ANSIBLE_STDOUT_CALLBACK=callback)
    assert done.returncode == 2
    assert "\nFAIL f\n" in done.stdout
    assert " needs you: f. (exit 2)\n" in done.stdout
    inventory = declare(ready, "latchkey_credentials: {a: {exprot: A}}\n")
    wrong = ready.play("-i", inventory, "playbooks/check.yml", ANSIBLE_STDOUT_CALLBACK=callback, **kept(ready))
    assert wrong.returncode == 64
    assert report(ready)["verdict"] == "error"


def test_a_machine_that_is_not_there_is_one_line_with_a_report(ready: Checkout) -> None:
    inventory = declare(ready, WELL)
    away = "away: {ansible_host: 127.0.0.1, ansible_port: 1, ansible_connection: ssh}"
    (inventory / "hosts.yml").write_text(HOSTS.replace("here:", f"{away}, here:"))
    done = ready.play("-i", inventory, "playbooks/check.yml", "-T", "2", **kept(ready))
    assert done.returncode == 4, done.stdout + done.stderr
    assert len([line for line in done.stdout.splitlines() if line.startswith("UNREACHABLE away: ")]) == 1
    assert "1 of 2 machines not seen: away. (exit 4)" in done.stdout
    assert report(ready, "report.away.json")["verdict"] == "unreachable"
    assert report(ready, "report.here.json")["verdict"] == "ok"


def test_a_printed_remedy_runs_as_printed(ready: Checkout) -> None:
    odd = "it's; touch $(id -u)"
    inventory = declare(ready, ONE_FAIL, name=odd)
    done = ready.play("-i", inventory, "playbooks/check.yml", COLUMNS="40")
    command = re.match(r"(?:.*\\\n)*.*", done.stdout.partition("  fix: ")[2])[0]
    stored = ready.run("sh", "-c", f"cd / && printf %s abcdefgh | {command}")
    assert stored.returncode == 0, command + stored.stdout + stored.stderr
    assert "keychain f" in stored.stdout
    assert sorted(path.name for path in ready.home.iterdir() if path.name.isdigit()) == []


def test_progress_is_shown_on_a_terminal_and_the_summary_stays(ready: Checkout) -> None:
    inventory = declare(ready, WELL)
    text, code = on_a_terminal(ready, "-i", str(inventory), "playbooks/check.yml")
    assert code == 0, text
    assert re.search(r"\r\x1b\[K\w+ \d+ s", text), text
    assert "\x1b[K" not in text[text.index("== ") :]
    assert "All well" in text or "Nothing" in text


def test_an_interrupted_run_is_one_line(ready: Checkout) -> None:
    inventory = declare(ready, SLEEPING)
    text, code = on_a_terminal(ready, "-i", str(inventory), "playbooks/check.yml", interrupt="credential_check 1 s")
    assert code == 130, text
    lines = [line.rpartition("\x1b[K")[2] for line in text.replace("\r\n", "\n").split("\n")]
    assert [line for line in lines if line.strip() not in ("", "^C")] == [
        "ansible-playbook: interrupted: what was done stays, start it again to complete it"
    ]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_that_ends_a_run_leaves_a_report_and_no_process(ready: Checkout, number: signal.Signals) -> None:
    program = ["sleep", f"60.{number:03}"]
    inventory = declare(ready, SLEEPING.replace("60", program[1]))
    temporary = ready.home / "tmp"
    temporary.mkdir()
    ready.give(temporary)
    command = ready.command(
        *(ready.folder / ".venv/bin/ansible-playbook", "-i", inventory, "playbooks/check.yml"),
        **{**kept(ready), "TMPDIR": str(temporary)},
    )
    (ready.home / "report.json").write_text('{"schema": 1, "verdict": "ok"}')
    ready.give(ready.home / "report.json")
    # As a background job of a shell: SIGINT is ignored.
    ignored = {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_IGN)}
    process = subprocess.Popen(**command, **ignored, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert process.stderr
    shown = ""
    while "credential_check." not in shown:  # a dot is there after a second
        shown += os.read(process.stderr.fileno(), 4096).decode()
    assert is_running(program)
    process.send_signal(number)
    shown += process.stderr.read()
    assert process.wait() == 128 + number, shown
    assert shown.splitlines()[-1] == (
        f"ansible-playbook: ended by {number.name}: what was done stays, start it again to complete it"
    )
    found = report(ready)
    assert (found["verdict"], found["exit_code"]) == ("error", 128 + number)
    assert list(temporary.iterdir()) == []
    until = time.monotonic() + 10
    while is_running(program) and time.monotonic() < until:
        time.sleep(0.05)
    assert not is_running(program)


def is_running(argv: list[str]) -> bool:
    wanted = "".join(f"{word}\0" for word in argv).encode()
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if entry.read_bytes() == wanted:
                return True
    return False


def on_a_terminal(ready: Checkout, *arguments: str, interrupt: str = "") -> tuple[str, int]:
    """Output and status of ansible-playbook on a terminal, on which Ctrl-C is typed once ``interrupt`` is shown."""
    master, slave = pty.openpty()
    command = ready.command(ready.folder / ".venv/bin/ansible-playbook", *arguments, TERM="xterm")
    process = subprocess.Popen(**command, stdin=slave, stdout=slave, stderr=slave, start_new_session=True)
    os.close(slave)
    text = ""
    while True:
        try:
            data = os.read(master, 4096)
        except OSError:
            break
        text += data.decode()
        if interrupt and interrupt in text:
            interrupt = ""
            os.killpg(process.pid, signal.SIGINT)
    os.close(master)
    return text, process.wait()


def test_a_folder_that_was_removed_is_one_sentence(ready: Checkout) -> None:
    line = 'mkdir gone && cd gone && rmdir ../gone && exec "$1" playbooks/check.yml'
    done = ready.run("sh", "-c", line, "sh", ready.folder / ".venv/bin/ansible-playbook")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        "ansible-playbook: the current folder was removed: change to another one (cd) and start again"
    )
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(os.getuid() != 0, reason="needs root")
def test_a_user_without_an_account_is_one_sentence(ready: Checkout) -> None:
    command = ready.command(ready.folder / ".venv/bin/ansible-playbook", "playbooks/check.yml")
    done = subprocess.run(**{**command, "user": 54321}, capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "ansible-playbook: user id 54321 has no account (passwd entry) on this machine: run it as a user that has one\n"
    )
