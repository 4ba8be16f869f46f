# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Service of the current user, which needs no root; other members are served in tests/integration/test_members.py."""

from __future__ import annotations

import os
import pwd
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._core.errors import LatchkeyError
from ansible_collections.latchkey.workstation.plugins.module_utils._core.report import MemberResult, Report
from ansible_collections.latchkey.workstation.plugins.module_utils._members.serve import serve, serving

if TYPE_CHECKING:
    from pathlib import Path

    from ansible_collections.latchkey.workstation.plugins.module_utils._core.member import Member

ACCOUNT = "alice"


@pytest.fixture(autouse=True)
def alice(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Let the user database name the current user ``alice``, with another home than the environment."""
    entry = pwd.struct_passwd((ACCOUNT, "x", 4242, 4242, "", "/home/alice", "/bin/zsh"))

    def getpwnam(name: str) -> pwd.struct_passwd:
        if name != ACCOUNT:
            raise KeyError(name)
        return entry

    monkeypatch.setattr(pwd, "getpwnam", getpwnam)
    monkeypatch.setattr(os, "geteuid", lambda: 4242)
    monkeypatch.setenv("HOME", str(tmp_path))


def entry(**more: Any) -> dict[str, Any]:
    return {"name": "al", "account": ACCOUNT, **more}


def test_home_of_the_environment_replaces_the_placeholder_in_all_strings(tmp_path: Path) -> None:
    seen: list[Any] = []

    def work(member: Member, given: dict[str, Any]) -> MemberResult:
        seen.append((member.home, given["paths"]))
        return MemberResult()

    paths = {"a": ["{home}/x", 1], "b": "${home} {{home}} {home}{home}", "{home}": None}
    serve([entry(paths=paths)], work)
    home = str(tmp_path)
    assert seen == [(home, {"a": [f"{home}/x", 1], "b": f"${{home}} {{{{home}}}} {home}{home}", "{home}": None})]


def test_results_are_in_the_declared_order_and_errors_are_reported() -> None:
    def refuse(_member: Member, _entry: dict[str, Any]) -> MemberResult:
        raise LatchkeyError("the file is damaged", remedy="mend it")

    entries = [{"name": "bob", "account": "bob"}, entry()]
    results = serve(entries, refuse)
    assert list(results) == ["bob", "al"]
    assert results["bob"].report.msg == "there is no account bob here: make it, or correct the roster"
    assert results["al"].report.msg == "the file is damaged: mend it"


def test_on_result_is_called_once_for_each_member() -> None:
    called: list[str] = []
    serve(
        [entry(), {"name": "bob", "account": "bob"}],
        lambda _m, _e: MemberResult(),
        on_result=lambda n, _r: called.append(n),
    )
    assert sorted(called) == ["al", "bob"]


def test_follow_up_of_the_current_user_runs_in_this_process() -> None:
    def follow_up(_member: Member, _entry: dict[str, Any], value: Any) -> Report:
        return Report(msg=f"{value} in {os.getpid()}")

    with serving([entry()], lambda _m, _e: MemberResult(), follow_up=follow_up) as served:
        assert served.follow_up({"al": 7}, seconds=1)["al"].msg == f"7 in {os.getpid()}"
