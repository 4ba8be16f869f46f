# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Start a moto server on loopback, with IAM users who have only the rights of their policies."""

from __future__ import annotations

import contextlib
import http.client
import http.server
import json
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

import botocore.session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    Judge = Callable[[bytes, int, bytes], tuple[int, bytes]]

__all__ = ["REGION", "client", "door", "people", "refusing_as_ssm", "serve"]

REGION = "us-west-2"


@contextlib.contextmanager
def serve() -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [Path(sys.executable).parent / "moto_server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "INITIAL_NO_AUTH_ACTION_COUNT": "1000000"},
    )
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(200):
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"{url}/moto-api/data.json", timeout=1).close()
                break
            time.sleep(0.1)
        yield url
    finally:
        server.terminate()
        server.wait()


def client(url: str, service: str) -> Any:
    """A client with all rights, until :func:`people` has been called."""
    admin = botocore.session.Session()
    admin.set_credentials("admin", "admin-secret")
    return admin.create_client(service, region_name=REGION, endpoint_url=url)


def people(url: str, policies: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, dict[str, str]]:
    """Create an IAM user for each policy and return their access keys; turns authorization on."""
    iam = client(url, "iam")
    keys = {}
    for user, statements in policies.items():
        iam.create_user(UserName=user)
        document = json.dumps({"Version": "2012-10-17", "Statement": statements})
        iam.put_user_policy(UserName=user, PolicyName="own", PolicyDocument=document)
        keys[user] = iam.create_access_key(UserName=user)["AccessKey"]
    plain = {"Content-Type": "text/plain"}
    request = urllib.request.Request(f"{url}/moto-api/reset-auth", data=b"0", method="POST", headers=plain)
    urllib.request.urlopen(request, timeout=5).close()
    return keys


def refusing_as_ssm(url: str) -> contextlib.AbstractContextManager[str]:
    """Proxy to the server that refuses as SSM does, in JSON; moto refuses as EC2 does, in XML."""
    refusal = b'{"__type": "AccessDeniedException", "Message": "not authorized to perform this"}'
    return door(
        url, lambda _asked, status, body: (400, refusal) if status == http.HTTPStatus.FORBIDDEN else (status, body)
    )


@contextlib.contextmanager
def door(url: str, judge: Judge) -> Iterator[str]:
    """Address of a proxy to the server; ``judge`` turns request, status and body into the response."""

    class Door(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = self.rfile.read(int(self.headers["Content-Length"]))
            behind = http.client.HTTPConnection(url.removeprefix("http://"), timeout=10)
            behind.request("POST", self.path, asked, dict(self.headers))
            answer = behind.getresponse()
            status, body = judge(asked, answer.status, answer.read())
            behind.close()
            self.send_response(status)
            self.send_header("Content-Type", answer.headers["Content-Type"] or "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Door)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
