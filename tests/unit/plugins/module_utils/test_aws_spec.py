# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._aws_spec import (
    aws_spec,
    complete_sources,
    looked_up,
    paths_of,
)
from ansible_collections.latchkey.workstation.plugins.module_utils._child import Member
from ansible_collections.latchkey.workstation.plugins.module_utils._errors import LatchkeyError

DECLARED = {"config_path": "~/.aws/config", "credentials_path": "/etc/aws/credentials"}


def member(*, oneself: bool) -> Member:
    return Member("alice", "alice", "/home/alice", 1000, 1000, "/bin/sh", oneself=oneself)


def entry(state: str = "present", **settings: Any) -> dict[str, Any]:
    return {"name": "alice", "static": [{"name": "reader", "state": state, "settings": settings}]}


def test_sources_get_all_their_keys_and_are_looked_up_while_the_section_is_to_be_there() -> None:
    members = [entry(aws_secret_access_key={"kind": "file", "path": "~/key"}, region="x", gone=None)]
    complete_sources(members)
    (source,) = looked_up(members[0])["sources"]
    assert (source["path"], source["pointer"], source["profile"]) == ("~/key", None, None)
    assert looked_up(entry("absent", aws_secret_access_key={"kind": "file"}))["sources"] == []
    several = [entry(aws_secret_access_key=[{"kind": "env", "name": "KEY"}, {"kind": "file", "path": "~/key"}])]
    complete_sources(several)
    assert [source["kind"] for source in looked_up(several[0])["sources"]] == ["env", "file"]


@pytest.mark.parametrize("source", [{"kind": "fiel"}, {"path": "~/key"}, {"kind": "file", "paht": "~/key"}])
def test_a_source_that_is_none_names_its_place(source: dict[str, str]) -> None:
    with pytest.raises(LatchkeyError, match="alice, static reader, aws_secret_access_key: "):
        complete_sources([entry(aws_secret_access_key=source)])


def test_the_environment_names_the_files_of_oneself_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORK", "/srv/work")
    monkeypatch.setenv("AWS_CONFIG_FILE", "$WORK/config")
    monkeypatch.delenv("AWS_SHARED_CREDENTIALS_FILE", raising=False)
    assert paths_of(member(oneself=True), DECLARED) == ("/srv/work/config", "/etc/aws/credentials")
    assert paths_of(member(oneself=False), DECLARED) == ("/home/alice/.aws/config", "/etc/aws/credentials")


def test_members_have_sections_and_no_credentials() -> None:
    options = aws_spec()["members"]["options"]
    assert {"sso_sessions", "profiles", "static"} < options.keys()
    assert "credentials" not in options
