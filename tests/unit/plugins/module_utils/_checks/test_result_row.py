# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Result rows: absence, remedies and the notice of a new shell."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._checks.base import (
    ABSENT,
    FAIL,
    PASS,
    SKIP,
    UNKNOWN,
    Outcome,
)
from ansible_collections.latchkey.workstation.plugins.module_utils._checks.observation import Observation
from ansible_collections.latchkey.workstation.plugins.module_utils._checks.result_row import (
    login_notice,
    resolve,
    to_result_row,
)

from tests.builders import credential, source

# Origin of a rejected value, and where its remedy puts a valid one.
REMEDIES = {
    "env TOKEN": "set the variable TOKEN to a valid value",
    "file ~/my token": "write a valid value to the file ~/my token",
    "dotenv ~/app/.env TOKEN": "write a valid value to ~/app/.env as TOKEN",
    "json ~/auth.json /token": "write a valid value to ~/auth.json at /token",
    "command op": "let op print a valid value",
    "keychain theirs": "put a valid value into the keychain item theirs",
    "ssm /app/token": "put a valid value into the parameter /app/token",
}


def resolved(outcome: Outcome, origin: str = "", **options: Any) -> Outcome:
    declared = credential("mine", **options)
    return resolve(declared, Observation(outcome, origin=origin), {"mine": declared}, "").outcome


@pytest.mark.parametrize(("origin", "remedy"), REMEDIES.items(), ids=REMEDIES)
def test_remedy_of_a_rejected_value_names_its_source(origin: str, remedy: str) -> None:
    assert resolved(Outcome(FAIL, "rejected", "rejected"), origin).remedy == remedy


def test_remedy_of_an_absent_value_names_the_first_source() -> None:
    sources = [source("dotenv", path="~/.env", key="TOKEN"), source("env", name="TOKEN")]
    found = resolved(Outcome(ABSENT, "absent", "absent"), sources=sources)
    assert (found.state, found.remedy) == (FAIL, "write a valid value to ~/.env as TOKEN")


@pytest.mark.parametrize(("required", "state"), [(True, FAIL), (False, SKIP)])
def test_absence_fails_only_a_required_credential(required: bool, state: str) -> None:
    assert resolved(Outcome(ABSENT, "absent", "absent"), required=required).state == state


@pytest.mark.parametrize("state", [PASS, SKIP, UNKNOWN])
def test_other_outcomes_get_no_remedy(state: str) -> None:
    assert resolved(Outcome(state, "reason", "rejected"), "env TOKEN").remedy == ""


def test_texts_of_a_row_are_redacted_cut_and_one_line() -> None:
    observed = Observation(Outcome(PASS, "a\n\tb\x1b" + "x" * 999, identity="secret", scopes=["s"] * 999))
    row = to_result_row(credential("mine"), observed, lambda text: text.replace("secret", "<secret>"), fail_on=())
    assert (len(row["reason"]), row["reason"].isprintable(), row["identity"]) == (160, True, "<secret>")
    assert len(row["scopes"]) == 40


def failed(name: str, **more: str) -> dict[str, str]:
    return {"name": name, "outcome": FAIL, "reason": "rejected", "remedy": "renew it", "rotate": "", **more}


def test_notice_has_two_lines_for_each_failure() -> None:
    rows = [failed("a"), {**failed("b"), "outcome": PASS}, failed("c", remedy="", rotate="docs/c.md")]
    assert login_notice(rows) == "latchkey: FAIL a: rejected\n  renew it\nlatchkey: FAIL c: rejected\n  docs/c.md\n"


def test_notice_keeps_the_failures_of_credentials_that_were_not_checked() -> None:
    before = login_notice([failed("a"), failed("b")])
    assert login_notice([{**failed("a"), "outcome": PASS}], before=before) == login_notice([failed("b")])
