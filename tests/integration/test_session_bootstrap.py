# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The example session-bootstrap as it ships, its issuers played by twins."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.examples import blocks, install, managed, outcomes, report, verdict
from tests.twins import security
from tests.twins.services import SCENARIOS, serve

if TYPE_CHECKING:
    from subprocess import CompletedProcess

    from tests.integration.conftest import Person
    from tests.twins.services import Twins

CLOUDFLARE = SCENARIOS["cloudflare"]
GOOD = {
    "CLOUDFLARE_ACCESS_MGMT_TOKEN": CLOUDFLARE["active"].secret,
    "CF_WORKER_DEPLOY": CLOUDFLARE["expires_later"].secret,
    "HEROKU_API_KEY": SCENARIOS["heroku"]["valid"].secret,
    "GITHUB_API_SECRETS_TOKEN": SCENARIOS["github"]["expires_later"].secret,
}
INFISICAL = {
    "INFISICAL_CLIENT_ID": SCENARIOS["infisical"]["valid"].identity,
    "INFISICAL_CLIENT_SECRET": SCENARIOS["infisical"]["valid"].secret,
    "INFISICAL_PROJECT_ID": "a-project-of-its-own",
}
SECRET = {*GOOD, "INFISICAL_CLIENT_SECRET"}
FOUR = ["cloudflare_access_mgmt", "cloudflare_worker_deploy", "heroku", "github"]


def declare(person: Person, twins: Twins, **more: Any) -> None:
    """The example, with values kept in files: no test may meet a keyring of the machine it runs on."""
    install(person, "session-bootstrap", twins, **{"latchkey_keychain_backend": "files", **more})


def run(person: Person, *arguments: str, env: dict[str, str] | None = None) -> CompletedProcess[str]:
    wide = {"COLUMNS": "100", "LATCHKEY_REPORT": str(person.home / "report.json")}
    done = person.play(*arguments, env={**wide, **(env or {})})
    secrets = {value for name, value in {**GOOD, **INFISICAL, **(env or {})}.items() if name in SECRET and value}
    assert not [secret for secret in secrets if secret in done.stdout + done.stderr]
    return done


def test_good_credentials_pass_and_the_second_run_changes_nothing(person: Person, twins: Twins) -> None:
    declare(person, twins)
    first = run(person, "bootstrap.yml", env=GOOD)
    assert first.returncode == 0, first.stdout
    assert f"PASS 4: {', '.join(FOUR)}" in verdict(first)
    _is_whole(report(person))
    again = run(person, "bootstrap.yml")
    assert again.returncode == 0, again.stdout
    assert "changed=0" in again.stdout
    assert f"PASS 4: {', '.join(FOUR)}" in verdict(again)


def _is_whole(kept: dict[str, Any]) -> None:
    """One object with a row for everything."""
    assert kept.keys() == {"schema", "verdict", "exit_code", "run", "machine", "items", "checks", "errors"}
    assert kept["run"].keys() == {"id", "started", "finished", "playbook", "check_mode"}
    assert (kept["run"]["playbook"], kept["run"]["check_mode"]) == ("bootstrap", False)
    assert {"member", "surface", "item", "state", "what"} <= kept["items"][0].keys()
    assert {row["item"]: row["state"] for row in kept["items"] if row["surface"] == "keychain"} == dict.fromkeys(
        FOUR, "changed"
    )
    fields = {"name", "provider", "outcome", "reason", "identity", "scopes", "expires_at", "expires_in_days"}
    fields |= {"fingerprint", "latency_ms", "remedy", "rotate"}
    assert all(fields <= row.keys() for row in kept["checks"])


def test_check_mode_shows_what_it_would_do_and_writes_nothing(person: Person, twins: Twins) -> None:
    declare(person, twins)
    person.write(".zshrc", "alias ll='ls -l'\n")
    before = managed(person.home)
    done = run(person, "bootstrap.yml", "--check", "--diff", env=GOOD)
    assert done.returncode == 0, done.stdout
    assert managed(person.home) == before
    shown = [line for line in verdict(done) if line.startswith("WOULD")]
    assert {f"WOULD CREATE keychain {name}" for name in FOUR} <= set(shown)
    assert any("~/.zshrc" in line for line in shown)
    assert "+    HEROKU_API_KEY" in done.stdout
    assert report(person)["run"]["check_mode"] is True


# Failure modes: what the shell has, and what is reported of each.
REFUSED = {
    "expired or revoked": {
        "CLOUDFLARE_ACCESS_MGMT_TOKEN": CLOUDFLARE["expired"].secret,
        "HEROKU_API_KEY": SCENARIOS["heroku"]["unauthorized"].secret,
        "GITHUB_API_SECRETS_TOKEN": SCENARIOS["github"]["bad"].secret,
    },
    "rolled, or nowhere": {"CF_WORKER_DEPLOY": CLOUDFLARE["unknown"].secret, "HEROKU_API_KEY": ""},
}
SAID = {
    "expired or revoked": {
        "cloudflare_access_mgmt": ("the token has expired", "cloudflare-user-api-token.md"),
        "heroku": ("revoked (HTTP 401)", "heroku-platform-token.md"),
        "github": ("expired or revoked (HTTP 401)", "github-pat.md"),
    },
    "rolled, or nowhere": {
        "cloudflare_worker_deploy": (
            "revoked, rolled",
            "cloudflare-user-api-token.md and #1093 (scope: Zone:Workers Routes:Edit)",
        ),
        "heroku": ("HEROKU_API_KEY is not set", "heroku-platform-token.md"),
    },
}


@pytest.mark.parametrize("mode", REFUSED)
def test_each_failure_says_what_is_wrong_and_the_way_out(person: Person, twins: Twins, mode: str) -> None:
    declare(person, twins)
    done = run(person, "bootstrap.yml", env={name: value for name, value in {**GOOD, **REFUSED[mode]}.items() if value})
    assert done.returncode != 0
    shown = blocks(verdict(done))
    assert {head for head in shown if head.startswith("FAIL")} == {f"FAIL {name}" for name in SAID[mode]}
    for name, (reason, rotate) in SAID[mode].items():
        text = shown[f"FAIL {name}"]
        assert reason in text
        assert re.search(rf"fix: \S*ansible-playbook .* -e credential={name} ", text)
        assert text.endswith(f"rotate: docs/ops/runbooks/rotation/{rotate}")
    well = [name for name in FOUR if name not in SAID[mode]]
    assert f"PASS {len(well)}: {', '.join(well)}" in shown


def test_without_a_network_one_block_tells_it_and_nothing_fails(person: Person) -> None:
    """Failure mode F."""
    with serve() as gone:
        declare(person, gone)
    done = run(person, "bootstrap.yml", env=GOOD)
    assert done.returncode == 0, done.stdout
    unknown = {head: text for head, text in blocks(verdict(done)).items() if head.startswith("UNKNOWN")}
    assert list(unknown) == ["UNKNOWN 4 checks"]
    assert unknown["UNKNOWN 4 checks"].endswith(", ".join(FOUR))
    assert {outcomes(person)[name] for name in FOUR} == {"UNKNOWN"}


def test_a_gate_in_between_is_no_verdict_on_a_token(person: Person, twins: Twins) -> None:
    declare(person, twins)
    twins.break_("cloudflare", "redirect")
    twins.break_("github", "html")
    done = run(person, "playbooks/check.yml", env=GOOD)
    assert done.returncode == 0, done.stdout
    found = outcomes(person)
    assert {name: found[name] for name in FOUR} == {**dict.fromkeys(FOUR, "UNKNOWN"), "heroku": "PASS"}


def with_infisical(person: Person) -> dict[str, str]:
    program = person.write("bin/infisical", "#!/bin/sh\nexit 9\n", mode=0o755)
    return {"PATH": os.pathsep.join([str(program.parent), person.environment()["PATH"]])}


def test_infisical_is_skipped_where_its_program_is_not_installed(person: Person, twins: Twins) -> None:
    declare(person, twins)
    done = run(person, "playbooks/check.yml", env={**GOOD, **INFISICAL})
    assert done.returncode == 0, done.stdout
    assert "SKIP infisical: not installed" in verdict(done)
    assert not twins.seen("infisical")


def test_infisical_is_skipped_with_the_names_of_what_is_not_set(person: Person, twins: Twins) -> None:
    declare(person, twins)
    some = {"INFISICAL_CLIENT_ID": INFISICAL["INFISICAL_CLIENT_ID"], **with_infisical(person)}
    done = run(person, "playbooks/check.yml", env={**GOOD, **some})
    assert done.returncode == 0, done.stdout
    (row,) = (row for row in report(person)["checks"] if row["name"] == "infisical")
    assert row["outcome"] == "SKIP"
    assert row["reason"] == "INFISICAL_CLIENT_SECRET is not set; INFISICAL_PROJECT_ID is not set"
    assert not twins.seen("infisical")


def test_infisical_that_refuses_is_a_failure_of_its_own(person: Person, twins: Twins) -> None:
    """Failure mode E."""
    declare(person, twins)
    stale = {**INFISICAL, "INFISICAL_CLIENT_SECRET": "a-secret-of-last-month"}
    done = run(person, "bootstrap.yml", env={**GOOD, **stale, **with_infisical(person)})
    assert done.returncode != 0
    shown = blocks(verdict(done))
    assert "credentials rejected (HTTP 401)" in shown["FAIL infisical"]
    assert "hint: set the variable INFISICAL_CLIENT_SECRET to a valid value" in shown["FAIL infisical"]
    assert "rotate: docs/ops/runbooks/rotation/infisical-service-token.md" in shown["FAIL infisical"]
    assert f"PASS 4: {', '.join(FOUR)}" in shown


def test_infisical_that_lets_it_in_passes(person: Person, twins: Twins) -> None:
    declare(person, twins)
    done = run(person, "playbooks/check.yml", env={**GOOD, **INFISICAL, **with_infisical(person)})
    assert done.returncode == 0, done.stdout
    assert outcomes(person)["infisical"] == "PASS"


def test_a_phone_is_wide_enough(person: Person, twins: Twins) -> None:
    declare(person, twins)
    bad = {**GOOD, "HEROKU_API_KEY": "", "CF_WORKER_DEPLOY": CLOUDFLARE["unknown"].secret}
    lines = verdict(run(person, "bootstrap.yml", env={**bad, "COLUMNS": "40"}))
    assert [line for line in lines if line.startswith("FAIL")]
    assert [line for line in lines if len(line) > 40] == []


HAND_MADE = {
    "raxx-cf-access-mgmt-token": GOOD["CLOUDFLARE_ACCESS_MGMT_TOKEN"],
    "raxx-cf-worker-deploy-token": GOOD["CF_WORKER_DEPLOY"],
    "raxx-heroku-api-key": GOOD["HEROKU_API_KEY"],
    "raxx-github-api-secrets-token": GOOD["GITHUB_API_SECRETS_TOKEN"],
}


@pytest.fixture
def mac(person: Person, twins: Twins) -> security.Twin:
    """A Mac set up by hand: four items as made by security add-generic-password."""
    twin = security.Twin(security.install(person.home / "Applications", person.home), person.home)
    for service, value in HAND_MADE.items():
        words = ("-s", service, "-a", "claude-bootstrap", "-w", value, "-T", "/bin/bash", "-U")
        assert twin.run("add-generic-password", *words).returncode == 0
    surfaces = ("keychain", "shell_exports", "aws_config", "credential_check")
    tools = {f"{surface}_security": str(twin.tool) for surface in surfaces}
    declare(person, twins, latchkey_keychain_backend="auto", **tools)
    return twin


def keychain_states(person: Person) -> set[str]:
    return {row["state"] for row in report(person)["items"] if row["surface"] == "keychain"}


def test_a_mac_set_up_by_hand_is_adopted_untouched(person: Person, mac: security.Twin) -> None:
    before = mac.items()
    old_shell = {name: f"{value[:-4]}last" for name, value in GOOD.items()}
    done = run(person, "bootstrap.yml", env=old_shell)
    assert done.returncode == 0, done.stdout
    assert mac.items() == before
    assert keychain_states(person) == {"unknown"}
    shown = blocks(verdict(done))
    (head,) = (head for head in shown if head.startswith("UNKNOWN"))
    for service in HAND_MADE:
        assert f"security find-generic-password -s {service} -a claude-bootstrap -w >/dev/null" in shown[head]
    assert "PASS" not in "".join(shown)


@pytest.mark.thorough
def test_the_shown_command_lets_the_next_run_pass(person: Person, mac: security.Twin) -> None:
    run(person, "bootstrap.yml")
    mac.control(dialog="always")
    for row in report(person)["items"]:
        if row["surface"] == "keychain":
            command = row["remedy"].partition("Always Allow: ")[2]
            assert person.run(["/bin/sh", "-c", command.replace("security", str(mac.tool), 1)]).returncode == 0
    mac.control(dialog="nobody")
    before = mac.items()
    done = run(person, "bootstrap.yml")
    assert done.returncode == 0, done.stdout
    assert "changed=0" in done.stdout
    assert f"PASS 4: {', '.join(FOUR)}" in verdict(done)
    assert mac.items() == before


@pytest.mark.thorough
def test_what_is_put_in_anew_passes_and_an_old_shell_changes_nothing_back(
    person: Person, twins: Twins, mac: security.Twin
) -> None:
    old, new = GOOD["HEROKU_API_KEY"], SCENARIOS["heroku"]["expires_later"].secret
    run(person, "bootstrap.yml")
    stored = person.play("playbooks/store.yml", "-e", "credential=heroku", stdin=new)
    assert stored.returncode == 0, stored.stdout
    kept = mac.items()
    (heroku,) = (item for item in kept if item.service == "raxx-heroku-api-key")
    assert (bytes.fromhex(heroku.secret).decode(), heroku.apps) == (new, ["/bin/bash", "/usr/bin/security"])
    done = run(person, "bootstrap.yml", env={"HEROKU_API_KEY": old})
    assert "changed=0" in done.stdout
    assert outcomes(person)["heroku"] == "PASS"
    assert mac.items() == kept
