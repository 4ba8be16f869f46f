# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every example compiles; local-dev and parameter-store do what their pages say, with twins and a real moto server."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import shutil
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from ansible_collections.latchkey.workstation.plugins.module_utils._stores.private_files import item_path

from tests.integration import moto
from tests.integration.conftest import CHECKOUT
from tests.integration.examples import EXAMPLES, blocks, install, managed, outcomes, report, verdict
from tests.twins.services import SCENARIOS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from subprocess import CompletedProcess

    from tests.integration.conftest import Person
    from tests.twins.services import Twins

INVENTORIES = [CHECKOUT / "inventory/local", *sorted(path for path in EXAMPLES.iterdir() if path.is_dir())]
COMPILES = {
    "hosts": "all",
    "gather_facts": False,
    "roles": ["latchkey.workstation.declaration"],
    "tasks": [{"ansible.builtin.assert": {"that": "declaration.members[0].credentials | length > 1"}}],
}
CLOUDFLARE, ROTATED = (SCENARIOS["cloudflare"][name].secret for name in ("active", "expires_later"))
SESSIONS = ("IF-securityv0-mgmt", "IF-sv0-demo-lab-1")
PLATFORM = "dev/securityv0/repos/sv0-platform/.env"
UNUSED = "ghp_" + "u" * 36


@pytest.mark.parametrize("inventory", INVENTORIES, ids=lambda path: path.name)
def test_example_compiles_for_every_machine_in_it(person: Person, inventory: Path) -> None:
    play = person.write("compiles.yml", yaml.safe_dump([COMPILES]))
    done = person.run([str(Path(sys.executable).parent / "ansible-playbook"), "-i", str(inventory), str(play)])
    assert done.returncode == 0, done.stdout + done.stderr
    assert "All assertions passed" in done.stdout


@pytest.mark.parametrize("inventory", INVENTORIES[1:], ids=lambda path: path.name)
def test_example_has_a_page_with_its_table(inventory: Path) -> None:
    assert "| by hand it was | now it is |" in (inventory / "README.md").read_text()


def play(person: Person, *arguments: str, env: Mapping[str, str] | None = None) -> CompletedProcess[str]:
    defaults = {"COLUMNS": "100", "LATCHKEY_REPORT": str(person.home / "report.json")}
    return person.play(*arguments, env={**defaults, **(env or {})}, seconds=300)


@pytest.fixture
def developer(person: Person, twins: Twins) -> Iterator[dict[str, str]]:
    """Environment of a developer with valid logins everywhere and no AWS config."""
    if not shutil.which("ssh-agent") or not shutil.which("aws"):
        pytest.skip("needs ssh-agent and the AWS CLI")
    later = (dt.datetime.now(dt.timezone.utc) + dt.timedelta(hours=7)).strftime("%Y-%m-%dT%H:%M:%SZ")
    for session in SESSIONS:
        cache = {"accessToken": f"portal-token-of-{session}", "expiresAt": later, "region": "us-east-1"}
        name = hashlib.sha1(session.encode(), usedforsecurity=False).hexdigest()
        person.write(f".aws/sso/cache/{name}.json", json.dumps(cache), mode=0o600)
    person.write(
        PLATFORM, f"# platform\nexport CLOUDFLARE_API_TOKEN='{CLOUDFLARE}'\nGH_PAT_ROUTINE={UNUSED}\n", mode=0o600
    )
    person.write("bin/gh", f"#!/bin/sh\necho {SCENARIOS['github']['gh_login'].secret}\n", mode=0o755)
    person.write("bin/az", "#!/bin/sh\n", mode=0o755)
    person.write("bin/op", "#!/bin/sh\ntouch ~/op-was-called\n", mode=0o755)
    key = person.home / ".ssh/id_ed25519_mini1_agentic"
    person.write(".ssh/known_hosts", "")
    person.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "agentic", "-f", str(key)])
    env = {
        "PATH": os.pathsep.join([str(person.home / "bin"), person.environment()["PATH"]]),
        "SSH_AUTH_SOCK": str(person.home / ".ssh/agent"),
    }
    started = person.run(["ssh-agent", "-s", "-a", env["SSH_AUTH_SOCK"]]).stdout
    person.run(["ssh-add", "-q", str(key)], env=env)
    yield env
    os.kill(int(started.partition("SSH_AGENT_PID=")[2].partition(";")[0]), signal.SIGTERM)


def test_local_dev_passes_or_skips_what_no_tool_refreshes_and_converges(
    person: Person, twins: Twins, developer: dict[str, str]
) -> None:
    install(person, "local-dev", twins, latchkey_keychain_backend="files")
    before = managed(person.home)
    first = play(person, "bootstrap.yml", "--check", "--diff", env=developer)
    assert managed(person.home) == before
    assert "+[sso-session IF-sv0-demo-lab-1]" in first.stdout
    done = play(person, "bootstrap.yml", "--diff", env=developer)
    assert done.returncode == 0, done.stdout
    found = outcomes(person)
    passing = {name for name, outcome in found.items() if outcome == "PASS"}
    assert passing >= {"aws_cli", "aws_sso_mgmt", "aws_sso_demo_lab", "cloudflare", "gh", "ssh_key", "azure"}
    refreshable = {check["name"] for check in report(person)["checks"] if check["cause"] == "refreshable"}
    assert refreshable == {"aws_role_mgmt", "aws_role_demo_lab"}
    assert {outcome for name, outcome in found.items() if name not in refreshable} == {"PASS", "SKIP"}, found
    for name in ("gh_pat_routine", "saml2aws"):
        assert _reason(person, name) == "declared as unused: nothing reads it"
    assert _reason(person, "one_password") == "only a person uses it: nothing reads it"
    assert not (person.home / "op-was-called").exists()
    assert UNUSED not in done.stdout + first.stdout
    again = play(person, "bootstrap.yml", env=developer)
    assert "changed=0" in again.stdout, again.stdout


def _reason(person: Person, name: str) -> str:
    return next(check["reason"] for check in report(person)["checks"] if check["name"] == name)


def test_aws_cli_reads_the_profiles_of_local_dev_and_shells_the_current_token(
    person: Person, twins: Twins, developer: dict[str, str]
) -> None:
    install(person, "local-dev", twins, latchkey_keychain_backend="files")
    assert play(person, "bootstrap.yml", env=developer).returncode == 0
    for profile, session in zip(("securityv0-mgmt", "sv0-demo-lab-1"), SESSIONS):
        result = person.run(["aws", "configure", "get", "sso_session", "--profile", profile])
        assert result.stdout.strip() == session
    if not shutil.which("zsh"):
        pytest.skip("zsh is not installed")
    shell = ["zsh", "-i", "-c", "print -r -- $CLOUDFLARE_API_TOKEN"]
    assert person.run(shell).stdout.strip() == CLOUDFLARE
    person.write(PLATFORM, f"CLOUDFLARE_API_TOKEN={ROTATED}\n", mode=0o600)
    assert person.run(shell).stdout.strip() == ROTATED


def test_expired_login_fails_with_its_login_command(person: Person, twins: Twins, developer: dict[str, str]) -> None:
    install(person, "local-dev", twins, latchkey_keychain_backend="files")
    shutil.rmtree(person.home / ".aws/sso")
    done = play(person, "bootstrap.yml", env=developer)
    assert done.returncode != 0
    shown = blocks(verdict(done))
    assert "fix: aws sso login --sso-session IF-sv0-demo-lab-1" in shown["FAIL aws_sso_demo_lab"]


PARAMETER = "/claude/oauth/credentials"
READ = {"Effect": "Allow", "Action": "ssm:GetParameter", "Resource": "*"}
WRITE = {"Effect": "Allow", "Action": "ssm:PutParameter", "Resource": "*"}
READER, WRITER = "claude-creds-reader", "claude-creds-writer"
CLAUDE = json.dumps({"claudeAiOauth": {"accessToken": "sk-ant-oat01-of-this-test"}})
MACHINES = ("studio", "vps")


@pytest.fixture(scope="module")
def cloud() -> Iterator[tuple[str, dict[str, dict[str, str]]]]:
    """The URL of AWS, and the access keys of both IAM users."""
    with moto.serve() as url:
        moto.client(url, "ssm").put_parameter(Name=PARAMETER, Value=CLAUDE, Type="SecureString")
        keys = moto.people(url, {READER: [READ], WRITER: [READ, WRITE]})
        with moto.refusing_as_ssm(url) as door:
            yield door, keys


@pytest.fixture
def fleet(person: Person, twins: Twins, cloud: tuple[str, dict[str, dict[str, str]]]) -> dict[str, dict[str, str]]:
    """A writer machine and a reader machine, each with its own home and stored keys."""
    url, keys = cloud
    install(person, "parameter-store", twins, latchkey_keychain_backend="files")
    for machine in MACHINES:
        home = person.home / machine
        wrapper = f'#!/bin/sh\nHOME={home}\nexport HOME\nexec {sys.executable} "$@"\n'
        python = person.write(f"{machine}/python", wrapper, mode=0o755)
        local = {"ansible_connection": "local", "ansible_python_interpreter": str(python)}
        person.write(f"inventory/host_vars/{machine}.yml", yaml.safe_dump(local))
        person.write(f"{machine}/.claude/.credentials.json", CLAUDE, mode=0o600)
    for machine, user in (("studio", READER), ("studio", WRITER), ("vps", READER)):
        for account, field in (("aws_access_key_id", "AccessKeyId"), ("aws_secret_access_key", "SecretAccessKey")):
            item = Path(item_path(str(person.home / machine), (user, account)))
            person.write(str(item.relative_to(person.home)), keys[user][field], mode=0o600)
            item.parent.chmod(0o700)
    for path in (person.home / "inventory/group_vars/all").glob("*er.yml"):
        variables = yaml.safe_load(path.read_text())
        for entry in next(iter(variables.values())).values():
            if "check" in entry:
                entry["check"]["base_url"] = url
        path.write_text(yaml.safe_dump(variables))
    return keys


def on(person: Person, machine: str, *arguments: str) -> CompletedProcess[str]:
    return play(person, "bootstrap.yml", "--limit", machine, *arguments)


def test_writer_machine_gets_both_profiles_and_passes_its_checks(
    person: Person, fleet: dict[str, dict[str, str]]
) -> None:
    done = on(person, "studio")
    assert done.returncode == 0, done.stdout
    assert {name: outcome for name, outcome in outcomes(person).items() if outcome == "PASS"}.keys() == {
        *("claude", "claude_reader", "claude_writer")
    }
    written = person.home / "studio/.aws/credentials"
    assert written.stat().st_mode & 0o777 == 0o600
    assert written.parent.stat().st_mode & 0o777 == 0o700
    for user in (READER, WRITER):
        assert f"[{user}]\naws_access_key_id = {fleet[user]['AccessKeyId']}\n" in written.read_text()
    assert "changed=0" in on(person, "studio").stdout


def test_keys_of_the_writer_never_appear_on_the_reader_machine(
    person: Person, fleet: dict[str, dict[str, str]]
) -> None:
    checked = on(person, "vps", "--check", "--diff", "-vvvv")
    assert not (person.home / "vps/.aws").exists()
    done = on(person, "vps", "--diff", "-vvvv")
    assert done.returncode == 0, done.stdout
    assert {name for name, outcome in outcomes(person).items() if outcome == "PASS"} == {"claude", "claude_reader"}
    output = checked.stdout + checked.stderr + done.stdout + done.stderr + json.dumps(report(person))
    on_disk = b"".join(managed(person.home / "vps").values())
    for secret in (fleet[WRITER]["AccessKeyId"], fleet[WRITER]["SecretAccessKey"]):
        assert secret not in output
        assert secret.encode() not in on_disk
    assert WRITER not in output
    assert WRITER.encode() not in on_disk
    assert fleet[READER]["SecretAccessKey"] not in output


@pytest.mark.thorough
def test_run_of_both_machines_shows_no_secret(person: Person, fleet: dict[str, dict[str, str]]) -> None:
    done = play(person, "bootstrap.yml", "--limit", ",".join(MACHINES), "--diff", "-vvvv")
    assert done.returncode == 0, done.stdout
    for user in (READER, WRITER):
        assert fleet[user]["SecretAccessKey"] not in done.stdout + done.stderr
    assert WRITER.encode() not in b"".join(managed(person.home / "vps").values())
