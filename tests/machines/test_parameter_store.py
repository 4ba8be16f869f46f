# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The example parameter-store on two machines and a real moto server.

The writer machine runs Ansible and reaches the reader machine over SSH. The writer's keys must never appear on the
reader machine or in the output of its runs.
"""

from __future__ import annotations

import json
import re
import shlex
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.integration import moto
from tests.machines import Machine
from tests.machines.checkout import ROOT
from tests.machines.runs import bootstrap, recap

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.machines import Result

pytestmark = pytest.mark.thorough

EXAMPLE = ROOT / "inventory/examples/parameter-store"
INVENTORY = ".config/latchkey/inventory"
PARAMETER = "/claude/oauth/credentials"
READER, WRITER = "claude-creds-reader", "claude-creds-writer"
READ = {"Effect": "Allow", "Action": "ssm:GetParameter", "Resource": "*"}
WRITE = {"Effect": "Allow", "Action": "ssm:PutParameter", "Resource": "*"}
CLAUDE = json.dumps({"claudeAiOauth": {"accessToken": "sk-ant-oat01-of-this-test"}})
FIELDS = {"id": "AccessKeyId", "secret": "SecretAccessKey"}

Keys = dict[str, dict[str, str]]


@pytest.fixture(scope="module")
def cloud() -> Iterator[tuple[str, Keys]]:
    """The URL of AWS, and the access keys of both IAM users."""
    with moto.serve() as url:
        moto.client(url, "ssm").put_parameter(Name=PARAMETER, Value=CLAUDE, Type="SecureString")
        keys = moto.people(url, {READER: [READ], WRITER: [READ, WRITE]})
        with moto.refusing_as_ssm(url) as door:
            yield door, keys


@pytest.fixture(scope="module")
def keys(cloud: tuple[str, Keys]) -> Keys:
    return cloud[1]


@pytest.fixture(scope="module")
def studio(release: str) -> Iterator[Machine]:
    with Machine.boot(release, users=["alice"]) as booted:
        yield booted


@pytest.fixture(scope="module")
def vps(release: str) -> Iterator[Machine]:
    with Machine.boot(release, users=["alice"]) as booted:
        yield booted


@pytest.fixture(scope="module")
def pair(studio: Machine, vps: Machine, cloud: tuple[str, Keys]) -> Keys:
    """Give alice on studio ssh access to vps, and store every key once with store.yml; return the keys."""
    url, keys = cloud
    studio.put("alice")
    _declare(studio, vps, url)
    studio.ssh("alice", "ssh-keygen -q -t ed25519 -N '' -f ~/.ssh/id_ed25519").check()
    public = studio.ssh("alice", "cat ~/.ssh/id_ed25519.pub").check().out
    vps.ssh("alice", "cat >>~/.ssh/authorized_keys", stdin=public).check()
    for machine in (studio, vps):
        machine.ssh("alice", "mkdir ~/.claude; umask 077; cat >~/.claude/.credentials.json", stdin=CLAUDE).check()
    bootstrap(studio, "alice", "--check", "--limit", "studio")  # makes the venv
    for machine, user in (("studio", "reader"), ("studio", "writer"), ("vps", "reader")):
        for part, field in FIELDS.items():
            value = keys[f"claude-creds-{user}"][field]
            name = f"credential=claude_{user}_{part}"
            done = _play(studio, "playbooks/store.yml", "--limit", machine, "-e", name, stdin=value)
            assert done.code == 0, done.text
            assert value not in done.text
    return keys


def _declare(studio: Machine, vps: Machine, url: str) -> None:
    """Write the example with the addresses of both machines and ``url`` as AWS."""
    reached = {"ansible_host": "127.0.0.1", "ansible_port": vps.port, "ansible_user": "alice"}
    local = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
    files = {
        "hosts.yml": (EXAMPLE / "hosts.yml").read_text(),
        "host_vars/studio.yml": yaml.safe_dump(local),
        "host_vars/vps.yml": yaml.safe_dump(
            {**reached, "ansible_ssh_common_args": "-o StrictHostKeyChecking=accept-new"}
        ),
    }
    for path in EXAMPLE.glob("group_vars/all/*.yml"):
        text = re.sub(r"(\n +)(provider: aws_parameter)", rf"\1\2\1base_url: {url}", path.read_text())
        files[str(path.relative_to(EXAMPLE))] = text
    for name, text in files.items():
        path = f"{INVENTORY}/{name}"
        studio.ssh("alice", f"mkdir -p $(dirname {path}) && cat >{path}", stdin=text).check()


def _play(studio: Machine, *arguments: str, stdin: str = "") -> Result:
    """Run ansible-playbook in the activated venv, with the default inventory."""
    typed = f"cd workstation && . .venv/bin/activate && ansible-playbook {shlex.join(arguments)}"
    return studio.ssh("alice", ["bash", "-c", typed], stdin=stdin, seconds=180)


def _report(studio: Machine, *arguments: str) -> tuple[Result, dict[str, Any]]:
    done = bootstrap(studio, "alice", *arguments, LATCHKEY_REPORT="/home/alice/report.json")
    return done, json.loads(studio.ssh("alice", "cat report.json").check().out)


def _outcomes(report: dict[str, Any]) -> dict[str, str]:
    return {check["name"]: check["outcome"] for check in report["checks"] if check["reason"] != "no check declared"}


def test_writer_machine_gets_both_profiles_and_passes_its_checks(studio: Machine, pair: Keys) -> None:
    done, report = _report(studio, "--limit", "studio", "--diff")
    assert done.code == 0, done.text
    assert _outcomes(report) == dict.fromkeys(("claude", "claude_reader", "claude_writer"), "PASS")
    written = studio.ssh("alice", "cat ~/.aws/credentials; stat -c %a ~/.aws ~/.aws/credentials").check().out
    for user in (READER, WRITER):
        assert f"[{user}]\naws_access_key_id = {pair[user]['AccessKeyId']}\n" in written
        assert pair[user]["SecretAccessKey"] not in done.text
    assert written.endswith("700\n600\n")
    again, _report_again = _report(studio, "--limit", "studio")
    assert recap(again.out)["changed"] == 0


def test_keys_of_the_writer_never_appear_on_the_reader_machine(studio: Machine, vps: Machine, pair: Keys) -> None:
    checked = bootstrap(studio, "alice", "--limit", "vps", "--check", "--diff", "-vvvv")
    assert vps.ssh("alice", "ls ~/.aws").code != 0
    done, report = _report(studio, "--limit", "vps", "--diff", "-vvvv")
    assert done.code == 0, done.text
    # vps runs Debian's Python without botocore, so checks that ask AWS are skipped there.
    assert _outcomes(report) == {"claude": "PASS", "claude_reader": "SKIP"}
    assert f"[{READER}]" in vps.ssh("alice", "cat ~/.aws/credentials").check().out
    output = checked.text + done.text + json.dumps(report)
    assert WRITER not in output
    for secret in pair[WRITER]["AccessKeyId"], pair[WRITER]["SecretAccessKey"]:
        assert secret not in output
        assert _files_with(vps, secret) == ""
    assert pair[READER]["SecretAccessKey"] not in output
    assert _files_with(vps, WRITER) == ""


def _files_with(machine: Machine, text: str) -> str:
    """Return the files of the machine that contain ``text``, one a line."""
    pseudo = [f"--exclude-dir={name}" for name in ("proc", "sys")]
    return machine.ssh("root", ["grep", "-rlF", *pseudo, "-e", text, "/"], seconds=120).out
