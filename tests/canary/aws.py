# Copyright (c) 2026 latchkey contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""AWS as scenes need it: a real moto server, behind a door that can be told to say what it should not."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from tests.integration import moto

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.canary.scanner import Canary

__all__ = ["Cloud"]


class Cloud:
    """Somebody's AWS; ``judge`` makes what it answers, None leaves it as it is."""

    def __init__(self) -> None:
        self.url = ""
        self.judge: moto.Judge | None = None

    @classmethod
    @contextlib.contextmanager
    def over(cls, server: str) -> Iterator[Cloud]:
        cloud = cls()
        with moto.door(server, cloud.answer) as cloud.url:
            yield cloud

    def keep(self, name: str, canary: Canary) -> None:
        ssm = moto.client(self.url, "ssm")
        ssm.put_parameter(Name=name, Value=canary.value, Type="SecureString", Overwrite=True)

    def source(self, name: str, **more: str) -> dict[str, object]:
        return {"ssm": {"name": name, "profile": "reader", "region": moto.REGION, "base_url": self.url, **more}}

    def identity(self) -> dict[str, object]:
        return {"provider": "aws_credentials", "profile": "reader", "region": moto.REGION, "base_url": self.url}

    def answer(self, asked: bytes, status: int, body: bytes) -> tuple[int, bytes]:
        return self.judge(asked, status, body) if self.judge else (status, body)
