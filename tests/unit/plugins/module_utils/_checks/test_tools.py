# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a machine shows by itself: programs, their files and sockets."""

from __future__ import annotations

import hashlib
import json
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._checks import engine
from ansible_collections.latchkey.workstation.plugins.module_utils._clients import aws_session
from ansible_collections.latchkey.workstation.plugins.module_utils._clients.http_request import Unreachable
from ansible_collections.latchkey.workstation.plugins.module_utils._core import timestamps

from tests.twins.services import SCENARIOS, serve, stale_socket
from tests.unit.plugins.module_utils._checks.bench import credential

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ansible_collections.latchkey.workstation.plugins.module_utils._clients.http_request import Request

    from tests.twins.services import Twins
    from tests.unit.plugins.module_utils._checks.bench import Bench

LATER, EARLIER = "2099-01-01T00:00:00Z", "2020-01-01T00:00:00Z"
TOKEN = "made-up-token-of-a-session"
HANGS = 5  # a second would do on the busiest machine


def short(row: dict[str, Any]) -> tuple[str, str]:
    return row["outcome"], row["cause"]


# --- gh ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("script", "required", "expected"),
    [
        (None, False, ("SKIP", "absent")),
        (None, True, ("FAIL", "absent")),
        ("echo 'no oauth token found for github.com' >&2; exit 1", False, ("SKIP", "absent")),
        ('echo \'unknown command "token" for "gh auth"\' >&2; exit 1', False, ("UNKNOWN", "prerequisite")),
        ("echo abc", False, ("UNKNOWN", "unexpected")),
        ("echo $GITHUB_SECRET", False, ("UNKNOWN", "unexpected")),
    ],
)
def test_gh(bench: Bench, script: str | None, required: bool, expected: tuple[str, str]) -> None:
    if script:
        bench.program("gh", script)
    assert short(bench.check("gh", required=required)) == expected


@pytest.mark.parametrize("scenario", ["gh_login", "bad", "limit_403"])
def test_what_gh_holds_is_judged_by_github(twins: Twins, bench: Bench, scenario: str) -> None:
    secret = SCENARIOS["github"][scenario].secret
    bench.program(
        "gh", f'[ "$*" = "auth token --hostname github.com" ] && [ "$GH_PROMPT_DISABLED" = 1 ] && echo {secret}'
    )
    row = bench.check("gh", base_url=twins.url("github"))
    expected = {"gh_login": ("PASS", ""), "bad": ("FAIL", "rejected"), "limit_403": ("UNKNOWN", "rate_limited")}
    assert short(row) == expected[scenario]
    assert row["remedy"] == ("gh auth login --hostname github.com" if row["outcome"] != "PASS" else "")
    assert secret not in json.dumps(row)


# --- AWS --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "expected", "can"),
    [
        ("aws-cli/1.32.0 Python/3.11.2", ("FAIL", "prerequisite"), []),
        ("aws-cli/2.8.12 Python/3.9.11", ("FAIL", "prerequisite"), []),
        ("aws-cli/2.9.0 Python/3.9.11", ("PASS", ""), ["sso-session"]),
        ("aws-cli/2.9.19 Python/3.11.2 Linux/6.1 source/x86_64.debian.12", ("PASS", ""), ["sso-session"]),
        ("aws-cli/2.21.3 Python/3.12.6", ("PASS", ""), ["sso-session"]),
        ("aws-cli/2.22.0 Python/3.12.6", ("PASS", ""), ["sso-session", "pkce", "use-device-code"]),
        ("aws-cli/2.36.7 Python/3.13.3", ("PASS", ""), ["sso-session", "pkce", "use-device-code"]),
        ("aws-cli/3.0.0 Python/3.14", ("PASS", ""), ["sso-session", "pkce", "use-device-code"]),
        ("something else", ("UNKNOWN", "unexpected"), []),
    ],
)
def test_aws_cli_by_its_version(bench: Bench, version: str, expected: tuple[str, str], can: list[str]) -> None:
    bench.program("aws", f"echo '{version}'")
    row = bench.check("aws_cli")
    assert (short(row), row["scopes"]) == (expected, can)


def test_aws_cli_wanted_newer(bench: Bench) -> None:
    bench.program("aws", "echo aws-cli/2.9.19")
    assert short(bench.check("aws_cli", min_version="2.22.0")) == ("FAIL", "prerequisite")
    assert short(bench.check("aws_cli", min_version="2.9")) == ("PASS", "")


def test_aws_cli_is_not_there(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(bench.home / "bin"))
    assert short(bench.check("aws_cli", required=False)) == ("SKIP", "absent")
    row = bench.check("aws_cli")
    assert short(row) == ("FAIL", "absent")
    assert "install" in row["remedy"]


@pytest.mark.parametrize(
    ("config", "wanted", "expected"),
    [
        ("[sso-session corp]\nsso_region = us-west-2\n", True, ("PASS", "")),
        ('[profile a]\n\n  [ sso-session  "corp" ]\n', "corp", ("PASS", "")),
        ("[sso-session corp]\n", "other", ("SKIP", "prerequisite")),
        ("# [sso-session corp]\n", True, ("SKIP", "prerequisite")),
        ("[profile sso-session]\n", True, ("SKIP", "prerequisite")),
        ("[sso-session \n]\n", True, ("SKIP", "prerequisite")),
        ("\t[\tsso-session\tcorp\t]\r\n", "corp", ("PASS", "")),
        (None, True, ("SKIP", "prerequisite")),
    ],
)
def test_aws_cli_with_an_sso_session(bench: Bench, config: str | None, wanted: Any, expected: tuple[str, str]) -> None:
    bench.program("aws", "echo aws-cli/2.9.19")
    if config is not None:
        bench.put(".aws/config", config)
    assert short(bench.check("aws_cli", sso_session=wanted, required=False)) == expected


@pytest.mark.parametrize(
    "config", ["\n" * 200_000, "[sso-session" + " " * 200_000, "[sso-session a" * 15_000, "[sso-session a\n" * 15_000]
)
def test_an_aws_config_of_a_few_hundred_kilobytes_takes_no_time(bench: Bench, config: str) -> None:
    bench.program("aws", "echo aws-cli/2.9.19")
    bench.put(".aws/config", config)
    started = time.monotonic()
    assert short(bench.check("aws_cli", sso_session=True, required=False)) == ("SKIP", "prerequisite")
    assert time.monotonic() - started < HANGS


@pytest.mark.parametrize("program", ["/usr/bin/aws"])
def test_the_real_aws_cli(bench: Bench, monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    if not Path(program).exists():
        pytest.skip(f"{program} is not installed")
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    row = bench.check("aws_cli")
    assert short(row) == ("PASS", "")
    assert row["identity"].startswith("aws-cli 2.")


def cached(bench: Bench, key: str, **fields: Any) -> None:
    name = hashlib.sha1(key.encode()).hexdigest()
    bench.put(f".aws/sso/cache/{name}.json", {"accessToken": TOKEN, "expiresAt": LATER, **fields})


RENEWABLE = {
    "refreshToken": "made-up-refresh",
    "clientId": "made-up-id",
    "clientSecret": "made-up-secret",
    "registrationExpiresAt": LATER,
    "expiresAt": EARLIER,
}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, ("PASS", "")),
        ({"expiresAt": "2099-01-01T00:00:00UTC"}, ("PASS", "")),
        ({"expiresAt": EARLIER}, ("SKIP", "expired")),
        ({"expiresAt": "2020-01-01T00:00:00UTC"}, ("SKIP", "expired")),
        (RENEWABLE, ("UNKNOWN", "refreshable")),
        ({**RENEWABLE, "registrationExpiresAt": EARLIER}, ("SKIP", "expired")),
        ({**RENEWABLE, "refreshToken": ""}, ("SKIP", "expired")),
        ({**RENEWABLE, "clientId": None}, ("SKIP", "expired")),
        ({**RENEWABLE, "clientSecret": ""}, ("SKIP", "expired")),
        ({**RENEWABLE, "registrationExpiresAt": None}, ("SKIP", "expired")),
        ({"accessToken": None}, ("UNKNOWN", "malformed")),
        ({"accessToken": f"{TOKEN}\n{TOKEN}"}, ("UNKNOWN", "malformed")),
        ({"expiresAt": "soon"}, ("UNKNOWN", "malformed")),
        ({"expiresAt": 7}, ("UNKNOWN", "malformed")),
    ],
)
@pytest.mark.parametrize("key", [{"session": "my-sso"}, {"start_url": "https://example.awsapps.com/start"}])
def test_aws_sso_session_offline(
    bench: Bench, key: dict[str, str], fields: dict[str, Any], expected: tuple[str, str]
) -> None:
    cached(bench, next(iter(key.values())), **fields)
    before = sorted((path, path.read_bytes()) for path in (bench.home / ".aws").rglob("*.json"))
    row = bench.check("aws_sso_session", required=False, **key)
    assert short(row) == expected
    assert before == sorted((path, path.read_bytes()) for path in (bench.home / ".aws").rglob("*.json"))
    assert TOKEN not in json.dumps(row)


def test_aws_sso_session_files_are_named_as_the_sheet_says(bench: Bench) -> None:
    bench.put(
        ".aws/sso/cache/0ad374308c5a4e22f723adf10145eafad7c4031c.json", {"accessToken": TOKEN, "expiresAt": LATER}
    )
    assert short(bench.check("aws_sso_session", session="my-sso")) == ("PASS", "")
    bench.put(
        ".aws/sso/cache/e8be5486177c5b5392bd9aa76563515b29358e6e.json", {"accessToken": TOKEN, "expiresAt": LATER}
    )
    assert short(bench.check("aws_sso_session", start_url="https://example.awsapps.com/start")) == ("PASS", "")
    row = bench.check("aws_sso_session", start_url="https://example.awsapps.com/start/")
    assert short(row) == ("FAIL", "absent")


def test_aws_sso_session_expired_and_required(bench: Bench) -> None:
    cached(bench, "my-sso", expiresAt=EARLIER)
    row = bench.check("aws_sso_session", session="my-sso")
    assert short(row) == ("FAIL", "expired")
    assert row["remedy"] == "aws sso login --sso-session my-sso"
    assert row["expires_at"] == EARLIER


def test_aws_sso_sessions_of_the_config(bench: Bench) -> None:
    assert short(bench.check("aws_sso_session", required=False)) == ("SKIP", "absent")
    bench.put(".aws/config", "[sso-session one]\n[sso-session two]\n")
    cached(bench, "one")
    cached(bench, "two", **RENEWABLE)
    row = bench.check("aws_sso_session", required=False)
    assert (short(row), row["identity"]) == (("UNKNOWN", "refreshable"), "two")
    bench.put(".aws/config", "[sso-session two]\n[sso-session never here]\n")
    row = bench.check("aws_sso_session")
    assert (short(row), row["remedy"]) == (("FAIL", "absent"), "aws sso login --sso-session 'never here'")


@pytest.mark.parametrize("provider", [{"provider": "aws_sso_session"}, {"provider": "aws_cli", "sso_session": "one"}])
def test_the_aws_config_is_where_the_environment_says_as_for_aws(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, provider: dict[str, str]
) -> None:
    bench.program("aws", "echo aws-cli/2.9.19")
    bench.put("elsewhere/config", "[sso-session one]\n")
    cached(bench, "one")
    monkeypatch.setenv("AWS_CONFIG_FILE", "$HOME/elsewhere/config")
    assert short(bench.check(**provider)) == ("PASS", "")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    assert bench.check(**provider)["outcome"] == "FAIL"


@pytest.mark.parametrize("damage", ["{", "[]", '"x"', "[" * 100_000])
def test_aws_sso_session_damaged(bench: Bench, damage: str) -> None:
    bench.put(f".aws/sso/cache/{hashlib.sha1(b'my-sso').hexdigest()}.json", damage)
    assert short(bench.check("aws_sso_session", session="my-sso")) == ("UNKNOWN", "malformed")


@pytest.mark.parametrize(
    ("scenario", "expected"),
    [
        ("live", ("PASS", "")),
        ("dead", ("FAIL", "expired")),
        ("throttled", ("UNKNOWN", "rate_limited")),
        ("not_found", ("UNKNOWN", "unexpected")),
        ("no_role_403", ("PASS", "")),
        ("no_role_404", ("PASS", "")),
    ],
)
def test_aws_sso_session_online(twins: Twins, bench: Bench, scenario: str, expected: tuple[str, str]) -> None:
    cached(bench, "my-sso", accessToken=SCENARIOS["aws_sso"][scenario].secret)
    row = bench.check("aws_sso_session", session="my-sso", online=True, base_url=twins.url("aws_sso"))
    assert short(row) == expected
    assert row["expires_at"] == LATER
    assert [(seen.method, seen.path) for seen in twins.seen("aws_sso")] == [("GET", "/assignment/accounts")]


@pytest.mark.parametrize(
    ("one", "two", "expected"),
    [
        ("live", "live", ("PASS", "", "")),
        ("live", "dead", ("FAIL", "expired", "two")),
        ("dead", "live", ("FAIL", "expired", "one")),
        ("dead", "throttled", ("FAIL", "expired", "one")),
    ],
)
def test_every_session_of_the_config_is_asked_online(
    twins: Twins, bench: Bench, one: str, two: str, expected: tuple[str, str, str]
) -> None:
    bench.put(".aws/config", "[sso-session one]\n[sso-session two]\n")
    tokens = [SCENARIOS["aws_sso"][name].secret for name in (one, two)]
    cached(bench, "one", accessToken=tokens[0])
    cached(bench, "two", accessToken=tokens[1])
    row = bench.check("aws_sso_session", online=True, base_url=twins.url("aws_sso"))
    assert len(twins.seen("aws_sso")) == 2
    assert short(row) == expected[:2]
    if expected[0] != "PASS":
        assert (row["identity"], row["remedy"]) == (expected[2], f"aws sso login --sso-session {expected[2]}")
    assert not any(token in json.dumps(row) for token in tokens)


def test_a_session_is_asked_in_the_region_of_its_login(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def ask(request: Request, _deadline: object, **_more: object) -> NoReturn:
        asked.append(request.host)
        raise Unreachable(request.host, "refused")

    monkeypatch.setattr(engine, "fetch", ask)
    cached(bench, "my-sso", region="eu-west-1")
    assert short(bench.check("aws_sso_session", session="my-sso", online=True)) == ("UNKNOWN", "network")
    bench.check("aws_sso_session", session="my-sso", online=True, region="us-west-2")
    assert asked == ["portal.sso.eu-west-1.amazonaws.com", "portal.sso.us-west-2.amazonaws.com"]


@pytest.mark.parametrize("region", ["", "evil.example.com/", "us-west-2.example.com"])
def test_aws_sso_session_asks_no_other_host(twins: Twins, bench: Bench, region: str) -> None:
    cached(bench, "my-sso")
    row = bench.check("aws_sso_session", session="my-sso", online=True, region=region)
    assert short(row) == ("UNKNOWN", "declaration")


# --- the API of AWS, of which the rest is asked of a server that speaks it -----------------------------------------


@pytest.mark.parametrize("provider", ["aws_credentials", "aws_role", "aws_parameter"])
@pytest.mark.parametrize("required", [True, False])
def test_without_botocore_a_machine_is_not_used_for_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, provider: str, required: bool
) -> None:
    monkeypatch.setattr(aws_session, "_modules", {})
    check = {"provider": provider, **({"name": "/app/token"} if provider == "aws_parameter" else {})}
    row = bench.run([credential("mine", check, required=required)])["mine"]
    assert (short(row), row["reason"]) == (("SKIP", "prerequisite"), "the Python of this machine has no botocore")


@pytest.mark.parametrize("check_mode", [True, False])
def test_role_credentials_are_not_renewed_in_check_mode(bench: Bench, check_mode: bool) -> None:
    assert aws_session.load()
    bench.program("aws", f'echo "$@" > {bench.home}/renewed')
    bench.run([credential("mine", {"provider": "aws_role", "refresh": True})], check_mode=check_mode)
    assert (bench.home / "renewed").exists() is not check_mode


# --- wrangler ---------------------------------------------------------------------------------------------------


def wrangler_file(**fields: str) -> str:
    lines = [f'{key} = "{value}"' for key, value in fields.items()]
    return "\n".join([*lines, 'scopes = [ "account:read", "user:read" ]', ""])


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (None, ("SKIP", "absent")),
        ("", ("SKIP", "absent")),
        ("not = toml at all [", ("UNKNOWN", "unreadable")),
        (wrangler_file(oauth_token=TOKEN, expiration_time=LATER), ("PASS", "")),
        (wrangler_file(oauth_token=TOKEN, expiration_time="2099-01-01T00:00:00.000Z"), ("PASS", "")),
        (wrangler_file(oauth_token=TOKEN, expiration_time=EARLIER, refresh_token=TOKEN), ("UNKNOWN", "refreshable")),
        (wrangler_file(oauth_token=TOKEN, refresh_token=TOKEN), ("UNKNOWN", "refreshable")),
        (wrangler_file(oauth_token=TOKEN, expiration_time=EARLIER), ("SKIP", "expired")),
        (wrangler_file(api_token=TOKEN), ("SKIP", "absent")),
    ],
)
def test_wrangler(bench: Bench, content: str | None, expected: tuple[str, str]) -> None:
    if content is not None:
        bench.put(".config/.wrangler/config/default.toml", content)
    row = bench.check("wrangler", required=False)
    assert short(row) == expected
    assert TOKEN not in json.dumps(row)
    if expected[0] == "PASS":
        assert (row["scopes"], row["expires_at"]) == (["account:read", "user:read"], LATER)


def test_scopes_over_several_lines(bench: Bench) -> None:
    lines = wrangler_file(oauth_token=TOKEN, expiration_time=LATER).replace(", ", ",\n  ").replace("[ ", "[\n  ")
    bench.put(".config/.wrangler/config/default.toml", lines)
    assert bench.check("wrangler")["scopes"] == ["account:read", "user:read"]


@pytest.mark.parametrize("line", ["scopes = [\n", "scopes = ", "a = \n", 'a = "\n', "\n", "a" * 100])
def test_a_login_of_a_megabyte_takes_no_time(bench: Bench, line: str) -> None:
    bench.put(".config/.wrangler/config/default.toml", line * (990_000 // len(line)))
    started = time.monotonic()
    assert bench.check("wrangler", required=False)["outcome"] in {"SKIP", "UNKNOWN"}
    assert time.monotonic() - started < HANGS


def test_wrangler_places(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    good = wrangler_file(oauth_token=TOKEN, expiration_time=LATER)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(bench.home / "xdg"))
    bench.put(".config/.wrangler/config/default.toml", good)
    assert bench.check("wrangler")["outcome"] == "FAIL"
    bench.put("xdg/.wrangler/config/default.toml", good)
    assert bench.check("wrangler")["outcome"] == "PASS"
    bench.put(".wrangler/config/work.toml", good)
    assert bench.check("wrangler")["outcome"] == "FAIL"
    assert bench.check("wrangler", profile="work")["outcome"] == "PASS"
    bench.put(".wrangler/config/default.enc", "encrypted")
    assert short(bench.check("wrangler")) == ("SKIP", "prerequisite")
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", TOKEN)
    assert short(bench.check("wrangler", profile="work")) == ("SKIP", "unused")


@pytest.mark.parametrize(
    ("scenario", "expected", "identity"),
    [
        ("wrangler_login", ("PASS", ""), "alice@example.com"),
        ("wrangler_no_details", ("PASS", ""), ""),
        ("unknown", ("FAIL", "rejected"), ""),
        ("throttled", ("UNKNOWN", "rate_limited"), ""),
    ],
)
def test_wrangler_online(twins: Twins, bench: Bench, scenario: str, expected: tuple[str, str], identity: str) -> None:
    content = wrangler_file(oauth_token=SCENARIOS["cloudflare"][scenario].secret, expiration_time=LATER)
    file = bench.put(".config/.wrangler/config/default.toml", content)
    row = bench.check("wrangler", online=True, base_url=twins.url("cloudflare"))
    assert (short(row), row["identity"]) == (expected, identity)
    assert file.read_text() == content


# --- tailscale --------------------------------------------------------------------------------------------------

NODE = {"HostName": "devvm", "KeyExpiry": LATER}
TAILNET = {"CurrentTailnet": {"Name": "example.com"}, "Self": NODE}


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        ({"BackendState": "Running", **TAILNET}, 0, ("PASS", "")),
        ({"BackendState": "Running"}, 0, ("PASS", "")),
        ({"BackendState": "Running", "Self": {"Expired": True}}, 0, ("SKIP", "expired")),
        ({"BackendState": "NeedsLogin", **TAILNET}, 0, ("SKIP", "absent")),
        ({"BackendState": "Stopped", **TAILNET}, 0, ("SKIP", "stopped")),
        ({"BackendState": "NeedsMachineAuth"}, 0, ("FAIL", "rejected")),
        ({"BackendState": "InUseOtherUser"}, 0, ("UNKNOWN", "prerequisite")),
        ({"BackendState": "Starting"}, 0, ("UNKNOWN", "starting")),
        ({"BackendState": "NoState"}, 0, ("UNKNOWN", "starting")),
        ({"BackendState": "Sideways"}, 0, ("UNKNOWN", "unexpected")),
        ({"BackendState": ["x"], "Self": 7}, 0, ("UNKNOWN", "unexpected")),
        (None, 1, ("UNKNOWN", "unexpected")),
        (None, 0, ("UNKNOWN", "unexpected")),
    ],
)
def test_tailscale(bench: Bench, status: dict[str, Any] | None, code: int, expected: tuple[str, str]) -> None:
    bench.put("status.json", json.dumps(status) if status else "")
    arguments = '[ "$*" = "status --json --peers=false" ] || exit 9'
    bench.program("tailscale", f"{arguments}; cat {bench.home}/status.json; exit {code}")
    row = bench.check("tailscale", required=False)
    assert short(row) == expected
    if status and status.get("BackendState") == "Running" and "Self" in status and "HostName" in status["Self"]:
        assert (row["identity"], row["expires_at"]) == ("devvm in example.com", LATER)


def test_tailscale_that_waits_for_approval_says_what_to_do(bench: Bench) -> None:
    bench.program("tailscale", """echo '{"BackendState": "NeedsMachineAuth"}'""")
    assert bench.check("tailscale")["remedy"] == "have it approved: https://login.tailscale.com/admin/machines"


def test_tailscale_is_not_there(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(bench.home / "bin"))
    assert short(bench.check("tailscale", required=False)) == ("SKIP", "absent")


# --- docker -----------------------------------------------------------------------------------------------------


@pytest.fixture
def folder() -> Iterator[Path]:
    """A short path: a socket's may have 107 bytes."""
    with tempfile.TemporaryDirectory() as path:
        yield Path(path)


@pytest.mark.parametrize(
    ("state", "expected"),
    [("up", ("PASS", "")), ("ailing", ("UNKNOWN", "server")), ("somebody_else", ("UNKNOWN", "server"))],
)
def test_docker(bench: Bench, folder: Path, state: str, expected: tuple[str, str]) -> None:
    with serve(unix=str(folder / "docker.sock")) as daemon:
        daemon.choose("docker", state)
        assert short(bench.check("docker", socket=f"{folder}/docker.sock")) == expected


def test_docker_finds_its_socket(bench: Bench, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = hashlib.sha256(b"colima").hexdigest()
    with serve(unix=str(folder / "d.sock")):
        bench.put(".docker/config.json", {"currentContext": "colima"})
        bench.put(
            f".docker/contexts/meta/{name}/meta.json", {"Endpoints": {"docker": {"Host": f"unix://{folder}/d.sock"}}}
        )
        assert short(bench.check("docker")) == ("PASS", "")
        monkeypatch.setenv("DOCKER_CONTEXT", "nowhere")
        monkeypatch.setenv("DOCKER_HOST", f"unix://{folder}/d.sock")
        assert short(bench.check("docker")) == ("PASS", "")
        monkeypatch.setenv("DOCKER_HOST", "tcp://10.0.0.7:2376")
        assert short(bench.check("docker")) == ("SKIP", "prerequisite")


def test_docker_is_down_or_silent(bench: Bench, folder: Path) -> None:
    stale_socket(str(folder / "stale"))
    for gone in ("none", "stale"):
        assert short(bench.check("docker", socket=f"{folder}/{gone}", required=False)) == ("SKIP", "stopped")
    (folder / "dangling").symlink_to(folder / "none")
    assert short(bench.check("docker", socket=f"{folder}/dangling")) == ("FAIL", "stopped")
    with socket.socket(socket.AF_UNIX) as mute:
        mute.bind(str(folder / "mute"))
        mute.listen()
        row = bench.check("docker", socket=f"{folder}/mute", plan={"request_timeout": 0.3})
        assert short(row) == ("UNKNOWN", "timeout")


# --- ssh-agent --------------------------------------------------------------------------------------------------


@pytest.fixture
def agent(bench: Bench, folder: Path) -> Iterator[Path]:
    if not shutil.which("ssh-agent"):
        pytest.skip("ssh-agent is not installed")
    path = folder / "agent"
    with subprocess.Popen(["ssh-agent", "-D", "-a", path], stdout=subprocess.DEVNULL) as running:
        while not path.exists():
            pass
        for name in ("one", "two"):
            key = bench.home / name
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", f"{name} (x)", "-f", key], check=True)
        yield path
        running.terminate()


def add(agent: Path, key: Path) -> None:
    subprocess.run(["ssh-add", "-q", key], check=True, env={"SSH_AUTH_SOCK": str(agent)})


def test_ssh_agent(bench: Bench, agent: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSH_AUTH_SOCK", str(agent))
    row = bench.check("ssh_agent", key="~/one.pub")
    assert (short(row), row["remedy"]) == (("FAIL", "absent"), "ssh-add ~/one")
    add(agent, bench.home / "one")
    assert short(bench.check("ssh_agent")) == ("PASS", "")
    row = bench.check("ssh_agent", key="~/one.pub")
    assert (short(row), row["identity"]) == (("PASS", ""), "one (x)")
    row = bench.check("ssh_agent", key="~/two.pub")
    assert short(row) == ("FAIL", "absent")
    assert "SHA256:" in row["reason"]
    told = subprocess.run(
        ["ssh-keygen", "-l", "-f", bench.home / "one.pub"], check=True, capture_output=True, text=True
    )
    assert short(bench.check("ssh_agent", fingerprint=told.stdout.split()[1])) == ("PASS", "")
    assert short(bench.check("ssh_agent", fingerprint="SHA256:nobody")) == ("FAIL", "absent")
    subprocess.run(["ssh-add", "-q", "-x"], input=b"pass\n", env={"SSH_AUTH_SOCK": str(agent)}, check=False)


def test_ssh_agent_by_a_declared_socket(bench: Bench, agent: Path) -> None:
    add(agent, bench.home / "one")
    assert short(bench.check("ssh_agent", socket=str(agent))) == ("PASS", "")


def test_ssh_agent_empty_and_unreachable_are_two_things(bench: Bench, agent: Path, folder: Path) -> None:
    assert bench.check("ssh_agent", socket=str(agent))["reason"] == "the ssh-agent holds no key, or is locked"
    stale_socket(str(folder / "stale"))
    for path in ("stale", "none"):
        row = bench.check("ssh_agent", socket=f"{folder}/{path}")
        assert (short(row), row["reason"]) == (("FAIL", "unreachable"), "no ssh-agent answers at its socket")
    assert short(bench.check("ssh_agent", required=False)) == ("SKIP", "unreachable")
    assert bench.check("ssh_agent")["remedy"] == "start one, or declare its socket"
    bench.put("broken.pub", "no key")
    row = bench.check("ssh_agent", socket=str(agent), key="~/broken.pub")
    assert (short(row), row["remedy"]) == (("FAIL", "malformed"), "name the file of a public key as key")


def test_ssh_agent_without_its_tools(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(bench.home / "bin"))
    row = bench.check("ssh_agent", socket="/nowhere")
    assert (short(row), row["remedy"]) == (("FAIL", "prerequisite"), "install OpenSSH's client")


def test_moments() -> None:
    """Every form that was observed."""
    wanted = "2027-03-30T15:00:00Z"
    forms = ["2027-03-30T15:00:00Z", "2027-03-30T15:00:00UTC", "2027-03-30 15:00:00 UTC", "2027-03-31 00:00:00 +0900"]
    forms += ["2027-03-30T15:00:00.123456789Z", "2027-03-31T00:00:00+09:00", "Tue, 30 Mar 2027 15:00:00 GMT"]
    assert {timestamps.show(timestamps.parse(form)) for form in forms} == {wanted}
    assert {timestamps.show(timestamps.parse(form)) for form in (1806418800, 1806418800.9, 1806418800000)} == {wanted}
    for none in (
        "",
        "2027-03-30 15:00:00",
        "soon",
        None,
        True,
        [],
        {},
        1e300,
        -1e300,
        float("nan"),
        "0000-00-00T00:00:00Z",
    ):
        assert timestamps.parse(none) is None, none
