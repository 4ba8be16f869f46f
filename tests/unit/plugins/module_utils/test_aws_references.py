# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._aws_declared import declare
from ansible_collections.latchkey.workstation.plugins.module_utils._aws_parse import parse
from ansible_collections.latchkey.workstation.plugins.module_utils._aws_references import broken_references

SESSION = "[sso-session corp]\nsso_region = x\n"
ROLE = "role_arn = arn:aws:iam::1:role/x\n"
KEYS = "aws_access_key_id = AKIA\naws_secret_access_key = s\n"


def test_declared_credentials_count_before_their_values_are_there() -> None:
    wanted = [declare("profile", "dev", {}), declare("credentials", "base", {}, held=True)]
    config = parse(f"[profile dev]\n{ROLE}source_profile = base\n".encode(), path="c", credentials=False)
    empty = parse(b"", path="c", credentials=True)
    assert broken_references(wanted, config=config, credentials=empty, program_exists=lambda _: True) == []
    (row,) = broken_references(wanted[:1], config=config, credentials=empty, program_exists=lambda _: True)
    assert row[0] == "profile dev"


def errors(config: str, credentials: str = "", *names: str) -> list[str]:
    wanted = [declare("profile", name, {}) for name in names or ["dev"]]
    found = broken_references(
        wanted,
        config=parse(config.encode(), path="~/.aws/config", credentials=False),
        credentials=parse(credentials.encode(), path="~/.aws/credentials", credentials=True),
        program_exists=lambda program: program == "/usr/bin/there",
    )
    assert all(error.remedy for _item, error in found)
    return [error.message for _item, error in found]


@pytest.mark.parametrize(
    ("config", "credentials"),
    [
        (SESSION + "[profile dev]\nsso_session = corp\n", ""),
        (f"[profile dev]\n{ROLE}source_profile = base\n[profile base]\n", ""),
        (f"[profile dev]\n{ROLE}source_profile = base\n", f"[base]\n{KEYS}"),
        (f"[profile dev]\n{ROLE}source_profile = dev\n{KEYS}", ""),
        (f"[profile dev]\n{ROLE}source_profile = dev\n", f"[dev]\n{KEYS}"),
        (f"[profile dev]\n{ROLE}source_profile = a\n[profile a]\n{ROLE}source_profile = dev\n{KEYS}", ""),
        ("[profile dev]\nsource_profile = dev\n", ""),
        ("[profile dev]\nservices = local\n[services local]\n", ""),
        ("[profile dev]\ncredential_process = /usr/bin/there --profile 'x y'\n", ""),
        ("[profile other]\nsso_session = nowhere\n[profile dev]\n", ""),
    ],
)
def test_references_that_hold(config: str, credentials: str) -> None:
    assert errors(config, credentials) == []


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (
            SESSION + "[profile dev]\nsso_session = Corp\n",
            ".sso_session names Corp, and there is no such [sso-session]",
        ),
        (
            SESSION + "[profile dev]\nsso_session = corp\n  region = x\n",
            ".sso_session names (what is written there), and there is no such [sso-session]",
        ),
        ("[profile dev]\nservices = x\n", ".services names x, and there is no such [services]"),
        (f"[profile dev]\n{ROLE}source_profile = x\n", ".source_profile names x, and there is no such profile"),
        (
            f"[profile dev]\n{ROLE}source_profile = a\n[profile a]\n{ROLE}source_profile = x\n",
            ".source_profile (by way of dev -> a) names x, and there is no such profile",
        ),
        (f"[profile dev]\n{ROLE}source_profile = dev\n", ".source_profile goes in a circle: dev -> dev"),
        (
            f"[profile dev]\n{ROLE}source_profile = a\n[profile a]\n{ROLE}source_profile = dev\n",
            ".source_profile goes in a circle: dev -> a -> dev",
        ),
        (
            f"[profile dev]\n{ROLE}source_profile = a\n[profile a]\n{ROLE}source_profile = a\n",
            ".source_profile goes in a circle: dev -> a -> a",
        ),
        ("[profile dev]\ncredential_process = gone --x\n", ".credential_process: there is no program gone"),
        ("[profile dev]\ncredential_process = 'open\n", ".credential_process is no command"),
        ("[profile dev]\ncredential_process =\n", ".credential_process is no command"),
    ],
)
def test_references_that_lead_nowhere(config: str, message: str) -> None:
    assert errors(config) == ["aws_config_profiles.dev" + message]


@pytest.mark.parametrize(
    "line",
    [
        "sso_session = corp\n  aws_secret_access_key = hunter22",
        "sso_session =\n  aws_secret_access_key = hunter22",
        "services = https://me:hunter22@host",
        f"{ROLE}source_profile = pass hunter22",
        f"{ROLE}source_profile = a hunter22\n[profile a hunter22]",
        "credential_process = PASS=hunter22 gone",
        "credential_process = /bin/gone?hunter22",
    ],
)
def test_no_error_shows_what_somebody_wrote_but_a_plain_word(line: str) -> None:
    (message,) = errors(f"[profile dev]\n{line}\n")
    assert "hunter22" not in message


def test_no_circle_shows_what_somebody_wrote_but_a_plain_word() -> None:
    (message,) = errors(
        f"[profile dev]\n{ROLE}source_profile = pass hunter22\n[profile 'pass hunter22']\n{ROLE}source_profile = dev\n"
    )
    assert message.endswith(".source_profile goes in a circle: dev -> (what is written there) -> dev")


def test_a_declared_name_is_shown_as_it_is() -> None:
    wanted = [declare("profile", "dev", {"sso_session": "my corp"})]
    config = parse(b"[profile dev]\nsso_session = my corp\n", path="c", credentials=False)
    empty = parse(b"", path="c", credentials=True)
    ((_item, error),) = broken_references(wanted, config=config, credentials=empty, program_exists=lambda _: True)
    assert "names my corp, and" in error.message


@pytest.mark.parametrize("command", ["AWS_VAULT_BACKEND=file /usr/bin/there --x", "A=1 B='2 3' /usr/bin/there"])
def test_variables_before_a_program_are_not_the_program(command: str) -> None:
    assert errors(f"[profile dev]\ncredential_process = {command}\n") == []
    assert errors("[profile dev]\ncredential_process = A=1\n") == [
        "aws_config_profiles.dev.credential_process is no command"
    ]


def test_what_is_declared_absent_or_not_there_is_not_followed() -> None:
    gone = declare("profile", "dev", {}, absent=True)
    empty = parse(b"", path="c", credentials=False)
    assert broken_references([gone], config=empty, credentials=empty, program_exists=lambda _: False) == []
