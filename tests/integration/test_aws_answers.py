# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What stands in the place of AWS, or has its hiccups: no verdict on a key, no value, and nothing of it shown."""

from __future__ import annotations

import contextlib
import http.server
import json
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import botocore.loaders
import botocore.session
import pytest
from ansible_collections.latchkey.workstation.plugins.module_utils._checks.base import Check, LocalContext
from ansible_collections.latchkey.workstation.plugins.module_utils._checks.providers.aws_api import PROVIDERS
from ansible_collections.latchkey.workstation.plugins.module_utils._clients import aws_errors, aws_session
from ansible_collections.latchkey.workstation.plugins.module_utils._core.deadline import Deadline
from ansible_collections.latchkey.workstation.plugins.module_utils._sources.aws_ssm import read_ssm

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ansible_collections.latchkey.workstation.plugins.module_utils._checks.base import Outcome

    Said = tuple[int, str]

DOCUMENT = Path(__file__).parents[2] / "docs/checks.md"
NAME, ECHO = "/app/token", "what-only-the-answer-says"
PAGE = f"<!DOCTYPE html><html><body>{ECHO}</body></html>"
XHTML = f"<html><body>{ECHO}</body></html>"


class Answers:
    """An AWS that answers what stands in ``said``, the last of it for ever."""

    def __init__(self) -> None:
        self.said: list[Said] = []
        self.asked: list[str] = []
        self.url = ""


@contextlib.contextmanager
def serve() -> Iterator[Answers]:
    answers = Answers()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            answers.asked.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
            status, body = answers.said.pop(0) if len(answers.said) > 1 else answers.said[0]
            self.send_response(status)
            self.send_header("Location", f"https://{ECHO}.example.com/")
            self.send_header("Content-Length", str(len(body.encode())))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    answers.url = f"http://127.0.0.1:{server.server_port}"
    yield answers
    server.shutdown()
    server.server_close()


@pytest.fixture
def aws() -> Iterator[Answers]:
    with serve() as answers:
        yield answers


LOADER = botocore.loaders.create_loader()


@pytest.fixture(autouse=True)
def _shared_loader(monkeypatch: pytest.MonkeyPatch) -> None:
    """One cache of botocore's service descriptions for all sessions: reading them takes half a second each time."""
    monkeypatch.setattr(botocore.session, "create_loader", lambda _path: LOADER)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws/credentials").write_text(
        f"[mine]\naws_access_key_id = AKIAAAAAAAAAAAAAAAAA\naws_secret_access_key = {'x' * 40}\n"
    )
    (tmp_path / ".aws/config").write_text(
        "[profile astray]\nrole_arn = arn:aws:iam::111122223333:role/x\nsource_profile = nobody\nregion = us-west-2\n"
    )
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    aws_session.load()
    return tmp_path


def look(provider: str, home: Path, aws: Answers, **options: Any) -> Outcome:
    plain = {"provider": provider, "profile": "mine", "region": "us-west-2", "base_url": aws.url}
    local = PROVIDERS[provider].local
    assert local
    return local(Check({**plain, **options}), LocalContext(str(home), Deadline(10)))


def source(aws: Answers, **more: Any) -> dict[str, Any]:
    plain = {"kind": "ssm", "name": NAME, "profile": "mine", "region": "us-west-2", "pointer": None}
    return {**plain, "base_url": aws.url, **more}


def told(name: object = NAME, value: object = "the-value") -> Said:
    return 200, json.dumps({"Parameter": {"Name": name, "Value": value, "Type": "SecureString", "Version": 1}})


def refused(code: str, message: str = ECHO, status: int = 400) -> Said:
    return status, json.dumps({"__type": code, "message": message})


def refused_by_sts(code: str, message: str = ECHO, status: int = 403) -> Said:
    error = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
    return status, f'<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">{error}</ErrorResponse>'


def identity(account: str, arn: str) -> Said:
    fields = f"<Arn>{arn}</Arn><UserId>U</UserId><Account>{account}</Account>"
    whole = f"<GetCallerIdentityResult>{fields}</GetCallerIdentityResult>"
    return (
        200,
        f'<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">{whole}</GetCallerIdentityResponse>',
    )


NOBODY: dict[str, tuple[Said, str]] = {
    "a web page": ((200, PAGE), "gate"),
    "a web page that is XML": ((200, XHTML), "gate"),
    "nothing": ((200, ""), "gate"),
    "an empty object": ((200, "{}"), "gate"),
    "an object of something else": ((200, '{"Parameter": [1], "Account": 7}'), "gate"),
    "null": ((200, "null"), "gate"),
    "bytes of nobody": ((200, "\x00\x01"), "gate"),
    "sent on": ((302, ""), "gate"),
    "sent on with a page": ((307, XHTML), "gate"),
    "a proxy that wants a login": ((407, ""), "gate"),
    "a network that wants a login": ((511, PAGE), "gate"),
    "a page that says no": ((403, PAGE), "gate"),
    "a page that is XML and says no": ((403, XHTML), "gate"),
    "no, and nothing else": ((403, ""), "gate"),
    "no by an object of something else": ((401, '{"error": "unauthorized"}'), "gate"),
    "not found": ((404, ""), "gate"),
    "too often": ((429, "slow down"), "rate_limited"),
    "too often, in AWS's words": (refused("TooManyUpdates"), "rate_limited"),
    "out of order": ((500, "oops"), "server"),
    "out of order, in AWS's words": (refused("InternalServerError", status=500), "server"),
    "a page of maintenance": ((503, XHTML), "server"),
}


@pytest.mark.parametrize(("said", "cause"), NOBODY.values(), ids=NOBODY.keys())
@pytest.mark.parametrize("before", [[], [told()]], ids=["to a read", "to a write"])
def test_a_response_that_is_not_from_ssm_gives_unknown(
    aws: Answers, home: Path, before: list[Said], said: Said, cause: str
) -> None:
    aws.said = [*before, said]
    outcome = look("aws_parameter", home, aws, name=NAME, write=True)
    assert (outcome.state, outcome.cause) == ("UNKNOWN", cause), outcome
    assert ECHO not in repr(outcome)


@pytest.mark.parametrize(("said", "cause"), NOBODY.values(), ids=NOBODY.keys())
def test_a_response_that_is_not_from_ssm_gives_a_blocked_source(
    aws: Answers, home: Path, said: Said, cause: str
) -> None:
    aws.said = [said]
    found = read_ssm(source(aws), str(home))
    assert found.state == "blocked"
    assert found.reason.startswith(f"ssm {NAME}: {WORDS[cause]}")
    assert ECHO not in repr(found)


WORDS = {
    "gate": "the response is not from AWS: a login page or proxy is in the way (HTTP ",
    "rate_limited": "too many requests (",
    "server": "AWS returned a server error (HTTP 50",
}


@pytest.mark.parametrize(
    ("said", "cause"),
    [row for name, row in NOBODY.items() if "AWS's words" not in name],
    ids=[name for name in NOBODY if "AWS's words" not in name],
)
def test_a_response_that_is_not_from_sts_gives_unknown(aws: Answers, home: Path, said: Said, cause: str) -> None:
    aws.said = [said]
    outcome = look("aws_credentials", home, aws)
    assert (outcome.state, outcome.cause) == ("UNKNOWN", cause), outcome
    assert ECHO not in repr(outcome)


@pytest.mark.parametrize(
    ("account", "arn"), [("", "arn:aws:iam::111122223333:user/x"), ("111122223333", ""), ("1", "x"), ("x", "arn:aws:")]
)
def test_an_identity_without_account_or_arn_gives_unknown(aws: Answers, home: Path, account: str, arn: str) -> None:
    aws.said = [identity(account, arn)]
    outcome = look("aws_credentials", home, aws, account=account)
    assert (outcome.state, outcome.cause) == ("UNKNOWN", "gate"), outcome


SHAPES: dict[str, Said] = {
    "another parameter": told("/app/another"),
    "no name": told(None),
    "a name that is none": told([NAME]),
    "no value": told(value=None),
    "a number": told(value=1234567),
    "half a character": (200, '{"Parameter": {"Name": "/app/token", "Value": "\\ud800 value"}}'),
}


@pytest.mark.parametrize("said", SHAPES.values(), ids=SHAPES.keys())
def test_a_parameter_with_another_name_or_no_value_gives_a_blocked_source(aws: Answers, home: Path, said: Said) -> None:
    aws.said = [said]
    assert look("aws_parameter", home, aws, name=NAME).cause == "gate"
    assert read_ssm(source(aws), str(home)).state == "blocked"


OTHER_NAMES = {
    "a version": (f"{NAME}:3", NAME),
    "a label": (f"{NAME}:parameter-of-today", NAME),
    "an ARN": (f"arn:aws:ssm:us-west-2:111122223333:parameter{NAME}", NAME),
    "an ARN and a version": (f"arn:aws:ssm:us-west-2:111122223333:parameter{NAME}:3", NAME),
    "an ARN of a name without folders": ("arn:aws:ssm:us-west-2:111122223333:parameter/token", "token"),
    "somebody else's": (f"arn:aws:ssm:us-west-2:444455556666:parameter{NAME}",) * 2,
}


@pytest.mark.parametrize(("asked", "name"), OTHER_NAMES.values(), ids=OTHER_NAMES.keys())
def test_a_parameter_is_found_by_arn_version_or_label(aws: Answers, home: Path, asked: str, name: str) -> None:
    aws.said = [told(name)]
    assert look("aws_parameter", home, aws, name=asked).state == "PASS"
    assert read_ssm(source(aws, name=asked), str(home)).state == "found"


@pytest.mark.parametrize(
    ("data", "wanted"), [("abcdef\n", "abcdef"), ("abcdef\r\n", "abcdef"), ("ab cde\n\n", "ab cde\n")]
)
def test_one_trailing_newline_of_a_parameter_is_dropped(aws: Answers, home: Path, data: str, wanted: str) -> None:
    aws.said = [told(value=data)]
    secret = read_ssm(source(aws), str(home)).secret
    assert secret
    assert secret.text() == wanted


CLOCKS = ("Signature expired: 20261127T060000Z is now earlier than …", "Signature not yet current: 20261127T080000Z …")


@pytest.mark.parametrize("message", CLOCKS)
def test_a_signature_refused_for_the_clock_gives_unknown(aws: Answers, home: Path, message: str) -> None:
    for provider, said, options in (
        ("aws_credentials", refused_by_sts("SignatureDoesNotMatch", message), {}),
        ("aws_parameter", refused("InvalidSignatureException", message), {"name": NAME}),
    ):
        aws.said = [said]
        outcome = look(provider, home, aws, **options)
        assert (outcome.state, outcome.cause) == ("UNKNOWN", "clock"), outcome
        assert "2026" not in outcome.reason
        assert "clock" in outcome.remedy


@pytest.mark.parametrize("message", ["the request signature we calculated", f"{ECHO} Signature expired: x", ""])
def test_another_signature_error_gives_fail(aws: Answers, home: Path, message: str) -> None:
    aws.said = [refused("InvalidSignatureException", message)]
    outcome = look("aws_parameter", home, aws, name=NAME)
    assert (outcome.state, outcome.cause) == ("FAIL", "signature"), outcome
    assert ECHO not in repr(outcome)


def test_a_refused_signature_is_tried_a_second_time(aws: Answers, home: Path) -> None:
    aws.said = [refused_by_sts("SignatureDoesNotMatch"), identity("111122223333", "arn:aws:iam::111122223333:user/x")]
    assert look("aws_credentials", home, aws).state == "PASS"
    assert len(aws.asked) == 2


def test_every_cause_is_documented() -> None:
    causes = DOCUMENT.read_text().partition("## Causes")[2]
    tables = (aws_errors._BY_CODE, aws_errors._BY_EXCEPTION)
    found = {row[2] for table in tables for row in table} | {row[1] for row in aws_errors._BY_STATUS}
    assert not [cause for cause in {*found, "wrong_account"} if f"`{cause}`" not in causes]


DECLARED = {
    "no region": ({"region": "not a region!"}, "declaration", "has an invalid region"),
    "a role of a profile that is not there": ({"profile": "astray"}, "malformed", "leads to no credentials"),
}


@pytest.mark.parametrize(("options", "cause", "reason"), DECLARED.values(), ids=DECLARED.keys())
def test_a_profile_that_cannot_be_used_gives_unknown_without_a_request(
    aws: Answers, home: Path, options: dict[str, Any], cause: str, reason: str
) -> None:
    outcome = look("aws_credentials", home, aws, **options)
    assert (outcome.state, outcome.cause) == ("UNKNOWN", cause), outcome
    assert reason in outcome.reason
    assert aws.asked == []
