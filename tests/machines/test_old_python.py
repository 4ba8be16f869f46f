# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine with the oldest supported Python, reached over SSH from a controller with a newer one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.machines import BaseError, Machine, base_tree, missing
from tests.machines.checkout import ROOT
from tests.machines.runs import recap

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.thorough

OLD, PYTHON = "bullseye", "3.9"
VALUE = "s3cret-of-the-build with 'quotes'"
DECLARED = {
    "latchkey_credentials": {
        "build": {
            "source": [{"file": "~/build-token"}],
            "keychain": {"service": "build", "account": "{user}"},
            "export": ["BUILD_TOKEN", {"name": "BUILD_TOKEN", "file": "~/jobs/build.env"}],
            "check": {"provider": "command", "argv": ["/bin/grep", "-q", "quotes"], "stdin": "{value}"},
        },
        "netrc": {"check": {"provider": "file", "path": "~/.netrc"}, "required": False},
        "issuer": {
            "source": [{"file": "~/build-token"}],
            "check": {"provider": "http", "url": "http://127.0.0.1:9/", "headers": {"X-Key": "fixed"}},
        },
        "cli": {"check": {"provider": "aws_cli"}, "required": False},
        "parameter": {"source": [{"ssm": {"name": "/a", "region": "eu-west-1"}}]},
    },
    "latchkey_keychain_backend": "files",
    "aws_config_sso_sessions": {"corp": {"sso_start_url": "https://example.awsapps.com/start", "sso_region": "x"}},
    "aws_config_profiles": {"dev": {"sso_session": "corp", "region": "eu-west-1", "s3": {"addressing_style": "path"}}},
    "aws_config_credentials": {
        "static": {"aws_access_key_id": "AKIAEXAMPLE", "aws_secret_access_key": {"file": "~/build-token"}}
    },
}


@pytest.fixture(scope="module")
def old() -> Iterator[Machine]:
    if reason := missing():
        pytest.skip(reason)
    try:
        base_tree(OLD)
    except BaseError as error:
        pytest.skip(f"no {OLD} tree: {error}")
    with Machine.boot(OLD, users=["alice", "bob"]) as booted:
        for user in ("alice", "bob"):
            booted.ssh(user, "umask 077; cat >build-token", stdin=VALUE).check()
        yield booted


def play(machine: Machine, inventory: Path, user: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run bootstrap.yml of this checkout on the controller."""
    host = {
        "ansible_host": "127.0.0.1",
        "ansible_port": machine.port,
        "ansible_user": user,
        "ansible_ssh_private_key_file": str(machine.key),
        "ansible_ssh_common_args": "-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null",
    }
    roster = {"latchkey_roster": {"alice": {}, "bob": {}}} if user == "root" else {}
    (inventory / "group_vars/all").mkdir(parents=True, exist_ok=True)
    (inventory / "hosts.yml").write_text(yaml.safe_dump({"all": {"hosts": {"old": host}}}))
    (inventory / "group_vars/all/declared.yml").write_text(yaml.safe_dump({**DECLARED, **roster}))
    return subprocess.run(
        [Path(sys.executable).parent / "ansible-playbook", "-i", inventory, "bootstrap.yml", *arguments],
        cwd=ROOT,
        env={**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "HOME": str(inventory)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_machine_has_the_oldest_supported_python(old: Machine) -> None:
    version = old.ssh("alice", ["python3", "-c", "import sys; print(*sys.version_info[:2], sep='.')"])
    assert version.check().out.strip() == PYTHON


@pytest.mark.parametrize(("user", "served"), [("alice", ["alice"]), ("root", ["alice", "bob"])])
def test_every_surface_converges_on_the_oldest_python(
    old: Machine, tmp_path: Path, user: str, served: list[str]
) -> None:
    checked = play(old, tmp_path, user, "--check", "--diff")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    done = play(old, tmp_path, user, "--diff")
    assert done.returncode == 0, done.stdout + done.stderr
    for member in served:
        shown = old.ssh(member, ["zsh", "-i", "-c", 'print -rn -- "$BUILD_TOKEN"'])
        assert shown.out == VALUE
        assert "s3cret" in old.ssh(member, "cat jobs/build.env").check().out
        assert f"aws_secret_access_key = {VALUE}" in old.ssh(member, "cat .aws/credentials").check().out
        assert "[sso-session corp]" in old.ssh(member, "cat .aws/config").check().out
    assert "no botocore" in " ".join(done.stdout.split())
    assert "s3cret" not in checked.stdout + done.stdout
    assert recap(play(old, tmp_path, user).stdout)["changed"] == 0
