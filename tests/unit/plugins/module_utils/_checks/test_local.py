# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Generic checks that need nobody else: tokens by their claims, programs, files; and what a declaration gets wrong."""

from __future__ import annotations

import base64
import json
import os
import re
import sys
import time
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._checks.base import Check, LocalContext
from ansible_collections.latchkey.workstation.plugins.module_utils._checks.providers import file as providers_file
from ansible_collections.latchkey.workstation.plugins.module_utils._checks.registry import (
    PROVIDERS,
    normalise,
    validation_errors,
)
from ansible_collections.latchkey.workstation.plugins.module_utils._core import timestamps
from ansible_collections.latchkey.workstation.plugins.module_utils._core.deadline import Deadline

from tests.unit.plugins.module_utils._checks.bench import credential

if TYPE_CHECKING:
    from tests.unit.plugins.module_utils._checks.bench import Bench

NOW = time.time()
KEYCHAIN = {"service": "s", "account": "a", "trusted_apps": [], "state": "present"}


def short(row: dict[str, Any]) -> tuple[str, str]:
    return row["outcome"], row["cause"]


def jwt(claims: object, head: object = None) -> str:
    parts = [json.dumps(part).encode() for part in (head or {"alg": "RS256"}, claims)]
    return ".".join([*(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts), "c2lnbmF0dXJl"])


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ({"exp": NOW + 90000}, ("PASS", "")),
        ({"exp": NOW + 90000.5}, ("PASS", "")),
        ({"exp": NOW - 30}, ("PASS", "")),  # skew
        ({"exp": NOW - 90}, ("FAIL", "expired")),
        ({"nbf": NOW + 30, "exp": NOW + 90}, ("PASS", "")),
        ({"nbf": NOW + 90, "exp": NOW + 900}, ("FAIL", "not_yet")),
        ({}, ("PASS", "")),
        ({"exp": "tomorrow"}, ("FAIL", "malformed")),
        ({"exp": True}, ("FAIL", "malformed")),
        ({"exp": 1e300}, ("FAIL", "malformed")),
        ([1], ("FAIL", "malformed")),
    ],
)
def test_jwt(bench: Bench, monkeypatch: pytest.MonkeyPatch, claims: Any, expected: tuple[str, str]) -> None:
    monkeypatch.setattr(timestamps, "now", lambda: datetime.fromtimestamp(NOW, timezone.utc))
    row = bench.check("jwt", jwt(claims))
    assert short(row) == expected
    if expected[0] == "PASS":
        assert "signature not verified" in row["reason"]


def test_jwt_tells_whose_it_is(bench: Bench) -> None:
    claims = {"exp": NOW + 5 * 86400 + 3600, "email": "alice@example.com", "sub": "user_1", "scope": "read write"}
    row = bench.check("jwt", jwt(claims) + "\n", warn_before=6 * 86400)
    assert (row["identity"], row["scopes"], row["expires_in_days"]) == ("alice@example.com", ["read", "write"], 5)
    assert row["warn"] is True
    row = bench.check("jwt", jwt(claims), identity="sub", warn_before=4 * 86400)
    assert (row["identity"], row["warn"]) == ("user_1", False)
    assert bench.check("jwt", jwt({"email": "\x1b[31mred"}))["identity"] == "[31mred"


def test_jwt_that_can_be_renewed(bench: Bench) -> None:
    bench.has("refresh", "made-up-refresh-token")
    row = bench.check("jwt", jwt({"exp": NOW - 900}), refresh="{credential.refresh}")
    assert short(row) == ("UNKNOWN", "refreshable")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("no token at all", ("FAIL", "malformed")),
        ("a.b.cdef", ("FAIL", "malformed")),
        ("eyJhbGciOiJkaXIifQ..aXY.Y2lwaGVy.dGFn", ("UNKNOWN", "encrypted")),
        (b"\xff\xfe\xfd\xfc\xfb\xfa", ("FAIL", "malformed")),
        (".".join(["[" * 50_000] * 3), ("FAIL", "malformed")),
        (jwt({}, head=[1]), ("FAIL", "malformed")),
    ],
)
def test_what_is_no_jwt(bench: Bench, value: str | bytes, expected: tuple[str, str]) -> None:
    assert short(bench.check("jwt", value)) == expected


@pytest.mark.parametrize(
    ("script", "options", "expected"),
    [
        ("exit 0", {}, ("PASS", "")),
        ("exit 3", {}, ("FAIL", "rejected")),
        ("exit 3", {"rc": [0, 3]}, ("PASS", "")),
        ("exit 0", {"rc": [3]}, ("FAIL", "rejected")),
        ("exit 4", {"unknown_rc": [4]}, ("UNKNOWN", "unexpected")),
        ("kill -9 $$", {}, ("UNKNOWN", "unexpected")),
        ("sleep 60", {"plan": {"request_timeout": 0.3}}, ("UNKNOWN", "timeout")),
        ('[ "$CI" = 1 ] && ! read -r line', {}, ("PASS", "")),
        ("[ -z \"$MINE\" ] && tr -d '\\n' | grep -qx hunter22", {"stdin": "{value}"}, ("PASS", "")),
    ],
)
def test_command(bench: Bench, script: str, options: dict[str, Any], expected: tuple[str, str]) -> None:
    bench.has("mine", "hunter22")
    bench.program("probe", f"echo hunter22; echo hunter22 >&2\n{script}")
    row = bench.check("command", argv=["~/bin/probe"], **options)
    assert short(row) == expected
    assert "hunter22" not in json.dumps(row)


def test_command_that_fails_says_what_to_do(bench: Bench) -> None:
    bench.program("probe", "exit 3")
    row = bench.check("command", argv=["~/bin/probe", "-q"], keychain=KEYCHAIN)
    assert row["remedy"] == f"run {bench.home}/bin/probe yourself and see what it says"
    row = bench.check("command", "hunter22", argv=["~/bin/probe"], stdin="{value}", keychain=KEYCHAIN)
    assert row["remedy"] == "ansible-playbook playbooks/store.yml -e credential=mine"


def test_command_that_is_not_there_is_a_prerequisite(bench: Bench) -> None:
    assert short(bench.check("command", argv=["no-such-program"])) == ("SKIP", "prerequisite")
    bench.put("bin/plain", "#!/bin/sh\n", 0o600)
    assert short(bench.check("command", argv=["~/bin/plain"])) == ("UNKNOWN", "unexpected")


def test_a_program_that_a_check_needs(bench: Bench) -> None:
    row = bench.check("github", "ghp_made_up_token", needs=["infisical"], base_url="http://127.0.0.1:9")
    assert (row["outcome"], row["reason"]) == ("SKIP", "infisical CLI not installed")
    assert bench.asked_for == []


@pytest.mark.parametrize(
    ("content", "mode", "options", "expected"),
    [
        (None, 0o600, {}, ("FAIL", "absent")),
        (None, 0o600, {"required": False}, ("SKIP", "absent")),
        ("x", 0o600, {}, ("PASS", "")),
        ("x", 0o400, {}, ("PASS", "")),
        ("", 0o600, {}, ("FAIL", "malformed")),
        ("x", 0o640, {}, ("FAIL", "exposed")),
        ("x", 0o604, {}, ("FAIL", "exposed")),
        ("x", 0o644, {"readable_by_others": True}, ("PASS", "")),
        ('{"a": {"b": "c"}}', 0o600, {"format": "json", "keys": ["/a/b"]}, ("PASS", "")),
        ('{"a": {"b": ""}}', 0o600, {"format": "json", "keys": ["/a/b"]}, ("FAIL", "malformed")),
        ('{"a": 1}', 0o600, {"format": "json", "keys": ["/a/b", "/c"]}, ("FAIL", "malformed")),
        ('{"a": 0}', 0o600, {"format": "json", "keys": ["/a"]}, ("PASS", "")),
        ("{", 0o600, {"format": "json"}, ("FAIL", "malformed")),
        (b"\xff\xfe", 0o600, {"format": "json"}, ("FAIL", "malformed")),
        ("[" * 100_000, 0o600, {"format": "json"}, ("FAIL", "malformed")),
    ],
)
def test_file(
    bench: Bench, content: str | bytes | None, mode: int, options: dict[str, Any], expected: tuple[str, str]
) -> None:
    if content is not None:
        bench.put("token.json", content, mode)
    assert short(bench.check("file", path="~/token.json", **options)) == expected


def test_file_in_toml(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.put("a.toml", '[token]\nvalue = "x"\n')
    declared: dict[str, Any] = {"path": "~/a.toml", "format": "toml", "keys": ["/token/value"]}
    if sys.version_info >= (3, 11):
        assert short(bench.check("file", **declared)) == ("PASS", "")
        assert short(bench.check("file", **{**declared, "keys": ["/token/none"]})) == ("FAIL", "malformed")
        bench.put("a.toml", "[token\n")
        assert short(bench.check("file", **declared)) == ("FAIL", "malformed")
    monkeypatch.setattr(providers_file, "tomllib", None)
    assert short(bench.check("file", **declared)) == ("UNKNOWN", "prerequisite")


def test_file_that_is_old(bench: Bench) -> None:
    file = bench.put("token", "x")
    os.utime(file, (NOW - 3 * 86400, NOW - 3 * 86400))
    assert short(bench.check("file", path="~/token", max_age="2d")) == ("FAIL", "expired")
    assert short(bench.check("file", path="~/token", max_age="4d")) == ("PASS", "")


FILE = {
    "absent": (None, 0o600, {}, "put it there, or log in again with the program that writes it"),
    "old": ("{}", 0o600, {"max_age": "2d"}, "log in again with the program that writes it"),
    "open": ("{}", 0o640, {}, "chmod go= {home}/token"),
    "empty": ("", 0o600, {}, "log in again with the program that writes it"),
    "broken": ("{", 0o600, {"format": "json"}, "log in again with the program that writes it"),
    "no key": ("{}", 0o600, {"format": "json", "keys": ["/a"]}, "log in again with the program that writes it"),
}


@pytest.mark.parametrize(("content", "mode", "options", "remedy"), FILE.values(), ids=FILE)
def test_file_says_what_to_do(
    bench: Bench, content: str | None, mode: int, options: dict[str, Any], remedy: str
) -> None:
    if content is not None:
        os.utime(bench.put("token", content, mode), (NOW - 3 * 86400, NOW - 3 * 86400))
    assert bench.check("file", path="~/token", **options)["remedy"] == remedy.format(home=bench.home)


def test_file_of_somebody_else_says_what_to_do(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.put("token", "x")
    real = os.geteuid()
    monkeypatch.setattr(providers_file.os, "geteuid", lambda: real + 1)
    found = providers_file.PROVIDERS["file"].local(
        Check({"path": str(bench.home / "token")}), LocalContext("/", Deadline(1))
    )
    assert (found.state, found.cause, found.remedy) == ("FAIL", "exposed", "use a file of your own")


def test_file_that_is_none(bench: Bench) -> None:
    bench.put("real", "x")
    (bench.home / "link").symlink_to(bench.home / "real")
    (bench.home / "folder").mkdir()
    os.mkfifo(bench.home / "fifo")
    for name in ("link", "folder", "fifo"):
        row = bench.check("file", path=f"~/{name}")
        assert short(row) == ("FAIL", "unreadable")
        assert row["remedy"] == f"make ~/{name} a regular file that you may read"


@pytest.mark.parametrize(
    ("check", "told"),
    [
        ({"provider": "herku"}, 'provider: herku is not known, did you mean "heroku"?'),
        ({}, "provider: None is not known, known: "),
        ({"provider": 7}, "provider: 7 is not known"),
        ({"provider": "heroku", "base_ur": "x"}, 'base_ur: no such option of heroku, did you mean "base_url"?'),
        ({"provider": "heroku", "base_url": "http://api.example.com"}, "base_url must be an https address"),
        ({"provider": "heroku", "base_url": "https://a:b@example.com"}, "base_url must be an https address"),
        ({"provider": "http"}, "url is missing"),
        ({"provider": "http", "url": "https://{value}.example.com/"}, "url must be an https address"),
        (
            {"provider": "http", "url": "https://example.com/", "status": ["200"]},
            "status must be a list of whole numbers",
        ),
        ({"provider": "http", "url": "https://example.com/", "html": "yes"}, "html must be true or false"),
        ({"provider": "http", "url": "https://example.com/", "json": ["/a"]}, "json must be a mapping"),
        ({"provider": "cloudflare_account_token"}, "account_id is missing"),
        ({"provider": "infisical", "client_id": "{credential.nobody}"}, "{credential.nobody} is not declared"),
        ({"provider": "command", "argv": "ls -l"}, "argv must be a list of words"),
        ({"provider": "command", "argv": ["x", "--token={value}"]}, "argv: everybody on a machine can read"),
        ({"provider": "command", "argv": ["x", "{credential.mine}"]}, "argv: everybody on a machine can read"),
        ({"provider": "file", "path": "~/x", "max_age": "soon"}, "max_age must be a duration"),
        ({"provider": "file", "path": "~/x", "format": "ini"}, "format must be json or toml"),
        ({"provider": "aws_cli", "min_version": "new"}, "min_version must be a version"),
    ],
)
def test_a_wrong_declaration_is_told(check: dict[str, Any], told: str) -> None:
    assert any(problem.startswith(told) for problem in validation_errors(check, ["mine"])), validation_errors(
        check, ["mine"]
    )


@pytest.mark.parametrize("provider", sorted(PROVIDERS))
def test_every_provider_can_be_declared(provider: str) -> None:
    samples: dict[str, Any] = {
        "url": "https://example.com/",
        "words": ["x"],
        "numbers": [1],
        "flag": True,
        "version": "1.2",
    }
    samples.update(
        mapping={"a": "{value}"}, duration="2d", format="json", session=True, text="x", account="111122223333"
    )
    check = {"provider": provider, **{key: samples[option.kind] for key, option in PROVIDERS[provider].options.items()}}
    assert validation_errors(check, []) == []
    assert normalise(check).get("max_age", 172800) == 172800
    assert PROVIDERS[provider].local or PROVIDERS[provider].remote


@pytest.mark.parametrize("provider", sorted(PROVIDERS))
def test_the_guide_names_every_provider_and_option(provider: str) -> None:
    docs = Path(__file__).parents[5] / "docs"
    guide = "\n".join((docs / name).read_text() for name in ("checks.md", "aws.md") if (docs / name).exists())
    about = "\n".join(line for line in guide.splitlines() if f"`{provider}`" in line or f"provider: {provider}" in line)
    assert about
    missing = [option for option in PROVIDERS[provider].options if not re.search(rf"\b{option}\b", guide)]
    assert missing == []


def test_what_stands_in_the_wrong_place_is_not_repeated() -> None:
    value = "ghp_16C7e42F292c6912E7710c838347Ae178B4a"
    for check in (
        {"provider": value},
        {"provider": "github", value: 1},
        {"provider": "jwt", "refresh": f"{{credential.{value}}}"},
    ):
        told = validation_errors(check, ["mine"])
        assert told
        assert value not in "".join(told)


@pytest.mark.parametrize(
    ("path", "item"),
    [
        ("~/env/a.env", "~/env/a.env"),
        ("{home}/env/a.env", "~/env/a.env"),
        ("/nonexistent/a.env", "/nonexistent/a.env"),
        ("~/.aws/config", "sso-session corp"),
        ("~/.aws/config", "profile dev"),
        ("~/.aws/credentials", "credentials dev"),
    ],
)
def test_file_that_this_run_would_write_is_unknown_and_named(bench: Bench, path: str, item: str) -> None:
    check = {"provider": "file", "path": path.format(home=bench.home)}
    assert short(bench.run([credential("mine", check)], planned=["~/other"])["mine"]) == ("FAIL", "absent")
    row = bench.run([credential("mine", check)], planned=["~/other", item])["mine"]
    assert short(row) == ("UNKNOWN", "planned")
    assert row["reason"] == f"depends on {item}, which this run would write"
    assert row["remedy"] == "run it without --check"


def test_file_that_this_run_would_change_is_judged_as_it_is_where_it_passes(bench: Bench) -> None:
    bench.put("a.env", "A=1\n")
    row = bench.run([credential("mine", {"provider": "file", "path": "~/a.env"})], planned=["~/a.env"])["mine"]
    assert row["outcome"] == "PASS"


@pytest.mark.parametrize("planned", ["mine", "other"])
def test_value_that_this_run_would_store_is_unknown_and_named(bench: Bench, planned: str) -> None:
    check = {"provider": "http", "url": "https://x.example/{credential.other}", "headers": {"X-Key": "{value}"}}
    credentials = [credential("mine", check), credential("other", category="unused")]
    assert short(bench.run(credentials, planned=["third"])["mine"]) == ("FAIL", "absent")
    row = bench.run(credentials, planned=[planned])["mine"]
    assert (*short(row), row["reason"]) == (
        *("UNKNOWN", "planned"),
        f"depends on {planned}, which this run would write",
    )
