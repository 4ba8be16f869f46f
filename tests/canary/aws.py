# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""AWS for the scenarios: a real moto server behind a proxy whose answers a test can replace."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from tests.integration import moto

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.canary.scanner import Canary

__all__ = ["Aws"]


class Aws:
    """A proxy to moto; ``judge`` replaces its answers unless it is None."""

    def __init__(self) -> None:
        self.url = ""
        self.judge: moto.Judge | None = None

    @classmethod
    @contextlib.contextmanager
    def in_front_of(cls, server: str) -> Iterator[Aws]:
        proxy = cls()
        with moto.door(server, proxy.answer) as proxy.url:
            yield proxy

    def put_parameter(self, name: str, canary: Canary) -> None:
        ssm = moto.client(self.url, "ssm")
        ssm.put_parameter(Name=name, Value=canary.value, Type="SecureString", Overwrite=True)

    def source(self, name: str, **more: str) -> dict[str, object]:
        return {"ssm": {"name": name, "profile": "reader", "region": moto.REGION, "base_url": self.url, **more}}

    def identity(self) -> dict[str, object]:
        return {"provider": "aws_credentials", "profile": "reader", "region": moto.REGION, "base_url": self.url}

    def answer(self, asked: bytes, status: int, body: bytes) -> tuple[int, bytes]:
        return self.judge(asked, status, body) if self.judge else (status, body)
