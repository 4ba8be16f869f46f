# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Of what somebody keeps in an AWS file only the harmless is shown, or copied."""

from __future__ import annotations

import re

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._aws_files.declared import declare
from ansible_collections.latchkey.workstation.plugins.module_utils._aws_files.masking import holds_no_secret
from ansible_collections.latchkey.workstation.plugins.module_utils._aws_files.parser import parse
from ansible_collections.latchkey.workstation.plugins.module_utils._aws_files.plan import plan_file
from ansible_collections.latchkey.workstation.plugins.module_utils._core.secrets import Secret

HARMLESS = """
[default]
region = eu-west-1
Output = json
s3 =
    max_concurrent_requests = 20
    addressing_style = path
#
# [profile old]
#region = us-east-1

[sso-session corp]
sso_start_url = https://example.awsapps.com/start#/
sso_registration_scopes = sso:account:access
"""
SECRET = [
    "auth = Basic hunter22",
    "github_pat = hunter22",
    "region = https://me:hunter22@host/x",
    "sso_start_url = https://example.com/start?code=hunter22",
    "AWS_SECRET_ACCESS_KEY = hunter22",
    "credential_process = get --password hunter22",
    "s3 =\n    access_key = hunter22",
]
KEPT_TO_ITSELF = [
    *SECRET,
    "#aws_secret_access_key = hunter22",
    "region = eu-west-1\n  hunter22",
    "# my password is hunter22",
    "; hunter22:",
    "# region: ask for hunter22",
    "# [hunter22]",
    "[a=hunter22]",
    "[profile a:hunter22]",
]


@pytest.mark.parametrize("line", SECRET)
@pytest.mark.parametrize("settings", [None, {"region": "b", "auth": "declared", "s3": {"access_key": None}}])
def test_a_removed_value_is_shown_only_if_its_key_never_holds_a_secret(
    line: str, settings: dict[str, object] | None
) -> None:
    wanted = declare("profile", "dev", settings or {}, absent=settings is None)
    ini = parse(f"[profile dev]\noutput = json\n{line}\n".encode(), path="config", credentials=False)
    result = plan_file(ini, wanted=[wanted], owned={}, exclusive=True, key=b"k" * 32)
    assert "hunter22" not in result.before + result.after
    if settings is None:
        assert result.before.startswith("[profile dev]\noutput = json\n")
        assert len(re.findall("= <secret [0-9a-f]{8}>\n", result.before)) == 1


def test_a_value_replaced_by_a_block_is_masked_by_its_own_key() -> None:
    ini = parse(b"[profile dev]\ns3 = hunter22\n", path="config", credentials=False)
    wanted = declare("profile", "dev", {"s3": {"addressing_style": "path", "region": "a"}})
    result = plan_file(ini, wanted=[wanted], owned={}, exclusive=True, key=None)
    assert result.before == "[profile dev]\ns3 = <secret>\n"
    assert result.after == "[profile dev]\ns3.addressing_style = path\ns3.region = a\n"


def test_a_declared_value_is_shown_unless_its_key_suggests_a_secret() -> None:
    settings = {
        "x_note": "shown one",
        "region": Secret("sourced"),
        "github_token": "masked",
        "credential_process": "masked one",
        "endpoint_url": "https://me:masked@host",
    }
    ini = parse(b"", path="config", credentials=False)
    result = plan_file(ini, wanted=[declare("profile", "dev", settings)], owned={}, exclusive=True, key=None)
    assert result.after.count("<secret>") == 4
    assert "x_note = shown one\n" in result.after


@pytest.mark.parametrize("line", KEPT_TO_ITSELF)
def test_a_file_holds_no_secret_if_every_line_is_harmless(line: str) -> None:
    assert holds_no_secret(HARMLESS)
    assert not holds_no_secret(HARMLESS + line)
