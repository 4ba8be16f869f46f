# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.latchkey.workstation.plugins.module_utils._aws_files.argument_spec import (
    SOURCE_SPEC,
    aws_spec,
    complete_sources,
    credential_of_sources,
    paths_of,
)
from ansible_collections.latchkey.workstation.plugins.module_utils._core.errors import LatchkeyError

from tests.builders import member

VALIDATE = ArgumentSpecValidator(SOURCE_SPEC).validate
DECLARED = {"config_path": "~/.aws/config", "credentials_path": "/etc/aws/credentials"}


def entry(state: str = "present", **settings: Any) -> dict[str, Any]:
    return {"name": "alice", "static": [{"name": "reader", "state": state, "settings": settings}]}


def test_sources_of_present_sections_are_completed_with_all_keys() -> None:
    members = [entry(aws_secret_access_key={"kind": "file", "path": "~/key"}, region="x", gone=None)]
    complete_sources(members, VALIDATE)
    (source,) = credential_of_sources(members[0])["sources"]
    assert (source["path"], source["pointer"], source["profile"]) == ("~/key", None, None)
    assert credential_of_sources(entry("absent", aws_secret_access_key={"kind": "file"}))["sources"] == []
    several = [entry(aws_secret_access_key=[{"kind": "env", "name": "KEY"}, {"kind": "file", "path": "~/key"}])]
    complete_sources(several, VALIDATE)
    assert [source["kind"] for source in credential_of_sources(several[0])["sources"]] == ["env", "file"]


@pytest.mark.parametrize("source", [{"kind": "fiel"}, {"path": "~/key"}, {"kind": "file", "paht": "~/key"}])
def test_an_invalid_source_is_an_error_with_its_location(source: dict[str, str]) -> None:
    with pytest.raises(LatchkeyError, match="alice, static reader, aws_secret_access_key: "):
        complete_sources([entry(aws_secret_access_key=source)], VALIDATE)


def test_environment_variables_choose_the_files_of_the_current_user_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORK", "/srv/work")
    monkeypatch.setenv("AWS_CONFIG_FILE", "$WORK/config")
    monkeypatch.delenv("AWS_SHARED_CREDENTIALS_FILE", raising=False)
    assert paths_of(member("/home/alice", is_current_user=True), DECLARED) == (
        "/srv/work/config",
        "/etc/aws/credentials",
    )
    assert paths_of(member("/home/alice", is_current_user=False), DECLARED) == (
        "/home/alice/.aws/config",
        "/etc/aws/credentials",
    )


def test_the_spec_has_sections_instead_of_credentials() -> None:
    options = aws_spec()["members"]["options"]
    assert {"sso_sessions", "profiles", "static"} < options.keys()
    assert "credentials" not in options
