# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Minimal HTTP client for the twins' own tests: no redirects, no decoding, no retries."""

from __future__ import annotations

import base64
import http.client
import json
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping
    from email.message import Message

    from tests.twins.services._model import Scenario
    from tests.twins.services._twins import Twins

__all__ = ["Got", "ask", "claims", "credentials", "login"]

HEROKU_ACCEPT = "application/vnd.heroku+json; version=3"


@dataclass(frozen=True)
class Got:
    status: int
    headers: Message
    body: bytes

    def at(self, pointer: str) -> object:
        """What stands at a JSON pointer of the body, None where nothing does."""
        value: object = json.loads(self.body)
        for part in pointer.split("/")[1:]:
            if isinstance(value, list):
                value = value[int(part)] if int(part) < len(value) else None
            else:
                value = value.get(part) if isinstance(value, dict) else None
        return value


def credentials(service: str, scenario: Scenario) -> dict[str, str]:
    """The headers by which that service is shown this credential."""
    secret, identity = scenario.secret, scenario.identity
    return {
        "aws_sso": {"x-amz-sso_bearer_token": secret},
        "access": {"CF-Access-Client-Id": identity, "CF-Access-Client-Secret": secret},
        "access_strict": {"CF-Access-Client-Id": identity, "CF-Access-Client-Secret": secret},
        "docker": {},
        "heroku": {"Accept": HEROKU_ACCEPT, "Authorization": f"Bearer {secret}"},
        "infisical": {"Content-Type": "application/json"},
        "widgets": {"X-Api-Key": secret, "X-Tenant": "acme", "X-Api-Version": "1"},
    }.get(service, {"Authorization": f"Bearer {secret}", "User-Agent": "twins-test"})


def ask(
    twins: Twins,
    service: str,
    path: str,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    timeout: float = 5,
) -> Got:
    url = urlsplit(twins.url(service) + path)
    address = url.hostname or ""
    connection = (
        http.client.HTTPSConnection(
            address, url.port, timeout=timeout, context=ssl.create_default_context(cafile=twins.trusted)
        )
        if url.scheme == "https"
        else http.client.HTTPConnection(address, url.port, timeout=timeout)
    )
    try:
        target = url.path + (f"?{url.query}" if url.query else "")
        connection.request(method, target, body=body, headers=dict(headers or {}))
        answer = connection.getresponse()
        return Got(answer.status, answer.headers, answer.read())
    finally:
        connection.close()


def login(twins: Twins, identity: str, secret: str) -> Got:
    """Infisical's; its credential travels in the body."""
    body = json.dumps({"clientId": identity, "clientSecret": secret}).encode()
    path, kind = "/api/v1/auth/universal-auth/login", {"Content-Type": "application/json"}
    return ask(twins, "infisical", path, method="POST", headers=kind, body=body)


def claims(token: str) -> dict[str, object]:
    part = token.split(".")[1]
    found = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    assert isinstance(found, dict)
    return found
