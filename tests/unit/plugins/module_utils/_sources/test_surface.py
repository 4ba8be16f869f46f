# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Frame of the modules: libraries, members, result."""

from __future__ import annotations

from typing import NoReturn

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._clients import aws_session
from ansible_collections.latchkey.workstation.plugins.module_utils._core.errors import LatchkeyError
from ansible_collections.latchkey.workstation.plugins.module_utils._core.report import Report
from ansible_collections.latchkey.workstation.plugins.module_utils._sources.surface import reads_ssm, run_surface

from tests.builders import credential, source


@pytest.mark.parametrize("needed", [True, False])
def test_botocore_is_loaded_before_members_are_served_and_only_if_needed(
    monkeypatch: pytest.MonkeyPatch, needed: bool
) -> None:
    steps: list[str] = []
    monkeypatch.setattr(aws_session, "load", lambda: steps.append("load"))

    def serve() -> dict[str, Report]:
        steps.append("serve")
        return {"alice": Report()}

    result = run_surface("keychain", serve_members=serve, needs_botocore=lambda: needed, unserved="fail")
    assert steps == (["load", "serve"] if needed else ["serve"])
    assert (result.get("failed", False), result["surface"], list(result["members"])) == (False, "keychain", ["alice"])


def test_error_before_members_are_served_is_a_failed_result() -> None:
    def serve() -> NoReturn:
        raise LatchkeyError("the declaration is wrong", remedy="correct it")

    result = run_surface("keychain", serve_members=serve, needs_botocore=lambda: False, unserved="fail")
    assert result == {"failed": True, "msg": "the declaration is wrong: correct it"}


@pytest.mark.parametrize(("unserved", "failed"), [("fail", True), ("report", False)])
def test_unserved_member_fails_the_module_only_on_request(unserved: str, failed: bool) -> None:
    reports = {"alice": Report.failure(LatchkeyError("no home"))}
    result = run_surface("keychain", serve_members=lambda: reports, needs_botocore=lambda: False, unserved=unserved)
    assert (result.get("failed", False), result["msg"]) == (failed, "alice: no home")


def test_reads_ssm_looks_at_every_source() -> None:
    ssm = [source("env", name="A"), source("ssm", name="/a")]
    assert reads_ssm([credential("a"), credential("b", sources=ssm)]) is True
    assert reads_ssm([credential("a", sources=ssm[:1])]) is False
