# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from tests.unit.plugins.plugin_utils._declaration.declared import assert_error, compiled

ERRORS = {
    "zero AWS sections": ("aws_config_profiles: 0", "aws_config_profiles must be a mapping of names"),
    "false for an AWS section": (
        "aws_config_profiles: {dev: false}",
        "aws_config_profiles.dev must be a mapping of keys",
    ),
    "AWS sections no mapping": ("aws_config_profiles: [dev]", "aws_config_profiles must be a mapping of names"),
    "AWS section no mapping": ("aws_config_profiles: {dev: text}", "aws_config_profiles.dev must be a mapping of keys"),
    "AWS state": (
        "aws_config_sso_sessions: {corp: {state: gone}}",
        "aws_config_sso_sessions.corp.state: gone is not known",
    ),
    "AWS source": (
        "aws_config_credentials: {reader: {aws_access_key_id: {jsn: {}}}}",
        'aws_config_credentials.reader.aws_access_key_id.jsn: no such source, did you mean "json"?',
    ),
    "AWS literal secret": (
        "aws_config_credentials: {reader: {aws_secret_access_key: abc}}",
        "aws_config_credentials.reader.aws_secret_access_key is a secret: declare it in aws_config_credentials, with",
    ),
    "AWS literal secret with a brace": (
        "aws_config_credentials: {reader: {AWS_SECRET_ACCESS_KEY: 'ab{cdef'}}",
        "aws_config_credentials.reader.aws_secret_access_key is a secret: declare it in aws_config_credentials, with",
    ),
    "AWS key": ("aws_config_profiles: {dev: {'a b': x}}", "aws_config_profiles.dev has an invalid key"),
    "AWS only": (
        "aws_config_credentials: {writer: {only: {machines: [wirters]}}}",
        "aws_config_credentials.writer.only.machines: wirters is no machine and no group of machines",
    ),
    "AWS section twice after filling": (
        "aws_config_profiles: {'{user}-p': {region: x}, alice-p: {region: y}}",
        "the section alice-p of aws_config_profiles is declared by"
        " aws_config_profiles.{user}-p and aws_config_profiles.alice-p: keep it in one of them",
    ),
}


@pytest.mark.parametrize(("text", "expected"), ERRORS.values(), ids=ERRORS.keys())
def test_invalid_section_gives_an_error(text: str, expected: str) -> None:
    assert_error(text, expected)


def test_placeholders_and_only_apply_to_aws_sections() -> None:
    (member,) = compiled(
        """
        aws_config_sso_sessions: {corp: {sso_region: eu-west-1}}
        aws_config_profiles: {"dev-{user}": {region: eu-west-1}, mac: {region: x, only: {machines: [macs]}}}
        aws_config_credentials:
          reader: {aws_access_key_id: {env: KEY}, region: us-west-2, state: present}
        """
    )["members"]
    assert [section["name"] for section in member["aws"]["profiles"]] == ["dev-alice"]
    assert member["aws"]["static"] == [
        {
            "name": "reader",
            "state": "present",
            "settings": {"aws_access_key_id": [{"kind": "env", "name": "KEY"}], "region": "us-west-2"},
        }
    ]


def test_sources_of_a_credential_stand_before_its_keychain_item() -> None:
    """Then it need not be kept yet."""
    (member,) = compiled(
        """
        latchkey_credentials:
          id: {source: [{env: KEY}, {file: ~/id}], keychain: {service: id, account: "{user}"}}
          old: {source: [{file: ~/old}], keychain: {service: old, account: me, state: absent}}
          idle: {source: [{file: ~/idle}], keychain: {service: idle, account: me}, category: unused}
        aws_config_credentials:
          reader:
            aws_access_key_id: {keychain: {service: id, account: "{user}"}}
            aws_secret_access_key: [{keychain: {service: old, account: me}}, {keychain: {service: idle, account: me}}]
            aws_session_token: {keychain: {service: elsewhere, account: me}}
        """
    )["members"]
    settings = member["aws"]["static"][0]["settings"]
    assert {key: [source["kind"] for source in sources] for key, sources in settings.items()} == {
        "aws_access_key_id": ["env", "file", "keychain"],
        "aws_secret_access_key": ["keychain", "keychain"],
        "aws_session_token": ["keychain"],
    }
