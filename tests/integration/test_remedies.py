# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Commands of remedies run as the summary prints them: as copied, in a new shell, from another folder."""

from __future__ import annotations

import ast
import re
import shlex
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.latchkey.workstation.plugins.plugin_utils._verdict import PROGRAMS, split_remedy

from tests.integration.conftest import CHECKOUT
from tests.integration.remedies import commands, paste
from tests.team import Team

if TYPE_CHECKING:
    from tests.integration.conftest import Person

STORE = ("playbooks/store.yml", "-e", "credential=by_hand")
VALUE = "the-value-of-the-credential"

DECLARED: dict[str, Any] = {
    "latchkey_keychain_backend": "files",
    "aws_config_profiles": {"dev": {"region": "eu-west-1"}},
    "latchkey_credentials": {
        "by_hand": {"keychain": {"service": "by_hand", "account": "me"}},
        "open_source": {"source": [{"file": "~/open source"}], "keychain": {"service": "o", "account": "me"}},
        "open_file": {"check": {"provider": "file", "path": "~/it's open"}},
        "blocked": {"source": [{"file": "~/closed"}], "export": {"name": "A", "file": "~/jobs/x.env"}},
        "read_only": {"source": [{"file": "~/closed"}], "export": {"name": "A", "file": "~/locked/x.env"}},
        "shared": {"source": [{"file": "~/closed"}], "export": {"name": "A", "file": "~/shared/x.env"}},
    },
}


def test_every_command_of_a_run_cures_its_cause(person: Person) -> None:
    person.declare(**DECLARED)
    odd = person.home / "my inventory; $(id)"
    (person.home / "inventory").rename(odd)
    for name, mode in (("open source", 0o644), ("it's open", 0o644), ("closed", 0o600), ("jobs", 0o600)):
        person.write(name, f"content-of-{name}\n", mode=mode)
    for name, mode in (("locked", 0o500), ("shared", 0o777)):
        person.write(f"{name}/.keep", "")
        (person.home / name).chmod(mode)
    person.write(".aws/config", "[default]\nregion = eu-west-1\n", mode=0o400)
    bootstrap = ("bootstrap.yml", "-i", str(odd))
    failed = person.play(*bootstrap, env={"COLUMNS": "40"})
    assert failed.returncode == 2, failed.stdout + failed.stderr
    printed = commands(failed.stdout)
    words = sorted(shlex.split(command.replace("\\\n", "")) for command in printed)
    home = person.home
    assert words == sorted(
        [
            [str(Path(sys.executable).parent / "ansible-playbook"), "-i", str(odd), *STORE],
            ["chmod", "go=", f"{home}/open source"],
            ["chmod", "go=", f"{home}/it's open"],
            ["chmod", "u+wx", f"{home}/locked"],
            ["chmod", "u+w", f"{home}/.aws/config"],
            ["chmod", "go-w", f"{home}/shared"],
            ["mv", f"{home}/jobs", f"{home}/jobs.old"],
        ]
    ), failed.stdout
    for command in printed:
        done = paste(command, person, stdin=VALUE)
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"

    cured = person.play(*bootstrap, env={"COLUMNS": "80"})
    assert (cured.returncode, commands(cured.stdout)) == (0, []), cured.stdout
    assert (home / ".local/share/latchkey/keychain/by_hand+me").read_text() == VALUE


ROSTER: dict[str, Any] = {
    "latchkey_keychain_backend": "files",
    "latchkey_credentials": {
        "by_hand": {
            "keychain": {"service": "by_hand", "account": "me"},
            "check": {"provider": "command", "argv": ["grep", "-q", "the"], "stdin": "{value}"},
        },
        "open_file": {"check": {"provider": "file", "path": "~/open"}, "only": {"users": ["first"]}},
    },
}


@pytest.mark.root
def test_commands_for_a_member_of_a_roster_name_the_member_or_run_as_the_account() -> None:
    with Team.of(2) as team:
        first, second = team.accounts
        roster = {"first": {"account": first.name}, "second": {"account": second.name}}
        team.declare(**ROSTER, latchkey_roster=roster)
        first.write("open", "content", mode=0o644)
        failed = team.play("playbooks/check.yml", ANSIBLE_STDOUT_CALLBACK="latchkey.workstation.run", COLUMNS="80")
        assert failed.returncode == 2, failed.stdout + failed.stderr
        printed = commands(failed.stdout)
        assert [re.findall(r"-e (user=\w+)", command) for command in printed] == [["user=first"], [], ["user=second"]]
        assert printed[1].replace("\\\n    ", "") == f"su - {first.name} -c 'chmod go= {first.home}/open'"
        for command in printed[:2]:
            done = paste(command, team, stdin=VALUE)
            assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        assert (first.home / "open").stat().st_mode & 0o777 == 0o600
        stored = first.home / ".local/share/latchkey/keychain/by_hand+me"
        assert (stored.read_text(), stored.stat().st_uid) == (VALUE, first.uid)


def test_commands_of_an_installed_collection_run_in_a_new_shell(person: Person) -> None:
    folder = person.home / ".ansible/collections/ansible_collections/latchkey/workstation"
    for name in ("meta", "playbooks", "plugins", "roles"):
        shutil.copytree(CHECKOUT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    check = {"provider": "command", "argv": ["grep", "-q", "the"], "stdin": "{value}"}
    token = {"keychain": {"service": "t", "account": "me"}, "check": check}
    person.declare(latchkey_credentials={"token": token}, latchkey_keychain_backend="files")
    text = f"#!{sys.executable}\nfrom ansible.cli.playbook import main\nmain()\n"
    program = str(person.write("venv/bin/ansible-playbook", text, mode=0o755))
    argv = [program, "-i", str(person.home / "inventory"), "latchkey.workstation.check"]
    env = {"ANSIBLE_CONFIG": str(person.write("ansible.cfg", "")), "COLUMNS": "100"}
    failed = person.run(argv, env=env)
    assert failed.returncode == 2, failed.stdout + failed.stderr
    (command,) = commands(failed.stdout)
    assert command.replace("\\\n", "").split()[0] == program
    stored = paste(command, person, "LC_ALL=C.UTF-8", stdin=VALUE)
    assert stored.returncode == 0, command + stored.stdout + stored.stderr
    assert (person.home / ".local/share/latchkey/keychain/t+me").read_text() == VALUE
    assert person.run(argv, env=env).returncode == 0


def declared_remedies() -> list[str]:
    """Texts of all remedies in the source; placeholders stand for what is filled in."""
    found = []
    for path in sorted((CHECKOUT / "plugins").rglob("*.py")):
        tree = ast.parse(path.read_text())
        named = {
            node.targets[0].id: node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.keyword) and node.arg == "remedy":
                value = named.get(node.value.id) if isinstance(node.value, ast.Name) else node.value
                found += [text for part in ast.walk(value or node.value) if (text := _text(part))]
    return found


def _text(node: ast.AST) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(
            f"{{{ast.unparse(part.value)}}}" if isinstance(part, ast.FormattedValue) else _text(part)
            for part in node.values
        )
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def test_a_remedy_is_a_sentence_or_a_command_or_both() -> None:
    texts = declared_remedies()
    assert len(texts) > 100
    for text in texts:
        sentence, command = split_remedy(text)
        assert not re.search(r"[(),;]| or | and ", re.sub(r"\{[^{}]*\}", "", command)), text
        assert "playbooks/" not in sentence, text
        quoted = re.findall(r"\{([^{}]*)\}", command)
        assert all(re.match(r"shlex\.|_shell_path|account_name|_UNLOCK", word) for word in quoted), text
        assert sentence.partition(" ")[0] not in PROGRAMS, text
