# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The shell_exports role run by playbooks: exports are made, used, rotated and removed."""

from __future__ import annotations

import json
import os
import re
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.shells import needs, variables

if TYPE_CHECKING:
    from tests.integration.conftest import Person

CANARY = 'canary "it\'s" $HOME ümlaut 0123456789'
PLAY = """
- hosts: localhost
  gather_facts: false
  roles: [latchkey.workstation.keychain, latchkey.workstation.shell_exports]
  post_tasks:
    - ansible.builtin.copy: {content: "{{ shell_exports_result | to_json }}", dest: "{{ dest }}", mode: "0600"}
      check_mode: false
"""
HEROKU = {
    "source": [{"file": "~/heroku.key"}],
    "keychain": {"service": "raxx-heroku-api-key", "account": "claude-bootstrap"},
    "export": ["HEROKU_API_KEY", {"name": "HEROKU_API_KEY", "file": "~/.config/jobs/deploy.env"}],
}
CLOUDFLARE = {
    "source": [{"dotenv": {"path": "~/dev/platform/.env", "key": "CLOUDFLARE_API_TOKEN"}}],
    "export": "CLOUDFLARE_API_TOKEN",
}


def converge(person: Person, *arguments: str, credentials: dict[str, Any] | None = None) -> dict[str, Any]:
    """Run both roles; the result of shell_exports for the person."""
    declared = {"heroku": HEROKU, "cloudflare": CLOUDFLARE} if credentials is None else credentials
    person.declare(latchkey_credentials=declared, latchkey_keychain_backend="files")
    play = person.write("play.yml", PLAY)
    dest = person.home / "result.json"
    done = person.play(str(play), "--diff", *arguments, "-e", f"dest={dest}")
    assert done.returncode == 0, done.stdout + done.stderr
    assert CANARY[:16] not in done.stdout + done.stderr
    result = json.loads(dest.read_bytes())
    (report,) = result["members"].values()
    return {"changed": result["changed"], "diff": result["diff"], "items": report["items"], "out": done.stdout}


def values(person: Person, *argv: str) -> dict[str, str]:
    done = person.run([*argv])
    assert (done.stderr, done.returncode) == ("", 0)
    found = variables(os.fsencode(done.stdout))
    return {name: value.decode() for name, value in found.items() if name.startswith(("HEROKU", "CLOUDFLARE"))}


@pytest.fixture
def somebody(person: Person) -> Person:
    needs("zsh")
    person.write("heroku.key", CANARY + "\n", mode=0o600)
    person.write("dev/platform/.env", 'A=1\r\nexport CLOUDFLARE_API_TOKEN="cf token"  # why\r\n', mode=0o600)
    person.write(".zshrc", "alias ll='ls -l'\nexport PASSWORD=hunter22")
    return person


def homes(person: Person) -> dict[str, tuple[int, bytes]]:
    """Mode and content of all files in the home but those of Ansible and of the test."""
    left_out = re.compile(r"\.ansible|inventory|play\.yml|result\.json|\.local/state/latchkey/lock")
    files = [path for path in person.home.rglob("*") if path.is_file() and not left_out.search(str(path))]
    return {
        str(path.relative_to(person.home)): (stat.S_IMODE(path.stat().st_mode), path.read_bytes()) for path in files
    }


def test_exports_are_made_used_and_removed(somebody: Person) -> None:
    before = homes(somebody)
    foreseen = converge(somebody, "--check")
    assert homes(somebody) == before

    first = converge(somebody)
    assert first["items"] == foreseen["items"]
    assert first["diff"] == foreseen["diff"]
    assert "hunter22" not in first["out"]
    assert {item["state"] for item in first["items"]} == {"changed"}
    wanted = {"HEROKU_API_KEY": CANARY, "CLOUDFLARE_API_TOKEN": "cf token"}
    assert values(somebody, "zsh", "-o", "no_global_rcs", "-ic", "env -0") == wanted
    run = str(somebody.home / ".local/bin/latchkey-run")
    assert values(somebody, run, "heroku", "--", "env", "-0") == {"HEROKU_API_KEY": CANARY}
    env_file = somebody.home / ".config/jobs/deploy.env"
    assert stat.S_IMODE(env_file.stat().st_mode) == 0o600
    assert values(somebody, "sh", "-c", f"set -a; . {env_file}; env -0") == {"HEROKU_API_KEY": CANARY}

    again = converge(somebody)
    assert not again["changed"]
    assert {item["state"] for item in again["items"]} == {"ok"}

    converge(somebody, credentials={})
    assert homes(somebody) == {**before, **{name: kept for name, kept in homes(somebody).items() if "/state/" in name}}


def test_value_is_in_its_declared_places_only(somebody: Person) -> None:
    converge(somebody)
    holding = {name for name, (_mode, data) in homes(somebody).items() if CANARY[:6].encode() in data}
    assert holding == {
        "heroku.key",
        ".local/share/latchkey/keychain/raxx-heroku-api-key+claude-bootstrap",
        ".config/jobs/deploy.env",
    }


def test_rotated_value_reaches_the_env_file_and_a_new_shell(somebody: Person) -> None:
    converge(somebody)
    somebody.write("heroku.key", "rotated value", mode=0o600)
    foreseen = converge(somebody, "--check")
    done = converge(somebody)
    assert foreseen["items"] == done["items"]
    assert [item["item"] for item in done["items"] if item["state"] == "changed"] == ["~/.config/jobs/deploy.env"]
    assert values(somebody, "zsh", "-o", "no_global_rcs", "-ic", "env -0")["HEROKU_API_KEY"] == "rotated value"


@pytest.mark.thorough
def test_overriding_line_is_unknown_and_stays(somebody: Person) -> None:
    line = "export CLOUDFLARE_API_TOKEN=\"$(grep '^CLOUDFLARE_API_TOKEN=' ~/dev/platform/.env | cut -d= -f2-)\"\n"
    converge(somebody)
    with (somebody.home / ".zshrc").open("a") as zshrc:
        zshrc.write(line)
    report = converge(somebody)
    assert not report["changed"]
    (told,) = [item for item in report["items"] if item["state"] != "ok"]
    assert (told["item"], told["state"]) == ("CLOUDFLARE_API_TOKEN", "unknown")
    assert "line 11 of ~/.zshrc" in told["what"]
    assert (somebody.home / ".zshrc").read_text().endswith(line)


def test_human_only_credential_is_skipped(somebody: Person) -> None:
    report = converge(somebody, credentials={"heroku": {**HEROKU, "category": "human_only"}})
    assert [(item["item"], item["state"]) for item in report["items"]] == [("heroku", "skipped")]
    assert not (somebody.home / ".config").exists()
    assert "latchkey" not in (somebody.home / ".zshrc").read_text()


def test_bootstrap_with_another_inventory_removes_nothing(somebody: Person) -> None:
    heroku = {**HEROKU, "check": {"provider": "command", "argv": ["true"]}}
    login_hook = {"shell_exports_login_hook": True}
    somebody.declare(latchkey_credentials={"heroku": heroku}, latchkey_keychain_backend="files", **login_hook)
    first = somebody.play("bootstrap.yml")
    assert ".config/jobs/deploy.env" in homes(somebody), first.stdout + first.stderr
    checks, attention = ".local/state/latchkey/checks.json", ".local/state/latchkey/attention"
    before = homes(somebody)
    ansible_playbook = str(Path(sys.executable).with_name("ansible-playbook"))
    other = somebody.run([ansible_playbook, "-i", "inventory/local", "bootstrap.yml"])
    assert "changed=0" in other.stdout, other.stdout + other.stderr
    after = homes(somebody)
    noted = json.loads(before.pop(checks)[1])
    assert noted["heroku"]
    assert noted.items() <= json.loads(after.pop(checks)[1]).items()
    assert {name: kept for name, kept in after.items() if name != attention} == before


@pytest.mark.usefixtures("security_tool")
def test_with_the_macos_keychain_shells_read_it(somebody: Person) -> None:
    """The twin of security stands in for the macOS Keychain."""
    from tests.twins.security import first_login, write_tool  # noqa: PLC0415

    tool = write_tool(somebody.home / "bin")
    first_login(somebody.home)
    somebody.own()
    somebody.declare(latchkey_credentials={"heroku": HEROKU})
    play = somebody.write("play.yml", PLAY)
    more = [f"keychain_security={tool}", f"shell_exports_security={tool}", f"dest={somebody.home}/result.json"]
    done = somebody.play(str(play), *[word for each in more for word in ("-e", each)])
    assert done.returncode == 0, done.stdout + done.stderr
    assert values(somebody, "zsh", "-o", "no_global_rcs", "-ic", "env -0") == {"HEROKU_API_KEY": CANARY}
    assert "_latchkey_keychain raxx-heroku-api-key" in (somebody.home / ".local/share/latchkey/exports.sh").read_text()


TASKS = """
- hosts: localhost
  gather_facts: false
  vars:
    ansible_async_dir: "{{ folder }}"
    heroku:
      name: heroku
      sources: [{kind: file, path: ~/heroku.key}]
      exports: [{name: HEROKU_API_KEY}]
    one: {name: me, account: "{{ account }}", credentials: ["{{ heroku }}"]}
  tasks:
    - latchkey.workstation.shell_exports: {members: ["{{ one }}"]}
      async: 100
      poll: 1
      register: waited
    - ansible.builtin.assert: {that: [waited.changed]}
    - latchkey.workstation.shell_exports: {members: ["{{ one }}"]}
      loop: [first, second]
      register: looped
    - ansible.builtin.assert: {that: ['looped.results | length == 2', not looped.changed]}
"""


def test_task_without_programs_runs_async_and_in_a_loop_and_logs_no_programs(somebody: Person) -> None:
    somebody.declare()
    play = somebody.write("play.yml", TASKS)
    done = somebody.play(str(play), "-vvv", "-e", f"account={somebody.account} folder={somebody.home}/async")
    assert done.returncode == 0, done.stdout + done.stderr
    assert values(somebody, "zsh", "-o", "no_global_rcs", "-ic", "env -0") == {"HEROKU_API_KEY": CANARY}
    assert "_latchkey_dotenv()" not in done.stdout + done.stderr
